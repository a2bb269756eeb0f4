"""Networks against rules and budgets: check, assert_budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rfcalc.api.analysis import analyses_of, analysis_of, analyze
from rfcalc.api.sources import load, several
from rfcalc.api.words import in_python, texts
from rfcalc.errors import RuleError, fail

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis
    from rfcalc.api.sources import Source
    from rfcalc.api.words import Size
    from rfcalc.graph import Graph
    from rfcalc.language.budget import Limit
    from rfcalc.report.findings import Finding

Budget = Mapping[str, "str | float | Mapping[str, str | float]"]
NO_BUDGET: Budget = {}
SHOWN = 10


def check(
    sources: Source | Sequence[Source],
    input: Size | None = None,
    *,
    select: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    budget: Budget = NO_BUDGET,
    base: str = "",
    unknown: str = "error",
    **params: object,
) -> tuple[Finding, ...]:
    """What the rules and the budgets find: `rfcalc check`. Nothing was found where the answer is empty.

    `sources`: what `load` takes, or a list of it, with folders and patterns for their files. `select`, `ignore`: codes or
    their beginnings, "RF2"; `budget`: limits beside those of the specs, {"macs": "<= 1 G", "layer4.*": {"params": "<= 8 M"}};
    `base`: a git revision that files are compared with. [tool.rfcalc] of the working folder counts as it does for the command.
    Raises SpecError with all that cannot be read.
    """
    from rfcalc.checks.folding import per_place
    from rfcalc.checks.revision import load_at
    from rfcalc.checks.runner import findings_of
    from rfcalc.checks.settings import narrowed, read

    try:
        settings = narrowed(read(Path.cwd()), _listed(select), _listed(ignore))
    except RuleError as error:
        raise fail("E021", str(error)) from None
    bounds = _limits(budget)
    findings: list[Finding] = []

    def at_base(path: str) -> Graph:
        return load(path, input, overrides=params, unknown=unknown)

    for analysis in analyses_of(several(sources), input, params, unknown=unknown):
        source = analysis.graph.source
        with in_python():
            before = load_at(source, base, at_base) if base else None
        findings += findings_of(analysis, settings.of(source), bounds, analyze(before) if before else None)
    return tuple(per_place(findings))


def assert_budget(source: Source, input: Size | None = None, **bounds: str | float | Mapping[str, str | float]) -> None:
    """Raises AssertionError where a network is outside a budget, with each figure, its bound and the layer to blame.

    `bounds`: what `budget:` of a spec holds, macs="<= 1 G", receptive_field=">= 200", params=5e6; of single layers
    **{"layer4.*": {"params": "<= 8 M"}}. Without any, the budget of the spec itself. Raises SpecError for what is no budget.
    """
    __tracebackhide__ = True
    from rfcalc.analyses.metrics import BY_NAME
    from rfcalc.checks.blame import blamed
    from rfcalc.checks.budget import broken

    if isinstance(input, Mapping) and input.keys() & BY_NAME.keys():
        raise TypeError('assert_budget takes its limits by name, macs="<= 1 G"; a dict of them with two stars before it')
    limits = _limits(bounds)
    analysis = analysis_of(source, input)
    wanted = limits or analysis.graph.stated("budget", ())
    if not wanted:
        raise TypeError('assert_budget takes limits, such as macs="<= 1 G"')
    if change := next((limit for limit in limits if limit.change), None):
        raise TypeError(f"{change.name} needs another network: check(..., base=REVISION), or diff")
    _covering(analysis, limits)
    found = list(broken(analysis, wanted))
    if found:
        lines = ["; ".join(part for part in (one.message, blamed(analysis, one)) if part) for one in found[:SHOWN]]
        lines += [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise AssertionError("\n  ".join([f"{analysis.graph.name} at {analysis.input} is outside its budget", *lines]))


def _listed(codes: str | Sequence[str]) -> list[str]:
    return [part.strip() for given in texts(codes, "select and ignore") for part in given.split(",") if part.strip()]


def _limits(budget: Budget) -> list[Limit]:
    if not isinstance(budget, Mapping):
        raise TypeError(f'a budget is a dict of figures and limits, such as {{"macs": "<= 1 G"}}, not {budget!r:.60}')
    return list(_each(budget, ""))


def _each(budget: Mapping[str, object], layer: str) -> Iterator[Limit]:
    from rfcalc.language.budget import LimitError, limit

    for key, value in budget.items():
        if isinstance(value, Mapping) and not layer:
            yield from _each(value, key)
            continue
        try:
            yield limit(key, f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else value, layer)
        except LimitError as error:
            raise fail("E123", f"budget: {error}", None, error.hint) from None


def _covering(analysis: Analysis, limits: Sequence[Limit]) -> None:
    """Raises SpecError for a limit on layers that there are not."""
    from rfcalc.graph import no_layer

    for limit in limits:
        if limit.layer and not any(limit.covers(layer.node) for layer in analysis.every):
            raise no_layer(analysis.graph, limit.layer)
