"""The readable form of the source: a block is a class, blocks of one form share a class, and a chain is an nn.Sequential.

A scope of names ("layer1.0") becomes a class if its layers follow each other and its submodules have plain names; numbered
scopes whose members pass one tensor on become an nn.Sequential; others stay containers, as in the flat form. Submodules are
constructed in the order of the flat form and have its names, so that both have the same state_dict, random weights included.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from rfcalc.backends.torch.blocks import Block, Number, Shown, Use
from rfcalc.backends.torch.literals import construction
from rfcalc.backends.torch.source import TAKEN_CLASSES, class_for, facts_of, helpers_of, reached, written
from rfcalc.backends.torch.tree import Path, Tree, access, assigned, layout, ordered, plain, quoted
from rfcalc.backends.torch.variables import Body, Step, body_of, statements
from rfcalc.graph import Graph
from rfcalc.record import record, replace

WIDE = 100
FEW = 3


def readable(graph: Graph, class_name: str = "") -> str:
    """The source with blocks as classes and chains as nn.Sequential; raises SpecError for what cannot be built."""
    name = class_name or class_for(graph.name)
    writer = _Writer(graph)
    network = writer.network()
    blocks = [block for block in writer.blocks.values() if block.uses]
    _named(graph, blocks, {name, *TAKEN_CLASSES})
    definitions = [*helpers_of(writer.facts), *("\n".join(block.lines()) for block in blocks)]
    return written(graph, name, definitions, list(network()))


@record
class Unit:
    """A submodule: what it has in common with others that differ in numbers only, these numbers, and lines that construct it
    with these or others; the layers that a call runs, the values that it reads and makes. A container runs none."""

    key: Hashable
    numbers: tuple[Number, ...]
    lines: Callable[[Shown], list[str]]
    runs: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    results: tuple[int, ...] = ()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.facts = graph, facts_of(graph)
        self.place = layout(graph, self.facts)
        self.at = {path: i for i, path in reversed([*self.place.paths.items()])}
        self.users: dict[Path, list[int]] = {}
        for i, path in self.place.paths.items():
            self.users.setdefault(path, []).append(i)
        self.members: dict[Path, list[int]] = {}
        for i, scope in self.place.scopes.items():
            for depth in range(len(scope) + 1):
                self.members.setdefault(scope[:depth], []).append(i)
        self.blocks: dict[Hashable, Block] = {}
        self.calls: dict[int, list[tuple[Path, Unit]]] = {}  # by the first layer that is run

    def network(self) -> Callable[[], Iterator[str]]:
        """The network's own constructor and forward pass, to be written when the blocks have names."""
        units = {name: self._unit((name,), value) for name, value in self.place.tree.items()}
        body = body_of(self.graph, self._steps((), self.place.tree, self.members.get((), [])))

        def lines() -> Iterator[str]:
            yield from ["    def __init__(self) -> None:", "        super().__init__()"]
            for name, unit in units.items():
                before, after = assigned(name)
                yield from _wrapped(before, unit.lines([number.text for number in unit.numbers]), after, 8)
            yield ""
            yield from statements(body, freed=False)

        return lines

    def _unit(self, path: Path, value: str | Tree) -> Unit:
        if isinstance(value, str):
            return self._leaf(self.at[path])
        units = {name: self._unit((*path, name), inner) for name, inner in value.items()}
        called = self._chain(path, units) or self._block(path, value, units)
        if called is None:
            return _container(units)
        for again in (called, *self._repeated(called)):
            self.calls.setdefault(again.runs[0], []).append((path, again))
        return called

    def _leaf(self, i: int) -> Unit:
        made = construction(self.facts[i])
        numbers = tuple(Number(one.text, one.keyword, one.usual, i) for one in made.numbers)
        key = (made.callee, made.arguments, tuple(number.keyword for number in numbers))
        return Unit(key, numbers, lambda shown: [made.written(shown)], (i,), self.graph.nodes[i].inputs, (i,))

    def _chain(self, path: Path, units: Mapping[str, Unit]) -> Unit | None:
        """Numbered submodules that pass one tensor on, and do nothing else."""
        parts = list(units.values())
        runs = tuple(i for part in parts for i in part.runs)
        if not ordered(units) or runs != self._runs(path):
            return None
        for name, part in units.items():
            leaf = self.at.get((*path, name))
            bare = leaf is None or self.facts[leaf].forward == "{self}({0})"
            if not bare or len(part.inputs) != 1 or len(part.results) != 1:
                return None
        for one, other in pairwise(parts):
            last = one.results[0]
            if other.inputs != (last,) or last in self.graph.outputs or not set(self.graph.readers[last]) <= {*other.runs}:
                return None
        key = ("chain", tuple(part.key for part in parts))
        lines = lambda shown: _sequential([part.lines(own) for part, own in _shared(parts, shown)])  # noqa: E731
        return Unit(key, _numbers(parts), lines, runs, parts[0].inputs, parts[-1].results)

    def _block(self, path: Path, tree: Tree, units: Mapping[str, Unit]) -> Unit | None:
        """A class, where the layers follow each other and all names are plain ones."""
        runs = self._runs(path)
        if not runs or not all(map(plain, units)):
            return None
        inputs = tuple(dict.fromkeys(j for i in runs for j in self.graph.nodes[i].inputs if j not in {*runs}))
        results = self._read_outside(runs)
        if not inputs or not results:
            return None
        local = {j: -1 - k for k, j in enumerate(inputs)} | {i: i - runs[0] for i in runs}
        steps = tuple(
            Step(tuple(local[i] for i in step.made), tuple(local[i] for i in step.inputs), step.text, step.note)
            for step in self._steps(path, tree, runs)
        )
        body = Body(tuple(local[j] for j in inputs), steps, tuple(local[i] for i in results))
        wiring = tuple((step.made, step.inputs, step.text) for step in steps)
        key = ("block", tuple((name, unit.key) for name, unit in units.items()), wiring, body.arguments, body.results)
        parts, numbers = list(units.values()), _numbers(list(units.values()))
        made = Block({name: unit.lines for name, unit in units.items()}, [len(part.numbers) for part in parts], body)
        block, notes = self.blocks.setdefault(key, made), tuple(step.note for step in steps)
        widths = tuple(self._channels(number.of) for number in numbers)
        block.uses.append(Use(path, numbers, notes, self._channels(inputs[0]), self._channels(results[0]), widths))
        return Unit(key, numbers, lambda shown: [block.call(shown)], runs, inputs, results)

    def _runs(self, path: Path) -> tuple[int, ...]:
        """The layers that one call of a scope runs, if they follow each other and need no weights from outside: all in it, or
        those that the others repeat."""
        members = self.members[path]
        paths = [self.place.paths[i] for i in members if i in self.place.paths]
        if any(each[: len(path)] != path for each in paths):
            return ()
        if _follow(members):
            return tuple(members)
        own = [k for k, i in enumerate(members) if self.at.get(self.place.paths.get(i, ())) == i]
        for count in range(own[-1] + 1, len(members) // 2 + 1) if len({*paths}) < len(paths) else ():
            runs, *others = [tuple(members[at : at + count]) for at in range(0, len(members), count)]
            if _follow(runs) and all(_follow(other) and self._alike(runs, other) for other in others):
                return runs
        return ()

    def _repeated(self, unit: Unit) -> Iterator[Unit]:
        """The other calls of a submodule: layers that do the same with its weights."""
        first = next(i for i in unit.runs if i in self.place.paths)
        for j in self.users.get(self.place.paths[first], ()):
            start = j - first + unit.runs[0]
            runs = tuple(range(start, start + len(unit.runs)))
            if j not in unit.runs and self._alike(unit.runs, runs):
                places = self._places(unit.runs, runs)
                inputs, results = (tuple(places[i] for i in side) for side in (unit.inputs, unit.results))
                if set(results) >= set(self._read_outside(runs)):
                    yield replace(unit, runs=runs, inputs=inputs, results=results)

    def _alike(self, runs: Sequence[int], others: Sequence[int]) -> bool:
        """Whether some layers do what others do, with the same weights."""
        if len(runs) != len(others) or not self.facts.keys() >= {*others}:
            return False
        same = all(
            self.facts[i].forward == self.facts[j].forward and self.place.paths.get(i) == self.place.paths.get(j)
            for i, j in zip(runs, others, strict=True)
        )
        places = self._places(runs, others)
        return same and all(
            tuple(places[k] for k in self.graph.nodes[i].inputs) == self.graph.nodes[j].inputs
            for i, j in zip(runs, others, strict=True)
        )

    def _places(self, runs: Sequence[int], others: Sequence[int]) -> dict[int, int]:
        """For each layer, and each that it reads from outside, the one that stands in its place."""
        places = dict(zip(runs, others, strict=True))
        for i, j in zip(runs, others, strict=True):
            for k, other in zip(self.graph.nodes[i].inputs, self.graph.nodes[j].inputs, strict=False):
                places.setdefault(k, other)
        return places

    def _read_outside(self, runs: Sequence[int]) -> tuple[int, ...]:
        """Those of some layers that others read, or that are outputs."""
        inside, outputs = {*runs}, {*self.graph.outputs}
        return tuple(i for i in runs if i in outputs or any(reader not in inside for reader in self.graph.readers[i]))

    def _channels(self, i: int) -> str:
        return str(self.graph.nodes[i].shape.channels)

    def _steps(self, path: Path, tree: Tree, runs: Sequence[int]) -> list[Step]:
        """What a class does: it runs the blocks and chains in its scope, and the other layers one by one."""
        steps: list[Step] = []
        ran: set[int] = set()
        for i in runs:
            if i in ran:
                continue
            within = [(at, unit) for at, unit in self.calls.get(i, []) if len(at) > len(path) and at[: len(path)] == path]
            if within:
                at, unit = min(within, key=lambda pair: len(pair[0]))
                ran.update(unit.runs)
                text, made, inputs = reached("{self}({all})", access(tree, at[len(path) :])), unit.results, unit.inputs
            else:
                reach = access(tree, self.place.paths[i][len(path) :]) if i in self.place.paths else "self"
                text, made, inputs = self.facts[i].forward, (i,), self.graph.nodes[i].inputs
                text = reached(text, reach)
            steps.append(Step(made, inputs, text, str(self.graph.nodes[made[0]].shape)))
        return steps


def _container(units: Mapping[str, Unit]) -> Unit:
    """A ModuleList or ModuleDict, whose members are called one by one."""
    parts, numbered = list(units.values()), ordered(units)

    def lines(shown: Shown) -> list[str]:
        inner = [
            line
            for (name, part), (_, own) in zip(units.items(), _shared(parts, shown), strict=True)
            for line in _wrapped("" if numbered else f"{quoted(name)}: ", part.lines(own), ",", 4)
        ]
        return ["nn.ModuleList([" if numbered else "nn.ModuleDict({", *inner, "])" if numbered else "})"]

    return Unit((numbered, tuple((name, part.key) for name, part in units.items())), _numbers(parts), lines)


def _sequential(parts: Sequence[Sequence[str]]) -> list[str]:
    """The lines of an nn.Sequential; what follows itself several times is written once."""
    said: list[list[str]] = []
    for part, group in groupby(parts):
        count = len(list(group))
        if len(part) > 1 or count < FEW:
            said += [list(part)] * count
        else:
            said.append([f"*({part[0]} for _ in range({count}))"])
    short = f"nn.Sequential({', '.join(part[0] for part in said)})"
    if all(len(part) == 1 for part in said) and len(short) <= WIDE:
        return [short]
    return ["nn.Sequential(", *(line for part in said for line in _wrapped("", part, ",", 4)), ")"]


def _wrapped(before: str, lines: Sequence[str], after: str, indent: int) -> list[str]:
    """Lines with something before the first and behind the last of them."""
    whole = [*lines]
    whole[0], whole[-1] = before + whole[0], (before if len(whole) == 1 else "") + whole[-1] + after
    return [" " * indent + line for line in whole]


def _shared(parts: Sequence[Unit], shown: Shown) -> Iterator[tuple[Unit, Shown]]:
    """Each part with its own of the numbers."""
    at = 0
    for part in parts:
        yield part, shown[at : at + len(part.numbers)]
        at += len(part.numbers)


def _numbers(parts: Sequence[Unit]) -> tuple[Number, ...]:
    return tuple(number for part in parts for number in part.numbers)


def _follow(runs: Sequence[int]) -> bool:
    return bool(runs) and list(runs) == list(range(runs[0], runs[0] + len(runs)))


def _named(graph: Graph, blocks: Sequence[Block], taken: set[str]) -> None:
    """Gives each class a name of its own: that of the block in the spec or of the module, or else of its scope."""
    for block in blocks:
        stem = class_for(block.stem(graph.kinds))
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}{number}"
        taken.add(name)
        block.name = name
