"""The report of `rfcalc sizes`: which inputs fit, and how output, compute and memory grow with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rfcalc.analyses.memory import Needed, at_inference
from rfcalc.analyses.sizes import MOST_SPENT, Fitting, Rows, SizeSet, enough, fitting, need_axes, smallest_clean, usual
from rfcalc.fields.clean import Clean
from rfcalc.fields.forward import Support
from rfcalc.fields.resized import ShapesAtSize, SizeError
from rfcalc.graph import Graph
from rfcalc.record import record, replace
from rfcalc.relations.shape import Shape
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import joined, runs, short, times
from rfcalc.reports.parts.contract import shape_data
from rfcalc.reports.parts.flat import flat_table

if TYPE_CHECKING:
    from rfcalc.report.models.sizes import AxisSizesData, GrowthData, RuleData, SizesData, SkipData

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
SHOWN = 6
SHOWN_SKIPS = 2


@record
class Growth:
    """The network at one input size."""

    size: tuple[int, ...]
    output: Shape
    macs: int
    memory: Needed


def rule_text(rule: SizeSet) -> str:
    """A rule in a line: "multiples of 16, from 16", "188 + 16 k (188, 204, 220, ...)", "227 to 258"."""
    if not rule.members:
        return f"no size up to {rule.limit}"
    irregular = _runs(rule.irregular)
    if rule.start is None or not rule.residues:
        return irregular
    first = rule.from_on(rule.start, 1)[0]
    if len(rule.residues) == rule.period:
        text = f"every size from {first}"
    elif len(rule.residues) == 1 and not first % rule.period:
        text = f"multiples of {rule.period}, from {first}"
    elif len(rule.residues) == 1:
        text = f"{first} + {rule.period} k ({', '.join(map(str, rule.from_on(first, 3)))}, ...)"
    else:
        text = f"from {first} on those with n mod {rule.period} in {_runs(rule.residues)}"
    return f"{irregular}; {text}" if irregular else text


def _runs(numbers: Sequence[int]) -> str:
    """Ascending numbers as "227 to 258, 300", shortened where there are many."""
    shown = [str(a) if a == b else f"{a} to {b}" for a, b in runs(numbers)]
    return ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else "")


def rule_data(rule: SizeSet) -> RuleData:
    """A rule as JSON: from `from` on, n fits if and only if n mod `period` is one of `residues`; below, only `irregular`."""
    known = rule.start is not None
    return {
        "text": rule_text(rule),
        "smallest": rule.first,
        "from": rule.start,
        "period": rule.period if known else None,
        "residues": list(rule.residues),
        "irregular": list(rule.irregular),
    }


class SizesOf:
    """The sizes of one network. `target`: the layer whose units without padding are asked for; its `support`."""

    def __init__(self, graph: Graph, target: int | None, support: Support | None, limit: int = 0) -> None:
        self.graph, self.target, self.limit = graph, target, limit
        self.sizes = ShapesAtSize(graph)
        self.image = self.sizes.image
        need_axes(graph)
        self.axes = [fitting(self.sizes, 0, limit)]
        self.axes += [self._like_first(axis) or fitting(self.sizes, axis, limit) for axis in range(1, len(self.image))]
        self.free: list[int | None] = []
        self.tried: list[int] = []
        if target is not None and support is not None and support.terms:
            far = [max(fits.fits.limit, enough(support, axis)) for axis, fits in enumerate(self.axes)]
            for axis, end in enumerate(far):
                if axis > 0 and end == far[0] and self._like_first(axis) is not None:
                    found = self.free[0], self.tried[0]
                else:
                    found = smallest_clean(self.sizes, target, axis, end, 0 if limit else MOST_SPENT)
                self.free.append(found[0])
                self.tried.append(found[1])

    def _like_first(self, axis: int) -> Fitting | None:
        """What the first axis has, where the layers treat this one alike, and a refusal is the same with its own words."""
        first = self.axes[0]
        fits = [n for n in first.fits.from_on(1, first.fits.limit) if n <= first.fits.limit and n != self.image[0]]
        if not self.sizes.alike(axis, fits[:1] + fits[len(fits) // 2 :][:1] + fits[-1:]):
            return None
        refusals = []
        for layer, count, last, message in first.refusals:
            try:
                self.sizes.at((*self.image[:axis], last, *self.image[axis + 1 :]))
            except SizeError as error:
                message = error.message
            refusals.append((layer, count, last, message))
        return replace(first, refusals=tuple(refusals))

    @property
    def clean(self) -> bool:
        """Whether, on an input with the smallest sizes of all axes at once, some unit touches no padding."""
        size = [n for n in self.free if n is not None]
        if self.target is None or len(size) < len(self.image):
            return False
        try:
            return all(Clean(self.sizes, axis).rows(size, self.target).some for axis in range(len(size)))
        except SizeError:
            return False

    def skipped(self) -> dict[int, list[int]]:
        """Tensors with rows that no layer reads, and the strided layers that step over them, at the network's own size."""
        layers, axes = self.sizes.at(self.image), range(len(self.image))
        return {node: readers for axis in axes for node, readers in Rows(self.sizes, axis).stepped_over(layers)}

    @property
    def output(self) -> int:
        """The output that is shown: the layer that was asked for, if it is one, or the first."""
        return self.target if self.target in self.graph.outputs and self.target is not None else self.graph.outputs[0]

    def growth(self) -> list[Growth]:
        """The network at the smallest size, at the smallest without padding for some unit, and at 1/2 to 2 times its own;
        each moved up to a size that loses nothing."""
        wanted = [tuple(axis.lossless.first or axis.fits.first or n for axis, n in zip(self.axes, self.image, strict=True))]
        wanted += [tuple(-(-n * ratio // 4) for n in self.image) for ratio in (2, 3, 4, 6, 8)]
        wanted += [tuple(n for n in self.free if n is not None)] if self.free and None not in self.free else []
        snapped = {self._snapped(size) for size in wanted} | {self.image}
        rows = []
        for size in sorted(size for size in snapped if size):
            try:
                rows.append(self._at(size))
            except SizeError:
                continue
        return rows

    def _snapped(self, size: Sequence[int]) -> tuple[int, ...]:
        rules = [axis.lossless if axis.lossless.members else axis.fits for axis in self.axes]
        nearest = [rule.from_on(n, 1) for rule, n in zip(rules, size, strict=True)]
        return tuple(each[0] for each in nearest) if all(nearest) else ()

    def _at(self, size: tuple[int, ...]) -> Growth:
        graph = self.sizes.graph_at(size)
        output = graph.nodes[self.output].shape
        return Growth(size, output, sum(node.cost.macs for node in graph.nodes), at_inference(graph))


def sizes_report(found: SizesOf) -> Report:
    """The table of growth, and the rules as notes."""
    graph, rows = found.graph, found.growth()
    columns = (
        Column("input", "Input", lambda size: f"{graph.nodes[graph.inputs[0]].shape.channels}x{times(size)}"),
        Column("output", f"Output {graph.nodes[found.output].name}" if len(graph.outputs) > 1 else "Output"),
        Column("macs", "MACs", lambda n: short(n), True),
        Column("memory", "Peak memory", lambda needed: needed.text, True),
    )
    values = tuple((row.size, row.output, row.macs, row.memory) for row in rows)
    keys = ("input", "output", "macs", "peak_activation_bytes", "approximate")
    flat = flat_table(graph.name, keys, map(_flat, rows))
    table = Table("", columns, values)
    return Report(f"{graph.name}: input sizes", (table,), tuple(_notes(found)), flat, sizes_data(found, rows))


def _notes(found: SizesOf) -> Iterator[tuple[str, str]]:
    same = len({(axis.fits, axis.lossless) for axis in found.axes}) == 1
    names = _names(len(found.axes))
    for name, axis in zip(names, found.axes[:1] if same else found.axes, strict=not same):
        yield from _axis_notes("each side" if same and len(names) > 1 else name, axis)
    if found.target is not None and found.free:
        yield "No padding", _free(found, found.graph.nodes[found.target].name, names)
    yield from _skipped(found)
    last = found.axes[0].fits.limit
    more = "" if found.limit or last >= usual(found.image[0]) else " (a network as large as this; --limit N tries more)"
    yield "Exact for", f"sizes 1 to {last}, tried one by one{more}; memory is the peak in float32, batch 1"


def _skipped(found: SizesOf) -> Iterator[tuple[str, str]]:
    """Maps of which strided layers leave out rows at any size, the first few."""
    nodes, skipped = found.graph.nodes, found.skipped()
    for node, readers in list(skipped.items())[:SHOWN_SKIPS]:
        layers = " and ".join(nodes[i].name for i in readers)
        more = f" (so with {len(skipped)} maps in all)" if len(skipped) > SHOWN_SKIPS else ""
        yield "Skips", f"{layers}: between the rows of {nodes[node].name} that are read lie rows that no layer reads{more}"


def _names(rank: int) -> tuple[str, ...]:
    return AXES.get(rank, tuple(f"axis {k}" for k in range(rank)))


def _free(found: SizesOf, layer: str, names: Sequence[str]) -> str:
    """The smallest input on which some unit touches no padding."""
    size = [n for n in found.free if n is not None]
    if len(size) < len(names):
        axis = found.free.index(None)
        return f"none found: each unit of {layer} touches some at every {names[axis]} up to {found.tried[axis]} that runs"
    if found.clean:
        return f"{joined(size)}: the smallest input on which some unit of {layer} touches none"
    each = ", ".join(f"{name} {n}" for name, n in zip(names, size, strict=True))
    return f"{each}: the smallest, with the other sides as given, at which some unit of {layer} touches none on that axis"


def _axis_notes(name: str, axis: Fitting) -> Iterator[tuple[str, str]]:
    yield f"Fits, {name}", rule_text(axis.lossless) + ": all layers agree, and no strided layer drops rows"
    if axis.fits != axis.lossless and axis.fits.members:
        yield f"Runs, {name}", rule_text(axis.fits) + ": where it runs but does not fit, a strided layer drops its last rows"
    for layer, count, last, message in sorted(axis.refusals, key=lambda entry: -entry[1])[:2]:
        yield "Refuses", f"{layer} refuses {count:,} size{'s' * (count > 1)}, {last} for one: {message}"


def _flat(row: Growth) -> tuple[object, ...]:
    return times(row.size), str(row.output), row.macs, row.memory.bytes, str(row.memory.about).lower()


def _growth_data(row: Growth) -> GrowthData:
    found: GrowthData = {
        "input": row.size,
        "output": shape_data(row.output),
        "macs": row.macs,
        "peak_activation_bytes": row.memory.bytes,
    }
    if row.memory.about:
        found["approximate"] = ["peak_activation_bytes"]
    return found


def sizes_data(found: SizesOf, rows: Sequence[Growth]) -> SizesData:
    """The answer as JSON."""
    graph = found.graph
    axes: list[AxisSizesData] = [
        {
            "axis": k,
            "tried": (1, axis.fits.limit),
            "fits": rule_data(axis.lossless),
            "runs": rule_data(axis.fits),
            "padding_free": free,
            "refusals": [
                {"layer": layer, "sizes": count, "example": last, "message": message}
                for layer, count, last, message in axis.refusals
            ],
        }
        for k, (axis, free) in enumerate(zip(found.axes, found.free or [None] * len(found.axes), strict=True))
    ]
    growth = [_growth_data(row) for row in rows]
    layer = None if found.target is None else graph.nodes[found.target].name
    skips: list[SkipData] = [
        {"layer": graph.nodes[node].name, "read_by": [graph.nodes[i].name for i in readers]}
        for node, readers in found.skipped().items()
    ]
    return {
        "name": graph.name,
        "source": graph.source,
        "padding_free_layer": layer,
        "axes": axes,
        "growth": growth,
        "skips": skips,
    }
