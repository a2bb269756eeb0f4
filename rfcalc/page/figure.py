"""A figure of an architecture for a paper: blocks from top to bottom, as wide as their maps, and skips as lanes beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rfcalc.analyses.network import Analysis, analyze
from rfcalc.analyses.rows import TableRow, View, field_text, outline
from rfcalc.graph import Graph
from rfcalc.layers.traits import LayerKind
from rfcalc.page.lanes import Skip, lanes
from rfcalc.record import record
from rfcalc.report.units import short

MOST_ROWS = 44
STEP, HEIGHT = 34, 22  # of a row, and of the box in it
WIDEST, NARROWEST = 190, 46  # boxes
LANE, GAP, MARGIN = 11, 14, 16
LONGEST = 46  # letters of a column
LETTER = 0.53  # width of a letter of Helvetica, on average, in its size
SIZE, SMALL = 12, 11
COLORS = {
    LayerKind.INPUT: ("#ffffff", "#555555"),
    LayerKind.CONVOLUTION: ("#d4e4f7", "#2b5c94"),
    LayerKind.TRANSPOSED: ("#d5eddb", "#2c7a45"),
    LayerKind.LINEAR: ("#e6dcf3", "#67449b"),
    LayerKind.POOL: ("#fbe3cc", "#a85f1b"),
}
OTHER = ("#eeeeee", "#666666")
FONT = f'font-family="Helvetica, Arial, sans-serif" font-size="{SIZE}"'
HEADS = ("", "output", "field", "parameters")


@record
class Drawn:
    """A row of the figure: its name, what it does, the columns beside it, the width of its box and its colours."""

    name: str
    text: str
    columns: tuple[str, ...]
    width: float
    colors: tuple[str, str]


def svg(graph: Graph, depth: int | None = None) -> str:
    """The figure of a graph as SVG. `depth`: blocks with longer names are one box each; None: as deep as fits on a page."""
    analysis = analyze(graph)
    rows = _rows(analysis) if depth is None else outline(analysis, View(depth=depth)).rows
    drawn = [_input(graph), *(_drawn(analysis, row) for row in rows)]
    return "\n".join([*_document(graph, drawn, lanes(_reads(graph, rows))), ""])


def _rows(analysis: Analysis) -> list[TableRow]:
    """The rows of the layer table, at the depth at which they are few enough for a page, or else as few as they get."""
    rows = outline(analysis, View()).rows
    deepest = max((row.name.count(".") for row in rows), default=0)
    for depth in range(deepest, 0, -1):
        if len(rows) <= MOST_ROWS:
            break
        rows = outline(analysis, View(depth=depth)).rows
    return list(rows)


def _reads(graph: Graph, rows: Sequence[TableRow]) -> list[list[int]]:
    """For each line of the figure the lines that it reads; line 0 is the inputs."""
    place = {graph.nodes[i].name: 0 for i in graph.inputs}
    place |= {layer.name: k for k, row in enumerate(rows, 1) for layer in row.layers}
    return [[], *(sorted({place[name] for name in row.inputs}) for row in rows)]


def _input(graph: Graph) -> Drawn:
    shapes = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
    return Drawn("input", "", (shapes, "", ""), WIDEST, COLORS[LayerKind.INPUT])


def _drawn(analysis: Analysis, row: TableRow) -> Drawn:
    shape, params = row.last.shape, sum(layer.params for layer in row.layers)
    share = max((n / m for n, m in zip(shape.size, analysis.input.size, strict=False)), default=0)
    width = NARROWEST + (WIDEST - NARROWEST) * min(1, share) ** 0.5
    field = "at most " * row.last.bounded + field_text(row.last.field)
    kinds = [layer.node.op.kind for layer in row.layers]
    main = max(row.layers, key=lambda layer: layer.macs).node.op.kind if any(x.macs for x in row.layers) else kinds[0]
    return Drawn(row.name, row.op, (str(shape), field, short(params) if params else ""), width, COLORS.get(main, OTHER))


def _document(graph: Graph, rows: Sequence[Drawn], skips: Sequence[Skip]) -> Iterator[str]:
    left = MARGIN + max(_width(row.name, SIZE) for row in rows) + GAP
    texts = [max(_width(row.text, SMALL) for row in rows), *(_column(rows, k) for k in range(3))]
    middle = left + WIDEST / 2
    beside = left + WIDEST + LANE * (1 + max((skip.lane + 1 for skip in skips), default=0)) + GAP
    starts = [beside + sum(texts[:k]) + GAP * k for k in range(4)]
    top = MARGIN + 3 * SIZE + GAP
    ends = starts[3] + texts[3] + MARGIN, top + STEP * len(rows) + MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{ends[0]:.0f}" height="{ends[1]:.0f}" '
        f'viewBox="0 0 {ends[0]:.0f} {ends[1]:.0f}" {FONT} fill="#222222">'
    )
    yield f"<title>{_text(graph.name)}</title>"
    yield '<rect width="100%" height="100%" fill="#ffffff"/>'
    yield f'<text x="{MARGIN}" y="{MARGIN + SIZE}" font-size="15" font-weight="bold">{_text(graph.name)}</text>'
    for x, head in zip(starts[1:], HEADS[1:], strict=True):
        yield f'<text x="{x:.1f}" y="{top - GAP / 2:.1f}" font-size="{SMALL}" fill="#666666">{head}</text>'
    yield from _flow(rows, skips, middle, left + WIDEST, top)
    for k, row in enumerate(rows):
        yield from _row(row, top + STEP * k, left - GAP, middle, starts)
    yield "</svg>"


def _column(rows: Sequence[Drawn], k: int) -> float:
    return max(_width(HEADS[k + 1], SMALL), *(_width(row.columns[k], SMALL) for row in rows))


def _row(row: Drawn, y: float, left: float, middle: float, starts: Sequence[float]) -> Iterator[str]:
    fill, line = row.colors
    yield (
        f'<rect x="{middle - row.width / 2:.1f}" y="{y}" width="{row.width:.1f}" height="{HEIGHT}" rx="3" '
        f'fill="{fill}" stroke="{line}"/>'
    )
    base = y + HEIGHT / 2 + 4
    yield f'<text x="{left:.1f}" y="{base}" text-anchor="end" font-weight="600">{_text(row.name)}</text>'
    for x, text in zip(starts, (row.text, *row.columns), strict=True):
        if text:
            yield f'<text x="{x:.1f}" y="{base}" font-size="{SMALL}">{_text(text)}</text>'


def _flow(rows: Sequence[Drawn], skips: Sequence[Skip], middle: float, right: float, top: float) -> Iterator[str]:
    """Arrows from each row to the next where it is read, and lanes to those that read it further below."""
    yield '<g fill="none" stroke="#777777" stroke-width="1.2">'
    tips = []
    for skip in skips:
        y, end = top + STEP * skip.source, top + STEP * skip.reader
        if skip.lane < 0:
            yield f'<path d="M{middle:.1f} {y + HEIGHT}V{end - 4}"/>'
            tips.append(f"M{middle:.1f} {end}l-3.5 -6h7z")
            continue
        start, stop = (middle + rows[k].width / 2 for k in (skip.source, skip.reader))
        x, out, back = right + LANE * (skip.lane + 1), y + HEIGHT * 0.7, end + HEIGHT * 0.3
        yield f'<path d="M{start:.1f} {out:.1f}H{x - 4:.1f}q4 0 4 4V{back - 4:.1f}q0 4 -4 4H{stop + 5:.1f}"/>'
        tips.append(f"M{stop:.1f} {back:.1f}l6 -3.5v7z")
    yield "</g>"
    if tips:
        yield f'<path fill="#777777" d="{"".join(tips)}"/>'


def _width(text: str, size: int) -> float:
    return min(len(text), LONGEST) * size * LETTER


def _text(text: str) -> str:
    """A text that may stand in SVG; a long one loses its middle."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST * 2 // 3]}...{shown[-(LONGEST // 3 - 3) :]}"
    return escape(shown)
