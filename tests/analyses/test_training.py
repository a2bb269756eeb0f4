"""What training costs: the backward pass as torch's FlopCounterMode counts it, the memory as torch.optim takes it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from torch import Tensor
from torch.utils import flop_counter
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.analyses.network import analyze
from rfcalc.analyses.training import OPTIMIZERS, backward_macs
from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.language.load import load_spec
from tests.analyses.test_memory_random import ONE_VALUE, fixed
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, build
from tests.running import rfcalc

aten = torch.ops.aten
GROUPED = "input: 4x9x9\nlayers: [conv: {out: 8, k: 3}, conv: {out: 8, k: 3, groups: 4}]\n"


def grouped(grad: Any, image: Any, weight: Any, *rest: Any, out_val: Any = None, **_: Any) -> int:
    """The FLOPs of a convolution's backward pass. torch's own formula multiplies those of a grouped weight by the groups."""
    transposed, mask = rest[4], rest[7]
    forward = flop_counter.conv_flop_count(image, weight, grad, transposed)
    return forward * (bool(mask[0]) + bool(mask[1]))


def counted(graph: Graph, inputs: tuple[Tensor, ...], own: bool = False) -> int:
    """FLOPs of a forward and a backward pass per image, at batch 2 on the meta device. `own`: with torch's own formulas."""
    module = to_torch(graph, device="meta").train()
    images = [torch.empty(2, *image.shape[1:], device="meta") for image in inputs]
    formulas = {} if own else {aten.convolution_backward: grouped}
    with ONE_VALUE, FlopCounterMode(display=False, custom_mapping=formulas) as counter:
        found = module(*images)
        outputs = [out for out in (found if isinstance(found, tuple | list) else [found]) if out.requires_grad]
        if outputs:
            torch.stack([out.sum() for out in outputs]).sum().backward()
    total = counter.get_total_flops()
    assert total % 2 == 0
    return total // 2


def prove(graph: Graph) -> None:
    try:
        inputs = random_inputs(graph)
        measured = counted(graph, inputs)
    except (SpecError, NotImplementedError):  # no form in torch, or none on the meta device
        return
    assert analyze(graph).training_flops == measured


@fixed
@given(recipe=recipes())
def test_random_networks(recipe: Recipe) -> None:
    prove(build(recipe))


@fixed
@given(recipe=recipes(often=("attention", "windowattention", "contract", "attend", "se", "gate", "linear", "upconv", "merge")))
def test_products_of_several_kinds(recipe: Recipe) -> None:
    prove(build(recipe))


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v2", "unet", "vit_b16", "fcn8s", "se_resnet50", "yolov2", "tcn", "resnet3d18"]
)
def test_shipped_networks(name: str) -> None:
    prove(load(name))


def test_the_first_layer_computes_no_gradient_of_the_image() -> None:
    graph = load("resnet50")
    first, rest = graph.layers[0].cost.macs, sum(node.cost.macs for node in graph.layers[1:])
    assert sum(backward_macs(graph)) == first + 2 * rest
    assert analyze(graph).training_flops == 24_299_077_632 == 2 * (2 * first + 3 * rest)


def test_what_leads_to_no_output_has_no_backward_pass() -> None:
    layers = "{name: a, conv: {out: 4, k: 3}}, {name: b, conv: {out: 4, k: 3}}, {name: c, relu: {}, from: a}"
    graph = load_spec(f"input: 3x8x8\nlayers: [{layers}]\noutputs: [c]\n", "x.yaml")
    found = dict(zip((node.name for node in graph.nodes), backward_macs(graph), strict=True))
    assert found["b"] == 0
    assert found["a"] == 3 * 4 * 9 * 64


def test_torch_multiplies_gradients_of_grouped_weights() -> None:
    """The one known difference; where it is gone, the words in analyses/training.py and docs/language.md go as well."""
    graph = load_spec(GROUPED, "grouped.yaml")
    images = random_inputs(graph)
    last = graph.nodes[-1].cost.macs
    assert counted(graph, images) == analyze(graph).training_flops
    assert counted(graph, images, own=True) == analyze(graph).training_flops + 2 * 3 * last


MADE = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1),
    "momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("network", ["espcn", "mobilenet_v2"])
def test_memory_is_what_torch_holds_after_a_step(network: str, name: str) -> None:
    graph = load(network, size="3x32x32" if network == "mobilenet_v2" else "1x8x8")
    module, analysis = to_torch(graph).train(), analyze(graph, optimizer=name)
    optimizer = MADE[name](module.parameters())
    found = module(torch.rand(2, *random_inputs(graph)[0].shape[1:]))
    found.sum().backward()
    optimizer.step()

    def size(tensors: Any) -> int:
        return sum(tensor.untyped_storage().nbytes() for tensor in tensors if isinstance(tensor, Tensor) and tensor.dim())

    training = analysis.training
    held = [*module.parameters(), *(buffer for buffer in module.buffers() if buffer.is_floating_point())]
    counters = sum(not buffer.is_floating_point() for buffer in module.buffers())
    assert training.weights == size(held) + 4 * counters
    assert training.gradients == size(p.grad for p in module.parameters())
    assert training.state == size(value for state in optimizer.state.values() for value in state.values())
    assert training.kept == analysis.saved.bytes
    assert training.bytes == training.weights + training.gradients + training.state + training.kept


def test_it_is_told() -> None:
    text = rfcalc("analyze", "resnet50", "--optimizer", "adamw", "--summary", columns=200).out
    assert "24.3 GFLOPs forward and backward at 3x224x224, batch 1" in text
    assert "495 MB with adamw: weights 102 MB, gradients 102 MB, state 204 MB, kept 85.5 MB; float32, batch 1" in text
    assert "keeps 85.5 MB" in rfcalc("analyze", "resnet50", "--summary").out
    totals = rfcalc("analyze", "resnet50", "--optimizer", "adamw", "--dtype", "bf16", "-f", "json").data["totals"]
    assert totals["optimizer"] == "adamw"
    assert totals["training_memory_bytes"] < 300e6
    run = rfcalc("check", "resnet50", "--max-training", "300M", "--optimizer", "adam")
    assert (run.code, "495 MB, the budget is at most 300 MB" in run.out) == (1, True)
    assert rfcalc("check", "resnet50", "--max-training", "300M").code == 0
    run = rfcalc("analyze", "resnet50", "--optimizer", "adm")
    assert run.code == 2
    assert 'did you mean "adam"?' in " ".join(run.err.replace("│", " ").split())


def test_a_spec_says_what_it_is_trained_with() -> None:
    text = "input: 3x8x8\ntrain: {optimizer: adam}\nlayers: [conv: {out: 4, k: 3}]\n"
    graph = load_spec(text, "x.yaml")
    assert analyze(graph).training.optimizer == "adam"
    assert analyze(graph, optimizer="sgd").training.optimizer == "sgd"
    assert analyze(load_spec(text.replace("adam", "sgd"), "x.yaml")).training.state == 0
    with pytest.raises(SpecError, match="adm"):
        load_spec(text.replace("adam", "adm"), "x.yaml")
