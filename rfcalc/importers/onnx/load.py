"""Imports ONNX models. Nothing is run, neither external data nor large weights are read; the graph is followed node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rfcalc.errors import fail
from rfcalc.graph import Graph
from rfcalc.importers.programs.asked import asked_shapes
from rfcalc.language.limits import MAX_LAYERS
from rfcalc.version import to_install


def load(
    path: str,
    overrides: Mapping[str, str] | None = None,
    max_layers: int = MAX_LAYERS,
    *,
    unknown: str = "error",
    declare: Sequence[str] = (),
) -> Graph:
    """The graph of an ONNX file. `overrides` may hold `input`; `unknown` is "error" or "bound"; `declare` holds rules such as
    "my.domain.MyOp=pointwise". Raises SpecError."""
    from importlib.util import find_spec

    if find_spec("onnx") is None:
        raise fail("E400", "ONNX models need onnx", hint=to_install("onnx", "onnx"))
    for key in overrides or {}:
        if key != "input":
            raise fail("E601", f"{key} is nothing that an ONNX model has", hint="only its input can be given another shape")
    shapes = asked_shapes(overrides["input"]) if overrides else {}
    from rfcalc.importers.onnx.follow import follow
    from rfcalc.importers.onnx.model import read
    from rfcalc.importers.programs.declared import Declarations

    rules = Declarations.of(declare)
    model = read(path, max_layers, rules)
    name = Path(path).name.removesuffix(".onnx")
    return follow(model, name, path, max_layers, shapes, unknown == "bound", rules)
