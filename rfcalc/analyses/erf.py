"""The effective receptive field under random weights (Luo 2016): where the energy of a unit's gradient lies, exactly.

`moments` folds (mass, mean, variance) per axis and phase forward through the graph: a window of k taps adds (j d)^2 (k^2-1)/12
to the variance, branches mix with their masses. `marginal` follows one unit back to the input and gives the whole
distribution on one axis. Conventions: see fields/energy.py. After a layer whose mass differs between its phases (bilinear
upsampling), branches are weighted by the mean over the phases of the other axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm, prod, sqrt

from rfcalc.fields.beyond import settle
from rfcalc.fields.energy import STILL, Kernel, factor, spread
from rfcalc.graph import Graph, Node
from rfcalc.record import record

MOST_PHASES = 4096
Phase = tuple[float, float, float]
Part = tuple["Moments", Kernel, float]


@record(eq=False)
class Moments:
    """One axis of a layer: (mass, mean, variance) for each phase, in pixels; `period` units lie `advance` pixels apart.

    A period of 0: no two units are alike, because branches of different strides meet. Then, and where there are too many
    phases, `phases` holds the units of the layer, and `made_of` says what others are made of: (moments, kernel, share).
    """

    period: int
    advance: int
    phases: tuple[Phase, ...]
    made_of: tuple[Part, ...] = ()

    def at(self, unit: int) -> Phase:
        """The moments of one unit."""
        turn, phase = divmod(unit, self.period) if self.period else (0, unit)
        if not 0 <= phase < len(self.phases):
            settle(self, unit)
            return self._others[unit]
        mass, mean, variance = self.phases[phase]
        return mass, mean + turn * self.advance, variance

    @cached_property
    def _others(self) -> dict[int, Phase]:
        return {}

    def knows(self, unit: int) -> bool:
        """True if a unit's moments are listed or remembered."""
        return 0 <= (unit % self.period if self.period else unit) < len(self.phases) or unit in self._others

    def parts(self, unit: int) -> list[tuple[Moments, int]]:
        """The units that a unit is made of."""
        return [(before, j) for before, j, _ in _shares(self.made_of, unit)]

    def learn(self, unit: int) -> None:
        """Remembers a unit's moments; all its parts must be known."""
        self._others[unit] = _mixture(self.made_of, unit)

    @property
    def sigma(self) -> float:
        """Standard deviation in pixels; over phases, or the units of the layer, the root of the mean variance."""
        mass = sum(phase[0] for phase in self.phases)
        return sqrt(max(0.0, sum(phase[0] * phase[2] for phase in self.phases) / mass)) if mass else 0.0


State = tuple[Moments, ...] | None


def moments(graph: Graph, source: int) -> list[State]:
    """For each node the moments per axis of the input node `source`; None where no path without a global layer leads there."""
    rank = graph.nodes[source].shape.rank
    states: list[State] = []
    known: dict[tuple[Part, int], Moments] = {}
    for i, node in enumerate(graph.nodes):
        if node.is_input:
            states.append((Moments(1, 1, ((1.0, 0.0, 0.0),)),) * rank if i == source else None)
            continue
        branches = list(_branches(node, states, rank, known))
        axes = zip(zip(*branches, strict=True), node.shape.size, strict=False)
        states.append(tuple(_mixed(parts, units) for parts, units in axes) or None)
    return states


def deviations(graph: Graph, source: int) -> list[tuple[float, ...]]:
    """For each node sigma per axis of its effective field; empty where `moments` has none."""
    return [tuple(axis.sigma for axis in state or ()) for state in moments(graph, source)]


def _branches(node: Node, found: Sequence[State], rank: int, known: dict[tuple[Part, int], Moments]) -> Iterator[State]:
    for read in node.reads:
        state, kernels = found[node.inputs[read.source]], spread(node, read, rank)
        if state is None or kernels is None:
            continue
        moved = []
        for axis, (before, kernel) in enumerate(zip(state, kernels, strict=True)):
            others = prod(other.mass for k, other in enumerate(kernels) if k != axis)
            key = ((before, kernel, factor(node, read) * others), node.shape.size[axis])
            if key not in known:
                known[key] = _composed(*key)
            moved.append(known[key])
        yield tuple(moved)


def _composed(part: Part, units: int) -> Moments:
    """The moments of a layer of `units` units on one axis, from those of what it reads."""
    before, kernel, share = part
    if kernel.still and share == 1.0:
        return before
    turns = lcm(kernel.advance, before.period) // kernel.advance if kernel.advance else 1
    advance = before.advance * kernel.advance * turns // before.period if before.period else 0
    return _listed(kernel.period * turns, advance, (part,), units)


