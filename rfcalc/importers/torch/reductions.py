"""ATen operators that join the numbers along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.importers.programs import reductions
from rfcalc.importers.programs.arithmetic import binary, opaque, unary
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.torch.call import Call, handles

NAMES = {"amax": "max", "amin": "min", "linalg_vector_norm": "norm"}
LOSSES = {"mse_loss": "square", "l1_loss": "abs"}


@handles("mean", "sum", "amax", "amin", "var", "std", "linalg_vector_norm", "norm", "logsumexp", "prod")
def _reduce(call: Call) -> Tensor:
    kind = NAMES.get(call.name, call.name)
    if call["ord"] not in (None, 2) or call["p"] not in (None, 2):
        kind = "otherwise"
    return reductions.joined(call.program, kind, call.tensor(), *_axes(call))


@handles("max", "min")
def _extreme(call: Call) -> Any:
    if "other" in call.arguments:
        return binary(call.program, call.name, call.x, call["other"])
    found = reductions.reduced(call.program, call.name, call.tensor(), *_axes(call))
    if call["dim"] is None:
        return found
    return found, opaque(call.program, found) if 1 in call.reads else None  # the place of a number reads what that reads


@handles("argmax", "argmin")
def _place(call: Call) -> Tensor:
    return reductions.place(call.program, call.name[3:], call.tensor(), *_axes(call))


@handles("var_mean", "std_mean")
def _moments(call: Call) -> tuple[Tensor, Tensor]:
    spread = reductions.joined(call.program, call.name[:3], call.tensor(), *_axes(call))
    return spread, reductions.reduced(call.program, "mean", call.tensor(), *_axes(call))


def _axes(call: Call) -> tuple[Sequence[int], bool]:
    """The axes that a call names (none: all of them), and whether they stay."""
    dims = call["dim"]
    named = [] if dims is None else dims if isinstance(dims, list | tuple) else [dims]
    return [call.axis(dim) for dim in named], bool(call["keepdim"])


@handles("cosine_similarity")
def _cosine(call: Call) -> Tensor:
    program, pair = call.program, (call["x1"], call["x2"])
    sizes = [_over(call, "norm", side) for side in pair]
    return binary(program, "div", _over(call, "sum", binary(program, "mul", *pair)), binary(program, "mul", *sizes))


@handles("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
def _loss(call: Call) -> Tensor:
    """How far the numbers of two tensors lie apart: of each pair, or their mean or sum."""
    program, (each, mean) = call.program, (0, 1)
    apart = binary(program, "sub", call.x, call["target"])
    function = LOSSES.get(call.name)
    apart = unary(program, "pointwise", apart, function=function) if function else opaque(program, apart)
    kind = mean if call["reduction"] is None else call["reduction"]
    return apart if kind == each else reductions.reduced(program, "mean" if kind == mean else "sum", apart, [], False)


def _over(call: Call, function: str, tensor: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise UnfollowedError("one of its operands does not depend on the input")
    return reductions.reduced(call.program, function, tensor, [call.axis(call["dim"])], False)
