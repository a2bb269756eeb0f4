"""What the modules of Ultralytics' rows take as args, and how a row becomes the settings of a block."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.layers.settings import Bool, Int, Kind, ListOf, Number, Optional, PerAxis
from rfcalc.record import record

Values = dict[str, Any]
SIZE, COUNT, FLAG, SHARE = PerAxis(Int()), Int(), Bool(), Number(0, 64)
NEEDED: Any = object()  # stands for no default
AREA_CHANNELS = 32  # of one head of attention within areas
PAD = Optional(PerAxis(Int(0)))


@record
class Arg:
    """One arg of a row; without a default it must be given."""

    name: str
    kind: Kind
    default: Any = NEEDED


@record
class Module:
    """One module. `args` follow the output channels, which the width scales.

    word: the block that stands for it. `settings(c1, out, values)` makes its settings from the channels and the args; without
    it they are the args. deep: the row's repeats go into the module, not around it. A module that is not scaled names its input
    channels, then its output channels.
    """

    word: str
    args: tuple[Arg, ...] = ()
    settings: Callable[[int, int, Values], Values] | None = None
    scaled: bool = True
    deep: bool = False


def _args(*entries: tuple[Any, ...]) -> tuple[Arg, ...]:
    return tuple(Arg(*entry) for entry in entries)


K, S, P, G, D = ("k", SIZE, 1), ("s", SIZE, 1), ("p", PAD, None), ("g", COUNT, 1), ("d", SIZE, 1)
ACT, SHORTCUT, E = ("act", FLAG, True), ("shortcut", FLAG, True), ("e", SHARE, 0.5)


def conv(c1: int, out: int, values: Values) -> Values:
    """A convolution's settings: without p it keeps the size at stride 1, and an even kernel adds a row."""
    kept = {key: value for key, value in values.items() if key not in ("act", "p")}
    if values.get("p") is not None:
        kept["p"] = values["p"]
    else:
        kept |= _even(values.get("k", 1), values.get("d", 1))
    return kept if values.get("act", True) else {**kept, "act": "none"}


