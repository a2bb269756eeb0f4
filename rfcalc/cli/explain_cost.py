"""`rfcalc explain-cost`: why two tools disagree about a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import Format, LoadOptions, Rebuilt, Specs, answer, choice, networks, subjects, usage
from rfcalc.cli.declared import option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rfcalc.graph import Graph
    from rfcalc.report.tables import Report

ALL = "all"


def _known() -> tuple[str, ...]:
    """The tools with a convention, and the word for all of them."""
    from rfcalc.analyses.cost import CONVENTIONS

    return (*(name for name in CONVENTIONS if name != "macs"), ALL)


Run = Annotated[
    str | None,
    option(
        "--run",
        metavar="TOOL,...",
        help="Run these tools on the network, of those that are installed: torch, fvcore, thop, ptflops, or all.",
        autocompletion=complete.some_of(_known),
    ),
]


@networks
def explain_cost(
    specs: Specs,
    run: Run = None,
    rebuilt: Rebuilt = False,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Every kind of operation in a network, how many there are, and how often each tool's "FLOPs" count one.

    With --run the tools measure the network themselves (of a torch model the model itself), and each difference from what is
    stated is said with its cause, or as one that nobody explains.

    Examples:

      rfcalc explain-cost resnet50.yaml

      rfcalc explain-cost torchvision.models:resnet18 --input 3x224x224 --run fvcore,torch
    """
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    tools = _tools(run) if run else ()
    if rebuilt and not tools:
        raise usage("--rebuilt says what --run measures: give both")
    graphs, errors = given.load_all(specs)
    answer(_reports(graphs, tools, rebuilt), format, specs, errors)


def _tools(text: str) -> tuple[str, ...]:
    words = [choice(word.strip(), _known(), "--run") for word in text.split(",")]
    return tuple(word for word in (_known() if ALL in words else dict.fromkeys(words)) if word != ALL)


def _reports(graphs: Sequence[Graph], tools: Sequence[str], rebuilt: bool) -> list[Report]:
    from rfcalc.reports.costs import cost_report

    if not tools:
        return [cost_report(graph) for graph in graphs]
    from rfcalc.backends.optional import require

    require("torch", "torch")
    from rfcalc.backends.proof.tools import run_tools
    from rfcalc.backends.torch.subject import running
    from rfcalc.reports.parts.tools import with_tools

    asked = subjects(graphs, rebuilt)
    with running(asked):
        return [with_tools(cost_report(network.graph), network.remark, run_tools(network, tools)) for network in asked]
