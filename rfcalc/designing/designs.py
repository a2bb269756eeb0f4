"""The exact Pareto front of a space of designs over (error of the field, MACs, parameters), by dynamic programming.

Within a stage every block but the first reads the same shape, so that only the multiset of its blocks matters: the
blocks are placed by ascending dilation, which meets the hole-free condition if any order does. Labels of equal aim (the
field, or the spread of the effective field) that are worse in every cost are dropped; what is left at the end is the
front. Coarse passes, in which similar aims share a bucket, find designs to beat; the last pass is exact and drops what
cannot beat them any more. Source of the hole-free condition: taps that are `gap` pixels apart, on a support of `field`
pixels without holes, leave none if gap <= field.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import itemgetter

from rfcalc.designing.blocks import BlockChoice, Move
from rfcalc.designing.bounds import Goals, Rest, Score
from rfcalc.designing.space import Design, Space, Stage, aim, aims, error, measure, stages
from rfcalc.errors import RuleError
from rfcalc.progress import each

# The way to a partial design: the way to the one before, the stage, the block.
Trace = tuple["Trace | None", int, BlockChoice]
# A partial design: MACs, parameters, depth, minus its field (less is better in all four; the last two stay 0 where no
# limit and no condition asks for them), its aim, and the way to it.
Label = tuple[int, int, int, int, int, "Trace | None"]
Bucket = dict[int, list[Label]]

# The coarse passes: how many buckets, and how many labels each may keep.
PASSES = ((64, 8), (512, 8), (4096, 8))
MOST_LABELS = 20_000_000


def front(space: Space) -> list[Design]:
    """Every design within the tolerance that no other one beats, nearest to the target first, then cheapest.

    The list is empty if the limits, or the tolerance, exclude all. Raises RuleError for a space that is too large to search.
    """
    plan = stages(space)
    rest, most = Rest(space, plan), aims(space, space.slack)[1]
    known: list[tuple[Score, Label]] = []
    for buckets, beam in PASSES:
        if most // buckets > 1:
            known = _best([*known, *_Search(space, plan, rest, known, most // buckets, beam).run()])
    known = _best([*known, *_Search(space, plan, rest, known).run()])
    return [measure(space, _chosen(label, len(plan))) for _, label in known]


class _Search:
    """One pass over the stages; `grain` neighbouring aims share a bucket, which keeps `beam` labels (0: all)."""

    def __init__(
        self, space: Space, plan: list[Stage], rest: Rest, known: list[tuple[Score, Label]], grain: int = 1, beam: int = 0
    ) -> None:
        self.space, self.plan, self.grain, self.beam = space, plan, grain, beam
        self.goals = Goals(space, rest, [score for score, _ in known])
        self.effective, self.whole, self.depth = space.effective, not space.holes, space.limits.depth
        self.follow = self.effective and self.whole
        self.looked = 0
        # Minus the field from which on no block of this stage or a later one can leave holes: more of it is of no use.
        self.enough = [
            -max(_needs(stage.later), *(_needs(s.first + s.later) for s in plan[n + 1 :]), 1) for n, stage in enumerate(plan)
        ]

    def run(self) -> list[tuple[Score, Label]]:
        """The complete designs that were not dropped, with their scores."""
        field = -1 if self.follow else 0
        bucket: Bucket = {0: [(0, 0, 0, field, 0 if self.effective else 1, None)]}
        for number in each("searching designs, stage by stage", range(len(self.plan))):
            bucket = self.stage(bucket, number)
        labels = [label for labels_of_bucket in bucket.values() for label in labels_of_bucket]
        low, high = aims(self.space, self.space.slack)
        return [((error(self.space, x[4]), x[0], x[1]), x) for x in labels if low <= x[4] <= high]

    def stage(self, bucket: Bucket, number: int) -> Bucket:
        """The labels at the end of a stage, from those at its beginning."""
        done: Bucket = {}
        stage = self.plan[number]
        for kind, (first, later) in enumerate(zip(stage.first, stage.later, strict=True)):
            levels: list[Bucket] = [{} for _ in range(stage.most + 1)]
            for move in first:
                self.extend(bucket, move, levels[1], (number, kind, 1))
            for move in later:
                for count in range(1, stage.most):
                    self.extend(levels[count], move, levels[count + 1], (number, kind, count + 1))
            for level in levels[stage.least :]:
                for key, labels in level.items():
                    done[key] = self.thin(done[key] + labels) if key in done else labels
        return done

    def extend(self, bucket: Bucket, move: Move, into: Bucket, place: tuple[int, int, int]) -> None:
        """Places one more block on each label, and keeps in `into` what is promising and not beaten there."""
        touched: Bucket = {}
        self.looked += sum(map(len, bucket.values()))
        if self.looked > MOST_LABELS:
            raise RuleError("too many designs to compare; allow fewer kernels, dilations, blocks or layers, or less tolerance")
        add, enough = aim(self.space, move), self.enough[place[0]]
        deeper = move.depth if self.depth is not None else 0
        for label in chain.from_iterable(bucket.values()):
            macs, params, depth, field, aimed, trace = label
            if self.whole and (-field if self.follow else aimed) < move.need:
                continue
            macs, params, depth, aimed = macs + move.macs, params + move.params, depth + deeper, aimed + add
            if not self.goals.within(aimed, macs, params, *place) or (self.depth is not None and depth > self.depth):
                continue
            field = max(field - move.growth, enough) if self.follow else 0
            touched.setdefault(aimed // self.grain, []).append(
                (macs, params, depth, field, aimed, (trace, place[0], move.unit))
            )
        for key, labels in touched.items():
            into[key] = self.thin(into[key] + labels) if key in into else self.thin(labels)

    def thin(self, labels: list[Label]) -> list[Label]:
        """The labels that no other one matches or beats in every cost; the first of equals stays."""
        if len(labels) == 1:
            return labels
        labels.sort(key=itemgetter(0, 1, 2, 3))
        kept: list[Label] = []
        fewest: dict[tuple[int, int], int] = {}  # parameters, by depth and field
        for label in labels:
            _, params, depth, field, _, _ = label
            if not any(least <= params and d <= depth and f <= field for (d, f), least in fewest.items()):
                fewest[depth, field] = params
                kept.append(label)
        if 0 < self.beam < len(kept):
            return [kept[i * len(kept) // self.beam] for i in range(self.beam)]
        return kept


def _needs(groups: Iterable[Iterable[Move]]) -> int:
    """The least field at which none of the moves leaves holes."""
    return max((move.need for group in groups for move in group), default=1)


def _best(ends: Iterable[tuple[Score, Label]]) -> list[tuple[Score, Label]]:
    """The designs that no other one matches or beats in error, MACs and parameters, by ascending error."""
    kept: list[tuple[Score, Label]] = []
    for score, label in sorted(ends, key=itemgetter(0)):
        if not any(other[1] <= score[1] and other[2] <= score[2] for other, _ in kept):
            kept.append((score, label))
    return kept


def _chosen(label: Label, count: int) -> tuple[tuple[BlockChoice, ...], ...]:
    """The blocks of each stage that led to a label."""
    chosen: list[list[BlockChoice]] = [[] for _ in range(count)]
    trace = label[5]
    while trace is not None:
        trace, number, unit = trace
        chosen[number].append(unit)
    return tuple(tuple(reversed(units)) for units in chosen)
