"""Values of an exported program's steps: shapes, arguments by name, constants that are computed when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rfcalc.importers.programs.constants import known
from rfcalc.importers.programs.program import Const, Tensor, UnfollowedError


class LazyConstant:
    """The value of a constant, computed when somebody asks for it; None where it depends on stored numbers. `entry` is the
    number of one of several outputs."""

    def __init__(self, node: Any, values: dict[Any, Any], entry: int | None = None) -> None:
        self.node, self.values, self.entry = node, values, entry

    def __call__(self) -> Any:
        import torch

        def real(argument: Any) -> Any:
            found = self.values[argument]
            if isinstance(found, Tensor):  # only its shape counts
                return torch.empty(found.shape)
            return known(found) if isinstance(found, Const) else found

        try:
            args = torch.fx.map_arg(self.node.args, real)
            kwargs = torch.fx.map_arg(self.node.kwargs, real)
            found = self.node.target(*args, **kwargs)
            return found if self.entry is None else found[self.entry]
        except Exception:
            return None


def bound_arguments(target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of an operator by name, defaults included."""
    arguments = {}
    for i, argument in enumerate(target._schema.arguments):
        if i < len(args) and not argument.kwarg_only:
            arguments[argument.name] = args[i]
        elif argument.name in kwargs:
            arguments[argument.name] = kwargs[argument.name]
        else:
            arguments[argument.name] = argument.default_value if argument.has_default_value() else None
    return arguments


class DependentError(UnfollowedError):
    """What the program does depends on the values of its tensors; no bound helps."""


def shape_of(value: Any) -> tuple[int, ...] | None:
    """A tensor's shape in whole numbers; None for anything else. Raises DependentError where the input's values set it."""
    if not hasattr(value, "shape"):
        return None
    if any(not _known(n) for n in value.shape):
        raise DependentError("its shape depends on the values of the input")
    return tuple(int(n) for n in value.shape)


def _known(n: Any) -> bool:
    symbol = getattr(n, "node", None)
    return symbol is None or symbol.maybe_as_int() is not None


def flatten(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [leaf for entry in value for leaf in flatten(entry)]
    if isinstance(value, Mapping):
        return [leaf for entry in value.values() for leaf in flatten(entry)]
    return [value]
