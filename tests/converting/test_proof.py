"""A text that is not the same network is never given: each kind of difference is found, and then written plainly."""

from __future__ import annotations

import pytest

import rfcalc.converting
from rfcalc.converting import convert
from rfcalc.converting.proof import HELD, WHOLE, difference
from rfcalc.errors import SpecError
from rfcalc.graph import Builder, Graph
from rfcalc.importers import load
from rfcalc.language.load import load_spec
from rfcalc.language.writer import expanded
from rfcalc.layers.vocabulary.source import Input
from rfcalc.relations.shape import Shape

TEXT = """\
input: 4x8x8
layers:
  - {name: a, conv: {out: 4, k: 3}}
  - {name: b, conv: {out: 4, k: 3, norm: bn}}
  - {name: c, WORD: {}, from: [a, b]}
  - {name: d, conv: {out: 4, k: 3}, counts: {params: 0}}
outputs: [d, c]
"""


def network(word: str = "add", change: str = " => ") -> Graph:
    """The network with one change: `old => new` in its text."""
    old, _, new = change.partition(" => ")
    assert old in TEXT
    return load_spec(TEXT.replace(old, new).replace("WORD", word) if old else TEXT.replace("WORD", word), "x.yaml")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("name: a, conv: {out: 4, k: 3} => name: a, conv: {out: 4, k: 5}", "a"),
        ("name: a, conv: {out: 4, k: 3} => name: a, conv: {out: 4, k: 3, bias: false}", "a"),
        ("name: a, conv: {out: 4, k: 3} => name: a, conv: {out: 4, k: 3, padding_mode: circular}", "a"),
        ("norm: bn => norm: {bn: {eps: 0.1}}", "b_bn"),
        ("norm: bn => norm: instancenorm", "b_bn"),
        ("from: [a, b] => from: [a, input]", "c"),
        ("counts: {params: 0} => counts: {params: 1}", "d"),
        (", counts: {params: 0} => ", "d"),
    ],
)
def test_the_first_layer_that_differs(change: str, where: str) -> None:
    graph = network()
    found = difference(graph, network(change=change))
    assert found is not None
    assert graph.nodes[found].name == where


@pytest.mark.parametrize(
    "change",
    [
        "outputs: [d, c] => outputs: [c, d]",
        "outputs: [d, c] => outputs: [d]",
        "4x8x8 => 4x8x9",
        "input: 4x8x8 => inputs: {x: 4x8x8}",
    ],
)
def test_differences_as_a_whole(change: str) -> None:
    assert difference(network(), network(change=change)) == WHOLE


def test_a_missing_or_additional_layer_is_a_difference() -> None:
    short, long = network(), network(change="outputs => # outputs")
    tail = load_spec(TEXT.replace("WORD", "add").replace("outputs: [d, c]", "  - relu"), "x.yaml")
    assert difference(long, tail) is not None
    assert difference(tail, long) is not None
    assert difference(short, short) is None


def test_inputs_may_change_places_where_that_is_the_same() -> None:
    swap = "from: [a, b] => from: [b, a]"
    assert difference(network("add"), network("add", change=swap)) is None
    assert difference(network("sub"), network("sub", change=swap)) is not None
    assert difference(network("concat"), network("concat", change=swap)) is not None


def test_what_modules_hold_is_compared() -> None:
    plain = "input: 4x64x64\nlayers:\n" + "".join(f"  - {{name: {p}{n}, conv: {{out: 4, k: 3}}}}\n" for p, n in ZIP)
    grouped = plain.replace("name: x", "name: x.")
    assert difference(load_spec(plain, "x.yaml"), load_spec(grouped, "x.yaml")) == HELD


ZIP = (("a", 1), ("x", 1), ("x", 2), ("x", 3), ("b", 1))


def test_a_text_that_is_wrong_everywhere_gives_way_to_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, right = load("resnet18"), rfcalc.converting._text
    monkeypatch.setattr(rfcalc.converting, "_text", lambda *given: right(*given).replace("k: 7", "k: 5"))
    assert convert(graph) == expanded(graph)


def test_a_block_that_is_wrong_is_not_used_and_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, right = load("deeplabv3_resnet50"), rfcalc.converting._text
    assert len(blocks(convert(graph))) > 0
    first = blocks(convert(graph))[0]

    def wrong(*given: object) -> str:
        text = right(*given)  # type: ignore[arg-type]
        head, sign, tail = text.partition(f"  {first}:\n")
        return head + sign + tail.replace("k: 3", "k: 5", 1) if sign else text

    monkeypatch.setattr(rfcalc.converting, "_text", wrong)
    text = convert(graph)
    assert difference(graph, load_spec(text, "x.yaml")) is None
    assert first not in blocks(text)
    assert "residual:" in text


def blocks(text: str) -> list[str]:
    lines = text.partition("\nblocks:\n")[2].partition("\nlayers:\n")[0].splitlines()
    return [line.strip(" :") for line in lines if line.startswith("  ") and line[2] != " "]


def test_a_text_that_cannot_be_read_gives_way_to_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = load("resnet18")
    monkeypatch.setattr(rfcalc.converting, "_text", lambda *given: "layers: [")
    assert convert(graph) == expanded(graph)


def test_a_graph_without_layers_is_an_error() -> None:
    builder = Builder("empty", "x.onnx")
    builder.add("input", Input(Shape(3, (8, 8))))
    with pytest.raises(SpecError, match="empty has no layers to write"):
        convert(builder.graph([0]))
