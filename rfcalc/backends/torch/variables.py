"""The body of `forward`: one statement per layer, few variables, and each tensor let go after its last reader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from keyword import iskeyword

from rfcalc.graph import Graph
from rfcalc.record import field, record

GLOBALS = frozenset({"self", "torch", "nn", "F", "math", "Tensor", "super", "getattr"})
NEVER = 10**12


def identifier(name: str, usual: str = "x") -> str:
    """A name made fit to be a Python identifier."""
    name_made = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or usual
    name_made = f"_{name_made}" if name_made[0].isdigit() else name_made
    return f"{name_made}_" if iskeyword(name_made) or name_made in GLOBALS else name_made


@record
class Step:
    """One statement: the values that it makes and reads, by number, its expression over {0}, {1}, ... and {all}, and a note."""

    made: tuple[int, ...]
    inputs: tuple[int, ...]
    text: str
    note: str = ""


@record
class Body:
    """What a method does: its arguments, steps and results; names that some values must have."""

    arguments: tuple[int, ...]
    steps: tuple[Step, ...]
    results: tuple[int, ...]
    names: Mapping[int, str] = field(default_factory=dict)


def body_of(graph: Graph, steps: Sequence[Step]) -> Body:
    """The whole network's."""
    several = [*(graph.inputs if len(graph.inputs) > 1 else ()), *(graph.outputs if len(graph.outputs) > 1 else ())]
    names = {i: identifier(graph.nodes[i].name) for i in several}
    return Body(graph.inputs, tuple(steps), graph.outputs, names)


def statements(body: Body, record: bool = False, freed: bool = True) -> Iterator[str]:
    """The lines of the method. With `record` each value is shown to `self.seen`; with `freed` it is let go after its last
    reader, which is otherwise left to the end of the method."""
    variables = _Variables(body)
    arguments = "".join(f", {variables.of[i]}: Tensor" for i in body.arguments)
    yield f"    def forward(self{arguments}) -> {'Tensor' if len(body.results) == 1 else 'tuple[Tensor, ...]'}:"
    for k, step in enumerate(body.steps):
        names = [variables.of[j] for j in step.inputs]
        text = step.text.format(*names, all=", ".join(names))
        moved, targets, gone = variables.step(k, step)
        note = ", ".join(part for part in (step.note, "" if targets else "read by no layer") if part)
        note = f"  # {note}" if note else ""
        yield from [f"        {moved} = {names[0]}"] if moved else []
        if targets:
            yield f"        {', '.join(targets)} = {text}{note}"
            yield from [f"        self.seen({step.made[0]}, {targets[0]})"] if record else []
        else:
            yield f"        {f'self.seen({step.made[0]}, {text})' if record else text}{note}"
        yield from [f"        del {', '.join(gone)}"] if freed and gone and k < len(body.steps) - 1 else []
    yield f"        return {', '.join(variables.of[i] for i in body.results)}"


class _Variables:
    """Which variable holds which tensor. `x` is worked on; a tensor that is read again later is kept as `skip`."""

    def __init__(self, body: Body) -> None:
        self.last: dict[int, int] = {}
        for k, step in enumerate(body.steps):
            self.last.update(dict.fromkeys(step.inputs, k))
        self.last.update(dict.fromkeys(body.results, NEVER))
        self.of: dict[int, str] = {}
        self.used: set[str] = set(GLOBALS)
        for i in body.arguments:
            self.of[i] = self._unique(body.names[i]) if i in body.names else self._new(("x", "y", "z"))
        self.fixed = {i: self._unique(name) for i, name in body.names.items() if i not in self.of}

    def step(self, k: int, step: Step) -> tuple[str, list[str], list[str]]:
        """For one step: the name under which its first input is kept from now on (or ""), the names of what it makes
        (none if nothing reads it), and the names that are of no use afterwards."""
        dying = [j for j in dict.fromkeys(step.inputs) if self.last[j] == k]
        free = [self.of[j] for j in dying]
        moved = target = ""
        first, *others = step.made
        if first in self.fixed:
            target = self.fixed[first]
        elif first in self.last and free:
            target = min(free, key=lambda name: name.startswith("skip"))
        elif first in self.last and (not step.inputs or self._kept(step.inputs[0])):
            target = self._new(("x", "y", "z"))
        elif first in self.last:
            target, moved = self.of[step.inputs[0]], self._new(("skip",))
            self.of[step.inputs[0]] = moved
        gone = [name for name in free if name != target]
        self.used.difference_update(gone)
        self.of[first] = target
        self.of.update({i: self.fixed.get(i) or self._new(("skip",)) for i in others})
        return moved, [target, *(self.of[i] for i in others)] if target else [], gone

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
