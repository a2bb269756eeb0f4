"""What a store says of its sweep: the values and the figures of designs, the front, how figures are distributed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from rfcalc.errors import RuleError, did_you_mean, fail
from rfcalc.language.scalars import resolve
from rfcalc.record import record
from rfcalc.sweeping.condition import conditions
from rfcalc.sweeping.draws import permutation
from rfcalc.sweeping.figures import key_of, words
from rfcalc.sweeping.front import front
from rfcalc.sweeping.store import Store
from rfcalc.sweeping.task import BROKEN, KEPT, LEFT
from rfcalc.sweeping.told import Values, size, text

STATES = {KEPT: "kept", LEFT: "left out", BROKEN: "error"}
BINS = 24
SHARES = tuple(k / 20 for k in range(21))  # of the empirical distribution


@record(eq=False)
class Design:
    """A design of a store: what it sets, how it stands to the condition, why it is impossible or what `check` finds, which
    figures are not certain, and the figures."""

    number: int
    source: str
    values: Mapping[str, str]
    state: str
    note: str | None
    about: tuple[str, ...]
    figures: Mapping[str, float | None]


@record(eq=False)
class Distribution:
    """How a figure is distributed over the designs that are within the condition. `absent`: how many do not have it; `at`: its
    value that a share of the designs does not exceed, for each share; `bins`: how many designs lie in each of equal parts of
    the span from the least to the most."""

    figure: str
    count: int
    absent: int
    at: tuple[tuple[float, float], ...]
    bins: tuple[int, ...]


class View:
    """A store to look at. `figures` of its front, each with whether more is better; none for those that it was made with."""

    def __init__(self, store: Store, figures: Sequence[tuple[str, bool]] = (), where: str = "") -> None:
        self.store, self.told = store, store.told
        self.columns = [*store.columns, *store.joined]
        self.figures = list(figures) or [(key, more) for key, more in self.told.front]
        for key, _ in self.figures:
            if key not in self.columns:
                raise RuleError(f"--front: the store keeps no {key}; it keeps {', '.join(self.columns)}")
        if where:
            store.choose(self._within(where))

    @cached_property
    def front(self) -> list[int]:
        """The numbers of the designs that no other one beats."""
        return front(self.store, self.figures)

    @cached_property
    def keys(self) -> list[str]:
        """What differs between designs."""
        if self.told.designs:
            texts = self.store.connection.execute("SELECT text FROM given")
            return list(dict.fromkeys(key for (text,) in texts for key in json.loads(text)))
        return list(dict.fromkeys(key for space in self.told.spaces for key, values in space if size(values) > 1))

    def values(self, number: int) -> tuple[str, dict[str, str]]:
        """The spec of a design, and what it sets."""
        sources = self.told.sources
        if self.told.designs:
            (text,) = self.store.connection.execute("SELECT text FROM given WHERE design = ?", (number,)).fetchone()
            return sources[0], {**self._same(0), **json.loads(text)}
        index = self._index(number)
        for source, space, count in zip(sources, self.told.spaces, self.told.counts, strict=True):
            if index < count:
                return source, _values(space, index)
            index -= count
        raise fail("E505", f"there is no design {number} in {self.store.path}")

    def design(self, number: int) -> Design:
        """A design; raises SpecError where there is none."""
        found = next(self.designs(f"design = {number:d}"), None)
        if found is None:
            raise fail("E505", f"there is no design {number} in {self.store.path or 'the sweep'}")
        return found

    def designs(self, which: str = "1") -> Iterator[Design]:
        """Designs in the order of their numbers."""
        names = "".join(f', "{key}"' for key in self.columns)
        query = (
            f"SELECT design, state, n.text, a.text{names} FROM {self.store.source()}"
            f" LEFT JOIN texts n ON note = n.id LEFT JOIN texts a ON about = a.id WHERE {which} ORDER BY design"
        )
        for number, state, note, about, *figures in self.store.connection.execute(query):
            source, values = self.values(number)
            named = dict(zip(self.columns, figures, strict=True))
            yield Design(number, source, values, STATES[state], note, tuple((about or "").split()), named)

    def some(self, numbers: Sequence[int]) -> list[Design]:
        """Certain designs, in their order."""
        return [one for number in numbers for one in self.designs(f"design = {number:d}")]

    def has_fractions(self, key: str) -> bool:
        """Whether some value of a figure is no whole number."""
        query = f'SELECT EXISTS (SELECT 1 FROM {self.store.source()} WHERE TYPEOF("{key}") = ?)'
        return bool(self.store.connection.execute(query, ("real",)).fetchone()[0])

    def distribution(self, key: str) -> Distribution | None:
        """How a figure is distributed; None where no design has it."""
        execute, source = self.store.connection.execute, self.store.source()
        within = f'FROM {source} WHERE state = {KEPT} AND "{key}" IS NOT NULL'
        summary = f'SELECT COUNT("{key}"), MIN("{key}"), MAX("{key}"), COUNT(*) FROM {source} WHERE state = {KEPT}'
        count, least, most, every = execute(summary).fetchone()
        if not count:
            return None
        ranks = {share: max(1, -int(-share * count // 1)) for share in SHARES}
        ordered, at, before = execute(f'SELECT "{key}" {within} ORDER BY 1'), {}, 0
        for rank in sorted(set(ranks.values())):
            ((at[rank],),) = islice(ordered, rank - before - 1, rank - before)
            before = rank
        width = (most - least) / BINS or 1
        bins = dict(
            execute(
                f'SELECT MIN(CAST(("{key}" - ?) / ? AS INTEGER), ?) b, COUNT(*) {within} GROUP BY b', (least, width, BINS - 1)
            )
        )
        shares = tuple((share, at[rank]) for share, rank in ranks.items())
        return Distribution(key, count, every - count, shares, tuple(bins.get(k, 0) for k in range(BINS)))

    def _index(self, number: int) -> int:
        return number if self.told.drawn is None else self._drawn(number)

    @cached_property
    def _drawn(self) -> Callable[[int], int]:
        return permutation(sum(self.told.counts), self.told.drawn or 0)

    def _same(self, family: int) -> dict[str, str]:
        return {key: text(values, 0) for key, values in self.told.spaces[family]}

    def _within(self, where: str) -> Iterator[int]:
        """The designs that are within a condition, of those within that of the sweep."""
        try:
            parts = conditions(where)
        except RuleError as error:
            raise RuleError(f"--where: {error}") from None
        names = {name for part in parts for name in part.names}
        meant = {name: self._meant(name) for name in sorted(names - set(self.keys))}
        params = names & set(self.keys)
        keys = ", ".join(['"design"', *(f'"{key}"' for key in meant.values())])
        rows = self.store.connection.execute(f"SELECT {keys} FROM {self.store.source()} WHERE state = {KEPT}").fetchall()
        for number, *figures in rows:
            values: dict[str, object] = dict(zip(meant, figures, strict=True))
            if params:
                values |= {key: resolve(text) for key, text in self.values(number)[1].items()}
            if all(part.holds(values) for part in parts):
                yield number

    def _meant(self, name: str) -> str:
        try:
            key = key_of(name, "--where", self.store.joined)
        except RuleError:
            known = [*self.columns, *words(), *self.keys]
            hint = did_you_mean(name, known) or f"the store has {', '.join([*self.columns, *self.keys])}"
            raise RuleError(f'--where: there is no figure and no param "{name[:60]}"; {hint}') from None
        if key not in self.columns:
            raise RuleError(f"--where: the store keeps no {key}; it keeps {', '.join(self.columns)}")
        return key


def _values(space: Sequence[tuple[str, Values]], index: int) -> dict[str, str]:
    found = {}
    for key, values in reversed(space):
        index, number = divmod(index, size(values))
        found[key] = text(values, number)
    return {key: found[key] for key, _ in space}
