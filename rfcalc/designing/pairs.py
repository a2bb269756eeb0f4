"""Two numbers of a design moved at once: which pairs of values are worth trying, by what each number does alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from rfcalc.designing.knobs import Knob
from rfcalc.record import record

Point = tuple[int, int, int]  # field, MACs, parameters


@record
class Course:
    """A number that moves the field, in steps of `step`, at most `most` of them, and the figures after how many steps they
    are `known`: none, one, and others."""

    knob: Knob
    step: int
    most: int
    known: Mapping[int, Point]

    @property
    def growth(self) -> int:
        """Pixels of the field by step."""
        return self.known[1][0] - self.known[0][0]

    def value(self, steps: int) -> tuple[Knob, int]:
        """The number after so many steps."""
        return self.knob, self.knob.value + steps * self.step

    def added(self, steps: int) -> tuple[float, float]:
        """MACs and parameters more after so many steps: the parabola through the known points, as the cost of a kernel is."""
        far = max(self.known)
        (_, *none), (_, *one), (_, *other) = (self.known[n] for n in (0, 1, far))
        macs, params = (_parabola(b - a, c - a, far, steps) for a, b, c in zip(none, one, other, strict=True))
        return macs, params


def _parabola(one: int, other: int, far: int, x: int) -> float:
    """At x, the parabola that is 0 at 0, `one` at 1 and `other` at `far`."""
    bend = (other - far * one) / (far * (far - 1)) if far > 1 else 0.0
    return bend * x * x + (one - bend) * x


Pair = tuple[Course, int, Course, int]


def predicted(courses: Sequence[Course], target: int, slack: int, counts: Sequence[int], below: float) -> Iterator[Pair]:
    """Two numbers, each with its steps, that should come within `slack` of the target and cost less than `below` times the
    design as it is, the cheapest first; the first goes one of `counts` steps towards the target (away from it, if negative).
    Of two numbers of one layer only the trial tells what they do together."""
    pairs: dict[frozenset[tuple[Knob, int]], tuple[float, int, int, Pair]] = {}
    for a, b in permutations(courses, 2):
        base, macs, params = a.known[0]
        for n in counts:
            if not (1 <= a.value(n)[1] <= a.knob.highest):
                continue
            left = target - base - n * a.growth
            for m in {left // b.growth, -(-left // b.growth)}:
                off = abs(m * b.growth - left)
                if not 1 <= m <= b.most or (off > slack and a.knob.where != b.knob.where):
                    continue
                more = [x + y for x, y in zip(a.added(n), b.added(m), strict=True)]
                cost = (1 + more[0] / max(1, macs)) * (1 + more[1] / max(1, params))
                if cost < below:
                    pairs.setdefault(frozenset((a.value(n), b.value(m))), (cost, off, len(pairs), (a, n, b, m)))
    for *_, pair in sorted(pairs.values(), key=lambda entry: entry[:3]):
        yield pair
