"""`rfcalc transform`: a design becomes another one, and it is said what stays equal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rfcalc.cli import complete
from rfcalc.cli.common import FORMAT_NAMES, Layers, LoadOptions, Spec, choice, networks, show, usage
from rfcalc.cli.writing import Force, Output, write

if TYPE_CHECKING:
    from rfcalc.report.tables import Report

To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        "-t",
        metavar="WORD[=N]",
        autocompletion=complete.transforms,
        help="What to do; repeatable, one after the other.",
    ),
]


@networks
def transform(
    spec: Spec,
    to: To = None,
    layer: Layers = None,
    output: Output = None,
    force: Force = False,
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help=f"The report: {FORMAT_NAMES}.")] = "table",
    *,
    given: LoadOptions,
) -> None:
    """Transforms a design and writes it as a spec; says what equals the original, and what does not.

    Without -o the spec goes to standard output and the report to standard error.

    \b
      fully-convolutional   linear layers become convolutions: any input size
      output-stride=8       strides beyond 8 become dilations, as in DeepLab
      separable             convolutions become depthwise and 1x1
      bottleneck[=4]        convolutions become 1x1, narrow, 1x1
      subpixel              upconv becomes convolution and pixel shuffle
      transposed            convolution and pixel shuffle become upconv
      resize-conv[=3]       upconv becomes upsampling and convolution
      group-norm[=32]       batch norms become group norms
      fold-bn               batch norms go into the layer before them

    Examples:

      rfcalc transform resnet50.yaml --to output-stride=8 -o resnet50-os8.yaml

      rfcalc transform vgg16.yaml --to fully-convolutional --to output-stride=8

      rfcalc transform resnet18.yaml --to separable --layer 'layer[34].*'
    """
    from rfcalc.formats import FORMATS
    from rfcalc.reports.transform import transform_report
    from rfcalc.transforms import TRANSFORMS, apply_all
    from rfcalc.transforms.text import spec_of, text_of

    choice(format, FORMATS, "--format")
    if not to:
        raise usage(f"say what to do: --to one of {', '.join(TRANSFORMS)}")
    start = given.load(spec)
    steps = apply_all(start, to, layer or ())
    text = spec_of(start.name, steps, text_of(start.source))
    report = transform_report(start, steps, text)
    if output and output != "-":
        write(output, text, force)
    elif format == "table":
        sys.stdout.write(text)
        sys.stdout.flush()
        _aside(report)
        return
    show([report], format)


def _aside(report: Report) -> None:
    """Prints a report on standard error."""
    from rfcalc.formats import render
    from rfcalc.formats.parts.screen import Screen
    from rfcalc.report.tables import Answer

    sys.stderr.write(render("table", Answer((report,)), Screen()) + "\n")
