"""Follows an ONNX graph, node by node, into a layer graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from rfcalc.errors import Problem, RuleError, SpecError, fail
from rfcalc.graph import Graph
from rfcalc.importers.onnx import maps as onnx_maps  # noqa: F401  (they fill the table of handlers)
from rfcalc.importers.onnx import norms as onnx_norms  # noqa: F401  (they fill the table of handlers)
from rfcalc.importers.onnx import ops as onnx_ops  # noqa: F401  (they fill the table of handlers)
from rfcalc.importers.onnx import resize as onnx_resize  # noqa: F401  (they fill the table of handlers)
from rfcalc.importers.onnx import views as onnx_views  # noqa: F401  (they fill the table of handlers)
from rfcalc.importers.onnx.call import HANDLERS, Call, known
from rfcalc.importers.onnx.fold import folded, shape_slice
from rfcalc.importers.onnx.inputs import Inputs
from rfcalc.importers.onnx.model import DOMAINS, Model, needed, outer_names
from rfcalc.importers.onnx.names import containers, owner_of, scopes
from rfcalc.importers.onnx.roles import Stored
from rfcalc.importers.onnx.types import Types
from rfcalc.importers.programs.declared import Declared
from rfcalc.importers.programs.guards import check_reads, guarded
from rfcalc.importers.programs.layout import BATCH, REPEATED, text
from rfcalc.importers.programs.maps import unknown
from rfcalc.importers.programs.program import Const, Place, Program, Tensor
from rfcalc.relations.geometry import MOST_UNITS
from rfcalc.relations.shape import Shape


def follow(
    model: Model, name: str, path: str, max_layers: int, shapes: Mapping[str, Shape], bound: bool, rules: Declared
) -> Graph:
    """The graph of a model; raises SpecError with the first node that cannot be followed."""
    nodes = needed(model.graph)
    stored = Stored(model, nodes)
    program = Named(name, path, stored.held, max_layers)
    paths = scopes(nodes, stored.held)
    program.containers = containers(nodes, paths)
    run = Run(program, model, stored, bound, rules)
    run.inputs(Inputs(model.graph, nodes, set(model.stored), shapes, path))
    run.nodes(model.graph, nodes, paths)
    outputs = [run.values.get(value.name) for value in model.graph.output]
    found = [output.node for output in outputs if isinstance(output, Tensor)]
    if not found:
        raise fail("E608", f"{path}: no output depends on the input")
    return program.finish(found)


class Named(Program):
    """A program whose tensors have the names that their module gave them, or mere numbers."""

    def pick(self, word: str, stored: Sequence[str] = ()) -> str:
        """A new name, as for any program, but from names of tensors that tell their module."""
        return super().pick(word, [name for name in stored if owner_of(name)])


class Run:
    """One walk over a model's nodes. `values` are the tensors so far: Tensor, Const, or a tuple for a sequence of them."""

    def __init__(self, program: Program, model: Model, stored: Stored, bound: bool, rules: Declared) -> None:
        self.program, self.model, self.stored, self.bound, self.rules = program, model, stored, bound, rules
        self.types = Types(model)
        self.values: dict[str, Any] = {}
        self.batch = 1
        self.reads: dict[str, int] = {}
        for name, tensor in model.stored.items():
            self.values[name] = stored.const(name, tensor)
            self.types.stored(name, tensor)

    def inputs(self, inputs: Inputs) -> None:
        """Makes the layers that stand for the network's inputs."""
        for value, given in inputs.wanted():
            self.program.place = Place()
            name = "input" if inputs.count == 1 else value.name
            self.values[value.name] = given.tensor(self.program, name)
            self.batch = given.batch
            self.types.given(value.name, value.type.tensor_type.elem_type, self.values[value.name].shape)

    def nodes(self, graph: Any, nodes: Sequence[Any], paths: Sequence[str]) -> None:
        """Follows nodes of a graph, each in its module."""
        for value in graph.output:
            self.reads[value.name] = self.reads.get(value.name, 0) + 1
        for node in nodes:
            for name in outer_names(node):
                self.reads[name] = self.reads.get(name, 0) + 1
        for node, path in zip(nodes, paths, strict=True):
            self.program.place = Place(path, node.op_type)
            try:
                results = self._step(node)
            except RuleError as error:
                raise SpecError([self._problem(node, str(error))]) from None
            for name, value in zip(node.output, results, strict=False):
                if name:
                    self.values[name] = value

    def _step(self, node: Any) -> Sequence[Any]:
        inputs = [self._value(name) for name in node.input]
        inputs = [
            self.stored.used(name, node, value) if isinstance(value, Const) else value
            for name, value in zip(node.input, inputs, strict=True)
        ]
        mark = self.program.mark()
        try:
            return self._taken(node, inputs)
        except RuleError:
            if not self.bound:
                raise
            self.program.back_to(mark)
            return self._bounded(node, inputs)

    def _taken(self, node: Any, inputs: Sequence[Any]) -> Sequence[Any]:
        """What a node gives, followed exactly; raises RuleError where that is impossible."""
        first = len(self.program.builder.nodes)
        with guarded():
            attributes = {attribute.name: value_of(attribute) for attribute in node.attribute}
            if node.op_type == "If" and node.domain in DOMAINS:
                return self._branch(inputs, attributes)
            if not any(isinstance(value, Tensor | tuple) for value in inputs):
                return self._constant(node, inputs, attributes)
            results = self._followed(node, inputs, attributes)
            self._check(node, results, attributes)
            operands = [value for i, value in enumerate(inputs) if i not in SHAPES.get(node.op_type, ())]
            if not any(isinstance(value, tuple) for value in (*inputs, *results)):
                check_reads(self.program, first, operands, results)
            for layer in self.program.builder.nodes[first:]:
                layer.reads  # noqa: B018  (a relation that cannot be written down is known here, not in an analysis)
        return results

    def _value(self, name: str) -> Any:
        if not name:
            return None
        if name not in self.values:
            raise RuleError(f'it reads "{name}", which nothing gives')
        return self.values[name]

    def _followed(self, node: Any, inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Sequence[Any]:
        domain = "ai.onnx" if node.domain in DOMAINS else node.domain
        rule = self.rules.find(f"{domain}.{node.op_type}")
        if rule is not None:
            return [self.rules.applied(rule, attributes, self.program, *sorts(inputs))]
        handler = HANDLERS.get(node.op_type if node.domain in DOMAINS else f"{domain}.{node.op_type}")
        if handler is None:
            raise RuleError(
                "the operator is unknown" if domain == "ai.onnx" else f"the operator is unknown, of domain {domain}"
            )
        outputs = len(node.output)
        reads = frozenset(i for i, name in enumerate(node.output) if self.reads.get(name))
        call = Call(self.program, node.op_type, inputs, attributes, self.model.opset, outputs, reads, self.batch)
        found = handler(call)
        results = list(found) if isinstance(found, tuple) and node.op_type not in SEQUENCES else [found]
        for name, result in zip(node.output, [*results, *[None] * outputs], strict=False):
            if name and result is None and self.reads.get(name):
                raise RuleError(f'its output "{name}" cannot be followed')
        return results

    def _branch(self, inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Sequence[Any]:
        """The branch of an If whose condition is known."""
        condition = known(inputs[0]) if isinstance(inputs[0], Const) else None
        if condition is None or condition.size != 1:
            raise RuleError("its condition is not known before the network runs")
        graph = attributes["then_branch" if condition.reshape(-1)[0] else "else_branch"]
        for tensor in graph.initializer:
            self.values[tensor.name] = self.stored.const(tensor.name, tensor)
            self.types.stored(tensor.name, tensor)
        place = self.program.place
        self.nodes(graph, graph.node, scopes(graph.node, self.stored.held))
        self.program.place = place
        results = [self._value(value.name) for value in graph.output]
        if None in results:
            raise RuleError("its branch gives what cannot be followed")
        return results

    def _constant(self, node: Any, inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Sequence[Any]:
        """What a node gives that does not depend on the network's input: what it is made of, and what making it costs."""
        if node.op_type == "Constant":
            return [self._given(node)]
        consts = [value for value in inputs if isinstance(value, Const)]
        result = self._computed(node, inputs, attributes)
        stored = frozenset().union(*(const.stored for const in consts))
        macs = frozenset().union(*(const.macs for const in consts))
        if node.output[0] in self.stored.copies:
            stored = frozenset([node.output[0]]) & self.stored.held.keys()
        if result is not None:
            results = result if isinstance(result, tuple) else (result,)
            self.types.arrays(node.output, results)
            return [Const(tuple(array.shape), stored, macs, array) for array in results]
        shapes = self.types.of_node(node, inputs)
        done = work(node.op_type, consts, shapes[0] if shapes else None)
        macs |= {(node.output[0], done)} if done else frozenset()
        return [Const(self._sure(shape), stored, macs) for shape in shapes]

    def _computed(self, node: Any, inputs: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
        """The numbers that a node gives, where those that it takes are known and few."""
        if node.domain not in DOMAINS:
            return None
        if node.op_type == "Shape" and isinstance(inputs[0], Const):
            return shape_slice(inputs[0].shape, attributes)
        arrays = [None if value is None else known(value) for value in inputs]
        if any(value is not None and array is None for value, array in zip(inputs, arrays, strict=True)):
            return None
        return folded(node.op_type, arrays, attributes)

    def _sure(self, shape: tuple[int, ...] | None) -> tuple[int, ...]:
        if shape is None:
            raise RuleError("the shape of what it gives is not known")
        return shape

    def _given(self, node: Any) -> Const:
        """What a Constant node holds; a text has no use here."""
        name = node.output[0]
        tensor = self.stored.consts.get(name)
        if tensor is None:
            from rfcalc.importers.onnx.roles import constant_tensor

            tensor = constant_tensor(node)
        if tensor is None:
            return Const(())
        self.types.stored(name, tensor)
        return self.stored.const(name, tensor)

    def _bounded(self, node: Any, inputs: Sequence[Any]) -> Sequence[Any]:
        """A node that nobody knows, as reading the whole of its inputs."""
        shapes = self.types.of_node(node, inputs)
        tensors, consts = sorts(inputs)
        if not tensors:
            raise RuleError("what it gives is not known, and no layer reads the network's input for it")
        name, found = f"{node.op_type} {node.name}".strip(), []
        for output, shape in zip(node.output, shapes, strict=True):
            if output and shape is None and self.reads.get(output):
                raise RuleError("it cannot be bounded: the shape of what it gives is not known")
            if shape is not None and 0 in shape:
                raise RuleError("nothing is left of it")
            if shape is not None and max(shape, default=1) > MOST_UNITS:
                raise RuleError(f"it gives {text(shape)}: beyond {MOST_UNITS:,} on an axis")
            wanted = output and shape is not None and self.reads.get(output)
            found.append(unknown(self.program, name, tensors, self._sure(shape), consts, self.batch) if wanted else None)
        for output, value in zip(node.output, found, strict=True):
            if value is not None:
                self.types.shaped(output, value.shape)
        return found

    def _check(self, node: Any, results: Sequence[Any], attributes: Mapping[str, Any]) -> None:
        """Refuses a result whose shape is not the one of ONNX's own rule: nothing is followed wrongly in silence."""
        shapes = self.types.of_node(node, [self.values.get(name) for name in node.input])
        if attributes.get("ceil_mode") or (node.op_type == "ConvTranspose" and "auto_pad" in attributes):
            shapes = []  # the onnx package infers other sizes than the ones it computes (windows that begin in the padding)
        for name, result, shape in zip(node.output, results, [*shapes, *[None] * len(results)], strict=False):
            if not isinstance(result, Tensor):
                continue
            if shape is not None and result.shape != shape:
                raise RuleError(f"it gives {text(result.shape)}, and by ONNX's rule {text(shape)}")
            repeated = prod(f.size for axis in result.layout for f in axis if f.axis in (REPEATED, BATCH))
            if prod(result.shape) != self.program.shape(result).elements * repeated:
                raise RuleError("it leaves part of a layer behind")
            self.types.shaped(name, result.shape)

    def _problem(self, node: Any, message: str) -> Problem:
        domain = "" if node.domain in DOMAINS else f"{node.domain}."
        where = f'node "{node.name}"' if node.name else f'the node that gives "{next(iter(node.output), "")}"'
        hint = f"--unknown bound treats it as reading its whole input; --declare {domain or 'ai.onnx.'}{node.op_type}=pointwise"
        return Problem(
            "E610", f"{self.program.source}: {where} ({domain}{node.op_type}): {message}", None, f"{hint} declares it"
        )


def sorts(inputs: Sequence[Any]) -> tuple[list[Tensor], list[Const]]:
    """The operands that depend on the network's input, and those that do not."""
    return [v for v in inputs if isinstance(v, Tensor)], [v for v in inputs if isinstance(v, Const)]


SEQUENCES = frozenset(("SplitToSequence", "SequenceConstruct"))
# operator: operands of which only the shape or the type counts
SHAPES = {"Shape": (0,), "Size": (0,), "RandomNormalLike": (0,), "RandomUniformLike": (0,), "EyeLike": (0,), "CastLike": (1,)}


def value_of(attribute: Any) -> Any:
    """The value of an attribute."""
    from onnx import helper

    if attribute.ref_attr_name:
        raise RuleError(f"its attribute {attribute.name} refers to one of a function")
    return helper.get_attribute_value(attribute)


def work(op: str, consts: Sequence[Const], shape: tuple[int, ...] | None) -> int:
    """Multiply-accumulates of a product or convolution of constants alone, which each forward pass does again."""
    if shape is None or len(consts) < 2:
        return 0
    if op in ("MatMul", "Gemm"):
        return prod(shape) * consts[0].shape[-1]
    if op == "Conv":
        return prod(shape) * prod(consts[1].shape[1:])
    if op in ("ConvTranspose", "Einsum"):
        raise RuleError("it computes with stored tensors alone")
    return 0
