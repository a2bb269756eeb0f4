"""The inputs of an exported program: batch, channels, sizes; an image of a list has no batch."""

from __future__ import annotations

from typing import Any

from rfcalc.importers.programs.program import Program, ProgramPlace, Tensor
from rfcalc.importers.torch.capture import Captured
from rfcalc.importers.torch.values import shape_of
from rfcalc.relations.shape import Shape


def given(program: Program, captured: Captured, node: Any) -> Tensor | None:
    """The layer that stands for an input; None for one that is no tensor."""
    shape = shape_of(node.meta.get("val"))
    if shape is None:
        return None
    program.place = ProgramPlace()
    name = "input" if len(captured.inputs) == 1 else node.name
    if not shape:
        return Tensor(program.input(name, Shape(1)).node, ())
    single = len(shape) == 1 or any(node.name.startswith(f"{each}_") for each in captured.lists)
    batch, channels, *size = (1, *shape) if single else shape
    found = program.input(name, Shape(channels, tuple(size)), batch)
    return Tensor(found.node, found.layout[1:]) if single else found
