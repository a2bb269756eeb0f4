"""ATen operators that move numbers along axes: padding, rolling, flipping, windows."""

from __future__ import annotations

from rfcalc.importers.programs import moving
from rfcalc.importers.programs.arithmetic import binary
from rfcalc.importers.programs.constants import known
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError
from rfcalc.importers.programs.views import swapped
from rfcalc.importers.torch.call import Call, handles


@handles("roll")
def _roll(call: Call) -> Tensor:
    if not call["dims"]:
        raise UnfollowedError("rolls all axes as one")
    moves = dict(zip((call.axis(d) for d in call["dims"]), call["shifts"], strict=True))
    return moving.rolled(call.program, call.tensor(), moves)


@handles("flip")
def _flip(call: Call) -> Tensor:
    return moving.flipped(call.program, call.tensor(), [call.axis(d) for d in call["dims"]])


@handles("rot90")
def _rot90(call: Call) -> Tensor:
    a, b = (call.axis(d) for d in call["dims"])
    turns = call["k"] % 4
    turned = moving.flipped(call.program, call.tensor(), [[], [b], [a, b], [a]][turns])
    return swapped(turned, a, b) if turns % 2 else turned


@handles("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d")
@handles("replication_pad2d", "replication_pad3d")
def _pad(call: Call) -> Tensor:
    flat = list(call["pad"] if "pad" in call.arguments else call["padding"])
    pads = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)][::-1]
    mode = call["mode"] or {"refle": "reflect", "repli": "replicate"}.get(call.name[:5], "constant")
    return moving.padded(call.program, call.tensor(), pads, "zeros" if mode == "constant" else mode)


@handles("unfold")
def _unfold(call: Call) -> Tensor:
    return moving.windowed(call.program, call.tensor(), call.axis(call["dimension"]), call["size"], call["step"])


@handles("index_add")
def _index_add(call: Call) -> Tensor:
    base, dim, places = call.x, call.axis(call["dim"]), call.value("index").tolist()
    found = moving.summed(call.program, call.tensor("source"), dim, places, base.shape[dim])
    if call["alpha"] not in (None, 1):
        found = binary(call.program, "mul", found, call["alpha"])
    zeros = isinstance(base, Const) and not base.stored and (value := known(base)) is not None and not value.any()
    return found if zeros else binary(call.program, "add", found, base)
