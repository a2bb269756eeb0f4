"""How a layer with random weights spreads the energy (the mean square) of a unit's gradient over what it reads.

Luo, Li, Urtasun, Zemel: "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks", 2016. Squares
of gradients add up where weights are independent and of zero mean. The conventions, per layer, far from every border:

    multiply-accumulates   random weights with He's variance over the fan-in: each tap the same, the energy is kept
                           (a phase of a transposed convolution: in proportion to its taps)
    average pooling        squared weights: n taps keep 1/n of the energy
    interpolation          squared weights, linear or cubic (a = -0.75, as torch), or as the layer states them
    any other window       as max pooling: one of the taps, each as likely; the energy is kept
    sum, product           each branch gets all of it; an element-wise maximum of n: 1/n
    concatenation          each branch in proportion to its channels
    global layers          left out

Correlations between neighbouring gradients, which consecutive averaging layers make without weights between them, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm

from rfcalc.graph import Node
from rfcalc.record import record
from rfcalc.relations.channels import Route
from rfcalc.relations.geometry import IDENTITY, Reach
from rfcalc.relations.read import Read

Taps = tuple[tuple[int, float], ...]
CUBIC = -0.75


def rule_of(node: Node) -> str:
    """Which convention of the module's text a layer follows: random, mean, interpolate or max."""
    if node.cost.macs:
        return "random"
    kinds = [kind for kind, _ in node.cost.elements]
    if any("avg_pool" in kind for kind in kinds):
        return "mean"
    return "interpolate" if any(kind.startswith("upsample_") for kind in kinds) else "max"


def factor(node: Node, read: Read) -> float:
    """The share of a unit's energy that enters one of the layer's reads: by channels where they are placed side by side, by
    chance where the largest is taken."""
    if isinstance(read.channels, Route):
        return len(read.channels.out) / node.shape.channels
    return 1 / len(node.inputs) if any(kind == "max" for kind, _ in node.cost.elements) else 1.0


@record(eq=False)
class Kernel:
    """One axis of a read: for each phase its taps with their shares of the energy; `period` units move them by `advance`."""

    period: int
    advance: int
    taps: tuple[Taps, ...]

    @cached_property
    def mass(self) -> float:
        """The share of the energy that is kept, mean over the phases."""
        return sum(share for taps in self.taps for _, share in taps) / self.period

    @cached_property
    def still(self) -> bool:
        """True if all energy stays where it is."""
        return self.period == self.advance == 1 and self.taps[0] == ((0, 1.0),)


STILL = Kernel(1, 1, (((0, 1.0),),))


def spread(node: Node, read: Read, rank: int) -> tuple[Kernel, ...] | None:
    """The kernel of each axis of a local read; None for a global one. A unit that `phases` leaves out has no taps."""
    rule, weights = rule_of(node), node.op.weights(node.shapes)
    kernels = []
    for axis, reach in enumerate(read.axes or (IDENTITY,) * rank):
        if reach is None:
            return None
        found = kernel(reach, rule) if weights is None else _weighted(reach, weights[axis])
        kernels.append(_phased(found, *read.phases[axis]) if read.phases else found)
    return tuple(kernels)


def _weighted(reach: Reach, weights: Sequence[Sequence[float]]) -> Kernel:
    """The kernel of a layer that states the weights of each unit: their squares. Taps may repeat sooner than weights."""
    squares = [[round(w * w, 12) for w in each] for each in weights]
    turns = len(squares) // reach.period
    turn = next(
        (k for k in range(1, turns) if turns % k == 0 and squares[k * reach.period :] == squares[: -k * reach.period]), turns
    )
    period = turn * reach.period
    taps = tuple(tuple(zip(reach.at(i), squares[i], strict=True)) for i in range(period))
    return Kernel(period, turn * reach.advance, taps)


@lru_cache(maxsize=4096)
def kernel(reach: Reach, rule: str) -> Kernel:
    """The taps of each phase with their shares of the energy, by one of the rules of `rule_of`."""
    mean = sum(map(len, reach.taps)) / reach.period
    weights = []
    for phase, taps in enumerate(reach.taps):
        n = len(taps)
        if rule == "random":
            weights.append(tuple((tap, 1 / mean) for tap in taps))
        elif rule == "interpolate":
            weights.append(tuple(zip(taps, [w * w for w in _weights(reach, phase)], strict=True)))
        else:
            weights.append(tuple((tap, 1 / n / n if rule == "mean" else 1 / n) for tap in taps))
    return Kernel(reach.period, reach.advance, tuple(weights))


@lru_cache(maxsize=1024)
def _phased(kernel: Kernel, period: int, phase: int) -> Kernel:
    """The kernel with taps only for units i with i % period == phase."""
    turns = lcm(kernel.period, period) // kernel.period
    taps = [tuple((tap + turn * kernel.advance, share) for tap, share in each) for turn in range(turns) for each in kernel.taps]
    kept = tuple(each if f % period == phase else () for f, each in enumerate(taps))
    return Kernel(kernel.period * turns, kernel.advance * turns, kept)


def _weights(reach: Reach, phase: int) -> list[float]:
    """The weights of an interpolation; its source position is phase * ratio, with align_corners, or that + (ratio - 1) / 2."""
    taps = reach.taps[phase]
    if len(taps) == 1:
        return [1.0]
    ratio = Fraction(reach.advance, reach.period)
    offset = Fraction(0) if tuple(reach.taps[0]) == (0,) else (ratio - 1) / 2
    source = phase * ratio + offset
    f = float(source - source.__floor__())
    return [1 - f, f] if len(taps) == 2 else [_cubic(abs(f - k)) for k in range(-1, 3)]


def _cubic(x: float) -> float:
    """Keys' cubic convolution kernel."""
    a = CUBIC
    return (a + 2) * x**3 - (a + 3) * x**2 + 1 if x <= 1 else a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
