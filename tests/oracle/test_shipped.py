"""Every shipped network against gradients, at its real size: its outputs and three inner layers, at interior, edge and
corner units. In float64 and with few channels, on which the field does not depend."""

from __future__ import annotations

from random import Random

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph
from rfcalc.importers import load, shipped

from .checks import Proof, Unit, both, box_of, same
from .narrow import narrowed
from .network import Oracle

INNER_LAYERS = 3
NAMES = [name for name, _ in shipped()]


@pytest.mark.parametrize("name", NAMES)
def test_fields_of_a_shipped_network(name: str) -> None:
    graph = load(name)
    oracle = Oracle(narrowed(graph))
    for source in graph.inputs:
        fields = Fields(graph, source)
        for index in chosen(graph, Random(name)):
            size = oracle.shape(index)[1:]
            same(f"{graph.nodes[index].name}: size", graph.nodes[index].shape.size, size)
            for unit in units(size, Random(index)):
                prove(oracle, fields, index, unit, source)


# A larger image shows the unclipped field itself; these need one of less than 2,000 pixels a side.
ENLARGED = ("resnet18", "resnet50", "mobilenet_v2", "alexnet", "vgg11", "vgg16", "unet", "espcn", "fcn32s", "fcn8s")
ENLARGED += ("head_pose", "se_resnet50", "yolov2", "lessons/multi_output", "lessons/subpixel", "lessons/res2net")


@pytest.mark.parametrize("name", ENLARGED)
def test_unclipped_field_of_the_last_map(name: str) -> None:
    graph = load(name)
    proof = Proof(graph, narrow=narrowed(graph), most=4_000_000)
    local = [i for i in range(1, len(graph.nodes)) if isinstance(proof.rates[i], tuple) and proof.fields.of(i).size]
    assert proof.figures(local[-1]), "no affordable image is large enough"


def chosen(graph: Graph, random: Random) -> list[int]:
    """The outputs (four of them if there are more) and inner layers spread over the network's depth."""
    outputs = list(graph.outputs) if len(graph.outputs) <= 4 else random.sample(graph.outputs, 4)
    inner = [i for i, node in enumerate(graph.nodes) if not node.is_input and i not in graph.outputs]
    parts = [inner[k * len(inner) // INNER_LAYERS : (k + 1) * len(inner) // INNER_LAYERS] for k in range(INNER_LAYERS)]
    return outputs + [random.choice(part) for part in parts if part]


def units(size: tuple[int, ...], random: Random) -> list[Unit]:
    """The middle, a corner, a place on an edge, and one anywhere."""
    middle = tuple(n // 2 for n in size)
    corner = tuple(random.choice((0, n - 1)) for n in size)
    edge = (*middle[:-1], random.choice((0, size[-1] - 1))) if size else ()
    return list(dict.fromkeys((middle, corner, edge, tuple(random.randrange(n) for n in size))))


def prove(oracle: Oracle, fields: Fields, index: int, unit: Unit, source: int) -> None:
    """The clipped box and the pixels; the unclipped box where no padding and no global path is in play."""
    claim, name = fields.unit(index, unit), f"{fields.graph.nodes[index].name} unit {unit}"
    reads = oracle.reads(index, unit, source=source)
    both(fields, index, unit, reads, name)
    whole = oracle.sees_whole(index)
    if not whole and not oracle.touches_padding(index, unit):
        same(f"{name}: unclipped box", claim.unclipped, box_of(reads))
    center = fields.of(index).center
    if center and unit == center.unit:
        same(f"{name}: centre", center.box, box_of(reads))
    if len(fields.graph.inputs) == 1:
        same(f"{name}: whole_input", fields.of(index).whole_input, whole)
