"""`rfcalc resize SPEC`: the cheapest changes to a spec after which its receptive field has the wanted size."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import Format, LoadOptions, choice, networks, show, usage
from rfcalc.cli.declared import argument, option
from rfcalc.cli.target import (
    Dataset,
    Holes,
    Pick,
    Resize,
    Target,
    Tolerance,
    needs_output,
    percent,
    picked,
    rules,
    wanted,
)
from rfcalc.cli.writing import Force, Output, write


@networks
def resize(
    spec: Annotated[
        str,
        argument(
            metavar="SPEC",
            autocompletion=complete.specs,
            help="A spec, a model, another format's file, - for standard input.",
        ),
    ],
    target: Target = None,
    dataset: Dataset = None,
    resize: Resize = None,
    layer: Annotated[str | None, option("--layer", "-l", metavar="GLOB", help="The layer whose field is meant.")] = None,
    tolerance: Tolerance = "10%",
    holes: Holes = False,
    every: Annotated[bool, option("--all", help="Show every change.")] = False,
    pick: Pick = None,
    output: Output = None,
    force: Force = False,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """The cheapest changes of one or two numbers of a spec after which its field spans the target (its object_size unless
    --target or --dataset is given), each as a diff. No change opens holes in the field, unless --holes. Of a model, or of a
    file of another format, the spec is changed that rfcalc convert writes.

    Examples:

      rfcalc resize resnet50.yaml --target 300 -o mine.yaml

      rfcalc resize mine.yaml --dataset instances.json --layer 'stage4*'
    """
    from rfcalc.designing.edits import MOST_PIXELS, Task, searched
    from rfcalc.designing.resizable import resizable
    from rfcalc.formats import FORMATS
    from rfcalc.importers.sized import at_size, with_size
    from rfcalc.language.load import load_spec
    from rfcalc.reports.resize import changes_report, diffs, recommended

    choice(format, FORMATS, "--format")
    needs_output(pick, output)
    text, source, own = resizable(spec, lambda: given.load(spec))
    asked, size = (given.overrides, given.size) if own else ({}, None)  # a model is converted as it was asked for
    given.check(spec, [spec])
    read = partial(load_spec, text, source, max_layers=given.max_layers)
    graph = read(asked) if size is None else at_size(read, asked, size, spec)
    settings = with_size(asked, size)
    aim = wanted(target, dataset, resize, graph.nodes[graph.inputs[0]].shape.size, graph)
    if not 1 <= aim.pixels <= MOST_PIXELS:
        raise usage(f"--target takes 1 to {MOST_PIXELS:,} pixels, not {aim.pixels}")
    with rules(spec):
        task = Task(text, source, aim.pixels, percent("--tolerance", tolerance), holes, layer, settings)
        base, changes = searched(task)
    best = changes[picked(pick, recommended(task, changes), len(changes))].text if changes else text
    if output == "-":
        write("-", best)
        return
    show([aim.beside(changes_report(spec, task, base, changes, every))], format)
    if format in ("table", "markdown"):
        _show_diffs(diffs(task, changes, spec, every), fenced=format == "markdown")
    if output:
        write(output, best, force)


def _show_diffs(found: Iterable[tuple[str, str]], fenced: bool) -> None:
    before, after = ("```diff\n", "\n```") if fenced else ("", "")
    for heading, text in found:
        sys.stdout.write(f"\n{heading}\n\n{before}{text}{after}\n")
