"""Imported torch models, as specs: the same network, its names, and text as a person would write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.converting import convert
from rfcalc.importers import load
from rfcalc.language.load import load_spec
from tests.converting.test_round_trip import check
from tests.golden import Golden
from tests.importers.torch_models import MODELS, graph_of

HERE = Path(__file__).parent
NETWORKS = HERE / "networks.py"
GOLDEN = {"ResNet": "3x224x224", "MobileNetV2": "3x224x224", "Inceptions": "3x64x64", "Tied": "3x16x16"}


@pytest.mark.parametrize("model", MODELS)
def test_imported_models(model: str) -> None:
    check(graph_of(model))


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_texts(name: str, golden: Golden) -> None:
    text = check(load(f"{NETWORKS}:{name}", {"input": GOLDEN[name]}))
    golden.check(HERE / "golden" / f"{name.lower()}.yaml", text)


def test_a_deep_network_is_no_longer_than_a_shallow_one() -> None:
    deep, shallow = (load(f"{NETWORKS}:{name}", {"input": "3x224x224"}) for name in ("deep", "ResNet"))
    assert len(deep.layers) > 500
    assert len(convert(deep).splitlines()) == len(convert(shallow).splitlines()) < 30


def test_layers_with_weights_keep_their_names() -> None:
    for name, shape in GOLDEN.items():
        graph = load(f"{NETWORKS}:{name}", {"input": shape})
        again = load_spec(convert(graph), "again.yaml")
        assert {node.name for node in graph.layers if node.op.word in ("conv", "dwconv", "linear")} <= again.by_name.keys()
