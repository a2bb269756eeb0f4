"""What a store tells of its sweep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from math import prod
from typing import TypeAlias

from rfcalc.record import record

# The values of a param: the start, the end and the step of a range, or each of them as a spec writes it.
Values: TypeAlias = "Sequence[int] | Sequence[str]"
Figures: TypeAlias = Sequence[tuple[str, bool]]

SAME = {
    "specs": "the spec is another one, or has changed",
    "spaces": "the values of the space differ",
    "where": "--where differs",
    "columns": "other figures are kept (--columns, --front)",
    "drawn": "it was not drawn in the same way (--random, --seed)",
    "designs": "the designs are those of another file",
    "rules": "the settings of the rules differ",
}


@record
class Told:
    """A sweep: `specs`, digests of their texts; `spaces`, the values of the params of each; `where`, the condition; `columns`,
    the keys of the figures that are kept; `drawn`, the seed where designs are drawn, `designs`, a digest of those of a file;
    `sources`, the names of the specs; `front`, its figures, each with whether more is better; how many designs are `wanted`;
    `rules`, a digest of the settings by which findings are counted; and whether the sweep is `complete`."""

    specs: Sequence[str]
    spaces: Sequence[Sequence[tuple[str, Values]]]
    where: str
    columns: Sequence[str]
    drawn: int | None
    designs: str | None
    sources: Sequence[str]
    front: Figures
    wanted: int
    rules: str | None = None
    complete: bool = False

    @property
    def identity(self) -> str:
        """What a sweep must agree with to be gone on with."""
        return json.dumps([getattr(self, key) for key in SAME])

    def differs(self, other: Told) -> list[str]:
        """In what another sweep differs, so that it is not this one."""
        return [why for key, why in SAME.items() if json.dumps(getattr(self, key)) != json.dumps(getattr(other, key))]

    @property
    def counts(self) -> list[int]:
        """How many designs there are in the space of each spec."""
        return [prod(size(values) for _, values in space) for space in self.spaces]

    def written(self) -> list[tuple[str, str]]:
        """Its parts as JSON."""
        return [(key, json.dumps(value)) for key, value in asdict(self).items()]


def told(parts: dict[str, str]) -> Told:
    """What was written; raises ValueError, KeyError or TypeError for something else."""
    return Told(**{one.name: json.loads(parts[one.name]) for one in fields(Told)})


def size(values: Values) -> int:
    """How many values there are."""
    found = _range(values)
    return len(values) if found is None else len(found)


def text(values: Values, number: int) -> str:
    """One of the values, as a spec writes it."""
    found = _range(values)
    return str(values[number] if found is None else found[number])


def _range(values: Values) -> range | None:
    numbers = [value for value in values if isinstance(value, int)]
    return range(*numbers) if len(numbers) == 3 else None
