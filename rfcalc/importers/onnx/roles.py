"""What the stored tensors of an ONNX graph are: learned, kept but not learned, or mere settings of an operator.

A file only says which tensors it stores. Numbers with a fraction are learned, but for the statistics of a batch norm, the
scales of a quantization, and what an operator takes as a setting (the limits of a Clip, the scales of a Resize). Whole
numbers count where they are quantized weights. The tensors of Constant nodes count where an operator takes them as a weight.
What an operand is, its operator's handler says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from rfcalc.importers.onnx.call import handles
from rfcalc.importers.onnx.model import DOMAINS, Lazy, Model, shape_of, type_of
from rfcalc.importers.onnx.names import module_of, owner_of
from rfcalc.importers.programs.program import Const, Held

FLOATS = frozenset((1, 10, 11, 16, 17, 18, 19, 20, 23))
QUANTIZED = frozenset((2, 3, 21, 22))
MOST_VALUES = 1 << 20
LEARNED, FIXED = "learned", "fixed"


class StoredConstants:
    """The constants of a graph, and what the program counts of them."""

    def __init__(self, model: Model, nodes: Sequence[Any]) -> None:
        self.model, self.nodes = model, nodes
        self.consts = {node.output[0]: tensor for node in nodes if (tensor := constant_tensor(node)) is not None}
        self.copies = dict(self._copies())
        self.varying = self._varying()
        self.roles: dict[str, str] = {}
        self.taken: set[str] = set()  # by an operator, as its weight
        self.integer: set[str] = set()
        self.merged: dict[tuple[str, str], str] = {}
        self.settings: set[str] = set()
        self._walk()
        self._divide()
        self.held = dict(self._held())

    def const(self, name: str, tensor: Any) -> Const:
        """A stored tensor as a constant."""
        shape = shape_of(tensor)
        return Const(shape, frozenset([name] if name in self.held else []), value=Lazy(lambda: self._values(tensor)))

    def used(self, name: str, node: Any, const: Const) -> Const:
        """A constant as one node uses it."""
        key = self.merged.get((name, module_of(node) or ""))
        return const if key is None else Const(const.shape, frozenset([key]), const.made, const.value)

    def _divide(self) -> None:
        """Finds tensors that an exporter uses in several modules because theirs were equal. As in `_copies`, those that hold
        one number over and over count for each module."""
        uses: dict[str, list[str]] = {}
        for node in self.nodes:
            path = module_of(node)
            for name in node.input:
                if name in self.model.stored and path:
                    uses.setdefault(name, []).append(path)
        for name, paths in uses.items():
            tensor = self.model.stored[name]
            if len(set(paths)) < 2 or not self._counts(name, tensor) or not self._uniform(tensor):
                continue
            first = owner_of(name) if owner_of(name) in paths else paths[0]
            for path in dict.fromkeys(paths):
                self.merged[name, path] = name if path == first else f"{path}.{name.rpartition('.')[2]}"

    def _copies(self) -> Iterator[tuple[str, Any]]:
        """Tensors that an exporter has replaced by an equal one. Those that hold one number over and over (biases and norms
        that nobody has trained) are equal by chance and stand for tensors of their own; any others are really shared."""
        for node in self.nodes:
            if node.op_type != "Identity" or not node.input or node.input[0] not in self.model.stored:
                continue
            tensor = self.model.stored[node.input[0]]
            if type_of(tensor) in FLOATS and self._uniform(tensor):
                yield node.output[0], tensor

    def _varying(self) -> set[str]:
        """The values that depend on the network's input."""
        found = {value.name for value in self.model.graph.input} - self.model.stored.keys()
        for node in self.nodes:
            if any(name in found for name in node.input):
                found.update(node.output)
        return found

    def _walk(self) -> None:
        """Finds, from the last node to the first, what every tensor is used for."""
        uses: dict[str, set[str]] = {}
        for node in reversed(self.nodes):
            role = next((self.roles[name] for name in node.output if name in self.roles), "")
            known = handles.find(node.op_type if node.domain in DOMAINS else f"{node.domain}.{node.op_type}")
            learned, kept, settings = (known.learned, known.kept, known.settings) if known else ((), (), ())
            for i, name in enumerate(node.input):
                if name in self.varying:
                    continue
                uses.setdefault(name, set()).add("setting" if i in settings else "other")
                if i in learned:
                    self.roles.setdefault(name, LEARNED)
                    self.taken.add(name)
                elif i in kept:
                    self.roles.setdefault(name, FIXED)
                elif role and node.output[0] not in self.copies and i not in settings:
                    self.roles.setdefault(name, role)
                if (node.op_type == "DequantizeLinear" and i == 0) or (node.op_type.startswith("Q") and i in learned):
                    self.integer.add(name)
        self.settings = {name for name, ways in uses.items() if ways == {"setting"}}

    def _held(self) -> Iterator[tuple[str, Held]]:
        for name, tensor in self.model.stored.items():
            if self._counts(name, tensor):
                yield name, Held(prod(shape_of(tensor)), self.roles.get(name) != FIXED)
        for name, tensor in self.copies.items():
            if self._counts(name, tensor):
                yield name, Held(prod(shape_of(tensor)), self.roles.get(name) != FIXED)
        for (name, _), key in self.merged.items():
            yield key, Held(prod(shape_of(self.model.stored[name])), self.roles.get(name) != FIXED)
        for name, tensor in self.consts.items():
            number = not shape_of(tensor) and name not in self.taken  # of the program: an epsilon, a count
            if name in self.roles and self._counts(name, tensor) and not number and not self._filled(tensor):
                yield name, Held(prod(shape_of(tensor)), self.roles[name] == LEARNED)

    def _counts(self, name: str, tensor: Any) -> bool:
        kind, role = type_of(tensor), self.roles.get(name)
        if kind in FLOATS:
            return role is not None or (bool(shape_of(tensor)) and name not in self.settings)
        return role is not None and (kind in QUANTIZED or name in self.integer)

    def _values(self, tensor: Any) -> Any:
        return self.model.values_of(tensor, MOST_VALUES)

    def _uniform(self, tensor: Any) -> bool:
        """True for a tensor that holds one number over and over."""
        values = self._values(tensor)
        return values is not None and values.size > 0 and bool(values.min() == values.max())

    def _filled(self, tensor: Any) -> bool:
        """True for a tensor of ones or of zeros: what an exporter writes for a norm without weights."""
        values = self._values(tensor)
        return values is not None and values.size > 0 and values.min() == values.max() and values.flat[0] in (0, 1)


def constant_tensor(node: Any) -> Any:
    """The tensor of a Constant node; None for another node, and for a Constant of text."""
    if node.op_type != "Constant" or len(node.output) != 1:
        return None
    from onnx import helper

    for attribute in node.attribute:
        name = attribute.name
        if name == "value":
            return attribute.t
        if name == "sparse_value":
            return attribute.sparse_tensor
        if name in ("value_float", "value_int"):
            value = attribute.f if name == "value_float" else attribute.i
            return helper.make_tensor("", 1 if name == "value_float" else 7, [], [value])
        if name in ("value_floats", "value_ints"):
            values = list(attribute.floats if name == "value_floats" else attribute.ints)
            return helper.make_tensor("", 1 if name == "value_floats" else 7, [len(values)], values)
    return None
