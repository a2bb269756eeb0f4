"""What an exported program says about its steps, to whoever follows it (see programs/walk.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from rfcalc.errors import Problem, RuleError, fail
from rfcalc.graph import Graph
from rfcalc.importers.programs.declared import Declaration, Declarations
from rfcalc.importers.programs.program import Const, Made, Program, ProgramPlace, Tensor, UnfollowedError
from rfcalc.importers.programs.walk import Shapes, Step, Walk
from rfcalc.importers.torch import unfollowed
from rfcalc.importers.torch.call import Call, handles
from rfcalc.importers.torch.capture import PART, Captured
from rfcalc.importers.torch.in_place import Writes, base_name, is_in_place, operator_name
from rfcalc.importers.torch.inputs import given
from rfcalc.importers.torch.leaves import LEAVES
from rfcalc.importers.torch.places import containers, kinds, scope_of, span_of
from rfcalc.importers.torch.values import DependentError, LazyConstant, bound_arguments, flatten, shape_of
from rfcalc.importers.torch.work import computed, work
from rfcalc.origin import Origin, Place
from rfcalc.record import replace

# Pieces of a program that run as they are, under a context manager: no gradients, autocast.
INLINED = frozenset(("wrap_with_set_grad_enabled", "wrap_with_autocast"))
UNTOLD = frozenset(("item", "_local_scalar_dense", "nonzero", "tolist"))


def follow(
    captured: Captured, name: str, text: str, max_layers: int, bound: bool, rules: Declarations, make: Callable[[], Any]
) -> Graph:
    """The graph of a captured program, whose module `make` makes again; raises SpecError with the first place that cannot be
    followed."""
    program = Program(name, text, captured.held, max_layers)
    nodes = list(captured.program.graph.nodes)
    program.expect(captured.named[n.name] for n in nodes if n.op == "placeholder" and n.name in captured.named and n.users)
    program.containers = frozenset(containers(nodes))
    program.kinds.update(kinds(nodes))
    run, walk = Run(program, captured, rules), Walk(program, bound)
    walk.follow(run.steps(nodes))
    outputs = walk.outputs(flatten(run.values.get(nodes[-1])))
    found = [output.node for output in outputs if output]
    if not found:
        raise fail("E408", f"{text}: no output depends on the input")
    graph = replace(program.finish(found, captured.memory), rest=captured.rest)
    if not captured.arguments:  # nobody knows how it is called
        return graph
    scopes = tuple(program.scopes.get(i, "") for i in range(len(graph.nodes)))
    stored = tuple(program.stored.get(i, ()) for i in range(len(graph.nodes)))
    places = () if captured.rest else tuple(map(placed, outputs))  # the module itself gives something else
    return replace(graph, origin=Origin(make, captured.arguments, run.calls(), places, scopes, stored))


def placed(value: Any) -> Place | None:
    """Where a tensor of the program lies in the graph."""
    return Place(value.node, value.layout) if isinstance(value, Tensor) else None


class Run:
    """The values of a program's nodes so far."""

    def __init__(self, program: Program, captured: Captured, rules: Declarations) -> None:
        self.program, self.captured, self.rules = program, captured, rules
        self.values: dict[Any, Any] = {}
        self.last: dict[str, dict[str, Any]] = {}  # by module and call, what its last step gave

    def calls(self) -> dict[str, tuple[Place | None, ...]]:
        """What each call of a module that does a single thing gives."""
        modules = {path: calls for path, calls in self.last.items() if path and path not in self.program.containers}
        return {path: tuple(map(placed, calls.values())) for path, calls in modules.items()}

    def steps(self, nodes: Sequence[Any]) -> Iterator[Step]:
        """The nodes that compute something; inputs, stored tensors and parts of several outputs have their values here."""
        for node in nodes:
            if node.op == "placeholder":
                if node not in self.values:  # those of a piece of the program are given
                    self.values[node] = self._placeholder(node)
            elif node.op == "get_attr":
                self.values[node] = self._attribute(node)
            elif node.op == "output":
                self.values[node] = self.resolved(node.args[0])
            elif base_name(node.target) == "getitem":
                self.values[node] = self.values[node.args[0]][node.args[1]]
            else:
                yield Node(self, node)

    def _placeholder(self, node: Any) -> Any:
        if node.name in self.captured.inputs:
            try:
                return given(self.program, self.captured, node)
            except RuleError as error:
                raise fail("E402", f"{self.program.source}: the input {node.name}: {error}", hint=PART) from None
        shape = shape_of(node.meta.get("val")) or ()
        if node.name in self.captured.named:
            name = self.captured.named[node.name]
            return Const(shape, frozenset([name]), value=self.captured.values.get(name))
        signature = self.captured.program.graph_signature
        constant = signature.inputs_to_lifted_tensor_constants.get(node.name, "")
        return Const(shape, value=self.captured.program.constants.get(constant))

    def _attribute(self, node: Any) -> Any:
        value: Any = node.graph.owning_module or self.captured.program.graph_module
        for part in node.target.split("."):
            value = getattr(value, part)
        return Const(tuple(value.shape), value=value) if hasattr(value, "shape") else value

    def resolved(self, value: Any) -> Any:
        """What an argument stands for: nodes in it by their values."""
        if isinstance(value, list | tuple):
            entries = [self.resolved(entry) for entry in value]
            return tuple(entries) if type(value) is tuple else entries
        if isinstance(value, Mapping):
            return {key: self.resolved(entry) for key, entry in value.items()}
        return self.values[value] if hasattr(value, "op") and hasattr(value, "meta") else value


