"""What imported graphs say that units read, against the gradients of the untouched modules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph
from tests.importers.gradients import Measured, box_of, positive, units_of
from tests.importers.torch_models import MODELS, graph_of, module_of, shapes_of, tensors_of

MOST_CHANNELS = 12


def mask_of(fields: Fields, index: int, unit: tuple[int, ...], channel: int | None) -> Tensor:
    """The pixels that the graph says a unit reads."""
    found = torch.zeros(fields.image, dtype=torch.bool)
    for product in fields.unit(index, unit, channel).products:
        one = torch.ones((), dtype=torch.bool)
        for bits, n in zip(product, fields.image, strict=True):
            one = one[..., None] & torch.tensor([bool(bits >> i & 1) for i in range(n)])
        found |= one
    return found


def measured(module: nn.Module, graph: Graph) -> tuple[Measured, dict[int, Tensor]]:
    """One run, and what it gave for those layers of the graph that are modules or outputs of the same shape."""
    run = Measured(positive(module), list(shapes_of(graph).values()), [node.name for node in graph.nodes])
    found = {graph.by_name[path]: value for path, value in run.seen.items() if path in graph.by_name}
    outputs = [tensor for tensor in tensors_of(run.output) if tensor.requires_grad]
    if len(outputs) == len(graph.outputs):
        found |= dict(zip(graph.outputs, outputs, strict=True))
    shapes = {i: (1, graph.nodes[i].shape.channels, *graph.nodes[i].shape.size) for i in found}
    return run, {i: value for i, value in found.items() if tuple(value.shape) == shapes[i]}


def differences(run: Measured, graph: Graph, maps: dict[int, Tensor], most: int = MOST_CHANNELS) -> Iterator[str]:
    """The units whose pixels are not those of the gradient; a bounded layer may only say more."""
    for source, start in enumerate(graph.inputs):
        fields = Fields(graph, start)
        for i, value in maps.items():
            name, size, channels = graph.nodes[i].name, tuple(value.shape[2:]), value.shape[1]
            chosen = [None, *range(channels)] if channels <= most else [None, 0, channels // 2 + 1, channels - 1]
            for unit in units_of(size):
                for channel in chosen:
                    told, real = mask_of(fields, i, unit, channel), run.reads(value, unit, channel, source)
                    wrong = (real & ~told) if graph.bounded[i] else real ^ told
                    if wrong.any():
                        yield f"{name} {unit} channel {channel}: {box_of(told)} told, {box_of(real)} read"
            center = tuple(n // 2 for n in size)
            box, real = fields.of(i).center, box_of(run.reads(value, center, None, source))
            if not graph.bounded[i] and (box.box if box else None) != real:
                yield f"{name}: centre {box} told, {real} read"


@pytest.mark.parametrize("model", MODELS)
def test_fields_are_those_of_the_module(model: str) -> None:
    torch.manual_seed(0)
    graph = graph_of(model)
    run, maps = measured(module_of(model), graph)
    assert maps, "no layer of the graph is a tensor of the module"
    assert not list(differences(run, graph, maps))[:5]
