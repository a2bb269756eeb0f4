"""`rfcalc design`: new designs with a receptive field of the size of the structures that the task is about."""

from __future__ import annotations

import shlex
from typing import Annotated

from rfcalc.cli import design_options as options
from rfcalc.cli.common import Format, choice, show
from rfcalc.cli.declared import Context, option
from rfcalc.cli.target import (
    Dataset,
    Holes,
    Pick,
    Resize,
    Target,
    Text,
    Tolerance,
    needs_output,
    percent,
    picked,
    rules,
    wanted,
)
from rfcalc.cli.writing import Force, Output, write


def design(
    ctx: Context,
    target: Target = None,
    input: Annotated[str, option("--input", "-i", metavar="N|HxW|CxHxW", help="The image.")] = "512",
    dataset: Dataset = None,
    resize: Resize = None,
    stride: Annotated[int, option("--stride", metavar="N", help="Input pixels per unit of the last map.")] = 32,
    tolerance: Tolerance = "10%",
    holes: Holes = False,
    max_macs: Annotated[Text, option("--max-macs", metavar="N", help="Most MACs, such as 4G.")] = None,
    max_params: Annotated[Text, option("--max-params", metavar="N", help="Most parameters, such as 10M.")] = None,
    max_depth: Annotated[int | None, option("--max-depth", metavar="N", min=1, help="Most convolutions in a row.")] = None,
    stages: Annotated[int | None, option("--stages", metavar="N", help="How many stages follow the stem (4).")] = None,
    widths: Annotated[Text, option("--widths", metavar="A,B,..", help="Channels of each stage (64,128,..).")] = None,
    stem: Annotated[int | None, option("--stem", metavar="N", help="Channels of the stem (half of the first stage's).")] = None,
    kernels: Annotated[str, option("--kernels", metavar="A,B,..", help="Kernels that may be used.")] = "3,5,7",
    dilations: Annotated[str, option("--dilations", metavar="A,B,..", help="Dilations that may be used.")] = "1,2,4",
    blocks: Annotated[str, option("--blocks", metavar="A,B,..", help="plain, separable, basic, bottleneck.")] = "plain",
    layers: Annotated[str, option("--layers", metavar="A-B", help="Blocks per stage, least and most.")] = "1-8",
    effective: Annotated[
        bool, option("--effective", help="Aim with the effective field under random weights: 4 sigma = target.")
    ] = False,
    every: Annotated[bool, option("--all", help="Show every design.")] = False,
    pick: Pick = None,
    output: Output = None,
    force: Force = False,
    format: Format = "table",
) -> None:
    """New designs whose receptive field has the size of the structures that the task is about: the exact front over the
    error of the field, MACs and parameters. No design has holes in its field, unless --holes.

    Examples:

      rfcalc design --target 224

      rfcalc design --target 90 --stride 16 --max-params 5M -o net.yaml

      rfcalc design --dataset instances.json --input 640 --target p90
    """
    from rfcalc.designing.space import Space, usual_stem
    from rfcalc.designing.text import spec_of
    from rfcalc.formats import FORMATS
    from rfcalc.reports.designs import designs_report, searched

    choice(format, FORMATS, "--format")
    needs_output(pick, output)
    image = options.shape(input)
    aim = wanted(target, dataset, resize, image.size)
    channels = options.widths(widths, stages, stride)
    with rules():
        space = Space(
            target=aim.pixels,
            input=image,
            stride=stride,
            widths=channels,
            stem=usual_stem(channels) if stem is None else stem,
            kernels=options.choices("--kernels", kernels),
            dilations=options.choices("--dilations", dilations),
            kinds=tuple(blocks.replace(" ", "").split(",")),
            layers=options.span("--layers", layers),
            tolerance=percent("--tolerance", tolerance),
            holes=holes,
            effective=effective,
            limits=options.limits(max_macs, max_params, max_depth),
        )
        designs, best = searched(space)
    text = spec_of(space, designs[picked(pick, best.index, len(designs))], shlex.join(["rfcalc", *ctx.obj]))
    if output == "-":
        write("-", text)
        return
    show([aim.beside(designs_report(space, designs, best, every))], format)
    if output:
        write(output, text, force)
