"""Names: explicit, automatic, prefixed; and what `from` finds."""

from __future__ import annotations

import pytest

from tests.language.spec_text import names, network, problems, sources

CONV = "conv: {out: 8, k: 3}"
DOUBLE = "blocks: {double: {layers: [{name: first, conv: {out: 8, k: 3}}, conv: {out: 8, k: 3}]}}"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("- relu", ["relu"]),
        ("- relu\n- relu\n- tanh", ["relu1", "relu2", "tanh"]),
        ("- {name: relu, relu: {}}\n- relu", ["relu", "relu1"]),
        ("- {name: relu1, relu: {}}\n- relu\n- relu", ["relu1", "relu2", "relu3"]),
        ("- {name: x, relu: {}, repeat: 2}", ["x.0", "x.1"]),
        ("- {relu: {}, repeat: 1}", ["relu.0"]),
        (f"- {{name: c, {CONV[:-1]}, norm: bn, act: relu}}}}", ["c", "c_bn", "c_relu"]),
        ("- sepconv: {out: 8, k: 3, mid_norm: bn, act: relu}", ["sepconv_dw", "sepconv_dw_bn", "sepconv", "sepconv_relu"]),
        ("- double", ["double.first", "double.conv"]),
        ("- {name: d, double: {}}\n- double", ["d.first", "d.conv", "double.first", "double.conv"]),
        ("- double\n- double", ["double1.first", "double1.conv", "double2.first", "double2.conv"]),
        ("- {name: d, double: {}, repeat: 1}", ["d.0.first", "d.0.conv"]),
        ("- residual: {main: [relu, tanh]}\n- relu", ["relu1", "tanh", "add", "relu2"]),
        ("- {name: r, residual: {main: [relu], act: relu}}\n- relu", ["r.relu", "r.add", "r.add_relu", "relu"]),
        ("- {residual: {main: [relu]}, repeat: 2}", ["residual.0.relu", "residual.0.add", "residual.1.relu", "residual.1.add"]),
        ("- branches: {a: [relu], b: [relu, tanh], merge: add}", ["a.relu", "b.relu", "b.tanh", "add"]),
        ("- {name: x, branches: {a: [relu], b: []}}", ["x.a.relu", "x.concat"]),
        ("- {branches: {a: [relu], b: [], merge: max}, repeat: 1}", ["branches.0.a.relu", "branches.0.max"]),
    ],
)
def test_the_names_of_layers(layers: str, expected: list[str]) -> None:
    assert names(network(layers, DOUBLE)) == expected


def test_an_automatic_name_does_not_depend_on_when() -> None:
    layers = f"- {CONV}\n- {{{CONV}, when: deep}}\n- {CONV}"
    assert names(network(layers, "params: {deep: true}")) == ["conv1", "conv2", "conv3"]
    assert names(network(layers, "params: {deep: false}")) == ["conv1", "conv3"]


def test_layers_of_one_layer_know_it() -> None:
    graph = network("- {name: c, conv: {out: 8, k: 3, norm: bn, act: relu}}\n- sepconv: {out: 8, k: 3}")
    assert [node.part_of for node in graph.layers] == ["c", "c", "c", "sepconv", "sepconv"]


def test_a_repeated_layer_knows_its_turn() -> None:
    graph = network("- {name: outer, double: {}, repeat: 2}", DOUBLE.replace("{name: first,", "{name: first, repeat: 3,"))
    assert graph.nodes[graph.by_name["outer.1.first.2"]].repeat == (("outer", 1, 2), ("outer.1.first", 2, 3))
    assert graph.nodes[graph.by_name["outer.0.conv"]].repeat == (("outer", 0, 2),)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (
            "- {name: a, conv: {out: 3, k: 1, norm: bn, act: relu}}\n- tanh\n- {name: x, add: {}, from: [a, input]}",
            ["a_relu", "input"],
        ),
        ("- {name: a, relu: {}, repeat: 2}\n- tanh\n- {name: x, add: {}, from: [a, a.0]}", ["a.1", "a.0"]),
        ("- {name: d, double: {}}\n- tanh\n- {name: x, add: {}, from: [d, d.first]}", ["d.conv", "d.first"]),
        ("- {name: d, double: {}, repeat: 2}\n- tanh\n- {name: x, add: {}, from: [d.0, d.1.first]}", ["d.0.conv", "d.1.first"]),
        (
            "- {name: r, residual: {main: [{name: m, relu: {}}]}}\n- tanh\n- {name: x, add: {}, from: [r, r.m]}",
            ["r.add", "r.m"],
        ),
        ("- residual: {main: [{name: m, relu: {}}]}\n- {name: x, add: {}, from: [m, input]}", ["m", "input"]),
        (
            "- {name: b, branches: {p: [{name: m, relu: {}}], q: []}}\n- {name: x, concat: {}, from: [b.p.m, b]}",
            ["b.p.m", "b.concat"],
        ),
        ("- {name: a, relu: {}, repeat: 3}\n- {name: x, concat: {}, from: [a.*]}", ["a.0", "a.1", "a.2"]),
        (
            "- {name: d, double: {}, repeat: 2}\n- {name: x, concat: {}, from: ['d.*.first', input]}",
            ["d.0.first", "d.1.first", "input"],
        ),
        ("- {name: a, relu: {}}\n- {name: x, residual: {main: [{name: x2, relu: {}, from: a}]}}", None),
    ],
)
def test_what_from_finds(layers: str, expected: list[str] | None) -> None:
    graph = network(layers, DOUBLE)
    if expected is None:
        assert sources(graph, "x.x2") == ["a"]
    else:
        assert sources(graph, "x") == expected


