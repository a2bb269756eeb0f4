"""Lanes beside lines that read each other: no two skips that pass the same line share one."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.record import record


@record
class Skip:
    """What line `reader` reads of line `source`, and the lane that it takes; -1: from a line to the next one."""

    source: int
    reader: int
    lane: int


def lanes(reads: Sequence[Sequence[int]]) -> list[Skip]:
    """For each line the lines above that it reads, as skips: short ones in the inner lanes. Those of one line share a lane."""
    far: dict[int, list[int]] = {}
    near: list[Skip] = []
    for reader, sources in enumerate(reads):
        for source in sources:
            if source == reader - 1:
                near.append(Skip(source, reader, -1))
            else:
                far.setdefault(source, []).append(reader)
    taken: list[list[tuple[int, int]]] = []
    found: list[Skip] = []
    for source, readers in sorted(far.items(), key=lambda one: (max(one[1]) - one[0], one[0])):
        last = max(readers)
        lane = next((k for k, lane in enumerate(taken) if all(last <= a or b <= source for a, b in lane)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((source, last))
        found += [Skip(source, reader, lane) for reader in readers]
    return near + found
