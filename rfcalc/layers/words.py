"""The vocabulary: each word of the spec language, the room that states its facts, and its record.

A room is imported when one of its words is first used, because a network uses few of them and starting fast matters.
"""

from __future__ import annotations

from functools import cache
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

MOST_KEPT = 1 << 14
LONGEST = 32  # of a list of which a layer is remembered
_made: dict[tuple[object, ...], Op] = {}


@cache
def class_of(word: str) -> type[Op]:
    """The record class of a word; raises KeyError for an unknown one."""
    room, name, _ = WORDS[word]
    return getattr(import_module(f"rfcalc.layers.vocabulary.{room}"), name)  # type: ignore[no-any-return]


def make(word: str, **settings: Any) -> Op:
    """A layer from its word and its parsed settings, for example make("conv", out=64, kernel=3). Records do not change: layers
    of the same settings are one record, so that what is found of it is found once."""
    try:
        key = (word, *[(name, _exactly(value)) for name, value in settings.items()])
    except TypeError:  # a value of another kind, or a long one
        return class_of(word)(*WORDS[word][2], **settings)
    op = _made.get(key)
    if op is None:
        op = class_of(word)(*WORDS[word][2], **settings)
        if len(_made) >= MOST_KEPT:
            _made.clear()
        _made[key] = op
    return op


def _exactly(value: object) -> object:
    """What a plain value is told by: 1, 1.0 and true are equal, and written differently. Raises TypeError for others."""
    kind = value.__class__
    if kind is str or kind is int or value is None:
        return value
    if kind is bool or kind is float:
        return kind, repr(value)
    if isinstance(value, tuple) and kind is tuple and len(value) <= LONGEST:
        return tuple([_exactly(entry) for entry in value])
    raise TypeError(kind)


def words_in(room: str) -> tuple[str, ...]:
    """The words of one room."""
    return tuple(word for word, (where, _, _) in WORDS.items() if where == room)
