"""What an ONNX graph says about its nodes, to whoever follows them (see programs/walk.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from rfcalc.errors import Problem, RuleError, fail
from rfcalc.graph import Graph
from rfcalc.importers.onnx.call import MICROSOFT, NodeCall, handles
from rfcalc.importers.onnx.fold import folded, shape_slice
from rfcalc.importers.onnx.inputs import Inputs
from rfcalc.importers.onnx.model import DOMAINS, Model, needed, outer_names
from rfcalc.importers.onnx.names import containers, owner_of, scopes
from rfcalc.importers.onnx.roles import StoredConstants, constant_tensor
from rfcalc.importers.onnx.types import Types
from rfcalc.importers.onnx.unfollowed import REASONS
from rfcalc.importers.onnx.work import work
from rfcalc.importers.programs.constants import known
from rfcalc.importers.programs.declared import Declaration, Declarations
from rfcalc.importers.programs.program import Const, Made, Program, ProgramPlace, Tensor, UnfollowedError
from rfcalc.importers.programs.walk import Shapes, Step, Walk
from rfcalc.relations.shape import Shape


def follow(
    model: Model, name: str, path: str, max_layers: int, shapes: Mapping[str, Shape], bound: bool, rules: Declarations
) -> Graph:
    """The graph of a model; raises SpecError with the first node that cannot be followed."""
    nodes = needed(model.graph)
    stored = StoredConstants(model, nodes)
    program = Named(name, path, stored.held, max_layers)
    paths = scopes(nodes, stored.held)
    program.containers = containers(nodes, paths)
    run, walk = Run(program, model, stored, rules), Walk(program, bound)
    run.inputs(Inputs(model.graph, nodes, set(model.stored), shapes, path))
    walk.follow(run.steps(model.graph, nodes, paths))
    found = walk.outputs(run.values.get(value.name) for value in model.graph.output)
    outputs = [output.node for output in found if output]
    if not outputs:
        raise fail("E608", f"{path}: no output depends on the input")
    return program.finish(outputs)


class Named(Program):
    """A program whose tensors have the names that their module gave them, or mere numbers."""

    def pick(self, word: str, stored: Sequence[str] = ()) -> str:
        """A new name, as for any program, but from names of tensors that tell their module."""
        return super().pick(word, [name for name in stored if owner_of(name)])


class Run:
    """The values of a model's tensors so far, and how often each is read."""

    def __init__(self, program: Program, model: Model, stored: StoredConstants, rules: Declarations) -> None:
        self.program, self.model, self.held, self.rules = program, model, stored, rules
        self.types = Types(model)
        self.values: dict[str, Any] = {}
        self.reads: dict[str, int] = {}
        for name, tensor in model.stored.items():
            self.stored(name, tensor)

    def stored(self, name: str, tensor: Any) -> Const:
        """Notes a stored tensor."""
        self.types.stored(name, tensor)
        found = self.values[name] = self.held.const(name, tensor)
        return found

    def inputs(self, inputs: Inputs) -> None:
        """Makes the layers that stand for the network's inputs."""
        for value, given in inputs.wanted():
            self.program.place = ProgramPlace()
            name = "input" if inputs.count == 1 else value.name
            found = self.values[value.name] = given.tensor(self.program, name)
            self.types.given(value.name, value.type.tensor_type.elem_type, found.shape)

    def steps(self, graph: Any, nodes: Sequence[Any], paths: Sequence[str]) -> Iterator[Step]:
        """The nodes of a graph, each in its module."""
        for name in [value.name for value in graph.output] + [name for node in nodes for name in outer_names(node)]:
            self.reads[name] = self.reads.get(name, 0) + 1
        return (Node(self, node, path) for node, path in zip(nodes, paths, strict=True))

    def value(self, name: str) -> Any:
        """A tensor by its name; None for an operand that is left out."""
        if name and name not in self.values:
            raise UnfollowedError(f'it reads "{name}", which nothing gives')
        return self.values[name] if name else None


QUANTIZING = (f"{MICROSOFT}.QuantizeLinear", f"{MICROSOFT}.DequantizeLinear")  # also of weights, and without products


