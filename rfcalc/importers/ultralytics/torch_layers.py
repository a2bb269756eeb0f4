"""Layers of torch itself in Ultralytics' rows: nn.Upsample and the like, as layers of a spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.importers.ultralytics.modules import COUNT, FLAG, PAD, SIZE, Arg, Values
from rfcalc.layers.settings import Int, Kind, ListOf, Number, Optional, PerAxis, Word
from rfcalc.record import record

Made = tuple[str, Values, int]  # word, settings, output channels
ZERO = PerAxis(Int(0))
MODES = Word(("nearest", "bilinear", "bicubic"))


@record
class Plain:
    """One layer: its args, and what it becomes, given the input's channels."""

    args: tuple[tuple[Any, ...], ...]
    made: Callable[[int, Values], Made]


class Sides(Kind):
    """Padding as torch's ZeroPad2d takes it: one number, or left, right, top, bottom."""

    def parse(self, value: Any) -> list[tuple[int, int]]:
        numbers = (value,) * 4 if not isinstance(value, tuple) else value
        if len(numbers) != 4:
            raise RuleError(f"is one number, or left, right, top and bottom, not a list of {len(numbers)}")
        left, right, top, bottom = (Int(0).parse(number) for number in numbers)
        return [(top, bottom), (left, right)]

    def schema(self) -> dict[str, Any]:
        return Optional(ListOf(Int(0))).schema()


def _upsample(c1: int, v: Values) -> Made:
    settings = {key: v[key] for key in ("size", "scale") if v[key] is not None}
    if v["mode"] != "nearest":
        settings |= {"mode": v["mode"], "align_corners": bool(v["align_corners"])}
    return "upsample", settings, c1


def _pool(word: str) -> Callable[[int, Values], Made]:
    def made(c1: int, v: Values) -> Made:
        settings = {key: v[key] for key in ("k", "s", "p", "d", "ceil_mode", "count_include_pad") if key in v}
        return word, {key: value for key, value in settings.items() if value not in (None, 0, False) or key in NAMED}, c1

    return made


NAMED = ("count_include_pad",)


def _conv(c1: int, v: Values) -> Made:
    if v["in"] != c1:
        raise RuleError(f"takes {v['in']} channels, but {c1} come in")
    settings = {key: v[key] for key in ("out", "k", "s", "p", "d", "g")}
    return "conv", {**settings, "bias": v["bias"], "norm": "none", "act": "none"}, v["out"]


def _linear(c1: int, v: Values) -> Made:
    if v["in"] != c1:
        raise RuleError(f"takes {v['in']} numbers, but {c1} come in")
    return "linear", {"out": v["out"], "bias": v["bias"]}, v["out"]


def _word(word: str, *settings: str) -> Callable[[int, Values], Made]:
    def made(c1: int, v: Values) -> Made:
        return word, {key: v[key] for key in settings}, c1

    return made


def transposed(out: int, v: Values) -> Made:
    """torch's transposed convolution, whose output channels the width scales."""
    return "upconv", {"out": out, **v}, out


UPCONV = (("k", SIZE), ("s", SIZE, 1), ("p", ZERO, 0), ("output_padding", ZERO, 0), ("g", COUNT, 1), ("bias", FLAG, True))
POOL = (("k", SIZE), ("s", Optional(SIZE), None), ("p", ZERO, 0))
PLAIN: dict[str, Plain] = {
    "nn.Upsample": Plain(
        (
            ("size", Optional(SIZE), None),
            ("scale", Optional(PerAxis(Number(1e-6, 4096))), None),
            ("mode", MODES, "nearest"),
            ("align_corners", Optional(FLAG), None),
        ),
        _upsample,
    ),
    "nn.MaxPool2d": Plain((*POOL, ("d", SIZE, 1), ("indices", FLAG, False), ("ceil_mode", FLAG, False)), _pool("maxpool")),
    "nn.AvgPool2d": Plain((*POOL, ("ceil_mode", FLAG, False), ("count_include_pad", FLAG, True)), _pool("avgpool")),
    "nn.AdaptiveAvgPool2d": Plain((("out", SIZE),), _word("adaptivepool", "out")),
    "nn.AdaptiveMaxPool2d": Plain((("out", SIZE),), _word("adaptivemaxpool", "out")),
    "nn.ZeroPad2d": Plain((("p", Sides()),), _word("pad", "p")),
    "nn.Conv2d": Plain(
        (
            ("in", COUNT),
            ("out", COUNT),
            ("k", SIZE),
            ("s", SIZE, 1),
            ("p", PAD, 0),
            ("d", SIZE, 1),
            ("g", COUNT, 1),
            ("bias", FLAG, True),
        ),
        _conv,
    ),
    "nn.Linear": Plain((("in", COUNT), ("out", COUNT), ("bias", FLAG, True)), _linear),
    "nn.Identity": Plain((), _word("identity")),
    "nn.SiLU": Plain((("inplace", FLAG, False),), _word("silu")),
    "nn.ReLU": Plain((("inplace", FLAG, False),), _word("relu")),
    "nn.Dropout": Plain(
        (("rate", Number(0, 1), 0.5), ("inplace", FLAG, False)), lambda c1, v: ("dropout", {"p": v["rate"]}, c1)
    ),
    "nn.PixelShuffle": Plain((("ratio", Int(1, 64)),), lambda c1, v: ("pixelshuffle", v, c1 // v["ratio"] ** 2)),
}


def args_of(plain: Plain) -> tuple[Arg, ...]:
    """The args of a layer."""
    return tuple(Arg(*entry) for entry in plain.args)
