"""The body of `forward`: one statement per layer, few variables, and each tensor let go after its last reader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count
from keyword import iskeyword

from rfcalc.graph import Graph, Node

GLOBALS = frozenset({"self", "torch", "nn", "F", "math", "Tensor", "super", "getattr"})
NEVER = 10**12


def identifier(name: str, usual: str = "x") -> str:
    """A name made fit to be a Python identifier."""
    name_made = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or usual
    name_made = f"_{name_made}" if name_made[0].isdigit() else name_made
    return f"{name_made}_" if iskeyword(name_made) or name_made in GLOBALS else name_made


def statements(graph: Graph, forward: Mapping[int, str], calls: Mapping[int, str], record: bool) -> Iterator[str]:
    """The lines of the method. `forward` and `calls` give each layer's expression and how its submodule is reached."""
    variables = _Variables(graph)
    arguments = "".join(f", {variables.of[i]}: Tensor" for i in graph.inputs)
    yield f"    def forward(self{arguments}) -> {'Tensor' if len(graph.outputs) == 1 else 'tuple[Tensor, ...]'}:"
    for i, node in enumerate(graph.nodes):
        if node.is_input:
            continue
        names = [variables.of[j] for j in node.inputs]
        text = forward[i].format(*names, self=calls.get(i, "self"), all=", ".join(names))
        moved, target, gone = variables.step(i, node)
        yield from [f"        {moved} = {names[0]}"] if moved else []
        if target:
            yield f"        {target} = {text}  # {node.shape}"
            yield from [f"        self.seen({i}, {target})"] if record else []
        else:
            yield f"        {f'self.seen({i}, {text})' if record else text}  # {node.shape}, read by no layer"
        yield from [f"        del {', '.join(gone)}"] if gone and i < len(graph.nodes) - 1 else []
    yield f"        return {', '.join(variables.of[i] for i in graph.outputs)}"


class _Variables:
    """Which variable holds which tensor. `x` is worked on; a tensor that is read again later is kept as `skip`."""

    def __init__(self, graph: Graph) -> None:
        self.last: dict[int, int] = {}
        for i, node in enumerate(graph.nodes):
            self.last.update(dict.fromkeys(node.inputs, i))
        self.last.update(dict.fromkeys(graph.outputs, NEVER))
        self.of: dict[int, str] = {}
        self.fixed: dict[int, str] = {}
        self.used: set[str] = set(GLOBALS)
        for i in graph.inputs:
            self.of[i] = self._unique("x" if len(graph.inputs) == 1 else identifier(graph.nodes[i].name))
        if len(graph.outputs) > 1:
            self.fixed = {i: self._unique(identifier(graph.nodes[i].name)) for i in graph.outputs if i not in self.of}

    def step(self, i: int, node: Node) -> tuple[str, str, list[str]]:
        """For one layer: the name under which its first input is kept from now on (or ""), the name of its output
        (or "" if nothing reads it), and the names that are of no use afterwards."""
        dying = [j for j in dict.fromkeys(node.inputs) if self.last[j] == i]
        free = [self.of[j] for j in dying]
        moved = target = ""
        if i in self.fixed:
            target = self.fixed[i]
        elif i in self.last and free:
            target = min(free, key=lambda name: name.startswith("skip"))
        elif i in self.last and (not node.inputs or self._kept(node.inputs[0])):
            target = self._new(("x", "y", "z"))
        elif i in self.last:
            target, moved = self.of[node.inputs[0]], self._new(("skip",))
            self.of[node.inputs[0]] = moved
        gone = [name for name in free if name != target]
        self.used.difference_update(gone)
        self.of[i] = target
        return moved, target, gone

    def _kept(self, j: int) -> bool:
        return self.of[j].startswith("skip") or j in self.fixed

    def _new(self, stems: tuple[str, ...]) -> str:
        for n in count(1):
            for stem in stems:
                name = stem if n == 1 else f"{stem}{n}"
                if name not in self.used:
                    self.used.add(name)
                    return name
        raise AssertionError("count() ends never")

    def _unique(self, name: str) -> str:
        while name in self.used:
            name += "_"
        self.used.add(name)
        return name
