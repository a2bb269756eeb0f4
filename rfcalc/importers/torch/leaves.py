"""Modules of declared classes as single steps of a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rfcalc.importers.programs.declared import Declaration, Declarations
from rfcalc.relations.shape import Shape

LEAVES: dict[str, tuple[Declaration, Mapping[str, Any]]] = {}  # by the module's path
KEPT: list[Any] = []  # operators live as long as their library


@contextmanager
def as_leaves(rules: Declarations, module: Any) -> Iterator[None]:
    """Modules of declared classes as single steps of the program, for a while."""
    changed = []
    for path, part in module.named_modules():
        name = f"{type(part).__module__}.{type(part).__qualname__}"
        rule = rules.find(name)
        if rule is not None:
            changed.append(part)
            _make_leaf(part, rule, path)
    try:
        yield
    finally:
        for part in changed:
            del part.forward


def _make_leaf(part: Any, rule: Declaration, path: str) -> None:
    """Replaces a module's forward by one operator that carries its stored tensors."""
    import torch

    names = [name for name, _ in [*part.named_parameters(), *part.named_buffers()]]
    LEAVES[path] = (rule, {k: v for k, v in vars(part).items() if isinstance(v, int | float | str | bool | tuple)})

    def forward(*inputs: Any) -> Any:
        tensors = [value for value in inputs if isinstance(value, torch.Tensor)]
        own = [_attribute(part, name) for name in names]
        return _operator()(tensors, own, path)

    part.forward = forward


def _attribute(part: Any, name: str) -> Any:
    for piece in name.split("."):
        part = getattr(part, piece)
    return part


def _operator() -> Any:
    """The operator rfcalc::declared, which gives a tensor of the shape that its rule says."""
    import torch

    if not hasattr(torch.ops.rfcalc, "declared"):
        library = torch.library.Library("rfcalc", "FRAGMENT")
        KEPT.append(library)
        library.define("declared(Tensor[] inputs, Tensor[] stored, str path) -> Tensor")

        def shaped(inputs: Sequence[Any], stored: Sequence[Any], path: str) -> Any:
            rule, attributes = LEAVES[path]
            shapes = [Shape(x.shape[1], tuple(x.shape[2:])) if x.dim() > 1 else Shape(x.numel()) for x in inputs]
            out = rule.op(shapes, attributes).shape(shapes)
            return inputs[0].new_empty((inputs[0].shape[0], out.channels, *out.size))

        torch.library.register_fake("rfcalc::declared", shaped, lib=library)
    return torch.ops.rfcalc.declared
