"""A graph as lines: a convolution with its norm and its activation is one. Settings in the form that reads best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rfcalc.converting.model import COUNTS, Item
from rfcalc.graph import Graph, Node
from rfcalc.language.recipes import followed
from rfcalc.language.writer import counts_of
from rfcalc.layers.contract import Op
from rfcalc.layers.counted import Counted
from rfcalc.layers.settings import Optional, PerAxis, settings_of
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.record import replace
from rfcalc.relations.geometry import per_axis, sides
from rfcalc.relations.shape import Shapes

WEIGHTED = frozenset({LayerKind.CONVOLUTION, LayerKind.TRANSPOSED, LayerKind.LINEAR})


def lines(graph: Graph, names: list[str], fused: bool = True, near: bool = True) -> list[Item]:
    """The layers of a graph, each with what directly follows it, if that can be said on one line: what the graph says to be
    part of it, and with `near` what is in the same module."""
    items: list[Item] = []
    owners: dict[int, Item] = {}
    index, count = 0, len(graph.nodes)
    taken = set(names)
    while index < count:
        node = graph.nodes[index]
        if node.is_input:
            index += 1
            continue
        item = Item(names[index], node.op.word, values(node), node.inputs, index, index, weights=node.weights)
        if fused and node.op.kind in WEIGHTED and followed(node.op.word):
            _follow(graph, names, item, owners, taken, near)
        items.append(item)
        if item.first in graph.sharing:
            owners[item.first] = item
        index = item.last + 1
    return items


def _follow(graph: Graph, names: list[str], item: Item, owners: Mapping[int, Item], taken: set[str], near: bool) -> None:
    """Adds norm and activation to a line; one with another line's weights has those of its norm, too."""
    item.settings |= {"norm": None, "act": None}
    for slot, kind in (("norm", LayerKind.NORM), ("act", LayerKind.ACTIVATION)):
        index = item.last + 1
        if index == len(graph.nodes) or item.last in graph.outputs:
            return
        node = graph.nodes[index]
        if node.inputs != (item.last,) or graph.readers[item.last] != (index,) or node.op.kind is not kind:
            continue
        name = f"{item.name}_{node.op.word}"
        inside = names[index].startswith(f"{names[item.last]}.") or _together(item.name, names[index])
        joined = inside if near else node.part_of == graph.nodes[item.first].part_of
        owner = owners.get(item.weights) if item.weights is not None else None
        there = owner.first + index - item.first if owner else None
        shares = node.weights == there and (owner is None or owner.first + index - item.first <= owner.last)
        if (node.unshared.params or node.unshared.buffers) and not shares:
            continue
        if isinstance(node.op, Counted) or not joined or (name in taken and name != names[index]):
            continue
        item.settings[slot] = (node.op.word, tuple(values(node).items()))
        item.last = index


def _together(leader: str, follower: str) -> bool:
    """Whether two layers are in the same module, or have one number in two lists side by side (convs.0, bns.0)."""
    a, b = leader.split("."), follower.split(".")
    return a[:-1] == b[:-1] or (len(a) == len(b) > 1 and a[:-2] == b[:-2] and a[-1] == b[-1] and a[-1].isdigit())


def values(node: Node) -> dict[str, object]:
    """All settings of a layer."""
    op = canonical(node.op, node.shapes)
    settings: dict[str, object] = {}
    if isinstance(op, Counted):
        settings = {f"{COUNTS}{key}": count for key, count in counts_of(node).items()}
        op = op.inner
    given = op.settings
    return {setting.name: _short(setting.kind.written(given[setting.name])) for setting in settings_of(type(op))} | settings


def _short(value: object) -> Any:
    """2 for 2.0."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e9 else value


def canonical(op: Op, shapes: Shapes) -> Op:
    """The same layer with settings left out that say what would hold anyway."""
    if isinstance(op, Counted):
        return replace(op, inner=canonical(op.inner, shapes))
    rank = shapes[0].rank if shapes else 0
    if not rank:
        return op
    changed: dict[str, object] = {}
    given = op.settings
    for setting in settings_of(type(op)):
        value = given[setting.name]
        if isinstance(value, tuple) and len(value) == rank > 1 and len(set(value)) == 1 and _collapses(value[0], setting.kind):
            changed[setting.name] = value[0]
        if setting.name == "padding" and setting.default == "half" and op.sliding is not None and _is_half(op.sliding, rank):
            changed["padding"] = "half"
    return replace(op, **changed) if changed else op


def _collapses(value: object, kind: Any) -> bool:
    """Whether one value for all axes may be written for equal ones."""
    inner = kind.item if isinstance(kind, Optional) else kind
    return isinstance(inner, PerAxis) and not isinstance(value, tuple)


def _is_half(window: Sliding, rank: int) -> bool:
    """Whether the padding is half of the dilated kernel, on every side."""
    if isinstance(window.padding, str):
        return False
    kernel, dilation = (per_axis(value, rank, "") for value in (window.kernel, window.dilation))
    axes = zip(kernel, dilation, sides(window.padding, rank), strict=True)
    return all(k % 2 and before == after == d * (k - 1) // 2 for k, d, (before, after) in axes)