def _even(k: Any, d: Any) -> Values:
    """The padding of a kernel that has no middle: half of its (dilated) size; nothing where the default is right."""
    kernel = k if isinstance(k, tuple) else (k, k)
    dilation = d if isinstance(d, tuple) else (d, d)
    extents = [a * (b - 1) + 1 for a, b in zip(dilation, kernel, strict=False)]
    if all(extent % 2 for extent in extents):
        return {}
    pads = [extent // 2 for extent in extents]
    return {"p": pads[0] if len(set(pads)) == 1 else pads}


def depthwise(c1: int, out: int, values: Values) -> Values:
    """One group per channel that input and output share."""
    return {**conv(c1, out, values), "g": gcd(c1, out)}


def transposed(c1: int, out: int, values: Values) -> Values:
    """A transposed convolution with its norm and activation."""
    kept: Values = {key: values[key] for key in ("k", "s", "p")}
    kept |= {} if values["bn"] else {"norm": "none", "bias": True}
    return kept if values["act"] else {**kept, "act": "none"}


def bottleneck(c1: int, out: int, values: Values) -> Values:
    """Adds its input where the channels allow it."""
    k1, k2 = _two(values["k"])
    return {"shortcut": values["shortcut"] and c1 == out, "g": values["g"], "k1": k1, "k2": k2, "e": values["e"]}


def _two(k: Any) -> tuple[Any, Any]:
    if len(k) != 2:
        raise RuleError(f"needs one kernel for each of its two convolutions, not {len(k)}")
    return k[0], k[1]


def oblong(c1: int, out: int, values: Values) -> Values:
    """A row and a column of three instead of a square."""
    return {**values, "k1": (1, 3), "k2": (3, 1)}


def square(c1: int, out: int, values: Values) -> Values:
    """Both convolutions of each bottleneck have the same kernel."""
    return {**{key: value for key, value in values.items() if key != "k"}, "k1": values["k"], "k2": values["k"]}


def only_share(c1: int, out: int, values: Values) -> Values:
    """Of a CSP block's args, a C3Ghost uses the share of hidden channels."""
    return {"e": values["e"]}


def halved(c1: int, out: int, values: Values) -> Values:
    """Half of the channels are made of the other half."""
    if out < 2:
        raise RuleError("makes half of its channels from the other half; it needs at least 2")
    return conv(c1, out, values)


def ghost(c1: int, out: int, values: Values) -> Values:
    """Its shortcut is a convolution at stride 2, and the input itself at stride 1."""
    if values["s"] not in (1, 2):
        raise RuleError(f"has stride 1 or 2, not {values['s']}")
    if out < 4:
        raise RuleError("needs at least 4 channels, of which it makes half, and of those half")
    if values["s"] == 1 and c1 != out:
        raise RuleError(f"keeps its channels at stride 1: {c1} come in, {out} shall go out")
    return {**values, "c1": c1} if values["s"] == 2 else values


def rep(c1: int, out: int, values: Values) -> Values:
    """A 3x3 and a 1x1 convolution, and with bn the input itself; its 1x1 is padded so that the sizes agree."""
    first, second = (values["k"], values["p"])
    if values["bn"] and (c1 != out or values["s"] != 1):
        raise RuleError("with bn adds its input, which needs equal channels and stride 1")
    if second < first // 2:
        raise RuleError(f"with a kernel of {first} needs padding of at least {first // 2}, not {second}")
    kept = {key: values[key] for key in ("k", "s", "p", "g", "act")}
    return {**kept, "p1": second - first // 2, "id": values["bn"]}


def half_of_input(c1: int, out: int, values: Values) -> Values:
    """Pyramid pooling works on half of the input's channels."""
    return {
        "c": max(1, c1 // 2),
        **{key: value for key, value in values.items() if key == "k" and not isinstance(value, tuple)},
    }


def attended(c1: int, out: int, values: Values) -> Values:
    """Attention blocks keep their channels."""
    if c1 != out:
        raise RuleError(f"keeps its channels: {c1} come in, {out} shall go out")
    return values


def areas(c1: int, out: int, values: Values) -> Values:
    """Attention within bands of rows, with heads of 32 channels; without a2 no attention, and so no bands and no scaled sum."""
    hidden, residual = int(out * values["e"]), values["residual"] and values["a2"]
    if values["a2"] and values["area"] < 1:
        raise RuleError(f"cuts the map into at least one area, not {values['area']}")
    if hidden % AREA_CHANNELS or not hidden:
        raise RuleError(f"has heads of {AREA_CHANNELS} channels, which do not divide its {hidden} hidden ones")
    if residual and c1 != out:
        raise RuleError(f"adds its input, which needs equal channels: {c1} come in, {out} shall go out")
    return {key: value for key, value in values.items() if key != "area"} | {"residual": residual}


def elan(c1: int, out: int, values: Values) -> Values:
    """Halves must be equal."""
    if values["c3"] % 2:
        raise RuleError(f"cuts c3 into halves, so it is even, not {values['c3']}")
    if "n" in values and values["c4"] < 2:
        raise RuleError("works on half of c4, which is at least 2")
    return values


def even_input(c1: int, out: int, values: Values) -> Values:
    """Works on halves of the input and of the output."""
    if c1 % 2 or out % 2:
        raise RuleError(f"works on halves of its channels, {c1} in and {out} out, which are not both even")
    return values


N = ("n", COUNT, 1)
CSP = _args(SHORTCUT, G, E)
AREAS = ("a2", FLAG, True), ("area", Int(-1), 1), ("residual", FLAG, False), ("mlp_ratio", SHARE, 2.0)
OPEN_CSP = _args(("shortcut", FLAG, False), G, E)
MODULES: dict[str, Module] = {
    "Conv": Module("Conv", _args(K, S, P, G, D, ACT), conv),
    "DWConv": Module("Conv", _args(K, S, D, ACT), depthwise),
    "ConvTranspose": Module(
        "ConvTranspose", _args(("k", SIZE, 2), ("s", SIZE, 2), ("p", PerAxis(Int(0)), 0), ("bn", FLAG, True), ACT), transposed
    ),
    "Focus": Module("Focus", _args(K, S, P, G, ACT), conv),
    "GhostConv": Module("GhostConv", _args(K, S, G, ACT), halved),
    "RepConv": Module(
        "RepConv", _args(("k", COUNT, 3), S, ("p", Int(0), 1), G, D, ACT, ("bn", FLAG, False)), rep, scaled=False
    ),
    "RepVGGDW": Module("RepVGGDW", (), None, scaled=False),
    "Bottleneck": Module("Bottleneck", _args(SHORTCUT, G, ("k", ListOf(SIZE), (3, 3)), E), bottleneck),
    "BottleneckCSP": Module("BottleneckCSP", CSP, deep=True),
    "C1": Module("C1", (), deep=True),
    "C2": Module("C2", CSP, deep=True),
    "C3": Module("C3", CSP, deep=True),
    "C3x": Module("C3", CSP, oblong, deep=True),
    "C3k": Module("C3", _args(N, SHORTCUT, G, E, ("k", COUNT, 3)), square, scaled=False),
    "C3Ghost": Module("C3Ghost", CSP, only_share, deep=True),
    "RepC3": Module("RepC3", _args(("e", SHARE, 1.0)), deep=True),
    "C2f": Module("C2f", OPEN_CSP, deep=True),
    "C3k2": Module("C3k2", _args(("c3k", FLAG, False), E, G, SHORTCUT), deep=True),
    "C2fCIB": Module("C2fCIB", _args(("shortcut", FLAG, False), ("lk", FLAG, False), G, E), deep=True),
    "CIB": Module("CIB", _args(SHORTCUT, E, ("lk", FLAG, False)), scaled=False),
    "PSA": Module("PSA", _args(E), attended),
    "C2PSA": Module("C2PSA", _args(E), attended, deep=True),
    "C2fPSA": Module("C2fPSA", _args(E), attended, deep=True),
    "A2C2f": Module("A2C2f", _args(*AREAS, E, G, SHORTCUT), areas, deep=True),
    "SPP": Module("SPP", _args(("k", ListOf(COUNT), (5, 9, 13))), half_of_input),
    "SPPF": Module("SPPF", _args(("k", COUNT, 5)), half_of_input),
    "SPPELAN": Module("SPPELAN", _args(("c", COUNT), ("k", COUNT, 5))),
    "SCDown": Module("SCDown", _args(("k", SIZE), ("s", SIZE)), conv),
    "AConv": Module("AConv"),
    "ADown": Module("ADown", (), even_input),
    "ELAN1": Module("ELAN1", _args(("c3", COUNT), ("c4", COUNT)), elan),
    "RepNCSPELAN4": Module("RepNCSPELAN4", _args(("c3", COUNT), ("c4", COUNT), N), elan),
    "GhostBottleneck": Module("GhostBottleneck", _args(("k", COUNT, 3), ("s", COUNT, 1)), ghost),
    "Classify": Module("Classify", _args(K, S, P, G), conv),
}
