"""The expanded spec: read again, it is the same graph."""

from __future__ import annotations

import pytest

from rfcalc.graph import Builder, Graph
from rfcalc.importers import load, shipped
from rfcalc.language.load import load_spec
from rfcalc.language.marked import read
from rfcalc.language.writer import expanded, scalar, text_of
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.language.spec_text import network


def facts(graph: Graph) -> list[object]:
    """What two graphs must have in common."""
    return [graph.name, graph.outputs, *((node.name, node.op, node.inputs, node.shape) for node in graph.nodes)]


@pytest.mark.parametrize("name", [name for name, _ in shipped()])
def test_a_shipped_network_reads_back_the_same(name: str) -> None:
    graph = load(name)
    assert facts(load_spec(expanded(graph), "again.yaml")) == facts(graph)


def test_what_an_output_is_to_find_is_written_by_the_name_of_its_layer() -> None:
    top = (
        "blocks: {b: {layers: [{conv: {out: 8, k: 3, act: relu}}]}}\nobject_size: {head: [3, 4], 'f*': {anchors: [5, [6, 7]]}}"
    )
    graph = network("- {name: head, b: {}}\n- {name: fc, conv: {out: 8, k: 1}}", f"{top}\noutputs: [head, fc]")
    text = expanded(graph)
    assert "object_size: {head.conv_relu: [3, 4], fc: {anchors: [5, [6, 7]]}}" in text
    assert load_spec(text, "again.yaml").stated("object_size", {}) == graph.stated("object_size", {})


def test_the_text_is_pleasant() -> None:
    layers = "- {name: c, conv: {out: 8, k: 3, s: 2, bias: false, norm: bn}}\n- {name: p, maxpool: 2}\n- gap\n- linear: 10"
    top = "name: small\nbudget: {macs: <= 4 G, params: '>= 3'}\noutputs: [p, c]"
    assert expanded(network(layers, top)) == (
        "# small: 5 layers, each written out\n"
        "name: small\n"
        "input: 3x64x64\n"
        "layers:\n"
        "  - {name: c, conv: {out: 8, k: 3, s: 2, bias: false}}\n"
        "  - {name: c_bn, bn: {}}\n"
        "  - {name: p, maxpool: 2}\n"
        "  - {name: gap, gap: {}}\n"
        "  - {name: linear, linear: 10}\n"
        "outputs: [p, c_bn]\n"
        'budget: {macs: "<= 4 G", params: ">= 3"}\n'
    )


def test_several_inputs_and_sources() -> None:
    text = "inputs: {a: 3x8x8, b: 3x8x8}\nlayers: [concat, {name: x, add: {}, from: [a, b]}, {name: y, relu: {}, from: b}]\n"
    graph = load_spec(text, "x.yaml")
    again = expanded(graph)
    assert "  - {name: concat, concat: {}}\n  - {name: x, add: {}, from: [a, b]}\n  - {name: y, relu: {}, from: b}\n" in again
    assert facts(load_spec(again, "x.yaml")) == facts(graph)


def test_names_that_the_language_does_not_allow_are_changed_and_stay_distinct() -> None:
    builder = Builder('odd: "name"\n', "x.onnx")
    last = builder.add("data in", Input(Shape(3, (8, 8))))
    for name in ("/conv 1", "conv_1", "conv 1", "in", "in.conv", "true", "010", "é", "a:", "", "x" * 400):
        last = builder.add(name, make("relu"), [last])
    assert last is not None
    graph = builder.graph([last])
    again = load_spec(expanded(graph), "x.yaml")
    assert [(node.op, node.inputs) for node in again.nodes] == [(node.op, node.inputs) for node in graph.nodes]
    assert again.name == graph.name
    assert {"true", "010", "é"} <= again.by_name.keys()


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -2.5,
        1e-05,
        1e22,
        "half",
        "no",
        "null",
        "1e3",
        "010",
        "0x1F",
        "",
        " a ",
        "a: b",
        "#",
        "é",
        "\n",
        "\x07",
        "\\",
        '"',
    ],
)
def test_a_value_reads_back_the_same(value: object) -> None:
    found = read(f"[{text_of(value)}, {{{text_of(value)}: {text_of((1, value))}}}]", "x")[1].plain()
    assert found == (value, {value: (1, value)})


def test_plain_words_stay_plain() -> None:
    assert scalar("layer1.0.conv1") == "layer1.0.conv1"
    assert scalar("yes") == "yes"
