"""`rfcalc analyze`: the figures of each layer, and the totals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli import complete
from rfcalc.cli.color import complain
from rfcalc.cli.common import (
    Format,
    Layers,
    LoadOptions,
    Optimizer,
    Specs,
    answer,
    choice,
    networks,
    optimizer_of,
    uncollected,
    unit,
    usage,
)
from rfcalc.cli.declared import option
from rfcalc.cli.viewing import viewed
from rfcalc.cli.writing import ErfMap, Force, MaskPng, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rfcalc.analyses.network import Analysis
    from rfcalc.analyses.rows import View
    from rfcalc.report.tables import Report


def dtypes() -> Iterable[str]:
    """The types of numbers that `--dtype` knows."""
    from rfcalc.analyses.network import DTYPES

    return DTYPES


At = Annotated[list[str] | None, option("--at", metavar="Y,X", help="What does this unit see? Traced in each selected layer.")]
Why = Annotated[bool, option("--why", help="What sets the field of the last selected layer: its critical path.")]
Erf = Annotated[bool, option("--erf", help="Effective receptive field under random weights: sigma per layer.")]
Mask = Annotated[bool, option("--mask", help="With --at: draw which pixels the unit sees.")]
Convention = Annotated[
    str | None,
    option(
        "--convention",
        metavar="NAME",
        autocompletion=complete.conventions,
        help="Cost as another tool counts: torch, fvcore, thop, ptflops, macs.",
    ),
]
Dtype = Annotated[
    str,
    option(
        "--dtype",
        metavar="DTYPE",
        autocompletion=complete.one_of(dtypes),
        help="Of the memory figures: fp64, fp32, tf32, fp16, bf16, fp8 or int8.",
    ),
]

SHAPED = ("table", "markdown")  # the formats for people
MANY = 3  # networks, before their tables are more than one looks at


@networks
@viewed
def analyze(
    specs: Specs,
    format: Format = "table",
    layer: Layers = None,
    at: At = None,
    mask: Mask = False,
    mask_png: MaskPng = None,
    why: Why = False,
    erf: Erf = False,
    erf_map: ErfMap = None,
    force: Force = False,
    convention: Convention = None,
    dtype: Dtype = "fp32",
    optimizer: Optimizer = None,
    *,
    view: View,
    given: LoadOptions,
) -> None:
    """Output shape, receptive field, stride, MACs and parameters of each layer, and the totals.

    Examples:

      rfcalc analyze resnet50.yaml

      rfcalc analyze resnet50.yaml -s depth=101 --input 3x640x640

      rfcalc analyze unet.yaml --layer 'up*' --at 158,158

      rfcalc analyze resnet50.yaml --depth 1

      rfcalc analyze resnet50.yaml --sort memory --top 5

      rfcalc analyze resnet50.yaml --why --erf

      rfcalc analyze resnet50.yaml --optimizer adamw --summary

      rfcalc analyze my-net.yaml --format json | jq .totals
    """
    from rfcalc.analyses.asked import refused
    from rfcalc.analyses.network import DTYPES
    from rfcalc.analyses.network import analyze as run
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    _check_view(view, format)
    units = [unit(text) for text in at or ()]
    _check_pictures(mask or bool(mask_png), bool(erf_map or mask_png), len(units), len(specs))
    if convention:
        from rfcalc.analyses.cost import CONVENTIONS

        choice(convention, CONVENTIONS, "--convention")
    size = DTYPES[choice(dtype, DTYPES, "--dtype")]
    wanted = partial(
        run,
        select=layer or (),
        at=units,
        dtype_bytes=size,
        why=why,
        erf=erf or bool(erf_map),
        convention=convention or "",
        optimizer=optimizer_of(optimizer),
    )
    with uncollected():
        graphs, errors = given.load_all(specs)
        _check_pictures(False, bool(erf_map or mask_png), len(units), len(graphs))
        analyses = [wanted(graph) for graph in graphs]
        wrong = [refused(analysis, layer or (), units) for analysis in analyses]
        errors += [error for error in wrong if error]
        shown = [analysis for analysis, error in zip(analyses, wrong, strict=True) if not error]
        reports = _reports(shown, format, view, mask, bool(optimizer))
        if shown and (erf_map or mask_png):
            _write(shown[0], erf_map, mask_png, force)
        if len(shown) > MANY and format == "table":
            complain("note: rfcalc compare sets many networks side by side, a row each")
        answer(reports, format, specs, errors)


def _reports(analyses: Sequence[Analysis], format: str, view: View, masks: bool, training: bool) -> list[Report]:
    """JSON needs no tables, and what makes them is not imported for it."""
    if format in ("json", "jsonl"):
        from rfcalc.reports.parts.contract import data_report

        return [data_report(analysis, view.ranked(analysis.layers), masks) for analysis in analyses]
    from rfcalc.reports.layers import layer_report

    programs = format not in SHAPED
    return [layer_report(analysis, view, masks, training, programs) for analysis in analyses]


def _check_view(view: View, format: str) -> None:
    """Programs get every layer and every figure: what shapes a table says nothing to them."""
    shaping = {"--depth": view.depth, "--columns": view.columns}
    if format not in SHAPED:
        for option, given in shaping.items():
            if given:
                raise usage(f"{option} shapes the table; {format} has a row for each layer, with every figure")


def _check_pictures(needs_unit: bool, file: bool, units: int, specs: int) -> None:
    if needs_unit and not units:
        raise usage("--mask and --mask-png need a unit: --at Y,X")
    if file and (specs > 1 or units > 1):
        raise usage("a picture file is of one spec and one unit")


def _write(analysis: Analysis, erf_map: str | None, mask_png: str | None, force: bool) -> None:
    from rfcalc.cli import pictures

    for path, picture in ((erf_map, pictures.erf_map), (mask_png, pictures.mask)):
        if path:
            write(path, picture(analysis), force)
