"""`rfcalc size`: designs whose receptive field is the size of the structures that the task is about."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from rfcalc.cli.common import choice, show, usage, write

Text = str | None


def size(
    target: Annotated[int | None, typer.Option("--target", "-t", help="Pixels that the field should span.")] = None,
    input: Annotated[str, typer.Option("--input", "-i", metavar="N|HxW|CxHxW", help="The image.")] = "512",
    stride: Annotated[int, typer.Option("--stride", help="Input pixels per unit of the last map: 8, 16, 32, ...")] = 32,
    max_macs: Annotated[Text, typer.Option("--max-macs", metavar="N", help="Most MACs, such as 4G.")] = None,
    max_params: Annotated[Text, typer.Option("--max-params", metavar="N", help="Most parameters, such as 10M.")] = None,
    max_depth: Annotated[int | None, typer.Option("--max-depth", min=1, help="Most convolutions in a row.")] = None,
    stages: Annotated[int | None, typer.Option("--stages", help="How many stages follow the stem (4).")] = None,
    widths: Annotated[Text, typer.Option("--widths", metavar="A,B,..", help="Channels of each stage (64,128,..).")] = None,
    stem: Annotated[int | None, typer.Option("--stem", help="Channels of the stem (half of the first stage's).")] = None,
    kernels: Annotated[str, typer.Option("--kernels", metavar="A,B,..", help="Kernels that may be used.")] = "3,5,7",
    dilations: Annotated[str, typer.Option("--dilations", metavar="A,B,..", help="Dilations that may be used.")] = "1,2,4",
    blocks: Annotated[str, typer.Option("--blocks", metavar="A,B,..", help="plain, separable, basic, bottleneck.")] = "plain",
    layers: Annotated[str, typer.Option("--layers", metavar="A-B", help="Blocks per stage, least and most.")] = "1-8",
    tolerance: Annotated[str, typer.Option("--tolerance", metavar="N%", help="Largest error.")] = "10%",
    holes: Annotated[bool, typer.Option("--holes/--no-holes", help="Whether the field may have holes.")] = False,
    effective: Annotated[
        bool, typer.Option("--effective", help="Aim with the effective field under random weights: 4 sigma = target.")
    ] = False,
    pick: Annotated[int | None, typer.Option("--pick", metavar="N", help="Write design N, not the recommended one.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every design of the front.")] = False,
    output: Annotated[
        Text, typer.Option("--output", "-o", metavar="FILE", help="Write a design as a spec (-: print it).")
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="table, json, csv or markdown.")] = "table",
) -> None:
    """Designs whose receptive field is the size of the structures that the task is about: the exact front over the error of
    the field, MACs and parameters, without holes in the field unless --holes.

    Examples:

      rfcalc size --target 224

      rfcalc size --target 90 --input 512 --stride 16 --max-params 5M -o net.yaml

      rfcalc size --target 224 --effective --blocks bottleneck --layers 2-6
    """
    from rfcalc.cli import size_options as asked
    from rfcalc.errors import RuleError, fail
    from rfcalc.formats import FORMATS
    from rfcalc.sizing.designs import front
    from rfcalc.sizing.report import designs_report, nothing_found, recommended
    from rfcalc.sizing.space import Space
    from rfcalc.sizing.text import spec_of

    choice(format, FORMATS, "--format")
    if target is None:
        raise usage("say how many pixels the field should span: --target 224")
    channels = asked.widths(widths, stages, stride)
    try:
        space = Space(
            target=target,
            input=asked.shape(input),
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
        designs = front(space)
        if not designs:
            raise fail("E302", *nothing_found(space))
    except RuleError as error:
        raise fail("E301", str(error)) from None
    best = recommended(space, designs)
    chosen = best.index if pick is None else pick - 1
    if not 0 <= chosen < len(designs):
        raise usage(f"--pick takes 1 to {len(designs)}, not {pick}")
    text = spec_of(space, designs[chosen], shlex.join(["rfcalc", *sys.argv[1:]]))
    if output == "-":
        sys.stdout.write(text)
        return
    show([designs_report(space, designs, best, every)], format)
    if output:
        write(output, text)
