"""`rfcalc sweep`: a design space instead of a design."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.color import complain, hush
from rfcalc.cli.common import MAX_LAYERS, Format, MaxLayers, choice, overrides, show, uncollected, usage
from rfcalc.cli.declared import argument, option
from rfcalc.cli.writing import Force, Output, free, write
from rfcalc.errors import RuleError
from rfcalc.record import record, replace

if TYPE_CHECKING:
    from rfcalc.sweeping.designs import Designs
    from rfcalc.sweeping.plan import Asked, Plan
    from rfcalc.sweeping.store import Store
    from rfcalc.sweeping.view import Design, View

Specs = Annotated[
    list[str] | None,
    argument(metavar="[SPEC...]", help="Spec files, or shipped networks' names.", autocompletion=complete.specs),
]
Values = Annotated[
    list[str] | None,
    option(
        "--set",
        "-s",
        metavar="KEY=VALUE",
        help="The values of a param: w=16:512:8 (without the end), w=16:512:*2, depth=18,34,50, or one: w2=w*2.",
    ),
]
Text = str | None


def sweep(
    specs: Specs = None,
    set: Values = None,
    where: Annotated[Text, option("--where", metavar="CONDITION", help='"macs <= 400 M and not findings".')] = None,
    front: Annotated[
        Text,
        option(
            "--front",
            metavar="NAME,...",
            help="Figures of which no other design has all as good: macs,receptive_field:more.",
            autocompletion=complete.swept,
        ),
    ] = None,
    columns: Annotated[
        Text, option("--columns", metavar="NAME,...", help="Further figures.", autocompletion=complete.swept)
    ] = None,
    random: Annotated[int | None, option("--random", metavar="N", min=1, help="Draw N designs, none twice.")] = None,
    seed: Annotated[int, option("--seed", metavar="N", min=0, help="What they are drawn by.")] = 0,
    designs: Annotated[
        Text, option("--designs", metavar="FILE", help="The designs of a CSV or of JSON Lines (- is standard input).")
    ] = None,
    store: Annotated[
        Text, option("--store", metavar="FILE", help="Keep every design in a file, and go on with what is there.")
    ] = None,
    showing: Annotated[Text, option("--show", metavar="FILE", help="Look at a store; --where and --front choose anew.")] = None,
    join: Annotated[
        Text,
        option("--join", metavar="FILE", help="Figures of your own, such as accuracy: a CSV with a column design."),
    ] = None,
    take: Annotated[int | None, option("--take", metavar="N", min=0, help="Write the design N as a spec.")] = None,
    workers: Annotated[int | None, option("--workers", metavar="N", min=1, help="Processes (one a processor).")] = None,
    executor: Annotated[
        Text,
        option("--executor", metavar="dask:ADDRESS", help="Workers of a scheduler of Dask; needs rfcalc-cli\\[dask]."),
    ] = None,
    max_layers: MaxLayers = MAX_LAYERS,
    every: Annotated[bool, option("--all", help="Show every design.")] = False,
    parquet: Annotated[
        Text, option("--parquet", metavar="FILE", callback=free, help="Write the designs; needs rfcalc-cli\\[parquet].")
    ] = None,
    output: Output = None,
    force: Force = False,
    format: Format = "table",
) -> None:
    """A design space instead of a design: the figures of every design, those that no other one beats, and how the figures are
    distributed. A design that cannot be made is a row with its error.

    Examples:

      rfcalc sweep resnet50 -s depth=50,101,152 --front params,macs

      rfcalc sweep space.yaml --random 10000 --where "macs <= 400 M" --store s.db

      rfcalc sweep --show s.db --front macs,receptive_field --format csv

      rfcalc sweep --show s.db --take 4711 -o best.yaml
    """
    from rfcalc.formats import FORMATS
    from rfcalc.sweeping.plan import Asked

    choice(format, FORMATS, "--format")
    if take is None and output is not None:
        raise usage("-o writes the design that --take names")
    printed = _Printed(every, format, take, output, parquet, force)
    if showing is not None:
        _refuse({"SPEC": specs, "-s": set, "--random": random, "--designs": designs, "--store": store, "--columns": columns})
        _look(showing, where, front, join, printed)
        return
    if not specs:
        raise usage("which spec? rfcalc sweep SPEC -s KEY=VALUES; rfcalc sweep --show FILE looks at a store")
    if designs is not None and (random is not None or len(specs) > 1):
        raise usage("--designs says what the designs of one spec are: no --random, no second spec")
    with _said(), uncollected():
        given = Asked(specs, overrides(set), where or "", front or "", columns or "", random, seed, None, max_layers)
        _run(given, designs, store, workers, executor, join, printed)


@record
class _Printed:
    """What is printed of a sweep, and where."""

    every: bool
    format: str
    take: int | None
    output: str | None
    parquet: str | None
    force: bool

    def show(self, view: View) -> None:
        """Prints what was asked for."""
        from rfcalc.reports.sweep import flat_head, flat_rows, sweep_report

        if self.take is not None:
            from rfcalc.sweeping.taking import taken

            place = self.output or "-"
            write(place, taken(view.design(self.take), place), self.force)
        elif self.parquet is not None:
            from rfcalc.sweeping import parquet

            count = parquet.write(view, self._designs(view), self.parquet)
            complain(f"wrote {self.parquet}: {count:,} designs")
        elif self.format == "csv":
            hush()
            rows = csv.writer(sys.stdout, lineterminator="\n")
            rows.writerow(flat_head(view))
            rows.writerows(flat_rows(view, self._designs(view)))
        else:
            show([sweep_report(view, self.every)], self.format)

    def _designs(self, view: View) -> Iterable[Design]:
        """Those of the front, or all."""
        return view.designs() if self.every else view.some(view.front)


def _refuse(given: dict[str, object]) -> None:
    for word, value in given.items():
        if value:
            raise usage(f"--show looks at what a store holds: no {word}")


@contextmanager
def _said() -> Iterator[None]:
    """A word of the command line that nobody knows is an error in the way the command was called."""
    try:
        yield
    except RuleError as error:
        raise usage(str(error)) from None


def _look(path: str, where: Text, front: Text, join: Text, printed: _Printed) -> None:
    from rfcalc.sweeping.store import opened

    store = opened(path)
    try:
        _joined(store, join)
        _print(store, front, where, printed)
    finally:
        store.close()


def _joined(store: Store, path: Text) -> None:
    if path is not None:
        from rfcalc.sweeping.joining import join

        count = join(store, path)
        complain(f"note: {path}: {', '.join(store.joined)} of {count:,} designs")


def _print(store: Store, front: Text, where: Text, printed: _Printed) -> None:
    from rfcalc.sweeping.figures import direction
    from rfcalc.sweeping.view import View

    with _said():
        figures = direction(front, "--front", store.joined) if front else []
        printed.show(View(store, figures, where or ""))


def _run(given: Asked, designs: Text, path: Text, workers: int | None, executor: Text, join: Text, printed: _Printed) -> None:
    """Runs a sweep, or goes on with it, and prints what came out."""
    from rfcalc.sweeping.run import Way, run

    way = Way(workers or 0, _executor(executor))
    plan, source = _planned(given, designs)
    store = _store(plan, path or "")
    try:
        ended = True
        try:
            run(plan, store, way, source)
            store.tell(replace(plan.told, complete=True))
        except KeyboardInterrupt:
            ended = False
        _joined(store, join)
        _print(store, None, None, printed)
        if ended:
            store.settle()
        else:
            kept = f"what is done is in {path}: the same command goes on" if path else "--store FILE keeps what is done"
            complain(f"interrupted; {kept}")
            raise SystemExit(130)
    finally:
        store.close()


def _executor(text: Text) -> str:
    from rfcalc.sweeping.executors import DASK

    if text is not None and not text.startswith(DASK):
        raise usage(f"--executor takes {DASK}ADDRESS, such as {DASK}tcp://10.0.0.1:8786, not {text!r}")
    return text or ""


def _planned(given: Asked, designs: Text) -> tuple[Plan, Designs | None]:
    from rfcalc.sweeping.designs import read
    from rfcalc.sweeping.plan import params_of, planned_here

    found = None if designs is None else read(designs, params_of(given.specs[0], given.max_layers))
    return planned_here(given, found), found


def _store(plan: Plan, path: str) -> Store:
    from rfcalc.sweeping.store import made

    store = made(path, plan.told)
    store.tell(plan.told)
    return store
