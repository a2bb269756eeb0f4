"""Sums become `residual`, concatenations `branches`, where what they join lies together; what each layer reads gets a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import groupby

from rfcalc.converting.model import Item, Mismatch, StepDraft
from rfcalc.graph import Graph
from rfcalc.language.reading import JOINED
from rfcalc.language.recipes import lookup
from rfcalc.layers.words import WORDS

FEWEST_GLOBBED = 3  # layers that are better named by a glob
LONGEST_PATH = 24  # entries of a path, beyond which a sum is easier to read on a line of its own


@dataclass(eq=False)
class JoinedItems:
    """An item, or several joined by a merge: `paths` on the node `reads`, then the item itself."""

    item: Item
    reads: tuple[int, ...]
    paths: dict[str, list[JoinedItems]] = field(default_factory=dict)
    prefix: str = ""

    @property
    def out(self) -> int:
        """The node that it gives."""
        return self.item.last

    @property
    def names(self) -> list[str]:
        """The names of all items in it, but for the merge."""
        if not self.paths:
            return [self.item.name]
        return [name for path in self.paths.values() for entry in path for name in entry.names]


class Shaper:
    """Turns items into steps. `plain`: merges that must have a name of their own, since something refers to them;"""

    def __init__(self, graph: Graph, lines: Sequence[Item], structured: bool, swaps: bool) -> None:
        self.graph, self.structured, self.swaps = graph, structured, swaps
        self.names = {item.last: item.name for item in lines}
        self.lasts = {item.first: item.last for item in lines}
        self.known: dict[str, int] = {}  # every name of a layer or of what it lies in, with its first node
        for item in lines:
            parts = item.name.split(".")
            for i in range(1, len(parts) + 1):
                self.known.setdefault(".".join(parts[:i]), item.first)
        self.plain: set[int] = set()

    def steps(self, items: Sequence[Item], given: tuple[int, ...], prefix: str, flat: bool = False) -> list[StepDraft]:
        """The steps of a scope that reads the nodes `given` from outside, with names relative to it; raises Mismatch."""
        return self._shaped(items, given, prefix, flat)[0]

    def root(self, items: Sequence[Item]) -> tuple[list[StepDraft], list[str], frozenset[int]]:
        """The steps of the whole network, the names of its outputs, and those nodes among them that lie within blocks; no
        names where the last layer is the output."""
        return self._shaped(items, self.graph.inputs, "", False, self.graph.outputs)

    def _shaped(
        self, items: Sequence[Item], given: tuple[int, ...], prefix: str, flat: bool, outputs: Sequence[int] = ()
    ) -> tuple[list[StepDraft], list[str], frozenset[int]]:
        while True:
            body = _Body(self, items, given, prefix)
            entries: list[JoinedItems] = []
            for item in items:
                entries.append(JoinedItems(item, item.reads))
                if self.structured and not flat and item.last not in self.plain:
                    self._joined(entries, prefix)
            try:
                steps = body.steps(entries, given)
                last = bool(items) and tuple(outputs) == (items[-1].last,)
                if last:
                    return steps, [], frozenset()
                return steps, [body.name(node) for node in outputs], body.needs(outputs)
            except _NeedsName as need:
                self.plain.add(need.node)

    def _joined(self, entries: list[JoinedItems], prefix: str) -> None:
        """Puts the last entry and the paths that it joins together, if it joins paths."""
        item = entries[-1].item
        if len(item.reads) < 2 or len(set(item.reads)) < len(item.reads) or len(entries) < 2:
            return
        stem = item.name[len(prefix) :].rpartition(".")[2]
        if not re.fullmatch(rf"{item.word}_?\d*", stem):
            return
        residual = _residual(entries, self.swaps) if item.word == JOINED["residual"] else None
        own = item.name.rpartition(".")[0] if stem == item.word else ""
        own = own if len(own) > len(prefix) else ""
        if item.word == JOINED["branches"]:
            residual = _branches(entries, prefix, own)
        if residual is None:
            return
        start, joined = residual
        if own and all(name.startswith(f"{own}.") for name in joined.names):
            joined.prefix = own
        elif item.name[len(prefix) :] != stem:  # its name, and with it the module that it lies in, would be lost
            return
        del entries[start:]
        entries.append(joined)


class _NeedsName(Exception):  # noqa: N818
    """Something refers to a merge that would have no name."""

    def __init__(self, node: int) -> None:
        self.node = node


def _outside(entries: Sequence[JoinedItems]) -> list[int]:
    """The nodes that some entries read from before them, in order."""
    made = {entry.out for entry in entries}
    return list(dict.fromkeys(node for entry in entries for node in entry.reads if node not in made))


def _start(entries: Sequence[JoinedItems], end: int, fork: int) -> int | None:
    """Where the path begins that ends with entry `end` and reads nothing but `fork`; None if there is none."""
    places = {entry.out: i for i, entry in enumerate(entries)}
    start = end
    while True:
        need = [node for node in _outside(entries[start : end + 1]) if node != fork]
        if not need:
            break
        if any(node not in places for node in need) or end - start > LONGEST_PATH:
            return None
        start = min(places[node] for node in need)
    return start if places.get(fork, -1) < start and fork in _outside(entries[start : end + 1]) else None


def _residual(entries: Sequence[JoinedItems], swaps: bool) -> tuple[int, JoinedItems] | None:
    """A sum of two paths, of which one may be empty."""
    merge, done = entries[-1], entries[:-1]
    last = len(done) - 1
    if len(merge.reads) != 2 or done[last].out not in merge.reads:
        return None
    end = done[last].out
    other = next(node for node in merge.reads if node != end)
    start = _start(done, last, other)
    if start is not None and (swaps or merge.reads == (end, other)):
        return start, JoinedItems(merge.item, (other,), {"main": list(done[start:]), "skip": []})
    middle = next((i for i, entry in enumerate(done) if entry.out == other), None)
    if middle is None or not (swaps or merge.reads == (other, end)):
        return None
    forks = _outside(done[middle + 1 :])
    start = _start(done, middle, forks[0]) if len(forks) == 1 else None
    if start is None:
        return None
    paths = {"main": list(done[start : middle + 1]), "skip": list(done[middle + 1 :])}
    return start, JoinedItems(merge.item, (forks[0],), paths)


def _branches(entries: Sequence[JoinedItems], prefix: str, own: str) -> tuple[int, JoinedItems] | None:
    """A concatenation of paths whose names begin differently; one may be empty."""
    merge, done = entries[-1], entries[:-1]
    places = {entry.out: i for i, entry in enumerate(done)}
    for empty in (None, *merge.reads):
        ends = [places.get(node, -1) for node in merge.reads if node != empty]
        if len(ends) < 2 or ends != sorted(ends) or ends[0] < 0 or ends[-1] != len(done) - 1:
            continue
        later = [list(done[a + 1 : b + 1]) for a, b in zip(ends, ends[1:], strict=False)]
        forks = list(dict.fromkeys(node for path in later for node in _outside(path)))
        start = _start(done, ends[0], forks[0]) if len(forks) == 1 and empty in (None, forks[0]) else None
        if start is None:
            continue
        bodies = iter([list(done[start : ends[0] + 1]), *later])
        paths = [[] if node == empty else next(bodies) for node in merge.reads]
        keys = [_key(path, prefix) for path in paths]
        inner = f"{own}." if own and all(key.startswith(f"{own}.") for key in keys if key != "identity") else prefix
        keys = [key.removeprefix(inner) for key in keys]
        if "" not in keys and len(set(keys)) == len(keys) and "merge" not in keys:
            return start, JoinedItems(merge.item, (forks[0],), dict(zip(keys, paths, strict=True)))
    return None


def _key(path: Sequence[JoinedItems], prefix: str) -> str:
    """What the names of a path begin with; "" if nothing."""
    if not path:
        return "identity"
    parts = [name.split(".")[:-1] for entry in path for name in entry.names]
    common = parts[0]
    for other in parts[1:]:
        size = next((i for i, (a, b) in enumerate(zip(common, other, strict=False)) if a != b), min(len(common), len(other)))
        common = common[:size]
    key = ".".join(common)
    return key if len(key) > len(prefix) - 1 and f"{key}.".startswith(prefix) and f"{key}." != prefix else ""


def _fixed(item: Item) -> tuple[tuple[str, str], ...]:
    """The settings of an item that no param can stand for."""
    known = lookup(item.word) if item.word in WORDS else {}
    fixed = (name for name in item.settings if name in known and not known[name].kind.numeric)
    return tuple((name, repr(item.settings[name])) for name in fixed)


class _Body:
    """The names in one scope."""

    def __init__(self, shaper: Shaper, items: Sequence[Item], given: tuple[int, ...], prefix: str) -> None:
        self.shaper, self.given, self.prefix = shaper, given, prefix
        self.local = {item.last: item.name for item in items}
        self.merges: dict[int, str] = {}

    def steps(self, entries: Sequence[JoinedItems], current: tuple[int, ...]) -> list[StepDraft]:
        """The steps of some entries, the first of which follows `current`."""
        steps = []
        for entry in entries:
            steps.append(self._step(entry, current))
            current = (entry.out,)
        return steps

    def _step(self, entry: JoinedItems, current: tuple[int, ...]) -> StepDraft:
        item = entry.item
        paths = {key: self.steps(path, entry.reads) for key, path in entry.paths.items()}
        previous = entry.reads == current or not entry.reads
        step = StepDraft(item.name[len(self.prefix) :], item.word, dict(item.settings), (), previous, item.repeat)
        step.paths, step.outs, step.fixed = paths, frozenset([item.last]), _fixed(item)
        if entry.paths:
            step.word = "residual" if item.word == JOINED["residual"] else "branches"
            step.prefix = entry.prefix[len(self.prefix) :] if entry.prefix else ""
            self.merges[entry.out] = step.prefix
        if not previous:
            step.reads, step.needs = self._sources(entry)
        if item.weights is not None:
            owner = self.shaper.lasts.get(item.weights)
            if owner is None:
                raise Mismatch(f"the owner of the weights of {item.name} has no line of its own")
            step.weights, step.needs = self._named(owner), step.needs | self.needs([owner])
        return step

    def _sources(self, entry: JoinedItems) -> tuple[tuple[str, ...], frozenset[int]]:
        """What an entry reads, by name; several layers whose names differ in one part as a glob."""
        reads = entry.reads
        if self.prefix and reads == self.given and len(reads) > 1:
            return ("in",), frozenset()
        for first, stop, glob in self._runs(reads):
            if self._means(glob, reads[first:stop], entry.item.first):
                around = [*reads[:first], *reads[stop:]]
                names = [*map(self.name, reads[:first]), glob[len(self.prefix) :], *map(self.name, reads[stop:])]
                return tuple(names), self.needs(around) | frozenset(reads[first:stop])
        return tuple(map(self.name, reads)), self.needs(reads)

    def _runs(self, nodes: Sequence[int]) -> Iterator[tuple[int, int, str]]:
        """Runs of layers whose names differ in one part only: where they begin and stop, and the glob."""
        parts = [self.shaper.names.get(node, "").split(".") for node in nodes]
        for place in range(max(map(len, parts))):
            globs = [".".join([*part[:place], "*", *part[place + 1 :]]) for part in parts]
            first = 0
            for glob, run in groupby(globs):
                stop = first + len(list(run))
                if stop - first >= FEWEST_GLOBBED and glob.startswith(self.prefix):
                    yield first, stop, glob
                first = stop

    def _means(self, glob: str, nodes: Sequence[int], before: int) -> bool:
        """Whether a glob means just these layers, of all that is above a node."""
        head = glob.partition("*")[0]
        above = (name for name, node in self.shaper.known.items() if node < before and name.startswith(head))
        return [name for name in above if fnmatchcase(name, glob)] == [self.shaper.names.get(node) for node in nodes]

    def needs(self, nodes: Sequence[int]) -> frozenset[int]:
        """Those nodes whose names are not given in this scope, but within one of its blocks."""
        return frozenset(node for node in nodes if node not in self.local and node not in self.given)

    def name(self, node: int) -> str:
        """What a node is called in this scope; raises Mismatch."""
        if self.prefix and node in self.given:
            return "in" if len(self.given) == 1 else f"in.{self.given.index(node)}"
        if node in self.merges:
            if not self.merges[node]:
                raise _NeedsName(node)
            return self.merges[node]
        if self.shaper.graph.nodes[node].is_input:
            return self.shaper.graph.nodes[node].name
        return self._named(node)

    def _named(self, node: int) -> str:
        name = self.local.get(node) or self.shaper.names.get(node)
        if name is None or not name.startswith(self.prefix):
            raise Mismatch(f"node {node} has no name in {self.prefix}")
        return name[len(self.prefix) :]
