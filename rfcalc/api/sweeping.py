"""Design spaces: sweep."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, cast
from weakref import finalize

from rfcalc.api.shown import Shown
from rfcalc.api.sources import NOTHING, is_text, load
from rfcalc.api.words import in_python, size_text, texts, yaml_text
from rfcalc.errors import RuleError, fail
from rfcalc.record import replace
from rfcalc.sweeping import designs as chosen
from rfcalc.sweeping.executors import DASK
from rfcalc.sweeping.plan import Asked, Plan, params_of, planned_here
from rfcalc.sweeping.run import Way, run
from rfcalc.sweeping.store import Store, made, opened
from rfcalc.sweeping.view import Design, View

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from rfcalc.api.words import OneSize
    from rfcalc.graph import Graph
    from rfcalc.report.tables import Report
    from rfcalc.sweeping.plan import Spec

    Spaces = str | os.PathLike[str] | Mapping[str, object]


class Sweep(Shown):
    """The designs of a space, in the order of their numbers: len and iteration are of all of them, `sweep[17]` is the design of
    that number. `front`: those that no other one beats; `columns`: the figures that each has. str is the command's table."""

    def __init__(self, store: Store, specs: Mapping[str, Spaces]) -> None:
        self._view, self._specs = View(store), specs
        self.columns = tuple(self._view.columns)
        finalize(self, store.close)

    @cached_property
    def front(self) -> tuple[Design, ...]:
        """The designs that no other one beats."""
        return tuple(self._view.some(self._view.front))

    def graph(self, design: Design) -> Graph:
        """The network of a design, for every other function: `rfcalc.to_yaml(sweep.graph(design))` is its spec. Raises
        SpecError for one that cannot be made."""
        return load(self._specs[design.source], overrides=design.values)

    def __iter__(self) -> Iterator[Design]:
        yield from self._view.designs()

    def __len__(self) -> int:
        return sum(self._view.store.counts()[:3])

    def __getitem__(self, number: int) -> Design:
        return self._view.design(number)

    def __repr__(self) -> str:
        return f"<Sweep: {len(self.front)} designs that no other one beats, of {len(self):,}>"

    def _report(self) -> Report:
        from rfcalc.reports.sweep import sweep_report

        return sweep_report(self._view)


def sweep(
    sources: Spaces | Sequence[Spaces],
    input: OneSize | list[OneSize] | None = None,
    *,
    where: str = "",
    front: str | Iterable[str] = (),
    columns: str | Iterable[str] = (),
    random: int | None = None,
    seed: int = 0,
    designs: str | os.PathLike[str] | Iterable[Mapping[str, object]] | None = None,
    store: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    executor: str | Executor = "",
    overrides: Mapping[str, object] = NOTHING,
    **params: object,
) -> Sweep:
    """A design space instead of a design: `rfcalc sweep`.

    `sources`: a spec (a name, a text, a dict), or a list of them. `params` are the values of its params: depth=[50, 101],
    w=range(16, 512, 8), w="16:512:*2", w2="w*2"; `overrides` those of what is no name in Python, {"stem.kernel": [3, 7]};
    `input` is a size, or a list of sizes.

    `where`: a condition, "macs <= 400 M and not findings"; `front`, `columns`: figures, "macs" or ["macs", "stride:more"].
    `random` draws so many designs by a `seed`; or `designs` says which, {"depth": 50} each, or a file of them.

    `store`: a file that keeps them, with which the same call goes on. `workers`: processes, none beside this one unless it says
    so (a script that starts some has an `if __name__ == "__main__"`); `executor`: "dask:ADDRESS", or one of concurrent.futures.

    A design that cannot be made has an error as its `note`. Raises SpecError, and ValueError or TypeError for other arguments.
    """
    given = ({} if input is None else {"input": input}) | {**overrides, **params}
    values = {key: _values(key, value) for key, value in given.items()}
    specs = _specs(sources)
    ask = Asked(
        [spec for spec, _ in specs],
        values,
        where,
        _listed(front, "front"),
        _listed(columns, "columns"),
        _number("random", random),
        seed,
    )
    if designs is not None and (random is not None or len(specs) > 1):
        raise TypeError("designs says what the designs of one spec are: no random, no second spec")
    way = Way(_number("workers", workers) or (0 if executor else 1), _executor(executor))
    with in_python(), _rules():
        found = None if designs is None else _designs(designs, params_of(ask.specs[0], ask.max_layers))
        plan = planned_here(ask, found)
        swept = _swept(plan, os.fspath(store or ""), way, found)
    names = [family.template.source for family in plan.task.families]
    return Sweep(swept, dict(zip(names, (source for _, source in specs), strict=True)))


