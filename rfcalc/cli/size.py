"""`rfcalc size`: a receptive field of the size of the structures that the task is about, in a new design or in a given one."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rfcalc.cli import size_options as asked
from rfcalc.cli.common import Layers, Set, choice, overrides, show, usage, write

if TYPE_CHECKING:
    from rfcalc.design.edits import Task
    from rfcalc.design.space import Space

Text = str | None
FORMATS_HELP = "table, json, csv or markdown."


def size(
    spec: Annotated[Text, typer.Argument(metavar="SPEC", help="A design to change; none for a new one.")] = None,
    target: Annotated[
        Text,
        typer.Option("--target", "-t", metavar="PX", help="Pixels that the field should span; median or p90 of --dataset."),
    ] = None,
    input: Annotated[Text, typer.Option("--input", "-i", metavar="N|HxW|CxHxW", help="The image (512).")] = None,
    dataset: Annotated[
        Text, typer.Option("--dataset", metavar="FILE", help="Boxes (COCO JSON or CSV) whose sizes propose the target.")
    ] = None,
    resize: Annotated[
        str, typer.Option("--resize", help="How images become the input: letterbox, stretch, shorter, none.")
    ] = "letterbox",
    tolerance: Annotated[str, typer.Option("--tolerance", metavar="N%", help="Largest error of the field.")] = "10%",
    holes: Annotated[bool, typer.Option("--holes/--no-holes", help="Whether the field may have holes.")] = False,
    pick: Annotated[int | None, typer.Option("--pick", metavar="N", help="Write number N, not the recommended one.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every design, or every change.")] = False,
    output: Annotated[Text, typer.Option("--output", "-o", metavar="FILE", help="Write it as a spec (-: print it).")] = None,
    format: Annotated[str, typer.Option("--format", "-f", help=FORMATS_HELP)] = "table",
    set: Set = None,
    layer: Layers = None,
    stride: Annotated[int, typer.Option("--stride", help="New design: input pixels per unit of the last map.")] = 32,
    max_macs: Annotated[Text, typer.Option("--max-macs", metavar="N", help="New design: most MACs, such as 4G.")] = None,
    max_params: Annotated[Text, typer.Option("--max-params", metavar="N", help="Most parameters, such as 10M.")] = None,
    max_depth: Annotated[int | None, typer.Option("--max-depth", min=1, help="Most convolutions in a row.")] = None,
    stages: Annotated[int | None, typer.Option("--stages", help="How many stages follow the stem (4).")] = None,
    widths: Annotated[Text, typer.Option("--widths", metavar="A,B,..", help="Channels of each stage (64,128,..).")] = None,
    stem: Annotated[int | None, typer.Option("--stem", help="Channels of the stem (half of the first stage's).")] = None,
    kernels: Annotated[str, typer.Option("--kernels", metavar="A,B,..", help="Kernels that may be used.")] = "3,5,7",
    dilations: Annotated[str, typer.Option("--dilations", metavar="A,B,..", help="Dilations that may be used.")] = "1,2,4",
    blocks: Annotated[str, typer.Option("--blocks", metavar="A,B,..", help="plain, separable, basic, bottleneck.")] = "plain",
    layers: Annotated[str, typer.Option("--layers", metavar="A-B", help="Blocks per stage, least and most.")] = "1-8",
    effective: Annotated[
        bool, typer.Option("--effective", help="Aim with the effective field under random weights: 4 sigma = target.")
    ] = False,
) -> None:
    """A receptive field of the size of the structures that the task is about. Without a SPEC: new designs, the exact front
    over the error of the field, MACs and parameters. With one: the smallest changes to it that reach the target (the spec's
    object_size unless --target is given), each as a diff. No design has holes in its field, unless --holes.

    Examples:

      rfcalc size --target 224

      rfcalc size --target 90 --stride 16 --max-params 5M -o net.yaml

      rfcalc size --dataset instances.json --input 640 --target p90

      rfcalc size resnet50.yaml --target 300 -o mine.yaml
    """
    from rfcalc.design.space import Space
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    choice(resize, asked.resize_rules(), "--resize")
    if spec is not None:
        asked.only_for_designs(sys.argv)
        task, graph = asked.task(spec, overrides(set, input), layer, asked.percent("--tolerance", tolerance), holes)
        wanted = asked.target(target, dataset, resize, graph.nodes[graph.inputs[0]].shape.size, graph)
        _changes(spec, asked.aimed(task, wanted.pixels), wanted, pick, every, output, format)
        return
    if set or layer:
        raise usage("--set and --layer are for a given SPEC")
    image = asked.shape(input or "512")
    wanted = asked.target(target, dataset, resize, image.size)
    channels = asked.widths(widths, stages, stride)
    with asked.rules():
        space = Space(
            target=wanted.pixels,
            input=image,
            stride=stride,
            widths=channels,
            stem=max(1, channels[0] // 2) if stem is None else stem,
            kernels=asked.numbers("--kernels", kernels),
            dilations=asked.numbers("--dilations", dilations),
            kinds=tuple(blocks.replace(" ", "").split(",")),
            layers=asked.span("--layers", layers),
            tolerance=asked.percent("--tolerance", tolerance),
            holes=holes,
            effective=effective,
            limits=asked.limits(max_macs, max_params, max_depth),
        )
        _designs(space, wanted, pick, every, output, format)


def _designs(space: Space, wanted: asked.Wanted, pick: int | None, every: bool, output: Text, format: str) -> None:
    from rfcalc.design.designs import front
    from rfcalc.design.text import spec_of
    from rfcalc.errors import fail
    from rfcalc.reports.designs import designs_report, nothing_found, recommended

    designs = front(space)
    if not designs:
        raise fail("E502", *nothing_found(space))
    best = recommended(space, designs)
    chosen = asked.picked(pick, best.index, len(designs))
    text = spec_of(space, designs[chosen], shlex.join(["rfcalc", *sys.argv[1:]]))
    if output == "-":
        sys.stdout.write(text)
        return
    show([wanted.beside(designs_report(space, designs, best, every))], format)
    if output:
        write(output, text)


def _changes(spec: str, task: Task, wanted: asked.Wanted, pick: int | None, every: bool, output: Text, format: str) -> None:
    from rfcalc.design.edits import Search
    from rfcalc.reports.resize import changes_report, diffs, recommended

    with asked.rules(spec):
        search = Search(task)
        changes = search.run() if search.base.field != task.target else []
    if changes:
        chosen = changes[asked.picked(pick, recommended(task, changes), len(changes))]
    if output == "-":
        sys.stdout.write(chosen.text if changes else task.text)
        return
    show([wanted.beside(changes_report(spec, task, search.base, changes, every))], format)
    if format in ("table", "markdown"):
        fence = ("```diff\n", "\n```") if format == "markdown" else ("", "")
        for heading, text in diffs(task, changes, spec, every):
            sys.stdout.write(f"\n{heading}\n\n{fence[0]}{text}{fence[1]}\n")
    if output:
        write(output, chosen.text if changes else task.text)
