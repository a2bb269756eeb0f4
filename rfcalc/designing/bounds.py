"""Lower bounds on what is still to be paid: how a partial design is recognised that cannot become one of the front.

The bounds leave out the hole-free condition and count aims in cells, rounded so that a bound never exceeds the truth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from rfcalc.designing.space import Space, Stage, aim, aims, least_aim

CELLS = 300
CLASSES = 12
NEVER = 1 << 80

# Error in steps, MACs, parameters.
Score = tuple[int, int, int]
# Least MACs and least parameters (each for itself) that add a number of cells, from none on.
Table = list[tuple[int, int]]


class Rest:
    """What the rest of a design must add at least, after `count` blocks of kind number `kind` in stage `number`."""

    def __init__(self, space: Space, plan: Sequence[Stage]) -> None:
        low = least_aim(space, space.target)
        self.space, self.cell = space, low // CELLS + 1
        self.cells = low // self.cell + 1
        self.tables: list[list[list[Table]]] = []
        self.least: list[list[list[int]]] = []
        after: Table = [(0, 0)] + [(NEVER, NEVER)] * (self.cells - 1)
        least = 0
        for stage in reversed(plan):
            moves = [[(aim(space, m), m.macs, m.params) for m in later] for later in stage.later]
            first = [[(aim(space, m), m.macs, m.params) for m in group] for group in stage.first]
            self.tables.append([self._levels(stage, group, after) for group in moves])
            self.least.append([_least(stage, group, least) for group in moves])
            starts = [self._moved(group, table[1]) for group, table in zip(first, self.tables[-1], strict=True)]
            after = [_both(cell) for cell in zip(*starts, strict=True)]
            least = min(min(group)[0] + rest[1] for group, rest in zip(first, self.least[-1], strict=True))
        self.tables.reverse()
        self.least.reverse()

    def cost(self, number: int, kind: int, count: int, needed: int) -> tuple[int, int]:
        """The least MACs, and the least parameters, that add at least `needed` to the aim."""
        return self.tables[number][kind][count][needed // self.cell if needed > 0 else 0]

    def _levels(self, stage: Stage, moves: Sequence[tuple[int, int, int]], after: Table) -> list[Table]:
        never: Table = [(NEVER, NEVER)] * self.cells
        levels = [never] * (stage.most + 1)
        for count in range(stage.most, 0, -1):
            stop = after if count >= stage.least else never
            more = self._moved(moves, levels[count + 1]) if count < stage.most else never
            levels[count] = [_both(pair) for pair in zip(stop, more, strict=True)]
        return levels

    def _moved(self, moves: Sequence[tuple[int, int, int]], table: Table) -> Table:
        jumps = [(-(-add // self.cell), macs, params) for add, macs, params in moves]
        return [
            _both(
                [(table[max(0, cell - jump)][0] + macs, table[max(0, cell - jump)][1] + params) for jump, macs, params in jumps]
            )
            for cell in range(self.cells)
        ]


def _both(pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def _least(stage: Stage, moves: Sequence[tuple[int, int, int]], after: int) -> list[int]:
    each = min(moves)[0] if moves else 0
    return [after + each * max(0, stage.least - count) for count in range(stage.most + 1)]


class Goals:
    """What a design must beat: known designs, by classes of error, within the space's tolerance and limits."""

    def __init__(self, space: Space, rest: Rest, known: Sequence[Score]) -> None:
        self.rest = rest
        self.macs = NEVER - 1 if space.limits.macs is None else space.limits.macs
        self.params = NEVER - 1 if space.limits.params is None else space.limits.params
        errors = sorted({score[0] for score in known} | {0})
        starts = errors[:: -(-len(errors) // CLASSES)]
        ends = [*[start - 1 for start in starts[1:]], space.slack]
        # For each class, nearest first: its least and largest aim, and the MACs and parameters of the designs to beat.
        self.classes = [(*aims(space, end), *_stair(known, start)) for start, end in zip(starts, ends, strict=True)]

    def within(self, aim: int, macs: int, params: int, number: int, kind: int, count: int) -> bool:
        """False if no completion is within the limits and the tolerance, or if each is matched by a known design."""
        least = aim + self.rest.least[number][kind][count]
        table, cell = self.rest.tables[number][kind][count], self.rest.cell
        for low, high, costs, lowest in self.classes:
            if least > high:
                continue
            more, extra = table[(low - aim) // cell if low > aim else 0]
            if macs + more > self.macs or params + extra > self.params:
                continue
            at = bisect_right(costs, macs + more)
            if not at or lowest[at - 1] > params + extra:
                return True
        return False


def _stair(known: Sequence[Score], error: int) -> tuple[list[int], list[int]]:
    """Ascending MACs, and descending parameters, of the designs with at most this error."""
    costs: list[int] = []
    lowest: list[int] = []
    for _, macs, params in sorted((score for score in known if score[0] <= error), key=itemgetter(1, 2)):
        if not lowest or params < lowest[-1]:
            costs.append(macs)
            lowest.append(params)
    return costs, lowest