def _swept(plan: Plan, path: str, way: Way, designs: chosen.Designs | None) -> Store:
    """The store of a sweep that has run; what ends it before leaves there what is done."""
    store = made(path, plan.told)
    try:
        store.tell(plan.told)
        run(plan, store, way, designs)
        store.tell(replace(plan.told, complete=True))
        store.settle()
    except BaseException:
        store.close()
        raise
    if not path:
        return store
    store.close()  # for others, who may go on with it
    return opened(path)


@contextmanager
def _rules() -> Iterator[None]:
    """A word that nobody knows is a problem of the sweep."""
    try:
        yield
    except RuleError as error:
        raise fail("E505", str(error)) from None


def _specs(given: Spaces | Sequence[Spaces]) -> list[tuple[Spec, Spaces]]:
    """The specs as a plan reads them, each with what was given; a text has a name. Raises TypeError."""
    found: list[tuple[Spec, Spaces]] = []
    sources: Sequence[Spaces] = given if isinstance(given, list | tuple) else [cast("Spaces", given)]
    for source in sources:
        if isinstance(source, Mapping) or (isinstance(source, str) and is_text(source)):
            found.append(((yaml_text(source), f"<spec {len(found) + 1}>" if len(sources) > 1 else "<spec>"), source))
        elif isinstance(source, str | os.PathLike):
            found.append((os.fspath(source), source))
        else:
            raise TypeError(f"sweep takes specs: a name, a text or a dict, not {source!r:.60}")
    if not found:
        raise TypeError("sweep takes a spec, or a list of them, and this one is empty")
    return found


def _number(name: str, given: int | None) -> int | None:
    """A number of things; raises ValueError."""
    if given is not None and (not isinstance(given, int) or given < 1):
        raise ValueError(f"{name} takes a number from 1 on, not {given!r:.60}")
    return given


def _executor(given: str | Executor) -> str | Executor:
    """Where it is computed; raises ValueError."""
    if isinstance(given, str) and given and not given.startswith(DASK):
        raise ValueError(f'executor takes "{DASK}ADDRESS", such as "{DASK}tcp://10.0.0.1:8786", not {given!r:.60}')
    return given


def _designs(given: str | os.PathLike[str] | Iterable[Mapping[str, object]], known: Sequence[str]) -> chosen.Designs:
    if isinstance(given, str | os.PathLike):
        return chosen.read(os.fspath(given), known)
    written = ({str(key): _value(key, value) for key, value in design.items()} for design in given)
    return chosen.of(written, "designs", known)


def _listed(words: str | Iterable[str], what: str) -> str:
    return ",".join(texts(words, what))


def _values(key: str, given: object) -> str:
    """The values of a param as the command line writes them; raises SpecError for an empty list."""
    if isinstance(given, range):
        return f"{given.start}:{given.stop}:{given.step}"
    if not isinstance(given, list | tuple) or _is_size(key, given):
        return _value(key, given)
    if not given:
        raise fail("E128", f"{key}: a list without values leaves no design")
    return ",".join(json.dumps(one) if isinstance(one, str) and "," in one else _value(key, one) for one in given)


def _is_size(key: str, given: Sequence[object]) -> bool:
    """Whether the numbers are those of one size of the input."""
    return key == "input" and all(isinstance(one, int) for one in given)


def _value(key: str, given: object) -> str:
    return size_text(cast("OneSize", given)) if key == "input" else yaml_text(given)
