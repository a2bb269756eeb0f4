from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor

import rfcalc
from rfcalc.analyses.memory import peak
from rfcalc.backends.torch.build import random_inputs, recorded, to_torch
from rfcalc.backends.torch.source import source
from rfcalc.backends.torch.tracked import peak_bytes
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.nets import Net, residual, unet
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, build
from tests.zoo.reference import NETWORKS


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16", "mobilenet_v2"])
def test_state_dict_maps_one_to_one_to_the_reference(name: str) -> None:
    make, _, rename = NETWORKS[name]
    with torch.device("meta"):
        reference = make()
    expected = {}
    for key, value in reference.state_dict().items():
        module, leaf = key.rsplit(".", 1)
        expected[f"{rename(module)}.{leaf}"] = tuple(value.shape)
    found = {key: tuple(value.shape) for key, value in to_torch(load(name), device="meta").state_dict().items()}
    assert found == expected


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_with_the_reference_s_weights_the_outputs_are_the_reference_s(name: str) -> None:
    make, _, rename = NETWORKS[name]
    torch.manual_seed(1)
    reference = make().eval()
    weights = {f"{rename(k.rsplit('.', 1)[0])}.{k.rsplit('.', 1)[1]}": v for k, v in reference.state_dict().items()}
    module = to_torch(load(name, {"input": "3x64x64"})).eval()
    module.load_state_dict(weights)
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(module(x), reference(x))


def test_the_export_and_the_module_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    graph = load("unet", {"input": "1x188x188"})
    namespace: dict[str, type[torch.nn.Module]] = {}
    exec(source(graph, "Exported"), namespace)
    exported, module = namespace["Exported"]().eval(), to_torch(graph, seed=3).eval()
    exported.load_state_dict(module.state_dict())
    (x,) = random_inputs(graph)
    with torch.no_grad():
        assert torch.equal(exported(x), module(x))


def test_a_seed_repeats_the_weights_and_leaves_the_caller_s_random_numbers_alone() -> None:
    graph = residual(8, 1)
    torch.manual_seed(7)
    state = torch.random.get_rng_state()
    one, two, other = (to_torch(graph, seed=seed).state_dict() for seed in (5, 5, 6))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


def test_recorded_outputs_are_those_of_each_layer() -> None:
    graph = residual(12, 2, (1,))
    seen: dict[int, Tensor] = {}
    out = recorded(graph, seen.__setitem__)(*random_inputs(graph))
    assert list(seen) == [i for i, node in enumerate(graph.nodes) if not node.is_input]
    assert torch.equal(seen[graph.outputs[0]], out)


@pytest.mark.parametrize(
    "graph",
    [unet(32), residual(24, 3, (1,)), load("resnet18"), load("mobilenet_v2", {"input": "3x96x96"})],
    ids=lambda g: g.name,
)
def test_eager_peak_of_the_module_is_the_peak_of_the_analysis(graph: Graph) -> None:
    module, inputs = to_torch(graph).eval(), random_inputs(graph)
    with torch.no_grad():
        found = peak_bytes(lambda: module(*inputs), *module.parameters(), *module.buffers(), *inputs)
    assert found == peak(graph, inplace=False, held=False).bytes


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipes())
def test_random_graphs_build_and_run(recipe: Recipe) -> None:
    graph = build(recipe)
    shapes: dict[int, tuple[int, ...]] = {}
    module = recorded(graph, lambda i, x: shapes.__setitem__(i, tuple(x.shape)), device="meta")
    module(*random_inputs(graph, 2, device="meta"))
    assert shapes == {i: (2, n.shape.channels, *n.shape.size) for i, n in enumerate(graph.nodes) if not n.is_input}


def test_the_python_api() -> None:
    graph = rfcalc.load("resnet50.yaml", depth=101, input=(3, 64, 64))
    assert graph.nodes[0].shape.size == (64, 64)
    assert rfcalc.analyze(graph).params == 44_549_160
    net = Net(3, (8, 8))
    net("conv", name="c", out=2, kernel=3)
    assert rfcalc.to_torch(net.graph(), seed=0)(torch.zeros(1, 3, 8, 8)).shape == (1, 2, 8, 8)
    with pytest.raises(AttributeError):
        rfcalc.no_such_name  # noqa: B018
