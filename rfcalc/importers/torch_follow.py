"""Follows an exported program, node by node, into a graph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from rfcalc.errors import Problem, RuleError, Span, SpecError, fail
from rfcalc.graph import Graph
from rfcalc.importers.axes import as_output
from rfcalc.importers.declared import Declared
from rfcalc.importers.maps import unknown
from rfcalc.importers.program import Const, Place, Program, Tensor
from rfcalc.importers.torch_build import line_span
from rfcalc.importers.torch_capture import Captured
from rfcalc.importers.torch_in_place import VIEWS, Writes, base_name
from rfcalc.importers.torch_ops import HANDLERS, Call, work
from rfcalc.op import Shape

FRAME = re.compile(r'File "([^"]+)", line (\d+)')
HIDDEN = ("/torch/", "\\torch\\", "<")


def follow(captured: Captured, name: str, text: str, max_layers: int, bound: bool, rules: Declared) -> Graph:
    """The graph of a captured program; raises SpecError with the first place that cannot be followed."""
    program = Program(name, text, captured.held, max_layers)
    nodes = list(captured.program.graph.nodes)
    program.expect(captured.named[n.name] for n in nodes if n.op == "placeholder" and n.name in captured.named and n.users)
    program.containers = frozenset(_containers(nodes))
    program.kinds.update(_kinds(nodes))
    run = Run(program, captured, bound, rules)
    outputs = run.nodes(nodes)
    if not outputs:
        raise fail("E408", f"{text}: no output depends on the input")
    return program.finish(outputs)


def scope_of(node: Any) -> tuple[str, str, str]:
    """The path of the module that a node runs in, its class, and which call of it that is."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return "", "", ""
    key, (path, kind) = list(stack.items())[-1]
    kind = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return _path(path), kind, key


def span_of(node: Any) -> Span | None:
    """The innermost line of a node's stack trace outside of torch."""
    frames = FRAME.findall(node.meta.get("stack_trace") or "")
    for path, line in reversed(frames):
        if not any(part in path for part in HIDDEN):
            return line_span(path, int(line))
    return None


def _containers(nodes: Sequence[Any]) -> set[str]:
    """Modules that hold other ones, or that do several things themselves."""
    found: set[str] = set()
    calls: Counter[tuple[str, str]] = Counter()
    for node in nodes:
        if node.op != "call_function":
            continue
        path, _, key = scope_of(node)
        parts = path.split(".")
        found.update(".".join(parts[:i]) for i in range(1, len(parts)))
        if base_name(node.target) not in VIEWS:
            calls[path, key] += 1
    return found | {path for (path, _), count in calls.items() if count > 1}


def _kinds(nodes: Sequence[Any]) -> dict[str, str]:
    """The class of each module that the program runs."""
    found: dict[str, str] = {}
    for node in nodes:
        for path, kind in (node.meta.get("nn_module_stack") or {}).values():
            found.setdefault(_path(path), kind if isinstance(kind, str) else kind.__qualname__)
    return found


