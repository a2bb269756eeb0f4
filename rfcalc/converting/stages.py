"""Networks whose names are only numbers: what repeats gets names as if it had been written as modules.

`conv13, conv14, shortcut15, conv16, conv17, shortcut18` become `stage2.0.conv1, stage2.0.conv2, stage2.0.add,
stage2.1.conv1, ...`, in which the search for blocks finds what it finds in the names of modules.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rfcalc.converting.model import Item

LONGEST, FEWEST = 40, 3  # layers of a unit; lines that a repeat must save
WIDTHS = frozenset(("out", "params", "buffers"))
Token = tuple[Any, ...]


def numbered(items: Sequence[Item]) -> bool:
    """Whether the names say nothing: a word and a number that goes up, for each word or over all."""
    last: dict[str, int] = {}
    for item in items:
        match = re.fullmatch(r"((?:\D|[123]d)*?)_?(\d*)", item.name)
        if match is None or "." in item.name:
            return False
        number = int(match[2] or 0)
        if number <= last.get(match[1], -1):
            return False
        last[match[1]] = number
    return len(items) > 2 * FEWEST


def staged(items: list[Item]) -> list[Item]:
    """The same items, those in repeated pieces with names in stages."""
    exact, loose = tokens(items, frozenset()), tokens(items, WIDTHS)
    pieces = _repeats(exact, items)
    taken = {i for start, size, count in pieces for i in range(start, start + size * count)}
    shapes = sorted({tuple(loose[start : start + size]) for start, size, _ in pieces}, key=len, reverse=True)
    at = 0
    while at < len(items):
        shape = next((s for s in shapes if tuple(loose[at : at + len(s)]) == s and _closed(items, at, len(s))), None)
        if shape is None or taken.intersection(range(at, at + len(shape))):
            at += 1
        else:
            pieces.append((at, len(shape), 1))
            at += len(shape)
    renamed = list(items)
    for number, (start, size, count) in enumerate(sorted(pieces), 1):
        for turn in range(count):
            unit = range(start + turn * size, start + (turn + 1) * size)
            for i, name in zip(unit, _names([items[i] for i in unit]), strict=True):
                renamed[i] = replace(items[i], name=f"stage{number}.{turn}.{name}")
    return renamed


def tokens(items: Sequence[Item], without: frozenset[str]) -> list[Token]:
    """What each item is, and how far before it lies what it reads."""
    places = {item.last: i for i, item in enumerate(items)}
    return [
        (
            item.word,
            tuple((key, repr(value)) for key, value in item.settings.items() if key not in without),
            tuple(i - places.get(node, -1) for node in item.reads),
        )
        for i, item in enumerate(items)
    ]


def _repeats(exact: Sequence[Token], items: Sequence[Item]) -> list[tuple[int, int, int]]:
    """Where units begin that follow themselves, their sizes and how often they are there; each saves the most that it can."""
    repeats = []
    at = 0
    while at < len(exact):
        best = (FEWEST - 1, 0, 0)
        for size in range(2, min(LONGEST, (len(exact) - at) // 2) + 1):
            count = 1
            while exact[at + count * size : at + (count + 1) * size] == exact[at : at + size]:
                count += 1
            if count > 1 and (count - 1) * size > best[0] and all(_closed(items, at + k * size, size) for k in range(count)):
                best = ((count - 1) * size, size, count)
        _, size, count = best
        if count and _starts_best(exact, at, size, count):
            repeats.append((at, size, count))
            at += size * count
        else:
            at += 1
    return repeats


def _starts_best(exact: Sequence[Token], at: int, size: int, count: int) -> bool:
    """Whether a unit ends with a merge, or no rotation of it does that is repeated as often (a block ends with its sum)."""
    merges = [i for i in range(size) if len(exact[at + i][2]) > 1]
    if not merges or merges[-1] == size - 1:
        return True
    shift = merges[-1] + 1
    return exact[at + shift : at + shift + size * (count - 1)] != exact[at + shift + size : at + shift + size * count]


def _closed(items: Sequence[Item], start: int, size: int) -> bool:
    """Whether a unit reads nothing but its own layers and what lies just before it."""
    unit = items[start : start + size]
    if not start:
        return False
    known = {items[start - 1].last}
    for item in unit:
        if not item.reads or not known.issuperset(item.reads):
            return False
        known.add(item.last)
    return True


def _names(unit: Sequence[Item]) -> list[str]:
    """Names within a unit: the word, with a number if there are several."""
    counts = Counter(item.word for item in unit)
    seen: Counter[str] = Counter()
    names = []
    for item in unit:
        seen[item.word] += 1
        names.append(f"{item.word}{seen[item.word]}" if counts[item.word] > 1 else item.word)
    return names
