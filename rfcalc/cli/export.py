"""`rfcalc export`: the network for other programs; `rfcalc show`, the short name of one of its forms."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import LoadOptions, Spec, choice, networks, usage
from rfcalc.cli.declared import option
from rfcalc.cli.writing import Force, Output, check, write

# format: the function that makes its text
TEXTS = {
    "torch": ("rfcalc.backends.torch.classes", "readable"),
    "torch --flat": ("rfcalc.backends.torch.source", "source"),
    "dot": ("rfcalc.backends.pictures.diagram", "dot"),
    "mermaid": ("rfcalc.backends.pictures.diagram", "mermaid"),
    "svg": ("rfcalc.page.figure", "svg"),
    "yaml": ("rfcalc.language.writer", "expanded"),
}

FORMATS = (*(name for name in TEXTS if " " not in name), "onnx")


@networks
def export(
    spec: Spec,
    to: Annotated[
        str,
        option(
            "--to",
            "-t",
            metavar="FORMAT",
            help="torch, onnx, dot, mermaid, svg or yaml.",
            autocompletion=complete.one_of(lambda: FORMATS),
        ),
    ],
    output: Output = None,
    force: Force = False,
    weights: Annotated[
        str | None,
        option("--weights", metavar="FILE", help="Trained ones: into an ONNX file, or beside torch's source as .safetensors."),
    ] = None,
    flat: Annotated[bool, option("--flat", help="For torch: every layer by itself, no classes and no repeats.")] = False,
    *,
    given: LoadOptions,
) -> None:
    """Write the network as Python source for torch, ONNX, Graphviz, Mermaid, a figure in SVG, or a spec with every layer
    written out.

    The Python source needs torch and nothing of rfcalc; writing it needs not even torch. Blocks are classes and repeats are
    nn.Sequential; --flat has the same submodules, one statement for each layer. An ONNX file has random weights, or
    those of --weights, and any batch size; it needs rfcalc-cli\\[export], and is kept only if it computes what torch computes.

    Examples:

      rfcalc export resnet50.yaml --to torch -o resnet50.py

      rfcalc export unet.yaml --to mermaid

      rfcalc export resnet18.yaml --to onnx -o resnet18.onnx --weights resnet18.safetensors
    """
    choice(to, FORMATS, "--to")
    if flat and to != "torch":
        raise usage(f"--flat is a form of --to torch, not of --to {to}")
    if to == "onnx":
        _onnx(spec, output, weights, force, given)
    elif weights:
        _beside(spec, to, flat, output, weights, force, given)
    else:
        _write(spec, "torch --flat" if flat else to, output, force, given)


@networks
def show(
    spec: Spec,
    output: Output = None,
    force: Force = False,
    *,
    given: LoadOptions,
) -> None:
    """Print the spec with every block, repeat and expression worked out, one explicit layer per line: the short name of
    rfcalc export --to yaml.

    Example:

      rfcalc show resnet50.yaml -s depth=101
    """
    _write(spec, "yaml", output, force, given)


def _write(spec: str, to: str, output: str | None, force: bool, given: LoadOptions) -> None:
    module, function = TEXTS[to]
    write(output or "-", getattr(import_module(module), function)(given.load(spec)), force)


def _onnx(spec: str, output: str | None, weights: str | None, force: bool, given: LoadOptions) -> None:
    """Writes the file when it is known to be right; says who has checked it."""
    from rfcalc.backends.optional import require

    if output in (None, "-"):
        raise usage("ONNX is a binary file: give it a name with -o")
    for package in ("torch", "onnx", "onnxscript"):
        require(package, "export")
    from rfcalc.backends.torch.onnx_export import checked_by, onnx_bytes
    from rfcalc.backends.torch.weights import with_weights

    graph, said = given.load(spec), ""
    module = None
    if weights:
        module, said, _ = with_weights(graph, weights)
    write(output, onnx_bytes(graph, module), force)
    if weights:
        print(f"with the weights of {weights}, matched {said}", file=sys.stderr)
    print(checked_by(), file=sys.stderr)


def _beside(spec: str, to: str, flat: bool, output: str | None, weights: str, force: bool, given: LoadOptions) -> None:
    """The source, and a file of weights with its names."""
    from rfcalc.backends.optional import require

    if to != "torch":
        raise usage(f"--weights goes with --to torch or onnx, not with --to {to}")
    if not output or output == "-":
        raise usage("--weights needs -o: the weights are written beside the source")
    beside = f"{os.path.splitext(output)[0]}.safetensors"
    check(beside, force)
    require("torch", "torch")
    from rfcalc.backends.torch.weights import safetensors_bytes, with_weights

    graph = given.load(spec)
    module, said, dtype = with_weights(graph, weights)
    content = safetensors_bytes(module.state_dict(), dtype)
    source, function = TEXTS["torch --flat" if flat else "torch"]
    write(output, getattr(import_module(source), function)(graph), force)
    write(beside, content, force)
    print(f"with the weights of {weights}, matched {said}", file=sys.stderr)
