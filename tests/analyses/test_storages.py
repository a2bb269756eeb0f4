"""How tensors lie: what is known is exact, what is not is tried both ways, and a figure that depends on it says "about"."""

from __future__ import annotations

import json
from pathlib import Path

from rfcalc.analyses.memory import at_inference, peak, saved
from rfcalc.analyses.storages import storages
from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.analyses.torch_memory import peak_bytes, saved_bytes
from tests.nets import chain
from tests.running import rfcalc

ROWS = ("rearrange", {"pattern": "c (h a:2) w -> c h (a w)"})


def exact(graph: Graph) -> None:
    """Peak and saved bytes are torch's, and say that they are certain."""
    module, inputs = to_torch(graph), random_inputs(graph)
    most, kept = peak(graph, inplace=False, held=False), saved(graph)
    assert (most.bytes, most.about) == (peak_bytes(module.eval(), *inputs), False)
    assert (kept.bytes, kept.about) == (saved_bytes(module.train(), *inputs, ignore=(*inputs, *module.parameters())), False)


def test_attention_behind_channels_that_lie_last() -> None:
    """Torch adds the bias of queries, keys and values apart only to tokens that do not lie in order."""
    exact(chain((12, 12), ("attention", {"heads": 1}), ("attention", {"heads": 1})))
    exact(chain((12, 12), ("layernorm", {}), ("attention", {"heads": 1})))
    exact(chain((12, 12), ("attention", {"heads": 1}), ("linear", {"out": 3})))


def test_a_cut_that_a_view_reads_is_tried_both_ways() -> None:
    graph = chain((12, 12), ("conv", {"out": 8, "kernel": 1}), ("crop", {"size": (12, 6)}), ROWS)
    assert storages(graph, True).doubts == (3,)
    assert peak(graph).about
    small = chain((12, 12), ("conv", {"out": 90, "kernel": 1}), ("maxpool", {"kernel": 3}), ("crop", {"size": (4, 3)}), ROWS)
    assert storages(small, True).doubts == (4,)
    assert not peak(small).about  # whichever it is, the convolution takes more
    assert peak(small).unsure == {4}


def test_a_kernel_that_torch_may_choose_is_tried_both_ways() -> None:
    """Torch's own transposed convolution of volumes writes into memory of its input's size; other kernels do not."""
    small = ("upconv", {"out": 2, "kernel": (2, 2, 1), "padding": (0, 1, 1), "dilation": (2, 1, 1)})
    graph = chain((3, 4, 4), small, channels=4)
    module, inputs = to_torch(graph), random_inputs(graph)
    found, other = peak(graph), storages(graph, True, other=(1,))
    assert (found.bytes, found.about) == (4 * 2 * 5 * 3 * 2, True)
    assert peak_bytes(module.eval(), *inputs) == 4 * (60 + other.spare[1]) == 4 * 4 * 3 * 4 * 4
    assert not peak(chain((3, 4, 4), ("upconv", {"out": 4, "kernel": 2, "stride": 2}), channels=4)).about  # it grows
    assert not peak(chain((3, 4, 4), ("upconv", {**small[1], "groups": 2}), channels=4)).about  # joined from its groups


def test_many_doubts_are_not_tried() -> None:
    steps = [("crop", {"size": (12, 10 - k)}) if k % 2 else ("layernorm", {}) for k in range(2)]
    graph = chain((12, 12), ("conv", {"out": 4, "kernel": 1}), *steps, *[("rearrange", {"pattern": "c h w -> h c w"})] * 7)
    assert len(storages(graph, True).doubts) > 5
    assert peak(graph).about
    assert saved(graph).about


def test_a_figure_that_depends_on_it_is_labelled(tmp_path: Path) -> None:
    path = tmp_path / "cut.yaml"
    layers = ["conv: {out: 8, k: 1}", "crop: {size: [12, 6]}", f"rearrange: {ROWS[1]['pattern']!r}"]
    path.write_text("input: [3, 12, 12]\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers))
    assert "activations about" in rfcalc("analyze", str(path)).out
    data = json.loads(rfcalc("analyze", str(path), "--format", "json").out)
    assert "peak_activation_bytes" in data["totals"]["approximate"]
    assert [layer.get("approximate") for layer in data["layers"]] == [None, None, ["peak_activation_bytes"]]
    assert "about " in rfcalc("analyze", str(path), "--columns", "memory").out
    assert "about " not in rfcalc("analyze", "resnet18", "--columns", "memory").out


def test_no_shipped_network_has_a_doubt_that_matters() -> None:
    assert not any(at_inference(load(name)).about for name in ("vit_b16", "tcn", "resnet50"))
