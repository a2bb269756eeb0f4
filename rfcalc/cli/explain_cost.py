"""`rfcalc explain-cost`: why two tools disagree about a network."""

from __future__ import annotations

from rfcalc.cli.common import Format, LoadOptions, Specs, answer, choice, networks


@networks
def explain_cost(
    specs: Specs,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Every kind of operation in a network, how many there are, and how often each tool's "FLOPs" count one.

    Example:

      rfcalc explain-cost resnet50.yaml
    """
    from rfcalc.formats import FORMATS
    from rfcalc.reports.costs import cost_report

    choice(format, FORMATS, "--format")
    graphs, errors = given.load_all(specs)
    answer([cost_report(graph) for graph in graphs], format, specs, errors)
