"""What must hold between the analysis of a graph and the oracle's gradients; each check raises AssertionError."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from math import ceil, lcm, prod
from random import Random
from typing import Any

import torch
from torch import Tensor

from rfcalc.analyses.erf import State, marginal, moments
from rfcalc.analyses.receptive_field import Fields, ReceptiveField
from rfcalc.fields.backward import Seen, trace
from rfcalc.fields.backward import area as covered
from rfcalc.fields.field import area
from rfcalc.fields.forward import boxes_at, clipped
from rfcalc.graph import Graph

from .network import Oracle
from .places import spreads
from .structure import passes_global, rates

Box = list[tuple[int, int]]
Unit = tuple[int, ...]

MOST_ELEMENTS = 250_000
MOST_UNITS = 24


def check(graph: Graph, seed: int = 0, nodes: int = 4, units: int = 6, joint: Sequence[str] = ()) -> None:
    """Every claim about some nodes of a graph: the last one and a few that `seed` picks."""
    Proof(graph, seed, joint=joint).run(nodes, units)


def box_of(reads: Tensor) -> Box | None:
    """First and last position per axis, inclusive."""
    found = reads.nonzero()
    return list(zip(found.amin(0).tolist(), found.amax(0).tolist(), strict=True)) if len(found) else None


class Proof:
    """One graph, its analysis and its oracles. `narrow` is what the oracles get instead of the graph; `most` limits the
    numbers in a map of a larger image; `joint`: words of layers whose channels are known together only, behind which a field
    may be a bound."""

    def __init__(
        self, graph: Graph, seed: int = 0, narrow: Any = None, most: int = MOST_ELEMENTS, joint: Sequence[str] = ()
    ) -> None:
        self.graph, self.random, self.most, self.joint = graph, Random(seed), most, joint
        self.built = graph if narrow is None else narrow
        self.fields = Fields(graph)
        self.whole = Oracle(self.built)
        self.rates = rates(graph)
        self._large: dict[int, tuple[Oracle, tuple[int, ...]] | None] = {}

    @cached_property
    def local(self) -> Oracle:
        """Without the paths that pass a global layer."""
        return Oracle(self.built, local=True)

    @cached_property
    def moments(self) -> list[State]:
        return moments(self.graph, 0)

    def run(self, nodes: int, units: int) -> None:
        self.shapes()
        last = len(self.graph.nodes) - 1
        others = self.random.sample(range(last), min(last, nodes - 1))
        for index in range(1, last + 1):
            self.center(index)
        for index in (last, *others):
            if self.graph.bounded[index]:
                self.bound(index, self.some_units(index, units))
                continue
            self.paths(index)
            for unit in self.some_units(index, units):
                self.unit(index, unit)
                self.unit(index, unit, self.random.randrange(self.whole.shape(index)[0]))
            self.figures(index)
            self.effective(index)

    def shapes(self) -> None:
        for index, node in enumerate(self.graph.nodes):
            claimed = (node.shape.channels, *node.shape.size)
            assert claimed == self.whole.shape(index), f"{node.name}: shape {claimed}, torch has {self.whole.shape(index)}"

    def some_units(self, index: int, count: int) -> list[Unit]:
        """Corners, edges, the middle and others."""
        size = self.whole.shape(index)[1:]
        draws = [
            tuple(0 for _ in size),
            tuple(n - 1 for n in size),
            tuple(n // 2 for n in size),
            *(tuple(self.random.choice((0, n - 1, n // 2)) for n in size) for _ in range(count)),
            *(tuple(self.random.randrange(n) for n in size) for _ in range(count)),
        ]
        return list(dict.fromkeys(draws))[: count + 2]

    def unit(self, index: int, unit: Unit, channel: int | None = None) -> None:
        """The clipped box and the pixels of a unit; the unclipped box too where the unit touches no padding."""
        name = f"{self.graph.nodes[index].name} unit {unit} channel {channel}"
        if channel is not None and self.tells_no_channels(index):
            return
        claim = self.fields.unit(index, unit, channel)
        reads = self.whole.reads(index, unit, channel)
        both(self.fields, index, unit, reads, name, channel)
        support = self.fields.supports[index]
        if channel is None and support.certain and len(unit) == len(self.fields.image):
            box = clipped(support, unit, self.fields.image)
            same(name + ": clipped box, forward", box and list(box), box_of(reads))
        if not self.local.touches_padding(index, unit, channel):
            same(name + ": unclipped box", claim.unclipped, box_of(self.local.reads(index, unit, channel)))

    def bound(self, index: int, units: Sequence[Unit]) -> None:
        """Units read no pixel beyond the bound, and a field is one only behind channels that are known together."""
        name = self.graph.nodes[index].name
        assert self.tells_no_channels(index, True), f"{name}: why is its field a bound?"
        for unit in units:
            reads = self.whole.reads(index, unit)
            for engine, seen in engines(self.fields, index, unit):
                for pixel in reads.nonzero().tolist():
                    inside = any(all(bits >> i & 1 for bits, i in zip(p, pixel, strict=True)) for p in seen.products)
                    assert inside, f"{name} unit {unit}, {engine}: reads {pixel}, which is beyond the bound"

    def tells_no_channels(self, index: int, behind: bool = False) -> bool:
        """A flattened map is one thing to the analysis; so is what follows, up to a linear layer. Channels that are known
        together only are so up to a layer that mixes all; `behind` looks beyond it."""
        node = self.graph.nodes[index]
        if node.op.word == "input":
            return False
        if not behind and (node.op.word == "linear" or (node.op.word == "conv" and node.op.groups == 1)):  # type: ignore[attr-defined]
            return False
        if node.op.word in ("flatten", *self.joint) or spreads(node.op):
            return True
        return any(self.tells_no_channels(i, behind) for i in node.inputs)

    def center(self, index: int) -> None:
        if self.graph.bounded[index]:
            return
        claim = self.fields.of(index).center
        unit = tuple(n // 2 for n in self.whole.shape(index)[1:])
        truth = box_of(self.whole.reads(index, unit))
        name = f"{self.graph.nodes[index].name}: centre"
        assert claim is not None or truth is None, name
        if claim is not None:
            same(name, claim.unit, unit)
            same(name, claim.box, truth)

    def paths(self, index: int) -> None:
        """`whole_input` says whether a path passes a global layer; one that reads only padding at this size is still a path."""
        claim, truth = self.fields.of(index).whole_input, self.whole.sees_whole(index)
        if claim and not truth and self.whole.reads_padding_only():
            truth = passes_global(self.graph, index)
        same(f"{self.graph.nodes[index].name}: whole_input", claim, truth)

    def effective(self, index: int) -> None:
        """The moments of the middle unit's energy, folded forward, are those of its distribution, followed backward."""
        state = self.moments[index]
        for axis in range(len(self.fields.image)):
            size = self.graph.nodes[index].shape.size
            unit = size[axis] // 2 if axis < len(size) else 0
            line = marginal(self.graph, index, 0, axis, unit)
            mass, *folded = state[axis].at(unit) if state else (0.0, 0.0, 0.0)
            assert bool(mass) == (line is not None), f"{self.graph.nodes[index].name}: no effective field"
            if line is not None:
                mean = sum(i * share for i, share in enumerate(line.shares, line.start))
                variance = sum((i - mean) ** 2 * share for i, share in enumerate(line.shares, line.start))
                close = all(abs(a - b) < 1e-6 for a, b in zip(folded, (mean, variance), strict=True))
                assert close, f"{self.graph.nodes[index].name}: mean and variance {folded}, truth {mean}, {variance}"

    def figures(self, index: int) -> bool:
        """Size, phases, stride, start and coverage, on an input so large that no unit touches padding; False without one."""
        if not isinstance(self.rates[index], tuple) or not self.fields.image:
            return False
        units, complete = self.phases(index)
        found = self.enlarged(index, units)
        if found is None:
            return False
        large, shift = found
        name, claim = self.graph.nodes[index].name, self.fields.of(index)
        measured: list[tuple[tuple[int, ...], float]] = []
        for unit in units:
            reads = large.reads(index, self.moved(index, unit, shift))
            box = box_of(reads)
            moved = box and [(a - by, b - by) for (a, b), by in zip(box, shift, strict=True)]
            same(f"{name} unit {unit}: unclipped box", self.fields.unit(index, unit).unclipped, moved)
            if box is None:
                continue
            sizes = tuple(b - a + 1 for a, b in box)
            measured.append((sizes, int(reads.sum()) / prod(sizes)))
            products = boxes_at(self.fields.supports[index], unit)
            if not self.fields.supports[index].merged:
                same(f"{name} unit {unit}: pixels, unclipped", area(products), int(reads.sum()))
            if not any(unit) and moved:
                same(f"{name}: start", claim.start, tuple(a for a, _ in moved))
        self.extremes(name, claim, measured, complete)
        if measured and complete:
            same(f"{name}: stride", claim.stride, self.rates[index])
            self.classes(index, large, [self.moved(index, unit, shift) for unit in units])
        return True

    def classes(self, index: int, large: Oracle, units: Sequence[Unit]) -> None:
        """The largest box of single channels, against the class that each is in, or the layer's own if there are none."""
        claim, support = self.fields.of(index), self.fields.supports[index]
        if self.tells_no_channels(index) or len(units) > MOST_UNITS // 3 or any(term.channels < 0 for term in support.terms):
            return
        named = {channel: found.size for found in claim.classes for channel in numbers(found.channels)}
        channels = large.shape(index)[0]
        for channel in self.random.sample(range(channels), min(channels, 3)):
            boxes = [box for unit in units if (box := box_of(large.reads(index, unit, channel)))]
            sizes = [[b - a + 1 for a, b in axis] for axis in zip(*boxes, strict=True)]
            if sizes:
                truth = tuple(map(max, sizes))
                same(f"{self.graph.nodes[index].name} channel {channel}: size", named.get(channel, claim.size), truth)
            else:
                assert channel not in named, f"channel {channel} reads nothing"

    def extremes(self, name: str, claim: ReceptiveField, measured: Sequence[Any], complete: bool) -> None:
        """The claimed extremes against all phases, or as bounds on some."""
        if not measured:
            assert not complete or claim.size is None, f"{name}: size {claim.size}, but nothing is read"
            return
        assert claim.size is not None, f"{name}: no size"
        assert claim.size_min is not None
        assert claim.coverage is not None
        axes = list(zip(*(sizes for sizes, _ in measured), strict=True))
        largest, smallest, share = tuple(map(max, axes)), tuple(map(min, axes)), min(share for _, share in measured)
        if complete:
            same(f"{name}: size", claim.size, largest)
            same(f"{name}: size_min", claim.size_min, smallest)
        assert all(a >= b for a, b in zip(claim.size, largest, strict=True)), f"{name}: size {claim.size} < {largest}"
        assert all(a <= b for a, b in zip(claim.size_min, smallest, strict=True)), f"{name}: {claim.size_min} > {smallest}"
        if not claim.coverage_bound:
            fits = abs(claim.coverage - share) < 1e-9 if complete else claim.coverage <= share + 1e-9
            assert fits, f"{name}: coverage {claim.coverage}, truth {share}"

    def phases(self, index: int) -> tuple[list[Unit], bool]:
        """Units of each phase that occurs, and whether that is all of them."""
        rate = self.rates[index]
        assert isinstance(rate, tuple)
        periods = [int(step / r) for step, r in zip(self.steps(), rate, strict=True)]
        axes = [range(min(p, n)) for p, n in zip(periods, self.whole.shape(index)[1:], strict=True)]
        units = list(product(*axes))
        if len(units) <= MOST_UNITS:
            return units, True
        return [units[0], *self.random.sample(units, MOST_UNITS // 3)], False

    def steps(self) -> tuple[int, ...]:
        """By how much an image may grow so that every layer grows by whole units and nothing else changes."""
        rank = len(self.fields.image)
        known = [rate for rate in self.rates if isinstance(rate, tuple)]
        return tuple(lcm(*(rate[axis].numerator for rate in known)) for axis in range(rank))

    def moved(self, index: int, unit: Unit, shift: Sequence[int]) -> Unit:
        """The unit that sees the image `shift` pixels further on."""
        rate = self.rates[index]
        assert isinstance(rate, tuple)
        return tuple(i + int(by / r) for i, by, r in zip(unit, shift, rate, strict=True))

    def enlarged(self, index: int, units: Sequence[Unit]) -> tuple[Oracle, tuple[int, ...]] | None:
        """The oracle on a larger image, on which none of the units touches padding; None if none is affordable."""
        for least in (8, 24, 96, 384):
            large = self._enlarge(least)
            if large is None or large[0].values[index] is None:
                return None
            oracle, shift = large
            if not any(oracle.touches_padding(index, self.moved(index, unit, shift)) for unit in units):
                return large
        return None

    def _enlarge(self, least: int) -> tuple[Oracle, tuple[int, ...]] | None:
        if least not in self._large:
            shift = tuple(step * ceil(least / step) for step in self.steps())
            size = tuple(n + 2 * by for n, by in zip(self.fields.image, shift, strict=True))
            growth = prod(size) / prod(self.fields.image)
            worst = max(value.numel() for value in self.whole.values if value is not None) * growth
            fits = worst <= self.most
            self._large[least] = (Oracle(self.built, local=True, sizes={0: size}), shift) if fits else None
        return self._large[least]


def engines(fields: Fields, index: int, unit: Unit, channel: int | None = None) -> Iterator[tuple[str, Seen]]:
    """What each engine says of a unit: the backward one, and the one that is asked for it, forward where it is certified."""
    yield "backward", trace(fields.graph, index, unit, fields.source, channel)
    yield "as it is asked", fields.seen(index, unit, channel)


def both(fields: Fields, index: int, unit: Unit, reads: Tensor, name: str, channel: int | None = None) -> None:
    """Each engine finds the box, and each of the pixels."""
    found = []
    for engine, seen in engines(fields, index, unit, channel):
        same(f"{name}, {engine}: clipped box", seen.box(), box_of(reads))
        same(f"{name}, {engine}: pixels", seen.pixels(), int(reads.sum()))
        found += seen.products
    same(f"{name}: pixels of both engines together", covered(found), int(reads.sum()))


def numbers(ranges: str) -> list[int]:
    """The numbers of "0-3, 8"."""
    ends = [list(map(int, part.split("-"))) for part in ranges.split(", ")]
    return [number for pair in ends for number in range(pair[0], pair[-1] + 1)]


def same(what: str, claim: object, truth: object) -> None:
    assert claim == truth, f"{what}: claimed {claim}, truth {truth}"


torch.set_num_threads(1)