class Node(Step):
    """One node of an ONNX graph."""

    def __init__(self, run: Run, node: Any, path: str) -> None:
        self.run, self.node = run, node
        self.key = next(iter(node.output), "")
        self.place = ProgramPlace(path, node.op_type)
        self.title = f"{node.op_type} {node.name}".strip()
        self.own = node.domain in DOMAINS
        self.name = node.op_type if self.own else f"{node.domain}.{node.op_type}"

    @cached_property
    def inputs(self) -> list[Any]:
        """All operands in their order, None for those that are left out."""
        values = [(name, self.run.value(name)) for name in self.node.input]
        return [self.run.held.used(name, self.node, v) if isinstance(v, Const) else v for name, v in values]

    @cached_property
    def operands(self) -> Sequence[Any]:
        known = handles.find(self.name)
        found = [value for i, value in enumerate(self.inputs) if known is None or i not in known.shapes]
        return found + [self.run.value(name) for name in outer_names(self.node)[len(self.inputs) :]]

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The attributes by name."""
        return {attribute.name: value_of(attribute) for attribute in self.node.attribute}

    @cached_property
    def reads(self) -> frozenset[int]:
        return frozenset(i for i, name in enumerate(self.node.output) if name and self.run.reads.get(name))

    def shapes(self) -> Shapes:
        if self.attributes.get("ceil_mode") or (self.node.op_type == "ConvTranspose" and "auto_pad" in self.attributes):
            # the onnx package infers other sizes than the ones it computes (windows that begin in the padding)
            return [None] * len(self.node.output)
        return self.run.types.of_node(self.node, [self.run.values.get(name) for name in self.node.input])

    def inner(self) -> Iterator[Step] | None:
        """The branch of an If whose condition is known."""
        if self.name != "If":
            return None
        condition = known(self.inputs[0]) if isinstance(self.inputs[0], Const) else None
        if condition is None or condition.size != 1:
            raise UnfollowedError("its condition is not known before the network runs")
        self.branch = self.attributes["then_branch" if condition.reshape(-1)[0] else "else_branch"]
        for tensor in self.branch.initializer:
            self.run.stored(tensor.name, tensor)
        return self.run.steps(self.branch, self.branch.node, scopes(self.branch.node, self.run.held.held))

    def inner_results(self) -> Sequence[Any]:
        return [self.run.value(value.name) for value in self.branch.output]

    def declared(self) -> tuple[Declaration, Mapping[str, Any]] | None:
        rule = self.run.rules.find(f"ai.onnx.{self.name}" if self.own else self.name)
        return (rule, self.attributes) if rule else None

    def follow(self) -> Any:
        known = handles.find(self.name)
        if known is None or known.follow is None:
            unknown = "the operator is unknown" + ("" if self.own else f", of domain {self.node.domain}")
            raise UnfollowedError(REASONS.get(self.name, unknown))
        run, outputs = self.run, len(self.node.output)
        return known.follow(
            NodeCall(run.program, self.name, self.reads, self.inputs, self.attributes, run.model.opset, outputs)
        )

    def constant(self, stored: frozenset[str], made: Made) -> Sequence[Any]:
        if self.node.op_type == "Constant":
            return [self._given()]
        if self.key in self.run.held.copies:
            stored = frozenset([self.key]) & self.run.held.held.keys()
        found = self._computed()
        if found is not None:
            arrays = found if isinstance(found, tuple) else (found,)
            self.run.types.arrays(self.node.output, arrays)
            return [Const(tuple(array.shape), stored, made, array) for array in arrays]
        shapes = [self.inputs[0].shape] if self.name in QUANTIZING else self.shapes()
        if None in shapes:
            raise UnfollowedError("the shape of what it gives is not known")
        return [Const(shape or (), stored, made) for shape in shapes]

    def _computed(self) -> Any:
        """The numbers that a node gives, where those that it takes are known and few."""
        if not self.own:
            return None
        if self.node.op_type in ("Shape", "Size") and hasattr(self.inputs[0], "shape"):
            found = shape_slice(self.inputs[0].shape, self.attributes)
            return found if self.node.op_type == "Shape" else found.prod()
        arrays = [known(value) if isinstance(value, Const) else None for value in self.inputs]
        if any(value is not None and array is None for value, array in zip(self.inputs, arrays, strict=True)):
            return None
        return folded(self.node.op_type, arrays, self.attributes)

    def _given(self) -> Const:
        """What a Constant node holds; a text has no use here."""
        tensor = self.run.held.consts.get(self.key) or constant_tensor(self.node)
        return Const(()) if tensor is None else self.run.stored(self.key, tensor)

    def work(self) -> int | None:
        if not self.own:
            return 0 if self.name in QUANTIZING else None
        return work(self.node.op_type, self.operands, self.shapes, self.attributes)

    def computes(self) -> Sequence[tuple[str, int]]:
        return ()  # runtimes compute it once, when they read the file

    def keep(self, results: Sequence[Any]) -> None:
        for name, value in zip(self.node.output, results, strict=False):
            if name:
                self.run.values[name] = value
            if name and isinstance(value, Tensor):
                self.run.types.shaped(name, value.shape)

    def problem(self, error: RuleError) -> Problem:
        where = f'node "{self.node.name}"' if self.node.name else f'the node that gives "{self.key}"'
        operator = f"ai.onnx.{self.name}" if self.own else self.name
        hint = f"--unknown bound treats it as reading its whole input; --declare {operator}=pointwise declares it"
        return Problem("E610", f"{self.run.program.source}: {where} ({self.name}): {error}", None, hint)


def value_of(attribute: Any) -> Any:
    """The value of an attribute."""
    from onnx import helper

    if attribute.ref_attr_name:
        raise UnfollowedError(f"its attribute {attribute.name} refers to one of a function")
    return helper.get_attribute_value(attribute)