def _path(path: str) -> str:
    """A module's path, without the number of its call."""
    return re.sub(r"@\d+$", "", re.sub(r"^L\['self'\]\.?", "", path))


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
                flat = _flat(self._resolved(node.args))
                return [as_output(self.program, value).node for value in flat if isinstance(value, Tensor)]
            else:
                self.values[node] = self._step(node)
        return []

    def _placeholder(self, node: Any) -> Any:
        shape = _shape(node.meta.get("val"))
        if node.name in self.captured.named:
            name = self.captured.named[node.name]
            return Const(shape, frozenset([name]), value=self.captured.values.get(name))
        if node.name not in self.captured.inputs:
            return Const(shape, value=self._constant(node.name))
        if shape is None:
            return None
        batch, channels, *size = shape if len(shape) > 1 else (1, *shape)
        self.batch = batch if len(shape) > 1 else 1
        self.program.place = Place()
        found = self.program.input(self._input_name(node.name), Shape(channels, tuple(size)), self.batch)
        return found if len(shape) > 1 else Tensor(found.node, found.layout[1:])

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
        args, kwargs = self._resolved(node.args), self._resolved(node.kwargs)
        path, kind, _ = scope_of(node)
        self.program.place = Place(path, kind, None)
        flat = _flat([args, kwargs])
        if not any(isinstance(value, Tensor) for value in flat):
            return self._without_input(node, flat)
        self.program.place = Place(path, kind, span_of(node))
        try:
            found = self._followed(node, args, kwargs, flat)
            self._check(node, found)
        except RuleError as error:
            if not self.bound:
                raise SpecError([self._problem(node, str(error))]) from None
            found = self._bounded(node, flat)
        try:
            self._in_place(node, found)
        except RuleError as error:
            raise SpecError([self._problem(node, str(error))]) from None
        return found

    def _followed(self, node: Any, args: Any, kwargs: Any, flat: Sequence[Any]) -> Any:
        name = base_name(node.target)
        if name == "getitem":
            return args[0][args[1]]
        if any(hasattr(value, "graph") and hasattr(value, "code") for value in flat):
            return self._inlined(args)
        declared = self.rules.of_call(str(node.target), node.args)
        if declared is not None:
            tensors, consts = [v for v in flat if isinstance(v, Tensor)], [v for v in flat if isinstance(v, Const)]
            return self.rules.applied(*declared, self.program, tensors, consts)
        handler = HANDLERS.get(name) if str(node.target).startswith("aten.") else None
        if handler is None:
            raise RuleError(f"{node.target} is unknown")
        call = Call(self.program, name, bound_arguments(node.target, args, kwargs), _shape(node.meta.get("val")), self.batch)
        return handler(call)

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
        done = work(base_name(node.target), [c.shape for c in consts], node)
        if done:
            macs |= {(node.name, done)}
        value = node.meta.get("val")
        if isinstance(value, list | tuple):
            return tuple(Const(_shape(entry), stored, macs) for entry in value)
        if not hasattr(value, "shape"):
            return value
        found = Const(_shape(value), stored, macs, Recipe(node, self.values))
        self._in_place(node, found)
        return found

    def _bounded(self, node: Any, flat: Sequence[Any]) -> Any:
        value = node.meta.get("val")
        tensors = [v for v in flat if isinstance(v, Tensor)]
        consts = [v for v in flat if isinstance(v, Const)]
        name = f"{node.target} in {self.program.place.scope or 'the model'}"
        if isinstance(value, list | tuple):
            shapes = [_shape(entry) for entry in value]
            return tuple(unknown(self.program, name, tensors, shape, consts, self.batch) for shape in shapes)
        return unknown(self.program, name, tensors, _shape(value), consts, self.batch)

    def _check(self, node: Any, found: Any) -> None:
        """Refuses a result whose shape is not the program's: nothing is followed wrongly in silence."""
        value = node.meta.get("val")
        pairs = (
            zip(found, value, strict=False)
            if isinstance(found, list | tuple) and isinstance(value, list | tuple)
            else [(found, value)]
        )
        for mine, theirs in pairs:
            if isinstance(mine, Tensor) and hasattr(theirs, "shape") and mine.shape != _shape(theirs):
                raise RuleError(f"{node.target} gives {_shape(theirs)}, not {mine.shape}")
            if isinstance(mine, Tensor) and prod(mine.shape) != self._elements(mine):
                raise RuleError(f"{node.target} leaves part of a layer behind")

    def _elements(self, tensor: Tensor) -> int:
        from rfcalc.importers.layout import REPEATED

        repeated = prod(f.size for axis in tensor.layout for f in axis if f.axis == REPEATED)
        batch = prod(f.size for axis in tensor.layout for f in axis if f.axis == -1)
        return self.program.shape(tensor).elements * repeated * batch

    def _in_place(self, node: Any, found: Any) -> None:
        """What reads a tensor later reads what an in-place step has made of it."""
        name = str(node.target).split(".")[1] if str(node.target).startswith("aten.") else ""
        if name.endswith("_") and not name.startswith("__"):
            Writes(self.program, self.values).write(node, node.args[0], found)

    def _problem(self, node: Any, message: str) -> Problem:
        place = self.program.place
        where = f"{place.scope or 'the model'}" + (f" ({place.kind.rsplit('.', 1)[-1]})" if place.kind else "")
        hint = "--unknown bound treats it as reading its whole input; --declare NAME=pointwise declares it"
        return Problem("E410", f"{where}, {node.target}: {message}", span_of(node), hint)


class Recipe:
    """The value of a constant, computed when somebody asks for it; None where it depends on stored numbers."""

    def __init__(self, node: Any, values: dict[Any, Any]) -> None:
        self.node, self.values = node, values

    def __call__(self) -> Any:
        import torch

        def real(argument: Any) -> Any:
            found = self.values[argument]
            if not isinstance(found, Const):
                return found
            return known_value(found)

        try:
            args = torch.fx.map_arg(self.node.args, real)
            kwargs = torch.fx.map_arg(self.node.kwargs, real)
            return self.node.target(*args, **kwargs)
        except Exception:
            return None


def known_value(const: Const) -> Any:
    """The tensor that a constant is; None if that is not known."""
    return const.value() if isinstance(const.value, Recipe) else const.value


def bound_arguments(target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of an operator by name, defaults included."""
    found = {}
    for i, argument in enumerate(target._schema.arguments):
        if i < len(args) and not argument.kwarg_only:
            found[argument.name] = args[i]
        elif argument.name in kwargs:
            found[argument.name] = kwargs[argument.name]
        else:
            found[argument.name] = argument.default_value if argument.has_default_value() else None
    return found


def _shape(value: Any) -> Any:
    """A tensor's shape in whole numbers; None for anything else."""
    return tuple(int(n) for n in value.shape) if hasattr(value, "shape") else None


def _flat(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [leaf for entry in value for leaf in _flat(entry)]
    if isinstance(value, Mapping):
        return [leaf for entry in value.values() for leaf in _flat(entry)]
    return [value]