class Node(Step):
    """One node of an exported program."""

    def __init__(self, run: Run, node: Any) -> None:
        self.run, self.node = run, node
        self.key, self.name = node.name, base_name(node.target)
        self.aten = str(node.target).startswith("aten.")
        path, self.kind, self.call = scope_of(node)
        self.place = ProgramPlace(path, self.kind, span_of(node))
        self.known = unfollowed.find(operator_name(node.target))
        self.title = f"{node.target} in {path or 'the model'}" + (f" ({self.known})" if self.known else "")
        self.value = node.meta.get("val")
        self.several = isinstance(self.value, list | tuple)

    @cached_property
    def arguments(self) -> tuple[Sequence[Any], Mapping[str, Any]]:
        """What the operator is called with."""
        return self.run.resolved(self.node.args), self.run.resolved(self.node.kwargs)

    @cached_property
    def named(self) -> dict[str, Any]:
        """The same by name, for torch's own operators."""
        return bound_arguments(self.node.target, *self.arguments)

    @cached_property
    def operands(self) -> Sequence[Any]:
        known = handles.find(self.name) if self.aten else None
        if known is None or not known.shapes:
            return flatten(list(self.arguments))
        return flatten([value for name, value in self.named.items() if name not in known.shapes])

    @cached_property
    def reads(self) -> frozenset[int]:
        if not self.several:
            return frozenset([0] if self.value is not None else [])
        return frozenset(user.args[1] for user in self.node.users if base_name(user.target) == "getitem" and user.users)

    def shapes(self) -> Shapes:
        if not self.several:
            return [self._shape(self.value)]
        return [shape_of(value) for value in self.value]

    def _shape(self, value: Any) -> tuple[int, ...] | None:
        if value is not None and shape_of(value) is None:
            raise DependentError("gives a number that depends on the values of the input")
        return shape_of(value)

    def inner(self) -> Iterator[Step] | None:
        if self.name not in INLINED:
            return None
        values = list(self.arguments[0])
        at = next(i for i, value in enumerate(values) if hasattr(value, "graph") and hasattr(value, "code"))
        self.piece = list(values[at].graph.nodes)
        placeholders = [node for node in self.piece if node.op == "placeholder"]
        self.run.values.update(zip(placeholders, values[at + 1 :], strict=True))
        return self.run.steps(self.piece)

    def inner_results(self) -> Sequence[Any]:
        found = self.run.values[self.piece[-1]]
        return found if isinstance(found, list | tuple) else [found]

    def declared(self) -> tuple[Declaration, Mapping[str, Any]] | None:
        name, rules = str(self.node.target), self.run.rules
        if not rules.rules:
            return None
        if name.startswith("rfcalc.declared"):
            return LEAVES[self.node.args[2]]
        rule = rules.find(name, name.rpartition(".")[0])
        return (rule, {}) if rule else None

    def follow(self) -> Any:
        known = handles.find(self.name) if self.aten else None
        if known is None and self.name in UNTOLD:
            raise DependentError("gives numbers that depend on the values of the input")
        if known is None or known.follow is None:
            raise UnfollowedError(str(self.known or "an operator that rfcalc does not know"))
        return known.follow(Call(self.run.program, self.name, self.reads, self.named, shape_of(self.value)))

    def constant(self, stored: frozenset[str], made: Made) -> Sequence[Any]:
        if self.several:
            lazy = (LazyConstant(self.node, self.run.values, i) for i in range(len(self.value)))
            return [Const(shape_of(entry) or (), stored, made, value) for entry, value in zip(self.value, lazy, strict=True)]
        shape = shape_of(self.value)
        return [self.value if shape is None else Const(shape, stored, made, LazyConstant(self.node, self.run.values))]

    def work(self) -> int | None:
        return work(self.node, [value.shape for value in self.operands if isinstance(value, Tensor | Const)])

    def computes(self) -> Sequence[tuple[str, int]]:
        return computed(self.node)

    def keep(self, results: Sequence[Any]) -> None:
        values = self.run.values
        values[self.node] = tuple(results) if self.several else results[0]
        self.run.last.setdefault(self.place.scope, {})[self.call] = values[self.node]
        if is_in_place(self.node.target):
            Writes(self.run.program, values).write(self.node, self.node.args[0], values[self.node])

    def problem(self, error: RuleError) -> Problem:
        where = (self.place.scope or "the model") + (f" ({self.kind.rsplit('.', 1)[-1]})" if self.kind else "")
        hint = "--unknown bound treats it as reading its whole input; --declare NAME=pointwise declares it"
        hint = PART if isinstance(error, DependentError) else hint
        return Problem("E410", f"{where}, {self.node.target}: {error}", self.place.span, hint)