def _mixed(branches: Sequence[Moments], units: int) -> Moments:
    """Branches that meet in a layer of `units` units: masses add up, moments mix."""
    if len(branches) == 1:
        return branches[0]
    rates = {Fraction(part.advance, part.period) if part.period else None for part in branches}
    period = lcm(*(part.period for part in branches)) if len(rates) == 1 else 0
    advance = branches[0].advance * period // branches[0].period if period else 0
    return _listed(period, advance, tuple((part, STILL, 1.0) for part in branches), units)


def _listed(period: int, advance: int, parts: tuple[Part, ...], units: int) -> Moments:
    """Moments made of parts: those of each phase if these are few, else of each unit."""
    few = 0 < period <= max(MOST_PHASES, units)
    phases = tuple(_mixture(parts, unit) for unit in range(period if few else units))
    return Moments(period, advance, phases, () if few else parts)


def _shares(parts: Sequence[Part], unit: int) -> Iterator[tuple[Moments, int, float]]:
    """The units that a unit is made of, with what it takes of the energy of each."""
    for before, kernel, share in parts:
        turn, phase = divmod(unit, kernel.period)
        for tap, weight in kernel.taps[phase]:
            yield before, tap + turn * kernel.advance, weight * share


def _mixture(parts: Sequence[Part], unit: int) -> Phase:
    """The moments of a unit made of parts."""
    parts_of_mixture = [(share, before.at(j)) for before, j, share in _shares(parts, unit)]
    mass = sum(share * at[0] for share, at in parts_of_mixture)
    if not mass:
        return 0.0, 0.0, 0.0
    mean = sum(share * at[0] * at[1] for share, at in parts_of_mixture) / mass
    return mass, mean, sum(share * at[0] * (at[2] + (at[1] - mean) ** 2) for share, at in parts_of_mixture) / mass


@record
class Marginal:
    """The distribution of a unit's energy on one axis of the input: shares of the pixels from `start` on; they sum to 1."""

    start: int
    shares: tuple[float, ...]


@record
class EffectiveField:
    """The effective field of a unit of node `target`: its distribution per axis, None where nothing local is read."""

    target: int
    unit: tuple[int, ...]
    marginals: tuple[Marginal | None, ...]


def effective_field(graph: Graph, target: int, source: int) -> EffectiveField:
    """The effective field of a node's centre unit on the input node `source`."""
    unit = tuple(n // 2 for n in graph.nodes[target].shape.size)
    return EffectiveField(target, unit, tuple(marginal(graph, target, source, axis, i) for axis, i in enumerate(unit)))


Line = tuple[int, list[float]]


def marginal(graph: Graph, target: int, source: int, axis: int, unit: int) -> Marginal | None:
    """Where the energy of a unit's gradient lies on one axis, far from every border; None where nothing local is read."""
    rank = graph.nodes[source].shape.rank
    lines: list[Line | None] = [None] * (target + 1)
    lines[target] = (unit, [1.0])
    for i in range(target, source, -1):
        line, node = lines[i], graph.nodes[i]
        lines[i] = None
        for read in node.reads if line else ():
            kernels = spread(node, read, rank)
            if kernels is None or line is None:
                continue
            others = prod(other.mass for k, other in enumerate(kernels) if k != axis)
            j = node.inputs[read.source]
            lines[j] = _sum(lines[j], _pulled(line, kernels[axis], factor(node, read) * others))
    along_axis = lines[source]
    if along_axis is None or not (total := sum(along_axis[1])):
        return None
    return Marginal(along_axis[0], tuple(share / total for share in along_axis[1]))


def _pulled(line: Line, kernel: Kernel, share: float) -> Line | None:
    """The energy that the units of a layer's input receive."""
    start, energy = line
    if kernel.still:
        return start, [share * x for x in energy]
    placed: list[tuple[int, float]] = []
    for unit, x in enumerate(energy, start):
        turn, phase = divmod(unit, kernel.period)
        placed += [(tap + turn * kernel.advance, x * share * w) for tap, w in kernel.taps[phase]] if x else []
    if not placed:
        return None
    first, last = min(i for i, _ in placed), max(i for i, _ in placed)
    weights = [0.0] * (last - first + 1)
    for i, x in placed:
        weights[i - first] += x
    return first, weights


def _sum(a: Line | None, b: Line | None) -> Line | None:
    if a is None or b is None:
        return a or b
    first = min(a[0], b[0])
    weights = [0.0] * (max(a[0] + len(a[1]), b[0] + len(b[1])) - first)
    for start, energy in (a, b):
        for i, x in enumerate(energy, start - first):
            weights[i] += x
    return first, weights
