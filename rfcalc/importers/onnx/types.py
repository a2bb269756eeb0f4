"""Shapes and element types by ONNX's own rules: for what is computed from constants, and to check what was followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rfcalc.importers.onnx.model import DOMAINS, Model, shape_of, subgraphs, type_of
from rfcalc.importers.programs.constants import known
from rfcalc.importers.programs.program import Const, Tensor

MOST = 1 << 12  # numbers of a constant that a rule may look at
Shapes = list[tuple[int, ...] | None]


class Types:
    """The types of all values so far, as protobuf messages."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.known: dict[str, Any] = {}
        self.schemas: dict[tuple[str, str], Any] = {}
        values = [*model.graph.value_info, *model.graph.output]
        self.stated = {value.name: value.type for value in values}

    def stored(self, name: str, tensor: Any) -> None:
        """Notes a stored tensor."""
        self.given(name, type_of(tensor), shape_of(tensor))

    def given(self, name: str, kind: int, shape: Sequence[int]) -> None:
        """Notes a value of a known element type and shape."""
        from onnx import helper

        self.known[name] = helper.make_tensor_type_proto(kind, list(shape))

    def arrays(self, names: Sequence[str], arrays: Sequence[Any]) -> None:
        """Notes values that were computed."""
        from onnx import helper

        for name, array in zip(names, arrays, strict=False):
            self.given(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)

    def shaped(self, name: str, shape: Sequence[int]) -> None:
        """Notes the shape of a value whose element type an earlier step has told."""
        kind = self.known[name].tensor_type.elem_type if name in self.known else 1
        self.given(name, kind or 1, shape)

    def of_node(self, node: Any, inputs: Sequence[Any]) -> Shapes:
        """The shape of each output: by the operator's rule, else as the file states it; None where that is not known."""
        found = self._inferred(node, inputs)
        shapes: Shapes = []
        for name in node.output:
            kind = found.get(name)
            if kind is not None and kind.HasField("tensor_type"):
                self.known[name] = kind
            shape = sizes(kind)
            shapes.append(shape if shape is not None else self._stated(node, name))
        return shapes

    def _stated(self, node: Any, name: str) -> tuple[int, ...] | None:
        """What the file says about an operator that ONNX does not know, or that runs graphs; nothing where an axis is free."""
        typed = self._schema(node) is not None and not any(subgraphs(node))
        return None if typed else sizes(self.stated.get(name))

    def _schema(self, node: Any) -> Any:
        import onnx

        domain = "" if node.domain in DOMAINS else node.domain
        key = (domain, node.op_type)
        if key not in self.schemas:
            try:
                self.schemas[key] = onnx.defs.get_schema(node.op_type, self.model.opsets.get(domain, 1), domain)
            except (onnx.defs.SchemaError, TypeError):  # unknown; or the version is beyond what the package can hold
                self.schemas[key] = None
        return self.schemas[key]

    def _inferred(self, node: Any, inputs: Sequence[Any]) -> dict[str, Any]:
        from onnx import shape_inference

        schema = self._schema(node)
        names = [name for name in node.input if name]
        if schema is None or any(name not in self.known for name in names):
            return {}
        types = {name: self.known[name] for name in names}
        data = {name: tensor for name, value in zip(node.input, inputs, strict=False) if (tensor := _small(value)) is not None}
        try:
            return dict(shape_inference.infer_node_outputs(schema, node, types, data))
        except Exception:  # a broken node; whoever follows it says what is wrong
            return {}


def sizes(kind: Any) -> tuple[int, ...] | None:
    """The shape of a type, if every axis is known."""
    if kind is None or not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
        return None
    found = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in kind.tensor_type.shape.dim]
    return tuple(found) if min(found, default=0) >= 0 else None


def _small(value: Any) -> Any:
    """A constant of few numbers as the rules want it."""
    if not isinstance(value, Const) or isinstance(value, Tensor):
        return None
    count = 1
    for n in value.shape:
        count *= n
    if count > MOST:
        return None
    array = known(value)
    if array is None or array.dtype.kind not in "iufb":
        return None
    from onnx import numpy_helper

    return numpy_helper.from_array(array)
