"""For every word of the vocabulary, settings and input shapes on which its facts are checked against torch."""

from __future__ import annotations

from typing import Any

from rfcalc.relations.shape import Shape

Case = tuple[str, dict[str, Any], tuple[Shape, ...]]


def vector(channels: int) -> Shape:
    return Shape(channels)


def line(channels: int = 6, n: int = 13) -> Shape:
    return Shape(channels, (n,))


def image(channels: int = 6, height: int = 8, width: int = 7) -> Shape:
    return Shape(channels, (height, width))


def volume(channels: int = 4, depth: int = 3, height: int = 5, width: int = 4) -> Shape:
    return Shape(channels, (depth, height, width))


def on(settings: dict[str, Any], *shapes: Shape) -> list[tuple[dict[str, Any], tuple[Shape, ...]]]:
    """One case of one input per shape."""
    return [(settings, (shape,)) for shape in shapes]


MAPS = (line(), image(), volume())
EVERY = (*MAPS, vector(10))

TABLE: dict[str, list[tuple[dict[str, Any], tuple[Shape, ...]]]] = {
    "conv": [
        *on({"out": 8, "kernel": 3}, *MAPS),
        *on({"out": 4, "kernel": 3, "stride": 2, "groups": 2, "bias": False}, *MAPS),
        *on({"out": 4, "kernel": (3, 5), "stride": (1, 2), "padding": ((0, 3), (2, 1)), "dilation": (2, 1)}, image()),
        *on({"out": 5, "kernel": 4, "padding": "same", "stride": 3}, *MAPS),
        *on({"out": 5, "kernel": 3, "padding": "valid"}, *MAPS),
        *on({"out": 2, "kernel": 3, "padding_mode": "reflect"}, *MAPS),
        *on({"out": 2, "kernel": 2, "padding": "same", "padding_mode": "circular"}, line(), image()),
    ],
    "dwconv": [
        *on({"kernel": 3}, *MAPS),
        *on({"kernel": 5, "stride": 2, "multiplier": 3, "bias": False}, *MAPS),
        *on({"kernel": 2, "padding": "same", "dilation": 3}, *MAPS),
    ],
    "upconv": [
        *on({"out": 4, "kernel": 2, "stride": 2}, *MAPS),
        *on({"out": 4, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "bias": False}, *MAPS),
        *on({"out": 3, "kernel": 3, "stride": 3, "dilation": 2}, *MAPS),
        *on({"out": 3, "kernel": (2, 3), "stride": (2, 1), "padding": (0, 1)}, image()),
    ],
    "localconv": [
        *on({"out": 2, "kernel": 3}, *MAPS),
        *on({"out": 9, "kernel": 1, "stride": 2, "bias": False}, *MAPS),
        *on({"out": 3, "kernel": (2, 3), "stride": (2, 1), "padding": ((0, 1), (2, 0))}, image()),
    ],
    "maskedconv": [
        *on({"out": 2, "kernel": 3, "mask": "A"}, *MAPS),
        *on({"out": 2, "kernel": 5, "bias": False}, line(), image()),
        *on({"out": 3, "kernel": (3, 1), "mask": "A", "dilation": (2, 1)}, image()),
        *on({"out": 2, "kernel": 1}, image()),
    ],
    "maxpool": [
        *on({"kernel": 2}, *MAPS),
        *on({"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True}, *MAPS),
        *on({"kernel": 2, "stride": 1, "padding": "same", "dilation": 2}, *MAPS),
        *on({"kernel": 2, "stride": 1, "padding": "same"}, *MAPS),
        *on({"kernel": 2, "stride": 3, "padding": ((0, 1), (0, 1)), "ceil_mode": True}, image(2, 5, 6)),
        *on({"kernel": 14, "ceil_mode": True}, *MAPS),
    ],
    "avgpool": [
        *on({"kernel": 2}, *MAPS),
        *on({"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True}, *MAPS),
        *on({"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": False}, *MAPS),
        *on({"kernel": 3, "stride": 1, "padding": ((0, 2), (1, 1))}, image()),
        *on({"kernel": 3, "stride": 2, "padding": "same", "ceil_mode": True}, *MAPS),
        *on({"kernel": 2, "stride": 3, "padding": ((0, 1), (0, 1)), "ceil_mode": True}, image(2, 5, 6)),
        *on({"kernel": 14, "ceil_mode": True}, line(), image()),
        *on({"kernel": 9, "stride": 5, "padding": 2, "ceil_mode": True, "count_include_pad": False}, line(), image()),
    ],
    "adaptivepool": [*on({"out": 3}, *MAPS), *on({"out": (11, 4)}, image()), *on({"out": 1}, *MAPS)],
    "gap": [*on({}, *MAPS), *on({"axis": 0}, *MAPS), *on({"axis": 1}, image(), volume())],
    "adaptivemaxpool": [*on({"out": 3}, *MAPS), *on({"out": (11, 4)}, image())],
    "gmp": [*on({}, *MAPS), *on({"axis": 0}, *MAPS), *on({"axis": 1}, image(), volume())],
    "bn": [*on({}, *EVERY), *on({"affine": False, "eps": 1e-3}, *EVERY)],
    "layernorm": [
        *on({}, *EVERY),
        *on({"eps": 1e-6, "affine": False}, *MAPS),
        *on({"over": "all"}, *MAPS),
        *on({"over": "all", "affine": False}, *EVERY),
    ],
    "rmsnorm": [*on({}, *EVERY), *on({"eps": 1e-6, "affine": False}, *MAPS)],
    "instancenorm": [*on({}, *MAPS), *on({"affine": True, "eps": 1e-3}, *MAPS)],
    "gn": [*on({"groups": 2}, *EVERY), *on({"groups": 1, "affine": False}, *MAPS)],
    "l2norm": [*on({}, *EVERY), *on({"scale": 10}, image())],
    "lrn": [*on({}, *MAPS), *on({"size": 4, "alpha": 2e-5, "k": 2.0}, image())],
    **{
        word: on({}, *EVERY)
        for word in ("relu", "relu6", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "mish", "selu", "softplus")
    },
    **{word: on({}, *EVERY) for word in ("identity", "leakyrelu", "elu", "prelu", "softmax", "dropout", "flatten")},
    "add": [
        ({}, (image(), image())),
        ({}, (image(), image(), image())),
        ({}, (image(), Shape(6, (1, 1)))),
        ({}, (line(),) * 2),
    ],
    "mul": [
        ({}, (volume(), volume())),
        ({}, (image(),) * 4),
        ({}, (image(), Shape(1, (8, 7)))),
        ({}, (image(), Shape(6, (1, 1)))),
    ],
    "max": [({}, (image(), image())), ({}, (vector(3),) * 3)],
    "sub": [({}, (image(), image())), ({}, (line(),) * 3)],
    "div": [({}, (image(), image())), ({}, (line(),) * 3)],
    "min": [({}, (image(), image())), ({}, (line(),) * 3)],
    "concat": [({}, (image(2), image(3), image(4))), ({}, (line(2), line(5))), ({}, (vector(2), vector(3)))],
    "linear": [*on({"out": 5}, *EVERY), *on({"out": 7, "bias": False}, *EVERY)],
    "upsample": [
        *on({"scale": 2.0}, *MAPS),
        *on({"scale": 2.0, "mode": "bilinear"}, *MAPS),
        *on({"size": 17, "mode": "bilinear", "align_corners": True}, *MAPS),
        *on({"scale": 1.7, "mode": "bicubic"}, image()),
        *on({"scale": (2.0, 1.5)}, image()),
        ({"mode": "bilinear"}, (image(), image(2, 20, 30))),
    ],
    "zerostuff": [*on({"stride": 2}, *MAPS), *on({"stride": (3, 1)}, image()), *on({"stride": 1}, image())],
    "pad": [
        *on({"padding": 2}, *MAPS),
        *on({"padding": ((1, 2), (0, 3)), "mode": "reflect"}, image()),
        *on({"padding": 1, "mode": "replicate"}, *MAPS),
        *on({"padding": 3, "mode": "circular"}, *MAPS),
    ],
    "crop": [
        *on({"margin": 1}, *MAPS),
        *on({"size": 3}, *MAPS),
        *on({"size": 2, "offset": 1}, *MAPS),
        ({}, (image(), image(3, 6, 5))),
    ],
    "pixelshuffle": [*on({"ratio": 2}, line(6), image(8), volume(16)), *on({"ratio": 1}, image())],
    "pixelunshuffle": on({"ratio": 2}, line(3, 8), image(3, 4, 6), volume(2, 4, 6, 2)),
    "spacetodepth": on({"ratio": 2}, line(3, 8), image(3, 4, 6), volume(2, 4, 6, 2)),
    "depthtospace": [*on({"ratio": 2}, line(6), image(8), volume(16)), *on({"ratio": 3}, image(18, 3, 2))],
    "reorg": [*on({"ratio": 2}, image(4, 6, 4), image(8, 26, 26)), *on({"ratio": 3}, image(9, 6, 9))],
    "slice": [*on({"start": 1, "stop": 6, "step": 2}, *EVERY), *on({"start": -2}, *MAPS), *on({"stop": -1}, image())],
    "chunk": [*on({"parts": 4, "index": 1}, *EVERY), *on({"parts": 3, "index": 2}, image(7))],
    "split": [({"sizes": (1, 3, 2), "index": 1}, (image(),)), ({"sizes": (4, 6), "index": 1}, (vector(10),))],
    "channelshuffle": [*on({"groups": 2}, *EVERY), *on({"groups": 3}, image(12))],
    "scale": [*on({}, *EVERY), *on({"init": 1e-6}, image())],
    "bias": on({}, *EVERY),
    "positions": on({}, *EVERY),
    "se": [
        *on({"channels": 3}, *MAPS),
        *on({"ratio": 2, "act": "silu", "gate": "hardsigmoid"}, *MAPS),
        *on({"channels": 3, "act": "hardswish"}, image()),
    ],
    "attention": [*on({"heads": 2}, *MAPS), *on({"heads": 1, "qkv_bias": False}, image())],
    "windowattention": [
        *on({"heads": 2, "window": 3}, line(6, 12), image(6, 9, 6), volume(4, 3, 6, 3)),
        *on({"heads": 2, "window": 4, "shift": 2}, line(), image(), volume()),
        *on({"heads": 2, "window": 3, "shift": 1, "relative": False, "qkv_bias": False}, line(6, 12), image(6, 9, 6)),
        *on({"heads": 3, "window": (3, 5), "shift": (1, 3), "relative": False}, image(6, 3, 14)),
    ],
}

# Words that importers write. Their memory is that of a torch function, which differs from case to case.
IMPORTED: dict[str, list[tuple[dict[str, Any], tuple[Shape, ...]]]] = {
    "rearrange": [
        *on({"pattern": "(g:2 c) y x -> (c g) y x"}, image()),
        *on({"pattern": "c (y i:2) (x j:2) -> (c i j) y x"}, image(3, 4, 6)),
        *on({"pattern": "c (y i:9) (x j:9) -> (c i j) y x"}, image(1, 9, 18)),
        *on({"pattern": "c y x -> c x y"}, image()),
        *on({"pattern": "c y x -> c y", "function": "mean"}, image()),
        *on({"pattern": "c n -> c 1 n"}, line()),
    ],
    "contract": [
        ({"pattern": "(h:2 d) y x, (h d) u v -> (h u v) y x"}, (image(), image(6, 2, 3))),
        ({"pattern": "c y x, d:5 c -> d y x", "learned": True, "bias": True}, (image(),)),
    ],
    "attend": [({"pattern": "(h:2 d) y x, (h d) u v, (h e) u v -> (h e) y x"}, (image(), image(), image(4)))],
    "normalize": [
        *on({"pattern": "(h:2 u) y x -> h y x"}, image()),
        *on({"pattern": "c y x -> y x", "function": "layernorm", "params": 12}, image()),
        *on({"pattern": "c y x -> y x", "function": "rmsnorm", "params": 6}, image()),
    ],
    "take": [
        *on({"count": 2, "start": 1, "step": 2}, *EVERY),
        *on({"count": 2, "start": 1, "step": 2, "axis": 2}, image()),
        *on({"index": (2, 0, 1), "axis": 1}, *MAPS),
    ],
    "join": [({"axis": 2}, (image(), image(6, 8, 4))), ({}, (line(), line(6, 3)))],
    "patches": [
        *on({"kernel": 3}, image(2, 5, 6)),
        *on({"kernel": 3, "stride": 2, "padding": 1, "dilation": 2}, image(2, 7, 6)),
        *on({"kernel": 5, "stride": 2, "padding": 2}, line(2, 9), volume(1, 5, 7, 6)),
        *on({"kernel": 2, "stride": 2, "dilation": 3, "padding": 1}, line(2, 9), volume(1, 5, 7, 6)),
        *on({"kernel": 17, "padding": 1}, image(1, 16, 15)),
    ],
    "fold": [
        *on({"size": (6, 7), "kernel": 3}, image(18, 4, 5)),
        *on({"size": (7, 6), "kernel": 3, "stride": 2, "padding": 1}, image(9, 4, 3)),
        *on({"size": (12,), "kernel": 3, "stride": 2, "padding": 1, "dilation": 2}, line(6, 5)),
    ],
    "resample": [
        *on({"scale": 2}, *MAPS),
        *on({"scale": 2, "mode": "linear"}, line(2), image(2)),
        *on({"size": (4, 5), "mode": "linear", "antialias": True}, image(2)),
        *on({"size": 7, "mode": "cubic", "coordinates": "asymmetric"}, line(2)),
        *on({"scale": 1.5, "mode": "cubic", "exclude_outside": True}, line(2)),
        *on({"scale": 0.6, "coordinates": "half_pixel_symmetric", "mode": "linear"}, image(2)),
        *on({"size": 5, "coordinates": "tf_crop_and_resize", "mode": "linear", "begin": 0.2, "end": 1.2}, line(2)),
        *on({"size": 6, "coordinates": "align_corners", "nearest": "ceil"}, line(2)),
    ],
    "roll": [*on({"shift": 2}, *MAPS), *on({"shift": (-1, 3)}, image())],
    "channelconv": [*on({"kernel": 3}, *EVERY), *on({"kernel": 5, "bias": True}, image())],
    "pointwise": [
        *on({"function": "exp"}, *EVERY),
        *on({"function": "sub", "value": 0.5}, image()),
        *on({"function": "rdiv", "value": 2.0}, image()),
        *on({"function": "logsigmoid"}, line()),
    ],
    "stored": [
        *on({"function": "mul", "params": 6}, line(), image()),
        *on({"function": "rsub", "params": 336}, image()),
    ],
    "tokens": [({"learned": 1}, (image(),)), ({}, (image(), line())), ({"learned": 2}, (line(), volume(6)))],
}

# Words without a torch source of their own, or without inputs.
NOT_RUN = {"constant", "unused", "unknown", "declared"}

CASES: list[Case] = [(word, settings, shapes) for word, found in TABLE.items() for settings, shapes in found]
IMPORTED_CASES: list[Case] = [(word, settings, shapes) for word, found in IMPORTED.items() for settings, shapes in found]


def label(case: Case) -> str:
    word, settings, shapes = case
    return f"{word}({', '.join(f'{k}={v}' for k, v in settings.items())}) on {', '.join(map(str, shapes))}"
