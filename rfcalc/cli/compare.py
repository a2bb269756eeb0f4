"""`rfcalc compare`: networks side by side, a row each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os.path import exists
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import (
    SEVERAL,
    Format,
    LoadOptions,
    answer,
    choice,
    networks,
    overrides,
    spelled_out,
    subjects,
    uncollected,
    usage,
)
from rfcalc.cli.declared import argument, option
from rfcalc.cli.device_options import Device
from rfcalc.errors import SpecError, did_you_mean
from rfcalc.progress import each
from rfcalc.record import record, replace

if TYPE_CHECKING:
    from rfcalc.analyses.comparison import Comparison
    from rfcalc.analyses.network import Analysis
    from rfcalc.graph import Graph

HELP = f"{SEVERAL} SPEC@KEY=VALUE,... overrides params of this one alone: resnet50@depth=101."
Specs = Annotated[list[str], argument(metavar="SPEC...", help=HELP, autocompletion=complete.specs)]
Sort = Annotated[
    str | None,
    option("--sort", metavar="FIGURE", help="The smallest first: macs, params, memory, ...", autocompletion=complete.figures),
]
Against = Annotated[str | None, option("--against", metavar="SPEC", help="Show the changes against this one of them.")]
Erf = Annotated[bool, option("--erf", help="With the effective receptive field, which takes longer.")]
Time = Annotated[bool, option("--time", help="With the latency of one forward pass, measured here; needs torch.")]
Seconds = Annotated[float, option("--seconds", metavar="S", min=0.01, help="With --time: how long to measure each one.")]
OWN = re.compile(r"(?P<spec>.+?)@(?P<own>[^=@/\\]+=.*)", re.DOTALL)


@networks
def compare(
    specs: Specs,
    sort: Sort = None,
    against: Against = None,
    erf: Erf = False,
    time: Time = False,
    device: Device = "auto",
    seconds: Seconds = 2.0,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Networks side by side, a row each: parameters, MACs, memory, field, stride; those that no other one beats are marked.

    Examples:

      rfcalc compare resnet18 resnet50 mobilenet_v2 --sort macs

      rfcalc compare net.yaml net.yaml@width=64 net.yaml@width=96,depth=34 --against net.yaml

      rfcalc compare 'designs/*.yaml' --format csv

      rfcalc compare resnet18 mobilenet_v2 --time --sort latency
    """
    from rfcalc.analyses.comparison import comparison
    from rfcalc.backends.optional import require
    from rfcalc.formats import FORMATS
    from rfcalc.reports.compare import comparison_report

    choice(format, FORMATS, "--format")
    if time:
        require("torch", "torch")
    with uncollected():
        named, errors = _analyses(specs, given, erf)
    timed, reports = _Timed(), []
    if named:
        if time:
            timed = _timed([analysis.graph for _, _, analysis in named], device, seconds)
        found = comparison([(name, analysis) for name, _, analysis in named], timed.latencies)
        found = _arranged(found, [word for _, word, _ in named], sort, against)
        reports = [comparison_report(found, timed.notes)]
    answer(reports, format, specs[:1], errors)
    if timed.interrupted:
        raise SystemExit(130)


@record
class _Timed:
    """Measured milliseconds of each network, None for one that did not run, and what is to be said of them."""

    latencies: Sequence[float | None] = ()
    notes: Sequence[tuple[str, str]] = ()
    interrupted: bool = False


def _timed(graphs: Sequence[Graph], device: str, seconds: float) -> _Timed:
    from rfcalc.backends.timing.cases import Case, usable_device
    from rfcalc.backends.timing.environment import environment
    from rfcalc.backends.timing.latency import OK, time_all
    from rfcalc.backends.torch.subject import running

    place = usable_device(device)
    run_here = subjects(graphs, rebuilt=False)
    with running(run_here):
        timing = time_all(run_here, [Case(place, 1, "fp32", "contiguous", "eager")], seconds, 2 * seconds)
    where = environment(place)
    notes = [
        (
            "Latency",
            f"median of forward passes, batch 1, float32, eager, on {where['device']}, torch {where['torch']}; "
            "rfcalc time says how it scatters",
        )
    ]
    notes += [("Not timed", f"{run.network}: {run.status}") for run in timing.runs if run.status != OK]
    return _Timed([run.latency.median if run.latency else None for run in timing.runs], notes, timing.interrupted)


def _analyses(specs: Sequence[str], given: LoadOptions, erf: bool) -> tuple[list[tuple[str, str, Analysis]], list[SpecError]]:
    """The networks that can be read, each with its name and the word that named it, and what is wrong with the others."""
    from rfcalc.analyses.network import analyze

    found: list[tuple[str, str, Analysis]] = []
    errors: list[SpecError] = []
    for word in each("reading networks", specs):
        own = None if exists(word) else OWN.fullmatch(word)
        spec, text = (own["spec"], own["own"]) if own else (word, "")
        more = overrides(re.split(r",(?=[^,=]+=)", text), "SPEC@") if text else {}
        options = replace(given, overrides={**given.overrides, **more})
        with _kept(errors):
            for file in each(f"reading {spec}", spelled_out(spec)):
                with _kept(errors):
                    graph = options.load(file, *specs)
                    name = f"{graph.name}{f'@{text}' if text else ''}"
                    found.append((name, f"{file}{f'@{text}' if text else ''}", analyze(graph, erf=erf)))
    return found, errors


@contextmanager
def _kept(errors: list[SpecError]) -> Iterator[None]:
    """Keeps what is wrong with one network, so that the others are shown."""
    try:
        yield
    except SpecError as error:
        errors.append(error)


def _arranged(found: Comparison, words: Sequence[str], sort: str | None, against: str | None) -> Comparison:
    """The rows as they are asked for."""
    if against is not None:
        names = [row.name for row in found]
        if against not in (*names, *words):
            hint = did_you_mean(against, [*names, *words]) or f"there are {', '.join(names[:8])}"
            raise usage(f"--against takes one of the networks, not {against!r}; {hint}")
        found = found.against_row(names.index(against) if against in names else words.index(against))
    if sort is not None:
        from rfcalc.analyses.metrics import LATENCY, SORTED

        figures = {word: metric.name for word, metric in SORTED.items() if metric in found.metrics}
        figures |= {metric.name: metric.name for metric in found.metrics}
        figures |= {"time": LATENCY.name} if LATENCY in found.metrics else {}
        if sort in ("time", LATENCY.name) and sort not in figures:
            raise usage(f"--sort {sort} needs --time, which measures it")
        found = found.by(figures[choice(sort, figures, "--sort")])
    return found
