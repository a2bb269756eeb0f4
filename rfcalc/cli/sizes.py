"""`rfcalc sizes`: which input sizes fit, and tiles that stitch without seams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from rfcalc.cli.common import Format, LoadOptions, Specs, answer, choice, networks, uncollected, usage
from rfcalc.cli.declared import option

if TYPE_CHECKING:
    from rfcalc.graph import Graph
    from rfcalc.report.tables import Report

MOST = 65_536


@networks
def sizes(
    specs: Specs,
    tile: Annotated[
        str | None, option("--tile", metavar="N|HxW", help="Tiled inference: halo, step and overlap of such tiles.")
    ] = None,
    keep: Annotated[
        int | None, option("--keep", min=1, metavar="N", help="The smallest tile that keeps N units of output.")
    ] = None,
    layer: Annotated[str | None, option("--layer", "-l", metavar="GLOB", help="The layer that is meant.")] = None,
    limit: Annotated[int | None, option("--limit", metavar="N", min=64, max=MOST, help="Try sizes up to this one.")] = None,
    format: Format = "table",
    *,
    given: LoadOptions,
) -> None:
    """Which input sizes fit (no mismatch, no row lost), the smallest one with a unit that touches no padding, and how
    output, MACs and memory grow; or, with --tile or --keep, how to cut an image into tiles that stitch without seams.

    Examples:

      rfcalc sizes unet.yaml

      rfcalc sizes unet.yaml -s padding=half --input 1x512x512 --tile 256

      rfcalc sizes resnet50.yaml --layer layer4.2.relu --keep 16
    """
    from rfcalc.errors import RuleError, SpecError, fail
    from rfcalc.formats import FORMATS

    choice(format, FORMATS, "--format")
    tiles = _tile(tile) if tile else None
    graphs, errors = given.load_all(specs)
    reports = []
    for graph in graphs:
        try:
            in_tiles = tiles or keep
            with uncollected():
                reports.append(_tiles(graph, tiles, keep, layer) if in_tiles else _sizes(graph, layer, limit or 0))
        except RuleError as error:
            errors.append(fail("E203", f"{graph.name}: {error}"))
        except SpecError as error:
            errors.append(error)
    answer(reports, format, specs, errors)


def _tile(text: str) -> tuple[int, ...]:
    parts = text.split("x")
    if not all(part.isdecimal() and 0 < int(part[:9]) <= MOST and len(part) < 10 for part in parts):
        raise usage(f"--tile takes a size up to {MOST} or one per axis, such as 256 or 256x512, not {text!r}")
    return tuple(map(int, parts))


def _tiles(graph: Graph, tile: tuple[int, ...] | None, keep: int | None, layer: str | None) -> Report:
    from rfcalc.errors import RuleError
    from rfcalc.graph import layers_like
    from rfcalc.reports.tiles import tiled, tiles_report

    rank = graph.nodes[graph.inputs[0]].shape.rank
    if tile is not None and len(tile) not in (1, rank):
        raise RuleError(f"--tile has {len(tile)} numbers for an input of {rank} axes")
    size = None if tile is None else tile * rank if len(tile) == 1 else tile
    targets = layers_like(graph, layer)[-1:] or graph.outputs
    return tiles_report(graph, [tiled(graph, target, size, keep) for target in targets])


def _sizes(graph: Graph, layer: str | None, limit: int) -> Report:
    from rfcalc.analyses.receptive_field import Fields
    from rfcalc.analyses.target import target
    from rfcalc.graph import layers_like
    from rfcalc.reports.sizes import SizesOf, sizes_report

    fields = Fields(graph)
    at = target(graph, fields, layers_like(graph, layer))
    return sizes_report(SizesOf(graph, at, None if at is None else fields.supports[at], limit))
