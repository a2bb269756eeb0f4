"""Totals, and each tool's convention, on shipped networks and on the spots where the tools are known to be wrong."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from fvcore.nn import FlopCountAnalysis
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.analyses.cost import CONVENTIONS, KINDS, MAC, amount, operations, terms, total
from rfcalc.analyses.metrics import BY_NAME
from rfcalc.analyses.network import analyze
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.analyses.torch_networks import NETWORKS
from tests.nets import Net

# network: parameters, core MACs, fvcore's total in eval()
REFERENCE = {
    "resnet18": (11_689_512, 1_814_073_344, 1_819_065_856),
    "resnet50": (25_557_032, 4_089_184_256, 4_111_512_576),
    "resnet152": (60_192_808, 11_513_626_624, 11_558_835_200),
    "vgg16": (138_357_544, 15_470_264_320, 15_470_289_408),
    "mobilenet_v2": (3_504_872, 300_774_272, 314_193_216),
}

# network: what ultralytics-thop 2.2.3 and ptflops 0.7.5 (backend "pytorch") print for the exported module, torch 2.13
MEASURED = {
    "resnet18": (1_824_033_792, 1_825_313_768),
    "resnet50": (4_133_742_592, 4_132_436_968),
    "vgg16": (15_470_314_496, 15_523_225_576),
    "mobilenet_v2": (327_550_720, 320_362_728),
    "alexnet": (724_406_816, 729_346_320),
    "unet": (150_428_424_448, 150_867_255_072),
    "espcn": (5_212_569_600, 5_236_761_600),
    "se_resnet50": (4_141_792_000, 4_146_008_568),
    "vit_b16": (17_486_853_888, 16_798_489_576),
    "resnet3d18": (40_781_903_360, 40_779_846_032),
    "deeplabv3_resnet50": (169_383_143_360, 169_300_758_037),
    "pspnet101": (230_870_530_359, 230_772_678_810),
    "hourglass": (27_702_067_200, 27_836_219_392),
    "ssd300": (31_373_537_792, 31_471_609_020),
    "lessons/normalization": (60_612_608, 59_822_336),
    "lessons/attention": (105_143_808, 87_042_816),
    "lessons/masked": (0, 0),
}


@cache
def network(name: str) -> Graph:
    return load(name)


def figures(graph: Graph, *names: str) -> tuple[float | None, ...]:
    return tuple(BY_NAME[name].of_network(analyze(graph)) for name in names)


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_totals(name: str) -> None:
    graph, (params, macs, fvcore) = network(name), REFERENCE[name]
    assert figures(graph, "params", "macs", "flops") == (params, macs, 2 * macs)
    assert (total(graph, "macs"), total(graph, "torch"), total(graph, "fvcore")) == (macs, 2 * macs, fvcore)


@pytest.mark.parametrize("name", MEASURED)
def test_what_thop_and_ptflops_print(name: str) -> None:
    assert (total(network(name), "thop"), total(network(name), "ptflops")) == MEASURED[name]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "vgg16"])
def test_against_hand_written_modules(name: str) -> None:
    """FlopCounterMode on the meta device, fvcore in eval(), on modules that share nothing with the spec."""
    with torch.device("meta"):
        module, image = NETWORKS[name]().eval(), torch.empty(1, 3, 224, 224)
    flops, params, buffers = figures(network(name), "flops", "params", "buffers")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(image)
    assert counter.get_total_flops() == flops
    assert sum(p.numel() for p in module.parameters()) == params
    assert sum(b.numel() for b in module.buffers()) == buffers
    module, image = NETWORKS[name]().eval(), torch.zeros(1, 3, 224, 224)
    analysis = FlopCountAnalysis(module, (image,)).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    assert analysis.total() == total(network(name), "fvcore")


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_terms_sum_to_the_total(convention: str) -> None:
    graph = network("mobilenet_v2")
    assert sum(term.amount(convention) for term in terms(graph)) == total(graph, convention)
    assert sum(amount(node, convention) for node in graph.layers) == total(graph, convention)


def test_terms_name_their_layers() -> None:
    norms = next(term for term in terms(network("resnet18")) if term.kind == "batch_norm")
    assert norms.count == 2_483_712
    assert len(norms.layers) == 20
    assert norms.layers[0] == "conv1_bn"
    assert "batch norm" in norms.meaning
    assert (norms.factor("fvcore"), norms.amount("fvcore"), norms.amount("macs")) == (2, 4_967_424, 0)


def test_every_operation_is_in_some_term() -> None:
    graph = network("mobilenet_v2")
    counted = sum(count for node in graph.nodes for _, count in operations(node))
    assert sum(term.count for term in terms(graph)) == counted


def test_why_two_tools_disagree() -> None:
    """fvcore and plain MACs differ on ResNet-50 by batch norm and the last pool; nothing else."""
    graph = network("resnet50")
    found = {term.kind: term.amount("fvcore") - term.amount("macs") for term in terms(graph)}
    assert {kind: more for kind, more in found.items() if more} == {
        "batch_norm": 22_227_968,
        "adaptive_avg_pool2d_input": 100_352,
    }
    assert sum(found.values()) == total(graph, "fvcore") - total(graph, "macs")


def test_kinds_of_conventions_exist() -> None:
    """A factor for a misspelt kind would count nothing."""
    for convention, factors in CONVENTIONS.items():
        assert set(factors) <= set(KINDS), convention
        assert MAC in factors


def test_fvcore_overlooks_attention() -> None:
    net = Net(8, (4, 4))
    net("attention", heads=2)
    node = net.graph().nodes[-1]
    products = 2 * 8 * 16 * 16
    assert node.cost.macs == 4 * 8 * 8 * 16 + products
    assert amount(node, "fvcore") == node.cost.macs - products


def test_fvcore_overlooks_padding_by_name() -> None:
    """So the torch source of a layer always writes its padding as numbers."""
    image = torch.rand(1, 3, 8, 8)
    counts = []
    for padding in ("same", 1):
        analysis = FlopCountAnalysis(nn.Conv2d(3, 4, 3, padding=padding), (image,)).unsupported_ops_warnings(False)
        counts.append(analysis.total())
    assert counts == [0, 4 * 3 * 9 * 64]
    net = Net(3, (8, 8))
    net("conv", out=4, kernel=3, padding="same")
    assert "same" not in net.graph().nodes[-1].op.torch(net.graph().nodes[-1].shapes).module


@pytest.mark.parametrize(("device", "counted"), [("cpu", 0), ("meta", 2 * 2 * 16 * 16 * 4 * 2)])
def test_flop_counter_mode_needs_the_meta_device_for_attention(device: str, counted: int) -> None:
    query = torch.empty(1, 2, 16, 4, device=device)
    with FlopCounterMode(display=False) as counter:
        nn.functional.scaled_dot_product_attention(query, query, query)
    assert counter.get_total_flops() == counted
