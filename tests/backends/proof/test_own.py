"""`verify` of a torch model: mistakes of the importer, planted one by one, are found, and the layer is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rfcalc.backends.proof import equality
from rfcalc.backends.proof.equality import equality_claim
from rfcalc.backends.proof.own import own_claims
from rfcalc.backends.proof.verify import verify_network
from rfcalc.backends.torch.subject import subject
from rfcalc.graph import Graph
from rfcalc.importers.programs import folding, maps
from rfcalc.importers.programs.program import Program
from rfcalc.importers.torch.load import load_module
from rfcalc.layers.contract import Op
from tests.importers.torch_models import FOLDER, MODELS, graph_of
from tests.running import rfcalc

NET = f"{FOLDER}/planted.py:Planted"
WORDS = ("verify", NET, "--input", "3x16x16", "--units", "4", "--format", "json")
Plant = Callable[[pytest.MonkeyPatch], None]


def wrong_setting(word: str, number: int = 0, **settings: Any) -> Plant:
    """The layer number `number` with this word gets other settings."""
    return wrong_layer(word, number, lambda op, inputs: (replace(op, **settings), inputs))  # type: ignore[type-var]


def wrong_layer(word: str, number: int, change: Callable[[Any, Any], tuple[Any, Any]]) -> Plant:
    """The layer number `number` with this word is made otherwise."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        honest, seen = Program.emit, list[str]()

        def emit(self: Program, op: Op, inputs: Any, *rest: Any) -> Any:
            if op.word == word:
                seen.append(word)
                if len(seen) == number + 1:
                    op, inputs = change(op, inputs)
            return honest(self, op, inputs, *rest)

        monkeypatch.setattr(Program, "emit", emit)

    return plant


