"""Each module of a row against plain torch with the same weights: outputs, parameters, MACs; and fields by gradients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from rfcalc import to_torch
from rfcalc.graph import Graph
from rfcalc.importers import load
from rfcalc.importers.ultralytics.blocks import BLOCKS
from rfcalc.importers.ultralytics.modules import MODULES, NEEDED
from tests.importers import yolo_modules as m
from tests.oracle.checks import check

BOTTLENECKS = {"C2f": (3, 3), "C3": (1, 3), "C3x": ((1, 3), (3, 1))}


def three(add: bool, n: int, kind: str = "C3") -> Callable[[int], list[nn.Module]]:
    return lambda h: [m.bottleneck(h, h, add, k=BOTTLENECKS[kind], e=1) for _ in range(n)]


def five(h: int) -> nn.Module:
    return m.bottleneck(h, h, k=(5, 5), e=1)


# (repeats, module, args), channels of the input, the same in torch
CASES: dict[str, tuple[str, int, Callable[[], nn.Module]]] = {
    "conv": ("1, Conv, [16, 3, 2]", 8, lambda: m.conv(8, 16, 3, 2)),
    "conv, even kernel": ("1, Conv, [16, 6, 2, 2]", 8, lambda: m.conv(8, 16, 6, 2, p=2)),
    "conv, even kernel alone": ("1, Conv, [16, 4, 2]", 8, lambda: m.conv(8, 16, 4, 2)),
    "conv, dilated, grouped": ("1, Conv, [16, 3, 1, None, 4, 2]", 8, lambda: m.conv(8, 16, 3, g=4, d=2)),
    "conv, no activation": ("1, Conv, [16, 1, 1, None, 1, 1, False]", 8, lambda: m.conv(8, 16, act=False)),
    "conv, repeated": ("3, Conv, [8, 3, 1]", 8, lambda: m.several([m.conv(8, 8, 3) for _ in range(3)])),
    "dwconv": ("1, DWConv, [24, 3, 2]", 16, lambda: m.depthwise(16, 24, 3, 2)),
    "convtranspose": ("1, ConvTranspose, [16, 2, 2]", 8, lambda: m.transposed(8, 16)),
    "nn.convtranspose": ("1, nn.ConvTranspose2d, [16, 2, 2, 0]", 8, lambda: nn.ConvTranspose2d(8, 16, 2, 2)),
    "bottleneck": ("2, Bottleneck, [16]", 16, lambda: m.several([m.bottleneck(16, 16) for _ in range(2)])),
    "bottleneck, wide": (
        "1, Bottleneck, [32, True, 2, [1, 3], 0.25]",
        16,
        lambda: m.bottleneck(16, 32, g=2, k=(1, 3), e=0.25),
    ),
    "bottleneckcsp": ("2, BottleneckCSP, [16]", 8, lambda: m.csp(8, 16, 2)),
    "c1": ("2, C1, [16]", 8, lambda: m.c1_(8, 16, 2)),
    "c2": ("2, C2, [16, False]", 8, lambda: m.c2(8, 16, 2, False)),
    "c3": ("2, C3, [16]", 8, lambda: m.two_ways(8, 16, three(True, 2))),
    "c3x": ("1, C3x, [16]", 8, lambda: m.two_ways(8, 16, three(True, 1, "C3x"))),
    "c3ghost": ("2, C3Ghost, [16]", 8, lambda: m.two_ways(8, 16, lambda h: [m.ghost_bottleneck(h, h, 3, 1) for _ in range(2)])),
    "c2f": ("3, C2f, [16, True]", 8, lambda: m.fan(8, 16, three(True, 3, "C2f"))),
    "c2f of 12": ("12, C2f, [16]", 8, lambda: m.fan(8, 16, three(False, 12, "C2f"))),
    "c3k2": ("2, C3k2, [16, False, 0.25]", 8, lambda: m.fan(8, 16, lambda h: [m.bottleneck(h, h) for _ in range(2)], 0.25)),
    "c3k2 of c3k": (
        "1, C3k2, [16, True]",
        8,
        lambda: m.fan(8, 16, lambda h: [m.two_ways(h, h, lambda w: [m.bottleneck(w, w, e=1) for _ in range(2)])]),
    ),
    "c2fcib": ("1, C2fCIB, [16, True, True]", 8, lambda: m.fan(8, 16, lambda h: [m.cib(h, True, True)])),
    "c2fcib, small": ("1, C2fCIB, [16, False]", 8, lambda: m.fan(8, 16, lambda h: [m.cib(h, False, False)])),
    "sppf": ("1, SPPF, [16, 5]", 8, lambda: m.chained_pools(8, 16, 4, 5, "cv2")),
    "spp": ("1, SPP, [16, [3, 5, 7]]", 8, lambda: m.spp(8, 16, (3, 5, 7))),
    "sppelan": ("1, SPPELAN, [16, 8]", 16, lambda: m.chained_pools(16, 16, 8, 5, "cv5")),
    "elan1": ("1, ELAN1, [16, 16, 8]", 8, lambda: m.elan1(8, 16, 16, 8)),
    "repncspelan4": ("1, RepNCSPELAN4, [16, 16, 8, 2]", 8, lambda: m.elan(8, 16, 16, 8, 2)),
    "repconv": ("1, RepConv, [8, 16, 3, 2]", 8, lambda: m.rep(8, 16, s=2)),
    "repconv with its input": ("1, RepConv, [8, 8, 3, 1, 1, 1, 1, False, True]", 8, lambda: m.rep(8, 8, act=False, bn=True)),
    "repvggdw": ("1, RepVGGDW, [8]", 8, lambda: m.large_depthwise(8)),
    "scdown": ("1, SCDown, [16, 3, 2]", 8, lambda: m.light_down(8, 16, 3, 2)),
    "aconv": ("1, AConv, [16]", 8, lambda: m.averaged_down(8, 16)),
    "adown": ("1, ADown, [16]", 8, lambda: m.split_down(8, 16)),
    "ghostconv, even kernel": ("1, GhostConv, [16, 4, 2]", 8, lambda: m.ghost(8, 16, 4, 2)),
    "ghostconv": ("1, GhostConv, [16, 3, 2]", 8, lambda: m.ghost(8, 16, 3, 2)),
    "ghostbottleneck": ("1, GhostBottleneck, [16, 3, 2]", 8, lambda: m.ghost_bottleneck(8, 16, 3, 2)),
    "psa": ("1, PSA, [256]", 256, lambda: m.psa(256, 2)),
    "c2psa": ("2, C2PSA, [256]", 256, lambda: m.split_attention(256, 2, 2)),
    "c2fpsa": ("2, C2fPSA, [256]", 256, lambda: m.fan(256, 256, lambda h: [m.psa_block(h, 2) for _ in range(2)])),
    "a2c2f": ("2, A2C2f, [128, True, 4]", 64, lambda: m.Areas(64, 128, 2, 4)),
    "a2c2f, one area": ("1, A2C2f, [128]", 64, lambda: m.Areas(64, 128, 1, 1)),
    "a2c2f, scaled sum": ("1, A2C2f, [64, True, 2, True, 1.2]", 64, lambda: m.Areas(64, 64, 1, 2, True, 1.2)),
    "a2c2f, no attention": ("2, A2C2f, [64, False, -1]", 16, lambda: m.unfanned(16, 64, 2)),
    "focus": ("1, Focus, [16, 3]", 8, lambda: m.focus(8, 16, 3)),
    "repc3": ("2, RepC3, [16]", 8, lambda: m.summed_ways(8, 16, 2)),
    "repc3, narrow": ("1, RepC3, [16, 0.5]", 8, lambda: m.summed_ways(8, 16, 1, 0.5)),
    "c3k": ("1, C3k, [8, 16, 2, True, 1, 0.5, 5]", 8, lambda: m.two_ways(8, 16, lambda h: [five(h), five(h)])),
    "cib": ("2, CIB, [8, 8, True, 1.0]", 8, lambda: m.several([m.cib(8, True, False) for _ in range(2)])),
    "nn.maxpool": ("1, nn.MaxPool2d, [3, 2, 1]", 8, lambda: nn.MaxPool2d(3, 2, 1)),
    "nn.maxpool, rounded up": ("1, nn.MaxPool2d, [3, 2, 0, 1, False, True]", 8, lambda: nn.MaxPool2d(3, 2, ceil_mode=True)),
    "nn.avgpool": (
        "1, nn.AvgPool2d, [3, None, 1, False, False]",
        8,
        lambda: nn.AvgPool2d(3, padding=1, count_include_pad=False),
    ),
    "nn.adaptiveavgpool": ("1, nn.AdaptiveAvgPool2d, [5]", 8, lambda: nn.AdaptiveAvgPool2d(5)),
    "nn.zeropad": ("1, nn.ZeroPad2d, [[1, 2, 0, 3]]", 8, lambda: nn.ZeroPad2d((1, 2, 0, 3))),
    "nn.upsample": ("1, nn.Upsample, [None, 2, bilinear]", 8, lambda: nn.Upsample(scale_factor=2, mode="bilinear")),
    "nn.upsample to a size": ("1, nn.Upsample, [[20, 18]]", 8, lambda: nn.Upsample((20, 18))),
    "nn.conv": ("1, nn.Conv2d, [8, 6, [1, 3], 2, [0, 1]]", 8, lambda: nn.Conv2d(8, 6, (1, 3), 2, (0, 1))),
    "nn.batchnorm": ("1, nn.BatchNorm2d, [8]", 8, lambda: nn.BatchNorm2d(8, 1e-3)),
    "nn.activations": ("2, nn.SiLU, []", 8, lambda: nn.Sequential(nn.SiLU(), nn.SiLU())),
    "nn.pixelshuffle": ("1, nn.PixelShuffle, [2]", 8, lambda: nn.PixelShuffle(2)),
    "classify": ("1, Classify, [10]", 8, lambda: m.classify(8, 10)),
}
FIELDS = [
    "c2f",
    "c3k2 of c3k",
    "c2",
    "sppf",
    "spp",
    "adown",
    "aconv",
    "repncspelan4",
    "c2fcib",
    "ghostbottleneck",
    "scdown",
]


def graph_of(rows: str, channels: int, folder: Path, size: int = 12) -> Graph:
    path = folder / "net.yaml"
    path.write_text(f"nc: 10\nbackbone: [[-1, {rows}]]\n")
    return load(str(path), {"input": f"{channels}x{size}x{size}"})


def shared(ours: nn.Module, theirs: nn.Module, prefix: str = "model.0.") -> None:
    """Gives our network the weights of the other, by their names; all of them are used, and none is left over."""
    source = {f"{prefix}{key}": value for key, value in theirs.state_dict().items()}
    renamed = {}
    for key, value in ours.state_dict().items():
        other = key.replace(".conv_bn.", ".bn.").replace(".conv_transpose_bn.", ".bn.")
        renamed[key] = source.pop(other).reshape(value.shape)
    assert not source
    ours.load_state_dict(renamed)


def shaken(module: nn.Module) -> nn.Module:
    """Every number is different, so that an exchanged one is seen."""
    torch.manual_seed(0)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) + 0.5 if tensor.dim() == 1 else torch.randn_like(tensor) * 0.3)
    return module.eval()


def counted(module: nn.Module, image: object) -> int:
    with FlopCounterMode(display=False) as counter:
        module(image)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("name", CASES)
def test_a_module_is_torchs(name: str, tmp_path: Path) -> None:
    rows, channels, make = CASES[name]
    graph, module = graph_of(rows, channels, tmp_path), shaken(make())
    ours = to_torch(graph).eval()
    shared(ours, module)
    image = torch.randn(2, channels, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), module(image), rtol=1e-4, atol=1e-4)
        assert sum(node.cost.macs for node in graph.layers) == counted(module, image[:1])
    assert sum(node.cost.params for node in graph.layers) == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", FIELDS)
def test_fields_by_gradients(name: str, tmp_path: Path) -> None:
    rows, channels, _ = CASES[name]
    check(graph_of(rows, channels, tmp_path, 16), nodes=3, units=4)


HEADS: dict[str, tuple[tuple[int, int], str, Callable[[], nn.Module]]] = {
    "boxes": ((16, 32), "Detect, [nc]", lambda: m.detect((16, 32), 10)),
    "turned boxes": ((16, 32), "OBB, [nc, 1]", lambda: m.detect((16, 32), 10, 1)),
    "points": ((80, 96), "Pose, [nc, [5, 3]]", lambda: m.detect((80, 96), 10, 15)),
    "masks": ((16, 32), "Segment, [nc, 8, 24]", lambda: m.detect((16, 32), 10, 8, 24)),
    "masks of anchors": (
        (16, 32),
        "Segment, [nc, [[10, 13, 16, 30], [10, 13, 16, 30]], 8, 24]",
        lambda: m.anchored_masks((16, 32), 2 * (5 + 10 + 8), 24, 8),
    ),
    "twice": ((16, 32), "v10Detect, [nc]", lambda: m.detect((16, 32), 10, twice=True)),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_is_torchs(name: str, tmp_path: Path) -> None:
    (first, second), row, make = HEADS[name]
    path = tmp_path / "net.yaml"
    rows = [f"[-1, 1, Conv, [{first}, 3, 2]]", f"[-1, 1, Conv, [{second}, 3, 2]]", f"[[0, 1], 1, {row}]"]
    path.write_text(f"nc: 10\nbackbone: [{', '.join(rows)}]\n")
    graph = load(str(path), {"input": "3x32x32"})
    stem = [shaken(m.conv(3, first, 3, 2)), shaken(m.conv(first, second, 3, 2))]
    head = shaken(make())
    whole = shaken(m.Part(lambda p, x: p.head([y := p.a(x), p.b(y)]), a=stem[0], b=stem[1], head=head))
    ours = to_torch(graph).eval()
    names = {"a": "0", "b": "1", "head": "2"}
    theirs = {f"{names[key.split('.')[0]]}.{key.split('.', 1)[1]}": value for key, value in whole.state_dict().items()}
    holder = nn.Module()
    holder.state_dict = lambda: theirs  # type: ignore[method-assign,assignment]
    shared(ours, holder, "model.")
    image = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        found, wanted = _listed(ours(image)), _listed(whole(image))
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def _listed(output: object) -> list[Tensor]:
    if isinstance(output, dict):
        return list(output.values())
    return list(output) if isinstance(output, list | tuple) else [output]  # type: ignore[list-item]


@pytest.mark.parametrize("name", MODULES)
def test_what_a_row_leaves_out_a_block_takes(name: str) -> None:
    """A setting with the usual value is not written, so the block's own default must be that value."""
    module = MODULES[name]
    params = BLOCKS[module.word].strip().splitlines()[0].replace("{act}", "silu").replace("{heads}", "2")
    defaults = yaml.safe_load(params)["params"]
    for arg in module.args:
        usual = defaults.get(arg.name, arg.default)
        if arg.name not in ("act", "p"):  # written as a word of the spec language, or only where they are given
            assert usual == arg.default or arg.default is NEEDED, arg.name
    assert defaults.get("n", 1) == 1
