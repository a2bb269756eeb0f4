"""Slots become params of a block: equal ones share a param, multiples of a width are written as such."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rfcalc.converting.merging import Slot, Vector, fill, same, slots
from rfcalc.converting.model import ANY, FLAG, Expr, Param, StepDraft
from rfcalc.language.expressions import FUNCTIONS, LITERALS

WIDTH = "out"  # the family of widths
COUNTED = frozenset((WIDTH, "params", "buffers", "count", "start", "stop", "first"))  # numbers that go with a width
SHORT = {"kernel": "k", "stride": "s", "dilation": "d", "groups": "g", "padding": "p", "repeat": "n", "out": "w"}
USUAL = {"stride": 1, "dilation": 1, "groups": 1}
RESERVED = frozenset((*FUNCTIONS, *LITERALS, *keyword.kwlist, "i", "input", "inputs", "none"))
MOST_PARAMS = 12
MOST_TIMES = 64


@dataclass(eq=False)
class _Group:
    """Slots that share one param, or one expression."""

    family: str
    vector: Vector
    places: list[str]
    slots: list[Slot] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    name: str = ""

    def takes(self, vector: Vector) -> bool:
        """Whether a vector has the same values wherever both have one."""
        return all(a is ANY or b is ANY or same(a, b) for a, b in zip(self.vector, vector, strict=True))

    def fill(self, vector: Vector) -> None:
        """Takes over the values that this one does not have."""
        self.vector = tuple(b if a is ANY else a for a, b in zip(self.vector, vector, strict=True))


def parametrized(steps: list[StepDraft], family_of: Callable[[str, str], str]) -> tuple[list[Param], list[dict[str, object]]]:
    """Fills the slots of steps with expressions; gives the params and, for each piece, the arguments."""
    groups = _groups(steps, family_of)
    values: dict[Slot, Any] = {}
    kept: list[_Group] = []
    for group in sorted(groups, key=_weight):
        text = _derived(group, kept)
        if text:
            values |= dict.fromkeys(group.slots, text)
        else:
            kept.append(group)
    kept.sort(key=groups.index)
    _name(kept)
    for group in kept:
        values |= {slot: Expr(group.name) for slot in group.slots}
    fill(steps, {slot: value.named() if isinstance(value, _Derived) else value for slot, value in values.items()})
    params = [Param(group.name, group.family, _default(group)) for group in kept]
    count = len(kept[0].vector) if kept else 0
    arguments = [{p.name: _argument(g, p, i) for p, g in zip(params, kept, strict=True)} for i in range(count)]
    return params, arguments


def _groups(steps: list[StepDraft], family_of: Callable[[str, str], str]) -> list[_Group]:
    groups: list[_Group] = []
    for slot, word in slots(steps):
        family = slot.family if slot.family in (FLAG, "repeat") else family_of(word, slot.family)
        group = next((g for g in groups if g.family == family and g.takes(slot.vector)), None)
        if group is None:
            group = _Group(family, slot.vector, [])
            groups.append(group)
        group.fill(slot.vector)
        group.places.append(slot.place)
        group.hints.append(slot.family if family != slot.family else "")
        group.slots.append(slot)
    return groups


def _weight(group: _Group) -> tuple[int, int]:
    """Small widths before large ones, which may be multiples of them; flags last, since they may follow from a stride."""
    numbers = [value for value in group.vector if isinstance(value, int)]
    late = 2 if group.family == FLAG else group.family in COUNTED and group.family != WIDTH
    return int(late), sum(numbers) // max(1, len(numbers)) if group.family in COUNTED else 0


@dataclass(eq=False)
class _Derived:
    """An expression over another param, whose name comes later."""

    form: str
    base: _Group

    def named(self) -> Expr:
        return Expr(self.form.format(self.base.name))


def _derived(group: _Group, kept: Sequence[_Group]) -> _Derived | None:
    """A way to say a group's values by those of another one."""
    for base in kept:
        if group.family in COUNTED and base.family == WIDTH:
            times = _times(group.vector, base.vector)
            if times:
                base.fill(tuple(v if v is ANY else v // times for v in group.vector))
                return _Derived(f"{{}}*{times}" if times > 1 else "{}", base)
        elif group.family == FLAG and base.family == "stride" and all(isinstance(v, int) for v in base.vector):
            if group.takes(tuple(v > 1 for v in base.vector)):
                return _Derived("{} > 1", base)
        elif group.family == base.family == FLAG and _contrary(group, base):
            return _Derived("not {}", base)
    return None


def _contrary(group: _Group, base: _Group) -> bool:
    return ANY not in base.vector and group.takes(tuple(not value for value in base.vector))


def _times(vector: Vector, base: Vector) -> int:
    """The whole number that makes one of the other, wherever both are known; 0 if there is none."""
    pairs = [(a, b) for a, b in zip(vector, base, strict=True) if a is not ANY and b is not ANY]
    whole = all(type(a) is int and type(b) is int and a % b == 0 for a, b in pairs)
    ratios = {a // b for a, b in pairs} if whole else set()
    times = ratios.pop() if len(ratios) == 1 else 0
    fits = all(a is ANY or (type(a) is int and times and a % times == 0) for a in vector)
    return times if fits and times <= MOST_TIMES else 0


def _name(groups: Sequence[_Group]) -> None:
    """Names the params, each differently."""
    taken: set[str] = set()
    widths = [group for group in groups if group.family == WIDTH]
    for group in groups:
        stem = SHORT.get(group.family, group.family)
        if all(group.hints) and group.family not in (WIDTH, "stride"):
            stem = group.hints[0]
        elif group.family == FLAG:
            stem = _word(group.places[0])
        elif len(widths) == 2 and group is widths[-1]:
            stem = "out"
        elif len(widths) > 2 and group in widths:
            stem = re.sub(r"\.(conv|0)$", "", group.places[0]).replace(".", "_")
        stem = re.sub(r"\W+", "_", stem).strip("_")[:40] or "x"
        stem = stem if not stem[0].isdigit() and stem not in RESERVED else f"with_{stem}"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}{number}"
        taken.add(name)
        group.name = name


def _word(place: str) -> str:
    """The part of a layer's name that says what it is."""
    parts = [part for part in place.split(".") if not part.isdigit()]
    return re.sub(r"_\d+$", "", parts[0]) if parts else "extra"


def _default(group: _Group) -> Any:
    """What holds where nothing is said; None if each use must say it."""
    known = [value for value in group.vector if value is not ANY]
    if None in known or group.family == WIDTH:
        return None
    if group.family == FLAG:
        return sum(known) * 2 > len(known)
    usual = USUAL.get(group.family)
    if usual in known:
        return usual
    value, count = Counter(map(_Hashed, known)).most_common(1)[0]
    return value.value if 3 * count >= 2 * len(known) and len(known) > 2 else None


class _Hashed:
    """A value as a key that tells 1 from true."""

    def __init__(self, value: object) -> None:
        self.value, self.text = value, repr(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def _argument(group: _Group, param: Param, index: int) -> Any:
    """What one piece gives for a param."""
    value = group.vector[index]
    if value is not ANY:
        return value
    if param.default is not None:
        return param.default
    return next((other for other in group.vector if other is not ANY), None)
