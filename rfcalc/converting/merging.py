"""Several pieces of a network that are nearly equal become one list of steps; where they differ stand slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rfcalc.converting.model import ANY, FLAG, First, Mismatch, StepDraft, walk

Vector = tuple[Any, ...]


@dataclass(eq=False)
class Slot:
    """A place for a param: what each piece has there. `family`: values of one family may share a param."""

    vector: Vector
    family: str
    place: str


def merged(pieces: Sequence[list[StepDraft]]) -> list[StepDraft]:
    """One list of steps for all pieces, with Slots where they differ; raises Mismatch."""
    steps = _lists(list(pieces))
    names = [step.name for step in walk(steps) if step.name]
    if len(set(names)) < len(names):
        raise Mismatch("a layer lies on a path in one piece and not in another")
    for step in walk(steps):
        if step.repeat is not None and any(name.startswith(f"{step.name}.") for name in names):
            raise Mismatch(f"{step.name} is repeated in one piece only")
    return steps


def skeleton(steps: Sequence[StepDraft]) -> Any:
    """What is left of steps without their settings: equal skeletons always merge."""
    return tuple(
        (*step.key, step.reads, step.previous, tuple(skeleton(path) for path in step.paths.values())) for step in steps
    )


def _lists(pieces: Sequence[list[StepDraft] | None]) -> list[StepDraft]:
    """Merges lists; None stands for a piece that has no such list."""
    columns: dict[object, list[StepDraft | None]] = {}
    for number, piece in enumerate(pieces):
        for step in piece or ():
            column = columns.setdefault(step.key, [None] * len(pieces))
            if column[number] is not None:
                raise Mismatch(f"{step.name} is there twice")
            column[number] = step
    asked = [piece is not None for piece in pieces]
    return [_column(columns[key], asked) for key in _order([[step.key for step in piece or ()] for piece in pieces])]


def _order(lists: Sequence[list[object]]) -> list[object]:
    """One order that all lists keep; raises Mismatch."""
    before: dict[object, set[object]] = {}
    for keys in dict.fromkeys(map(tuple, lists)):
        for i, key in enumerate(keys):
            before.setdefault(key, set()).update(keys[:i][-1:])
    order: dict[object, None] = {}
    while len(order) < len(before):
        ready = next((key for key, needed in before.items() if key not in order and needed <= order.keys()), None)
        if ready is None:
            raise Mismatch("the order differs")
        order[ready] = None
    return list(order)


def _column(column: Sequence[StepDraft | None], asked: Sequence[bool]) -> StepDraft:
    """One step from those of the pieces that have it."""
    there = [step for step in column if step is not None]
    first = there[0]
    if any(step.previous != first.previous or step.reads != first.reads for step in there):
        raise Mismatch(f"{first.name} reads other layers")
    made = StepDraft(first.name, first.word, {}, first.reads, first.previous, prefix=first.prefix)
    made.weights = first.weights
    made.outs = frozenset().union(*(step.outs for step in there))
    made.needs = frozenset().union(*(step.needs for step in there))
    presence = tuple((step is not None) if wanted else ANY for step, wanted in zip(column, asked, strict=True))
    if False in presence:
        made.when = Slot(presence, FLAG, first.name)
    for name in first.settings:
        vector = tuple(ANY if step is None else step.settings[name] for step in column)
        made.settings[name] = _value(vector, name, first.name)
    if first.repeat is not None:
        made.repeat = _value(tuple(ANY if step is None else step.repeat for step in column), "repeat", first.name)
    for key in first.paths:
        made.paths[key] = _lists([None if step is None else step.paths[key] for step in column])
    return made


def _value(vector: Vector, setting: str, place: str) -> Any:
    """The value that all pieces have, or a slot; First is taken apart."""
    if any(isinstance(value, First) for value in vector):
        first = tuple(value.first if isinstance(value, First) else value for value in vector)
        later = tuple(value.later if isinstance(value, First) else value for value in vector)
        if first != later:
            return First(_value(first, setting, place), _value(later, setting, place))
    known = next((value for value in vector if value is not ANY), ANY)
    if all(value is ANY or same(value, known) for value in vector):
        return known
    if any(hasattr(value, "text") for value in vector):
        raise Mismatch(f"{place}: {setting} depends on the turn")
    return Slot(vector, setting, place)


def same(a: object, b: object) -> bool:
    """Whether two values are written alike: 1 and true are not."""
    return type(a) is type(b) and bool(a == b)


def slots(steps: Sequence[StepDraft]) -> Iterator[tuple[Slot, str]]:
    """All slots, each with the word of its step."""
    for step in walk(list(steps)):
        for value in (step.when, *step.settings.values(), step.repeat):
            for part in (value.first, value.later) if isinstance(value, First) else (value,):
                if isinstance(part, Slot):
                    yield part, step.word


def fill(steps: Sequence[StepDraft], values: Mapping[Slot, Any]) -> None:
    """Puts values in the place of slots."""

    def filled(value: object) -> Any:
        if isinstance(value, First):
            return First(filled(value.first), filled(value.later))
        return values[value] if isinstance(value, Slot) else value

    for step in walk(list(steps)):
        step.when, step.repeat = filled(step.when), filled(step.repeat)
        step.settings = {name: filled(value) for name, value in step.settings.items()}
