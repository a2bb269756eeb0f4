"""`rfcalc paths`: a network as an ensemble of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from rfcalc.cli.common import Format, LoadOptions, Specs, answer, choice, networks
from rfcalc.cli.declared import option

if TYPE_CHECKING:
    from rfcalc.graph import Graph
    from rfcalc.report.tables import Report


@networks
def paths(
    specs: Specs,
    layer: Annotated[
        str | None, option("--layer", "-l", metavar="GLOB", help="Paths to this layer; the output if left out.")
    ] = None,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """How many paths lead from the input to the output, how long they are, and how much each of them sees: a residual
    network is an ensemble of paths (Veit et al. 2016). Every input of a sum, a product or a concatenation is a choice.

    Examples:

      rfcalc paths resnet152.yaml

      rfcalc paths unet.yaml --format json
    """
    from rfcalc.errors import RuleError, SpecError, fail
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    graphs, errors = given.load_all(specs)
    reports = []
    for graph in graphs:
        try:
            reports.append(_report(graph, layer))
        except RuleError as error:
            errors.append(fail("E203", f"{graph.name}: {error}"))
        except SpecError as error:
            errors.append(error)
    answer(reports, format, specs, errors)


def _report(graph: Graph, layer: str | None) -> Report:
    from rfcalc.analyses.receptive_field import Fields
    from rfcalc.analyses.target import target
    from rfcalc.graph import layers_like
    from rfcalc.reports.paths import ensemble, paths_report

    fields, chosen = Fields(graph), layers_like(graph, layer)
    seen = target(graph, fields, chosen)
    ends = chosen or (graph.outputs if len(graph.outputs) == 1 else [seen or graph.outputs[0]])
    return paths_report(ensemble(graph, ends[-1], seen, fields.supports))