def test_a_body_sees_the_nearest_of_two_names() -> None:
    layers = """- {name: a, relu: {}}
- name: r
  branches:
    p: [{name: a, tanh: {}}, relu, {name: x, concat: {}, from: [a, input]}]
    q: [{name: y, sigmoid: {}, from: a}]
"""
    graph = network(layers)
    assert sources(graph, "r.p.x") == ["r.p.a", "input"]
    assert sources(graph, "r.q.y") == ["a"]


def test_in_is_the_input_of_the_block() -> None:
    top = """blocks:
  up:
    layers:
      - {name: u, upsample: {}, from: in}
      - {name: c, concat: {}, from: [in.1, u]}
      - {name: all, concat: {}, from: [in, u]}
"""
    graph = network("- {name: a, relu: {}}\n- {name: x, up: {}, from: [a, input]}", top)
    assert sources(graph, "x.u") == ["a", "input"]
    assert sources(graph, "x.c") == ["input", "x.u"]
    assert sources(graph, "x.all") == ["a", "input", "x.u"]


def test_several_inputs_go_to_the_first_layer_of_a_block() -> None:
    top = "blocks: {both: {layers: [concat]}, one: {layers: [relu]}}"
    graph = network("- {name: a, relu: {}}\n- {name: j, both: {}, from: [a, input]}", top)
    assert sources(graph, "j.concat") == ["a", "input"]
    assert problems("- {name: a, relu: {}}\n- {name: j, one: {}, from: [a, input]}", top) == [
        'E112 relu "j.relu" takes one input, not 2'
    ]


def test_a_name_may_stand_twice_if_only_one_of_the_two_is_there() -> None:
    layers = "- {name: s, relu: {}, when: a}\n- {name: s, tanh: {}, when: not a}\n- {name: x, add: {}, from: [s, input]}"
    for a, op in (("true", "relu"), ("false", "tanh")):
        graph = network(layers, f"params: {{a: {a}}}")
        assert graph.nodes[graph.by_name["s"]].op.word == op
        assert sources(graph, "x") == ["s", "input"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("- {name: d, double: {}}\n- {relu: {}, from: d.conv}", "automatic name"),
        ("- double\n- {relu: {}, from: double.first}", "automatic name"),
        ("- {relu: {}, repeat: 2}\n- {tanh: {}, from: relu.0}", "automatic name"),
        ("- {tanh: {}, from: later}\n- {name: later, relu: {}}", "defined later"),
        ("- {name: a, relu: {}, repeat: 0}\n- {tanh: {}, from: a}", "left out"),
        ("- {name: a, relu: {}}\n- {tanh: {}, from: b.*}", "no layer above"),
        ("- {name: a, relu: {}}\n- {tanh: {}, from: A}", 'no layer "A"'),
    ],
)
def test_what_from_does_not_find(layers: str, message: str) -> None:
    found = problems(layers, DOUBLE)
    assert len(found) == 1
    assert message in found[0]


def test_one_of_two_repeats_has_the_name() -> None:
    """`when` chooses between repeats of one name, as between single layers."""
    layers = "- {name: m, relu: {}, repeat: 2, when: flag}\n- {name: m, tanh: {}, repeat: 3, when: not flag}\n"
    layers += "- {add: {}, from: [m, m.0]}"
    for flag, count in (("true", 2), ("false", 3)):
        graph = network(layers, f"params: {{flag: {flag}}}")
        assert names(graph) == [*(f"m.{k}" for k in range(count)), "add"]
        assert sources(graph, "add") == [f"m.{count - 1}", "m.0"]
    both = layers.replace("when: not flag", "when: flag")
    assert problems(both, "params: {flag: true}") == ['E110 the name "m" is used twice']


def test_patterns_are_no_expressions() -> None:
    graph = network('- {name: x, rearrange: "c (y i:2) (x j:2) -> (j i c) y x"}', "params: {c: 5}")
    assert str(graph.nodes[-1].shape) == "12x32x32"
