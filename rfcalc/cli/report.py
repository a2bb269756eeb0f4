"""`rfcalc report`: a page to look at and to pass around."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from rfcalc.cli import complete
from rfcalc.cli.common import LoadOptions, Spec, choice, networks, uncollected
from rfcalc.cli.writing import Force, Output, write

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis
    from rfcalc.report.findings import Finding

FORMATS = ("html", "json")


@networks
def report(
    ctx: typer.Context,
    spec: Spec,
    output: Output = None,
    force: Force = False,
    format: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help="html or json.", autocompletion=complete.one_of(lambda: FORMATS)),
    ] = "html",
    *,
    given: LoadOptions,
) -> None:
    """Write one HTML file to look at: the graph, the table, and the exact field of any unit of any layer over an image.

    The file needs nothing else: it makes no request, and works from a disk, in a mail, as an artifact of CI.

    Examples:

      rfcalc report resnet50.yaml -o resnet50.html

      rfcalc report net.yaml --format json
    """
    choice(format, FORMATS, "--format")
    from rfcalc.analyses.network import analyze
    from rfcalc.page.data import network_data
    from rfcalc.page.html import html, plain

    with uncollected():
        analysis = analyze(given.load(spec))
        data = network_data(analysis, _findings(analysis), shlex.join(["rfcalc", *ctx.obj]))
        text = html(data) if format == "html" else plain(data)
    write(output or "-", text, force)


def _findings(analysis: Analysis) -> list[Finding]:
    """What `rfcalc check` would say of it, by the settings of the working folder."""
    from pathlib import Path

    from rfcalc.checks.folding import per_place
    from rfcalc.checks.runner import findings_of
    from rfcalc.checks.settings import read

    return per_place(findings_of(analysis, read(Path.cwd()).of(analysis.graph.source)))