def wrong_conv(at: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Plant:
    """The handler of convolutions reads an argument of the call number `at` wrongly."""
    names = ("program", "tensor", "weight", "bias", "stride", "pads", "dilation", "groups")

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        honest, seen = maps.conv, list[int]()

        def conv(*args: Any) -> Any:
            seen.append(at)
            given = dict(zip(names, args, strict=True))
            return honest(**(given | change(given) if len(seen) == at + 1 else given))

        monkeypatch.setattr(maps, "conv", conv)

    return plant


def wrong_inputs(name: str, change: Callable[[Any], Any]) -> Plant:
    """The layer with this name reads other layers."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        honest = folding.folded

        def folded(graph: Graph) -> Graph:
            nodes = [replace(node, inputs=change(node.inputs)) if node.name == name else node for node in graph.nodes]
            return honest(replace(graph, nodes=tuple(nodes)))

        monkeypatch.setattr(folding, "folded", folded)

    return plant


MISTAKES: dict[str, tuple[Plant, str]] = {
    "dilation": (wrong_conv(2, lambda given: {"dilation": (1, 1), "pads": ((1, 1), (1, 1))}), "far"),
    "padding on the other side": (wrong_conv(0, lambda given: {"pads": ((2, 0), (1, 1))}), "stem"),
    "stride of one axis": (wrong_conv(0, lambda given: {"stride": (2, 1), "pads": ((1, 1), (1, -7))}), "stem"),
    "groups": (wrong_setting("conv", 1, groups=1), "row"),
    "kernel": (wrong_setting("conv", 2, kernel=1, dilation=1, padding=0), "far"),
    "axes of a kernel": (wrong_setting("conv", 1, kernel=(3, 1), padding=(1, 0)), "row"),
    "lost bias": (wrong_conv(5, lambda given: {"bias": None}), "mix"),
    "kernel of a pool": (wrong_setting("maxpool", kernel=1, padding=0), "pool"),
    "lost residual": (wrong_inputs("add", lambda inputs: (inputs[1], inputs[1])), "add"),
    "order of a concatenation": (wrong_layer("concat", 0, lambda op, inputs: (op, inputs[::-1])), "concat"),
    "dropped branch": (wrong_inputs("concat", lambda inputs: (inputs[0], inputs[0])), "concat"),
    "slice": (wrong_setting("take", 1, start=0), "right"),
    "groups of a shuffle": (wrong_setting("channelshuffle", groups=2), "shuffle"),
    "interpolation": (wrong_setting("upsample", mode="bilinear"), "up"),
    "direction of a roll": (wrong_setting("roll", shift=(-1, 0)), "head"),
    "padding mode": (wrong_setting("pad", mode="replicate"), "left"),
}


def differences(data: dict[str, Any]) -> dict[str, str]:
    return {claim["what"]: claim["detail"] for claim in data["claims"] if claim["ok"] is False}


def test_the_honest_importer_passes() -> None:
    run = rfcalc(*WORDS)
    assert run.code == 0, differences(run.data)
    assert run.data["runs"] == "own"
    found = {claim["what"]: claim for claim in run.data["claims"]}
    assert all(claim["ok"] for claim in found.values()), [what for what, claim in found.items() if not claim["ok"]]
    assert found["field of head, centre"]["how"].endswith("on the model itself")
    assert {"parameters of each module", "MACs of each module", "the same numbers as the model itself"} <= found.keys()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found_and_the_layer_is_named(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, layer = MISTAKES[mistake]
    plant(monkeypatch)
    run = rfcalc(*WORDS)
    assert run.code == 1, run.err or [claim for claim in run.data["claims"] if claim["ok"] is None]
    assert any(f" {layer}" in detail for detail in differences(run.data).values()), differences(run.data)


@pytest.mark.parametrize("model", list(MODELS)[::4])
def test_nothing_is_wrong_with_the_models_of_the_tests(model: str) -> None:
    graph = graph_of(model)
    assert [claim for claim in verify_network(subject(graph), (), 3) if claim.ok is False] == []


class Gate(nn.Module):
    """Calls that no rule is known for, or that change their operand."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.conv, self.out, self.kind = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), kind

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        if self.kind == "unknown":
            return self.out(torch.special.i0(x))
        if self.kind == "in place":
            y = x.relu()
            y += x.roll(1, 2)
            y[:, :, :2] = x[:, :, :2]
            x.mul_(y.sigmoid_()).clamp_(0, 1)
        with torch.no_grad():
            return self.out(x)


def test_what_is_changed_in_place_and_without_gradients_is_followed() -> None:
    graph = load_module(Gate("in place"), "3x8x8")
    claims = {claim.what: claim for claim in verify_network(subject(graph), (), 6)}
    assert not [claim for claim in claims.values() if claim.ok is False]
    assert claims["field of out, centre"].how.endswith("on the model itself")
    assert claims["field of out, centre"].ok


def test_what_no_rule_is_known_for_is_said() -> None:
    graph = load_module(Gate("unknown"), "3x8x8", unknown="bound")
    claims = verify_network(subject(graph), (), 3)
    unknown = [claim.detail for claim in claims if claim.ok is None]
    assert "no positive counterpart of torch's special_i0 is known" in unknown


def test_rebuilt_asks_the_other_one() -> None:
    run = rfcalc(*WORDS, "--rebuilt")
    assert run.data["runs"] == "built"
    assert not [claim for claim in run.data["claims"] if "model" in claim["what"] + claim["how"]]


def test_a_tensor_that_another_module_holds_too_is_counted_where_it_is_read_first() -> None:
    graph = graph_of("code.py:Tied")
    network = subject(graph)
    assert graph.origin
    assert [claim.ok for claim in own_claims(network, graph.origin, network.module())] == [True] * 6


def test_an_output_of_another_shape_is_a_difference() -> None:
    graph = load_module(Gate("plain"), "3x8x8")
    assert graph.origin
    claim = equality_claim(graph, graph.origin, nn.Sequential(nn.Conv2d(3, 4, 3)))
    assert claim.ok is not True


def test_a_comparison_that_takes_too_much_memory_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "MOST_BYTES", 1000)
    graph = load_module(Gate("plain"), "3x8x8")
    assert graph.origin
    claim = equality_claim(graph, graph.origin, graph.origin.make())
    assert claim.ok is None
    assert "a smaller --input needs less" in claim.detail
