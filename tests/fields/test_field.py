"""Fields behind layers that depend on the input's size: only units that exist are read."""

from __future__ import annotations

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph, Node
from rfcalc.language.load import load_spec

Box = tuple[int, int]
WIDE = 200


def around(boxes: list[Box]) -> Box | None:
    return (min(box[0] for box in boxes), max(box[1] for box in boxes)) if boxes else None


def boxes(graph: Graph) -> list[list[Box | None]]:
    """The box of each unit of each layer of a network on a line, from the reads alone, by two kinds of paths: on those that
    pass no layer of which another size of the input makes another one, padding is more of the same; on others it is nothing."""
    free: list[dict[int, Box | None]] = []
    tied: list[dict[int, Box | None]] = []
    for node in graph.nodes:
        if node.is_input:
            free.append({i: (i, i) for i in range(-WIDE, WIDE)})
            tied.append({})
            continue
        sized = node.op.word == "adaptivepool" or getattr(node.op, "align_corners", False)
        own, others = range(node.shape.size[0]), range(-WIDE // 2, WIDE // 2)
        free.append({} if sized else {i: pulled(node, i, free) for i in others})
        tied.append({i: around([box for box in (pulled(node, i, tied), sized and pulled(node, i, free)) if box]) for i in own})
    both = zip(free, tied, graph.nodes, strict=True)
    return [[around([b for b in (f.get(i), t.get(i)) if b]) for i in range(n.shape.size[0])] for f, t, n in both]


def pulled(node: Node, unit: int, found: list[dict[int, Box | None]]) -> Box | None:
    """What a unit reads by the units of the layers before."""
    read = [(r, [unit] if not r.axes else [] if r.axes[0] is None else r.axes[0].at(unit)) for r in node.reads]
    return around([box for r, taps in read for tap in taps if (box := found[node.inputs[r.source]].get(tap))])


@pytest.mark.parametrize(
    "layers",
    [
        "[adaptivepool: 2, conv: {out: 1, k: 3}]",
        "[conv: {out: 1, k: 3}, adaptivepool: 5, conv: {out: 1, k: 3, d: 2}, conv: {out: 1, k: 3}]",
        "[adaptivepool: 3, upsample: {size: 12, mode: linear, align_corners: true}, conv: {out: 1, k: 3}]",
        "[{name: a, conv: {out: 1, k: 5}}, adaptivepool: 2, {name: b, upsample: {size: 24, mode: linear, align_corners: true}},"
        " {concat: {}, from: [a, b]}, conv: {out: 1, k: 3}, upsample: {scale: 2}]",
        "[conv: {out: 1, k: 3, s: 2}, adaptivepool: 7, maxpool: {k: 2, s: 2}, upconv: {out: 1, k: 4, s: 2, p: 1}]",
    ],
)
def test_only_units_that_exist_are_read(layers: str) -> None:
    graph = load_spec(f"input: 1x24\nlayers: {layers}\n", "net.yaml")
    fields = Fields(graph)
    for index, units in enumerate(boxes(graph)):
        found = fields.of(index)
        lengths = [b - a + 1 for a, b in filter(None, units)]
        assert found.size == (max(lengths),)
        assert found.size_min == (min(lengths),)
        assert [fields.unit(index, (i,)).unclipped for i in range(len(units))] == [[box] if box else None for box in units]
        behind = any(node.op.word == "adaptivepool" for node in graph.nodes[: index + 1])
        assert found.sized == (behind and graph.nodes[index].name != "a")


def test_the_pyramid_of_a_shipped_network() -> None:
    """A third bin of a pool to two exists at no size of the input."""
    from tests.transforms.networks import shipped

    graph = shipped("pspnet101")
    found = Fields(graph).of(graph.by_name["conv5_4"])
    assert (found.size_min, found.size, found.sized) == ((1495, 1495), (1503, 1503), True)
