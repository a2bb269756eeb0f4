"""What traces remember of each other changes nothing, and the layers of a long chain take little more than one trace."""

from __future__ import annotations

import random

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields import backward
from rfcalc.fields.backward import Known, trace
from rfcalc.importers import load
from rfcalc.language.load import load_spec

ROLLED = "input: 2x16x16\nlayers:\n  - {take: {axis: 1, index: [[1, 16], 0]}, repeat: 400}\n"


@pytest.mark.parametrize("name", ["resnet18", "lessons/masked", "lessons/subpixel", "unet3d"])
def test_what_is_known_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backward, "EACH", 1)
    rng, graph = random.Random(name), load(name)
    known: Known = {}
    for _ in range(40):
        index = rng.randrange(1, len(graph.nodes))
        unit = tuple(rng.randrange(n) for n in graph.nodes[index].shape.size)
        assert trace(graph, index, unit, 0, None, known) == trace(graph, index, unit, 0)
    assert known


def test_layers_of_a_long_chain_share_their_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rolled by one row each: the fields are not certified, and each layer by itself would take a trace to the input."""
    graph, pulls = load_spec(ROLLED, "net.yaml"), 0
    original = backward._pull

    def counted(*args: object) -> object:
        nonlocal pulls
        pulls += 1
        return original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(backward, "_pull", counted)
    fields = Fields(graph)
    rows = [fields.seen(i, (3, 3)).box() for i in range(len(graph.nodes))]
    assert rows == [[((3 + i) % 16, (3 + i) % 16), (3, 3)] for i in range(len(graph.nodes))]
    assert pulls < 40 * len(graph.nodes)
