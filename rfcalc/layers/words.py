"""The vocabulary: each word of the spec language, the room that states its facts, and its record.

A room is imported when one of its words is first used, because a network uses few of them and starting fast matters.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rfcalc.layers.contract import Op

# word: (room, record, what the word fixes)
WORDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "conv": ("conv", "Conv", ()),
    "dwconv": ("conv", "Depthwise", ()),
    "upconv": ("conv", "Upconv", ()),
    "maskedconv": ("conv", "MaskedConv", ()),
    "localconv": ("local", "LocalConv", ()),
    "maxpool": ("pool", "MaxPool", ()),
    "avgpool": ("pool", "AvgPool", ()),
    "adaptivepool": ("adaptive", "AdaptivePool", ()),
    "adaptivemaxpool": ("adaptive", "AdaptiveMaxPool", ()),
    "gap": ("adaptive", "GlobalPool", ()),
    "gmp": ("adaptive", "GlobalMaxPool", ()),
    "bn": ("norm", "BatchNorm", ()),
    "lrn": ("norm", "LocalResponseNorm", ()),
    "layernorm": ("norm", "LayerNorm", ()),
    "rmsnorm": ("norm", "RMSNorm", ()),
    "instancenorm": ("norm", "InstanceNorm", ()),
    "gn": ("norm", "GroupNorm", ()),
    "l2norm": ("norm", "L2Norm", ()),
    "relu": ("activation", "Activation", ("relu",)),
    "relu6": ("activation", "Activation", ("relu6",)),
    "silu": ("activation", "Activation", ("silu",)),
    "gelu": ("activation", "Activation", ("gelu",)),
    "hardswish": ("activation", "Activation", ("hardswish",)),
    "hardsigmoid": ("activation", "Activation", ("hardsigmoid",)),
    "sigmoid": ("activation", "Activation", ("sigmoid",)),
    "tanh": ("activation", "Activation", ("tanh",)),
    "mish": ("activation", "Activation", ("mish",)),
    "selu": ("activation", "Activation", ("selu",)),
    "softplus": ("activation", "Activation", ("softplus",)),
    "identity": ("activation", "Identity", ()),
    "leakyrelu": ("activation", "LeakyReLU", ()),
    "elu": ("activation", "ELU", ()),
    "prelu": ("activation", "PReLU", ()),
    "softmax": ("activation", "Softmax", ()),
    "dropout": ("activation", "Dropout", ()),
    "add": ("merge", "Elementwise", ("add",)),
    "mul": ("merge", "Elementwise", ("mul",)),
    "max": ("merge", "Elementwise", ("max",)),
    "sub": ("merge", "Elementwise", ("sub",)),
    "div": ("merge", "Elementwise", ("div",)),
    "min": ("merge", "Elementwise", ("min",)),
    "concat": ("merge", "Concat", ()),
    "linear": ("dense", "Linear", ()),
    "flatten": ("dense", "Flatten", ()),
    "upsample": ("resize", "Upsample", ()),
    "zerostuff": ("resize", "ZeroStuff", ()),
    "resample": ("resample", "Resample", ()),
    "pad": ("pad", "Pad", ()),
    "crop": ("pad", "Crop", ()),
    "pixelshuffle": ("reshape", "PixelShuffle", ()),
    "pixelunshuffle": ("reshape", "PixelUnshuffle", ()),
    "spacetodepth": ("reshape", "SpaceToDepth", ()),
    "depthtospace": ("reshape", "DepthToSpace", ()),
    "reorg": ("reshape", "Reorg", ()),
    "slice": ("channels", "Slice", ()),
    "chunk": ("channels", "Chunk", ()),
    "split": ("channels", "Split", ()),
    "channelshuffle": ("channels", "ChannelShuffle", ()),
    "scale": ("learned", "Learned", ("scale",)),
    "bias": ("learned", "Learned", ("bias",)),
    "positions": ("learned", "Learned", ("positions",)),
    "se": ("excite", "SqueezeExcite", ()),
    "attention": ("attention", "Attention", ()),
    "windowattention": ("attention", "WindowAttention", ()),
    "rearrange": ("rearrange", "Rearrange", ()),
    "contract": ("rearrange", "Contract", ()),
    "attend": ("rearrange", "Attend", ()),
    "normalize": ("rearrange", "Normalize", ()),
    "take": ("select", "Take", ()),
    "join": ("select", "Join", ()),
    "roll": ("select", "Roll", ()),
    "patches": ("patches", "Patches", ()),
    "fold": ("patches", "Fold", ()),
    "channelconv": ("select", "ChannelConv", ()),
    "pointwise": ("generic", "Pointwise", ()),
    "stored": ("stored", "Stored", ()),
    "tokens": ("generic", "Tokens", ()),
    "constant": ("stored", "Constant", ()),
    "unused": ("stored", "Unused", ()),
    "unknown": ("generic", "Unknown", ()),
    "declared": ("generic", "Declared", ()),
}


def class_of(word: str) -> type[Op]:
    """The record class of a word; raises KeyError for an unknown one."""
    room, name, _ = WORDS[word]
    return getattr(import_module(f"rfcalc.layers.vocabulary.{room}"), name)  # type: ignore[no-any-return]


def make(word: str, **settings: Any) -> Op:
    """A layer from its word and its parsed settings, for example make("conv", out=64, kernel=3)."""
    return class_of(word)(*WORDS[word][2], **settings)


def words_in(room: str) -> tuple[str, ...]:
    """The words of one room."""
    return tuple(word for word, (where, _, _) in WORDS.items() if where == room)
