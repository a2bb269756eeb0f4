"""`rfcalc transform`: a design becomes another one, and it is said what stays equal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import FORMAT_NAMES, Layers, LoadOptions, Spec, choice, networks, show, usage
from rfcalc.cli.declared import option
from rfcalc.cli.writing import Force, Output, check, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rfcalc.graph import Graph
    from rfcalc.report.tables import Report
    from rfcalc.transforms.outcome import Transformed

To = Annotated[
    list[str] | None,
    option(
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
    weights: Annotated[
        str | None,
        option(
            "--weights",
            metavar="FILE",
            help="Convert these too: written beside -o as .safetensors, if the outputs are equal.",
        ),
    ] = None,
    force: Force = False,
    format: Annotated[str, option("--format", "-f", metavar="FORMAT", help=f"The report: {FORMAT_NAMES}.")] = "table",
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

      rfcalc transform vgg16.yaml --to fully-convolutional --weights vgg16.safetensors -o fcn.yaml
    """
    from rfcalc.formats import FORMATS
    from rfcalc.reports.transform import transform_report
    from rfcalc.transforms import TRANSFORMS, apply_all
    from rfcalc.transforms.text import spec_of, text_of

    choice(format, FORMATS, "--format")
    if not to:
        raise usage(f"say what to do: --to one of {', '.join(TRANSFORMS)}")
    beside = _beside(weights, output, force)
    start = given.load(spec)
    steps = apply_all(start, to, layer or ())
    text = spec_of(start.name, steps, text_of(start.source))
    report = transform_report(start, steps, text)
    if output and output != "-":
        carried = _carried(start, steps, weights) if weights else None
        write(output, text, force)
        if carried is not None:
            content, said = carried
            write(beside, content, force)
            print(said, file=sys.stderr)
    elif format == "table":
        write("-", text)
        sys.stdout.flush()
        _aside(report)
        return
    show([report], format)


def _beside(weights: str | None, output: str | None, force: bool) -> str:
    """Where converted weights go: beside the spec. Refuses a place that cannot be written before the work begins."""
    if not weights:
        return ""
    if not output or output == "-":
        raise usage("--weights needs -o: the weights are written beside the spec")
    beside = f"{os.path.splitext(output)[0]}.safetensors"
    check(beside, force)
    return beside


def _carried(start: Graph, steps: Sequence[tuple[str, Transformed]], weights: str) -> tuple[bytes, str]:
    """The content of the file of converted weights, and what was proven of it."""
    from rfcalc.backends.optional import require

    require("torch", "torch")
    from rfcalc.backends.proof.moving import carried
    from rfcalc.backends.torch.weights import safetensors_bytes

    made = carried(start, steps, weights)
    return safetensors_bytes(made.state, made.dtype), made.said


def _aside(report: Report) -> None:
    """Prints a report on standard error."""
    from rfcalc.formats import render
    from rfcalc.formats.parts.screen import Screen
    from rfcalc.report.tables import Answer

    sys.stderr.write(render("table", Answer((report,)), Screen()) + "\n")
