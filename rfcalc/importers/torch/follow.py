"""Follows an exported program, node by node, into a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from rfcalc.errors import Problem, RuleError, SpecError, fail
from rfcalc.graph import Graph
from rfcalc.importers.programs.axes import as_output
from rfcalc.importers.programs.declared import Declared
from rfcalc.importers.programs.guards import check_reads, guarded
from rfcalc.importers.programs.layout import BATCH, REPEATED
from rfcalc.importers.programs.maps import unknown
from rfcalc.importers.programs.program import Const, Place, Program, Tensor, UnfollowedError
from rfcalc.importers.torch.capture import PART, Captured
from rfcalc.importers.torch.in_place import Writes, base_name
from rfcalc.importers.torch.ops import HANDLERS, Call
from rfcalc.importers.torch.places import containers, kinds, scope_of, span_of
from rfcalc.importers.torch.values import DependentError, Recipe, bound_arguments, flatten, shape_of
from rfcalc.importers.torch.work import work
from rfcalc.relations.shape import Shape


def follow(captured: Captured, name: str, text: str, max_layers: int, bound: bool, rules: Declared) -> Graph:
    """The graph of a captured program; raises SpecError with the first place that cannot be followed."""
    program = Program(name, text, captured.held, max_layers)
    nodes = list(captured.program.graph.nodes)
    program.expect(captured.named[n.name] for n in nodes if n.op == "placeholder" and n.name in captured.named and n.users)
    program.containers = frozenset(containers(nodes))
    program.kinds.update(kinds(nodes))
    run = Run(program, captured, bound, rules)
    outputs = run.nodes(nodes)
    if not outputs:
        raise fail("E408", f"{text}: no output depends on the input")
    return program.finish(outputs)


# Pieces of a program that run as they are, under a context manager: no gradients, autocast.
INLINED = frozenset(("wrap_with_set_grad_enabled", "wrap_with_autocast"))
# operator: arguments of which only the shape counts, or nothing at all, since something else is written over them
SHAPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "copy"), ("self",)),
    **dict.fromkeys(("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like"), ("self",)),
    **dict.fromkeys(("expand_as", "view_as", "reshape_as", "type_as"), ("other",)),
}


class Run:
    """One walk over a program's nodes."""

    def __init__(self, program: Program, captured: Captured, bound: bool, rules: Declared) -> None:
        self.program, self.captured, self.bound, self.rules = program, captured, bound, rules
        self.values: dict[Any, Any] = {}
        self.batch = 1

    def nodes(self, nodes: Sequence[Any]) -> list[int]:
        """Follows the nodes; the graph's indices of what the program gives back."""
        for node in nodes:
            if node.op == "placeholder":
                self.values[node] = self._placeholder(node)
            elif node.op == "get_attr":
                self.values[node] = self._attribute(node)
            elif node.op == "output":
                self.program.place = Place()
                flat = flatten(self._resolved(node.args))
                return [self._output(value) for value in flat if isinstance(value, Tensor)]
            else:
                self.values[node] = self._step(node)
        return []

    def _output(self, value: Tensor) -> int:
        mark = self.program.mark()
        try:
            return as_output(self.program, value).node
        except RuleError:
            self.program.back_to(mark)
            return value.node

    def _placeholder(self, node: Any) -> Any:
        shape = shape_of(node.meta.get("val"))
        if node.name in self.captured.named:
            name = self.captured.named[node.name]
            return Const(shape, frozenset([name]), value=self.captured.values.get(name))
        if node.name not in self.captured.inputs:
            return Const(shape, value=self._constant(node.name))
        if shape is None:
            return None
        single = len(shape) == 1 or any(node.name.startswith(f"{name}_") for name in self.captured.lists)
        batch, channels, *size = (1, *shape) if single else shape
        self.batch = batch
        self.program.place = Place()
        found = self.program.input(self._input_name(node.name), Shape(channels, tuple(size)), self.batch)
        return Tensor(found.node, found.layout[1:]) if single else found

    def _input_name(self, name: str) -> str:
        return "input" if len(self.captured.inputs) == 1 else name

    def _constant(self, name: str) -> Any:
        signature = self.captured.program.graph_signature
        return self.captured.program.constants.get(signature.inputs_to_lifted_tensor_constants.get(name, ""))

    def _attribute(self, node: Any) -> Any:
        value: Any = self.captured.program.graph_module
        for part in node.target.split("."):
            value = getattr(value, part)
        return Const(tuple(value.shape), value=value) if hasattr(value, "shape") else value

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return (
                type(value)(self._resolved(entry) for entry in value)
                if type(value) in (list, tuple)
                else [*map(self._resolved, value)]
            )
        if isinstance(value, Mapping):
            return {key: self._resolved(entry) for key, entry in value.items()}
        return self.values[value] if hasattr(value, "op") and hasattr(value, "meta") else value

    def _step(self, node: Any) -> Any:
        path, kind, _ = scope_of(node)
        self.program.place = Place(path, kind, span_of(node))
        try:
            with guarded():
                args, kwargs = self._resolved(node.args), self._resolved(node.kwargs)
                flat = self._read_operands(node, flatten([args, kwargs]))
                if not any(isinstance(value, Tensor) for value in flat):
                    return self._without_input(node, flat)
                found = self._exactly(node, args, kwargs, flat)
                self._in_place(node, found)
        except RuleError as error:
            raise SpecError([self._problem(node, error)]) from None
        return found

    def _exactly(self, node: Any, args: Any, kwargs: Any, flat: Sequence[Any]) -> Any:
        """What a step gives; if that cannot be followed and bounds are allowed, a layer that reads all of its inputs."""
        if base_name(node.target) == "getitem":
            return args[0][args[1]]
        if base_name(node.target) in INLINED:
            return self._inlined(args)
        mark = self.program.mark()
        try:
            with guarded():
                found = self._followed(node, args, kwargs, flat)
                self._check(node, found)
                if found is not None:  # a check of the program's own gives nothing
                    check_reads(self.program, mark[0], flat, found if isinstance(found, tuple) else [found])
        except RuleError:
            if not self.bound:
                raise
            self.program.back_to(mark)
            return self._bounded(node, flat)
        return found

    def _followed(self, node: Any, args: Any, kwargs: Any, flat: Sequence[Any]) -> Any:
        name = base_name(node.target)
        declared = self.rules.of_call(str(node.target), node.args)
        if declared is not None:
            tensors, consts = [v for v in flat if isinstance(v, Tensor)], [v for v in flat if isinstance(v, Const)]
            return self.rules.applied(*declared, self.program, tensors, consts)
        handler = HANDLERS.get(name) if str(node.target).startswith("aten.") else None
        if handler is None and name in ("item", "_local_scalar_dense", "nonzero", "tolist"):
            raise DependentError("gives numbers that depend on the values of the input")
        if handler is None:
            raise UnfollowedError("an operator that rfcalc does not know")
        value = node.meta.get("val")
        arguments = bound_arguments(node.target, args, kwargs)
        found = handler(Call(self.program, name, arguments, shape_of(value), self.batch, self._reads(node)))
        if isinstance(value, list | tuple) and not isinstance(found, tuple):
            return (found, *[None] * (len(value) - 1))
        return found

    def _reads(self, node: Any) -> frozenset[int]:
        """Which outputs of a step are read."""
        if not isinstance(node.meta.get("val"), list | tuple):
            return frozenset([0])
        return frozenset(user.args[1] for user in node.users if base_name(user.target) == "getitem" and user.users)

    def _inlined(self, args: Sequence[Any]) -> Any:
        """A piece of the program under a context manager (no gradients, autocast)."""
        inner = next(value for value in args if hasattr(value, "graph") and hasattr(value, "code"))
        given = list(args)[list(args).index(inner) + 1 :]
        placeholders = [n for n in inner.graph.nodes if n.op == "placeholder"]
        self.values.update(zip(placeholders, given, strict=False))
        for node in inner.graph.nodes:
            if node.op == "output":
                return self._resolved(node.args[0])
            if node.op != "placeholder":
                self.values[node] = self._step(node)
        return None

    def _without_input(self, node: Any, flat: Sequence[Any]) -> Any:
        """The result of a step that does not depend on the input: what it is made of, and what making it costs."""
        if base_name(node.target) == "getitem":
            return self.values[node.args[0]][node.args[1]]
        consts = [value for value in flat if isinstance(value, Const)]
        stored = frozenset().union(*(const.stored for const in consts))
        macs = frozenset().union(*(const.macs for const in consts))
        value = node.meta.get("val")
        done = work(node, [c.shape for c in consts]) if consts and hasattr(value, "numel") else 0
        if done is None and stored:
            raise UnfollowedError("what it computes from stored numbers is not known")
        if done:
            macs |= {(node.name, done)}
        if isinstance(value, list | tuple):
            return tuple(Const(shape_of(entry), stored, macs) for entry in value)
        if not hasattr(value, "shape"):
            return value
        found = Const(shape_of(value), stored, macs, Recipe(node, self.values))
        self._in_place(node, found)
        return found

    def _bounded(self, node: Any, flat: Sequence[Any]) -> Any:
        value = node.meta.get("val")
        tensors, consts = [v for v in flat if isinstance(v, Tensor)], [v for v in flat if isinstance(v, Const)]
        macs = work(node, [v.shape for v in flat if isinstance(v, Tensor | Const)])
        name = f"{node.target} in {self.program.place.scope or 'the model'}"
        several = isinstance(value, list | tuple)
        shapes = [shape_of(v) for v in value] if several else [shape_of(value)]
        if all(shape is None for shape in shapes):
            raise DependentError("gives a number that depends on the values of the input")
        found: list[Tensor | None] = [None] * len(shapes)
        for i in sorted(self._reads(node)):
            found[i] = unknown(self.program, name, tensors, shapes[i], consts, self.batch, macs)
            macs = 0 if macs is not None else None
        return tuple(found) if several else found[0]

    def _check(self, node: Any, found: Any) -> None:
        """Refuses a result whose shape is not the program's: nothing is followed wrongly in silence."""
        value = node.meta.get("val")
        reads, several = self._reads(node), isinstance(value, list | tuple)
        for i, (mine, theirs) in enumerate(zip(found, value, strict=True) if several else [(found, value)]):
            if mine is None and theirs is not None and i in reads:
                raise UnfollowedError(f"its output {i} is read, and cannot be followed")
            if isinstance(mine, Tensor) and hasattr(theirs, "shape") and mine.shape != shape_of(theirs):
                raise RuleError(f"{node.target} gives {shape_of(theirs)}, not {mine.shape}")
            if isinstance(mine, Tensor) and prod(mine.shape) != self._elements(mine):
                raise RuleError(f"{node.target} leaves part of a layer behind")

    def _read_operands(self, node: Any, flat: Sequence[Any]) -> list[Any]:
        """What a step reads: its operands, but for those of which only the shape counts."""
        name = base_name(node.target)
        if name not in SHAPES or not str(node.target).startswith("aten."):
            return list(flat)
        named = bound_arguments(node.target, node.args, node.kwargs)
        unread = [self.values[named[key]] for key in SHAPES[name] if named.get(key) in self.values]
        return [value for value in flat if not any(value is other for other in unread)]

    def _elements(self, tensor: Tensor) -> int:
        repeated = prod(f.size for axis in tensor.layout for f in axis if f.axis == REPEATED)
        batch = prod(f.size for axis in tensor.layout for f in axis if f.axis == BATCH)
        return self.program.shape(tensor).elements * repeated * batch

    def _in_place(self, node: Any, found: Any) -> None:
        """What reads a tensor later reads what an in-place step has made of it."""
        name = str(node.target).split(".")[1] if str(node.target).startswith("aten.") else ""
        if name.endswith("_") and not name.startswith("__"):
            Writes(self.program, self.values).write(node, node.args[0], found)

    def _problem(self, node: Any, error: RuleError) -> Problem:
        place = self.program.place
        where = f"{place.scope or 'the model'}" + (f" ({place.kind.rsplit('.', 1)[-1]})" if place.kind else "")
        hint = "--unknown bound treats it as reading its whole input; --declare NAME=pointwise declares it"
        if isinstance(error, DependentError):
            hint = PART
        return Problem("E410", f"{where}, {node.target}: {error}", place.span, hint)
