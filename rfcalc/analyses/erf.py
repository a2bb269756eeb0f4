"""The effective receptive field under random weights (Luo 2016): where the energy of a unit's gradient lies, exactly.

`moments` folds (mass, mean, variance) per axis and phase forward through the graph: a window of k taps adds (j d)^2 (k^2-1)/12
to the variance, branches mix with their masses. `marginal` follows one unit back to the input and gives the whole
distribution on one axis. Conventions: see engines/energy.py. After a layer whose mass differs between its phases (bilinear
upsampling), branches are weighted by the mean over the phases of the other axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import lcm, prod, sqrt

from rfcalc.fields.energy import Kernel, factor, spread
from rfcalc.graph import Graph, Node
from rfcalc.record import record

MOST_PHASES = 4096
Phase = tuple[float, float, float]


@record(eq=False)
class Moments:
    """One axis of a layer: (mass, mean, variance) for each phase, in pixels; `period` units lie `advance` pixels apart."""

    period: int
    advance: int
    phases: tuple[Phase, ...]

    def at(self, unit: int) -> Phase:
        """The moments of one unit."""
        turn, phase = divmod(unit, self.period)
        mass, mean, variance = self.phases[phase]
        return mass, mean + turn * self.advance, variance

    @property
    def sigma(self) -> float:
        """Standard deviation in pixels; over phases the root of the mean variance."""
        mass = sum(phase[0] for phase in self.phases)
        return sqrt(max(0.0, sum(phase[0] * phase[2] for phase in self.phases) / mass)) if mass else 0.0


State = tuple[Moments, ...] | None


def moments(graph: Graph, source: int) -> list[State]:
    """For each node the moments per axis of the input node `source`; None where no path without a global layer leads there,
    or where branches of different strides meet."""
    rank = graph.nodes[source].shape.rank
    found: list[State] = []
    known: dict[tuple[Moments, Kernel, float, int], Moments] = {}
    for i, node in enumerate(graph.nodes):
        if node.is_input:
            found.append((Moments(1, 1, ((1.0, 0.0, 0.0),)),) * rank if i == source else None)
            continue
        branches = [branch for branch in _branches(node, found, rank, known) if branch]
        found.append(branches[0] if len(branches) == 1 else _mixed(branches))
    return found


def _branches(
    node: Node, found: Sequence[State], rank: int, known: dict[tuple[Moments, Kernel, float, int], Moments]
) -> Iterator[State]:
    for read in node.reads:
        state, kernels = found[node.inputs[read.source]], spread(node, read, rank)
        if state is None or kernels is None:
            continue
        moved = []
        for axis, (before, kernel) in enumerate(zip(state, kernels, strict=True)):
            others = prod(other.mass for k, other in enumerate(kernels) if k != axis)
            key = (before, kernel, factor(node, read) * others, node.shape.size[axis])
            if key not in known:
                known[key] = _composed(*key)
            moved.append(known[key])
        yield tuple(moved)


def _composed(before: Moments, kernel: Kernel, share: float, units: int) -> Moments:
    """The moments of a layer on one axis, from those of what it reads."""
    if kernel.period == kernel.advance == 1 and kernel.taps[0] == ((0, 1.0),) and share == 1.0:
        return before
    turns = lcm(kernel.advance, before.period) // kernel.advance if kernel.advance else 1
    period = kernel.period * turns
    if period > max(MOST_PHASES, units):
        period = units
    phases = []
    for unit in range(period):
        turn, phase = divmod(unit, kernel.period)
        parts = [(w * share, before.at(tap + turn * kernel.advance)) for tap, w in kernel.taps[phase]]
        phases.append(_mixture([(w * mass, mean, variance) for w, (mass, mean, variance) in parts]))
    advance = before.advance * kernel.advance * period // (kernel.period * before.period)
    return Moments(period, advance, tuple(phases))


def _mixture(parts: Sequence[Phase]) -> Phase:
    mass = sum(part[0] for part in parts)
    if not mass:
        return 0.0, 0.0, 0.0
    mean = sum(part[0] * part[1] for part in parts) / mass
    return mass, mean, sum(part[0] * (part[2] + (part[1] - mean) ** 2) for part in parts) / mass


def _mixed(branches: Sequence[State]) -> State:
    """Branches that meet: masses add up, moments mix; None where there is none, or where strides differ."""
    axes = list(zip(*(branch for branch in branches if branch), strict=True))
    found = []
    for parts in axes:
        if len({part.advance / part.period for part in parts}) > 1:
            return None
        period = lcm(*(part.period for part in parts))
        phases = tuple(_mixture([part.at(unit) for part in parts]) for unit in range(period))
        found.append(Moments(period, parts[0].advance * period // parts[0].period, phases))
    return tuple(found) or None


@record
class Marginal:
    """The distribution of a unit's energy on one axis of the input: shares of the pixels from `start` on; they sum to 1."""

    start: int
    shares: tuple[float, ...]


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
    found = lines[source]
    if found is None or not (total := sum(found[1])):
        return None
    return Marginal(found[0], tuple(share / total for share in found[1]))


def _pulled(line: Line, kernel: Kernel, share: float) -> Line | None:
    """The energy that the units of a layer's input receive."""
    start, energy = line
    if kernel.period == kernel.advance == 1 and kernel.taps[0] == ((0, 1.0),):
        return start, [share * x for x in energy]
    placed: list[tuple[int, float]] = []
    for unit, x in enumerate(energy, start):
        turn, phase = divmod(unit, kernel.period)
        placed += [(tap + turn * kernel.advance, x * share * w) for tap, w in kernel.taps[phase]] if x else []
    if not placed:
        return None
    first, last = min(i for i, _ in placed), max(i for i, _ in placed)
    found = [0.0] * (last - first + 1)
    for i, x in placed:
        found[i - first] += x
    return first, found


def _sum(a: Line | None, b: Line | None) -> Line | None:
    if a is None or b is None:
        return a or b
    first = min(a[0], b[0])
    found = [0.0] * (max(a[0] + len(a[1]), b[0] + len(b[1])) - first)
    for start, energy in (a, b):
        for i, x in enumerate(energy, start - first):
            found[i] += x
    return first, found
