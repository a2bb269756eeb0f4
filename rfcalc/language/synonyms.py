"""Words from other tools, for "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Collection

from rfcalc.errors import did_you_mean

PREFIX = re.compile(r"(?:torch|tf|keras|tensorflow|nn|functional|f|layers|activations)\.")
AXES = re.compile(r"[_-]?[123]d(?=$|transpose)")
# without its package, its axes (2d), and _ or -: batch_norm2d and nn.BatchNorm2d are "batchnorm"
OPS = {
    "convolution": "conv",
    "conv3x3": "conv",
    "conv1x1": "conv",
    "depthwise": "dwconv",
    "depthwiseconv": "dwconv",
    "separable": "sepconv",
    "separableconv": "sepconv",
    "deconv": "upconv",
    "deconvolution": "upconv",
    "convtranspose": "upconv",
    "convtransposed": "upconv",
    "transposedconv": "upconv",
    "batchnorm": "bn",
    "batchnormalization": "bn",
    "syncbatchnorm": "bn",
    "batch": "bn",
    "groupnorm": "gn",
    "groupnormalization": "gn",
    "group": "gn",
    "in": "instancenorm",
    "instance": "instancenorm",
    "ln": "layernorm",
    "layer": "layernorm",
    "localresponsenorm": "lrn",
    "leaky": "leakyrelu",
    "lrelu": "leakyrelu",
    "swish": "silu",
    "hswish": "hardswish",
    "hsigmoid": "hardsigmoid",
    "maxpooling": "maxpool",
    "averagepool": "avgpool",
    "averagepooling": "avgpool",
    "meanpool": "avgpool",
    "adaptiveavgpool": "adaptivepool",
    "globalavgpool": "gap",
    "globalaveragepool": "gap",
    "globalaveragepooling": "gap",
    "globalpool": "gap",
    "globalmaxpool": "gmp",
    "globalmaxpooling": "gmp",
    "pool": "maxpool",
    "fc": "linear",
    "dense": "linear",
    "fullyconnected": "linear",
    "cat": "concat",
    "concatenate": "concat",
    "sum": "add",
    "plus": "add",
    "multiply": "mul",
    "interpolate": "upsample",
    "upsampling": "upsample",
    "zeropad": "pad",
    "zeropadding": "pad",
    "reflectionpad": "pad",
    "replicationpad": "pad",
    "squeezeexcite": "se",
    "squeezeexcitation": "se",
    "multiheadattention": "attention",
    "mha": "attention",
    "skip": "residual",
    "shortcut": "residual",
}
SETTINGS = {
    "out_channels": "out",
    "out_features": "out",
    "channels": "out",
    "filters": "out",
    "features": "out",
    "units": "out",
    "width": "out",
    "kernel_size": "kernel",
    "ksize": "kernel",
    "size": "kernel",
    "strides": "stride",
    "pad": "padding",
    "pads": "padding",
    "rate": "dilation",
    "dilation_rate": "dilation",
    "activation": "act",
    "nonlinearity": "act",
    "normalization": "norm",
    "norm_layer": "norm",
    "scale_factor": "scale",
}
# what torch wants to be told and a spec works out
IMPLIED = ("in", "in_channels", "in_features", "in_planes", "inp", "input_shape", "num_features", "num_channels")
LAYER_KEYS = {
    "share": "weights",
    "shared": "weights",
    "tied": "weights",
    "weight": "weights",
    "repeats": "repeat",
    "times": "repeat",
    "number": "repeat",
    "count": "repeat",
    "n": "repeat",
    "input": "from",
    "inputs": "from",
    "in": "from",
    "source": "from",
    "src": "from",
    "bottom": "from",
    "if": "when",
    "enabled": "when",
    "id": "name",
    "label": "name",
}
TOP_KEYS = {
    "input_shape": "input",
    "input_size": "input",
    "in": "input",
    "image": "input",
    "shape": "input",
    "network": "layers",
    "model": "layers",
    "backbone": "layers",
    "nodes": "layers",
    "steps": "layers",
    "variables": "params",
    "vars": "params",
    "parameters": "params",
    "args": "params",
    "modules": "blocks",
    "output": "outputs",
    "base": "extends",
    "include": "extends",
    "limits": "budget",
}


def op_hint(word: str, known: Collection[str]) -> str:
    """'did you mean "conv"?' for another tool's word (nn.Conv2d), or a mistyped one; the empty string for any other."""
    plain = PREFIX.sub("", word.lower())
    for name in (plain, AXES.sub("", plain), AXES.sub("", plain).replace("_", "").replace("-", "")):
        meant = name if name in known else OPS.get(name, "")
        if meant in known:
            return f'did you mean "{meant}"?'
    return did_you_mean(AXES.sub("", plain), known) or did_you_mean(word, known)
