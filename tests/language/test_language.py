"""The language: settings, defaults, norm and act, blocks, repeat, when, residual, branches, inputs, outputs, extends."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.importers import load
from rfcalc.language.load import load_spec
from rfcalc.layers.words import make
from tests.language.spec_text import names, network, problems, shapes, sources, spec


def op(layer: str, top: str = "") -> object:
    """The operation of the first layer."""
    return network(f"- {layer}", top).layers[0].op


@pytest.mark.parametrize(
    ("layer", "same"),
    [
        ("conv: {out: 8, k: 3}", make("conv", out=8, kernel=3)),
        ("conv: {out: 8, kernel: 3, stride: 2, padding: 1}", make("conv", out=8, kernel=3, stride=2, padding=1)),
        ("conv: {out: 8.0, k: [3, 5], s: '4/2', bias: false}", make("conv", out=8, kernel=(3, 5), stride=2, bias=False)),
        ("conv: {out: 8, k: 4, p: [[1, 2], 0]}", make("conv", out=8, kernel=4, padding=((1, 2), 0))),
        ("conv: {out: w*2, k: k, p: same}", make("conv", out=16, kernel=3, padding="same")),
        ("conv: {out: w, k: [k, k+2]}", make("conv", out=8, kernel=(3, 5))),
        ("conv: {out: w, k: ks}", make("conv", out=8, kernel=(1, 7))),
        ("conv: {out: w, k: 3, p: rule}", make("conv", out=8, kernel=3, padding="valid")),
        ("maxpool: 2", make("maxpool", kernel=2)),
        ("maxpool: [2, 3]", make("maxpool", kernel=(2, 3))),
        ("maxpool: {k: 2, s: null}", make("maxpool", kernel=2)),
        ("linear: 10", make("linear", out=10)),
        ("relu:", make("relu")),
        ("add: {}", None),
    ],
)
def test_settings(layer: str, same: object) -> None:
    top = "params: {w: 8, k: 3, ks: [1, 7], rule: valid}"
    if same is None:
        assert problems(f"- {layer}", top)
    else:
        assert op(layer, top) == same


def test_a_word_of_a_setting_wins_over_a_param_of_that_name() -> None:
    assert op("conv: {out: 8, k: 3, p: same}", "params: {same: 3}") == make("conv", out=8, kernel=3, padding="same")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("norm: bn", ["conv", "bn"]),
        ("act: relu", ["conv", "relu"]),
        ("norm: bn, act: {leakyrelu: 0.2}", ["conv", "bn", "leakyrelu"]),
        ("norm: {bn: {eps: 0.001}}", ["conv", "bn"]),
        ("norm: none, act: null", ["conv"]),
        ("act: act", ["conv", "silu"]),
        ("act: false", ["conv"]),
    ],
)
def test_norm_and_act_follow(settings: str, expected: list[str]) -> None:
    graph = network(f"- conv: {{out: 8, k: 3, {settings}}}", "params: {act: silu}")
    assert [node.op.word for node in graph.layers] == expected


def test_settings_of_norm_and_act() -> None:
    graph = network("- conv: {out: 8, k: 3, norm: {bn: {eps: e}}, act: {leakyrelu: s*2}}", "params: {e: 0.001, s: 0.1}")
    assert [node.op for node in graph.layers[1:]] == [make("bn", eps=0.001), make("leakyrelu", slope=0.2)]


def test_defaults_hold_where_a_layer_says_nothing() -> None:
    top = "params: {w: 8}\ndefaults: {conv: {k: 3, norm: bn, act: relu, bias: w < 8}, bn: {eps: 0.1}}"
    graph = network("- conv: w\n- conv: {out: 9, k: 1, act: none, bias: true}", top)
    assert [node.op for node in graph.layers] == [
        make("conv", out=8, kernel=3, bias=False),
        make("bn", eps=0.1),
        make("relu"),
        make("conv", out=9, kernel=1),
        make("bn", eps=0.1),
    ]


def test_defaults_see_the_params_of_the_spec_and_not_those_of_a_block() -> None:
    top = "params: {w: 8}\ndefaults: {conv: {k: 1, out: w}}\nblocks: {b: {params: {w: 5}, layers: [conv]}}"
    assert shapes(network("- b\n- conv", top)) == ["8x64x64", "8x64x64"]


def test_params_may_use_those_above_them() -> None:
    assert shapes(network("- conv: {out: wide, k: 1}", "params: {w: 8, wide: w*4}")) == ["32x64x64"]
    assert shapes(network("- conv: {out: wide, k: 1}", "params: {w: 8, wide: w*4}", w="3")) == ["12x64x64"]
    assert problems("- relu", "params: {wide: w*4, w: 8}") == ['E106 wide: there is no param "w"']


def test_blocks_have_params() -> None:
    layers = "[conv: {out: mid, k: k}, conv: {out: out, k: w-1}]"
    top = f"params: {{w: 4}}\nblocks: {{b: {{params: {{out: null, k: 1, mid: out*2}}, layers: {layers}}}}}"
    assert shapes(network("- b: 8\n- b: {out: w, mid: 5}", top)) == ["16x64x64", "8x64x64", "5x64x64", "4x64x64"]
    assert problems("- b: {k: 3}", top) == ['E105 the block "b" needs out']


def test_blocks_within_blocks() -> None:
    top = "blocks: {a: {params: {w: 2}, layers: [conv: {out: w, k: 1}]}, b: {params: {w: 3}, layers: [{a: {w: w+1}}, a]}}"
    assert shapes(network("- b: 9", top)) == ["10x64x64", "2x64x64"]
    assert names(network("- b: 9", top)) == ["b.a1.conv", "b.a2.conv"]


def test_repeat_counts_with_i() -> None:
    graph = network("- {name: x, conv: {out: 8*(i+1), k: 1}, repeat: 3, when: i != 1}")
    assert names(graph) == ["x.0", "x.2"]
    assert shapes(graph) == ["8x64x64", "24x64x64"]


def test_i_reaches_the_paths_of_a_residual_but_not_the_body_of_a_block() -> None:
    assert shapes(network("- {residual: {main: [conv: {out: 1+2*i, k: 1}]}, repeat: 2}"))[2] == "3x64x64"
    top = "blocks: {b: {layers: [conv: {out: i, k: 1}]}}"
    assert "E106" in problems("- {b: {}, repeat: 2}", top)[0]


def test_a_repeat_of_none_and_a_layer_left_out_pass_the_input_on() -> None:
    graph = network("- {name: a, maxpool: 2, repeat: 0}\n- {name: b, maxpool: 2, when: false}\n- {name: c, relu: {}}")
    assert names(graph) == ["c"]
    assert sources(graph, "c") == ["input"]


def test_a_residual_adds_and_an_empty_skip_is_the_identity() -> None:
    graph = network("- residual: {main: [conv: {out: 3, k: 3}, relu]}")
    assert sources(graph, "add") == ["relu", "input"]
    graph = network("- residual: {main: [relu], skip: [conv: {out: 5, k: 1}], merge: concat, norm: bn}")
    assert [node.op.word for node in graph.layers] == ["relu", "conv", "concat", "bn"]
    assert shapes(graph)[-1] == "8x64x64"


def test_branches_join() -> None:
    graph = network("- branches: {a: [conv: {out: 5, k: 1}], b: null, c: []}")
    assert shapes(graph)[-1] == "11x64x64"
    assert sources(graph, "concat") == ["a.conv", "input", "input"]
    assert network("- {branches: {a: [relu], b: []}, merge: mul}").layers[-1].op.word == "mul"


def test_a_separable_convolution_is_two() -> None:
    graph = network("- sepconv: {out: 8, k: 3, s: 2, d: 2, bias: false, mid_act: relu, norm: bn}")
    assert [node.op for node in graph.layers] == [
        make("dwconv", kernel=3, stride=2, dilation=2, bias=False),
        make("relu"),
        make("conv", out=8, kernel=1, bias=False),
        make("bn"),
    ]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("3x8x8", "3x8x8"),
        ("128", "128"),
        ("3x16", "3x16"),
        ("3x4x5x6", "3x4x5x6"),
        ("[c, 2*c, 4]", "4x8x4"),
        ("s", "2x7x7"),
        ("l", "1x4"),
    ],
)
def test_the_input(shape: str, expected: str) -> None:
    assert str(network("- relu", "params: {c: 4, s: 2x7x7, l: [1, 4]}", shape).nodes[0].shape) == expected


def test_several_inputs_and_outputs() -> None:
    text = """inputs: {left: 3x8x8, right: 5x8x8}
layers:
  - concat
  - {name: a, relu: {}, from: left}
  - {name: b, add: {}, from: [a, left]}
outputs: [b, a, b]
"""
    graph = load_spec(text, "x.yaml")
    assert [str(graph.nodes[i].shape) for i in graph.inputs] == ["3x8x8", "5x8x8"]
    assert sources(graph, "concat") == ["left", "right"]
    assert [graph.nodes[i].name for i in graph.outputs] == ["b", "a"]


def test_an_output_that_its_when_leaves_out_is_none() -> None:
    layers = "- {name: a, relu: {}}\n- {name: aux, tanh: {}, when: train}\noutputs: [a, aux]"
    graphs = [network(layers, f"params: {{train: {train}}}") for train in ("true", "false")]
    assert [[graph.nodes[i].name for i in graph.outputs] for graph in graphs] == [["a", "aux"], ["a"]]
    nothing = layers.replace("[a, aux]", "[aux]")
    assert problems(nothing, "params: {train: false}") == ['E109 the layer "aux" is left out here, by its when or repeat']


HALVES = """blocks:
  halves:
    layers:
      - {name: a, conv: {out: 4, k: 3}, from: in.0}
      - {name: b, conv: {out: 8, k: 3, s: 2}, from: in.1}
    outputs: [a, b]
"""


def test_a_block_gives_its_outputs() -> None:
    layers = "- {name: x, relu: {}}\n- {name: h, halves: {}, repeat: 2, from: [x, input]}\n- {name: up, upsample: {}, from: h}"
    graph = network(layers, HALVES)
    assert sources(graph, "h.1.a") == ["h.0.a"]
    assert sources(graph, "h.1.b") == ["h.0.b"]
    assert sources(graph, "up") == ["h.1.b", "h.1.a"][::-1]
    last = network("- {name: h, halves: {}, from: [input, input]}", HALVES)
    assert [last.nodes[i].name for i in last.outputs] == ["h.a", "h.b"]


def test_an_activation_within_a_gate() -> None:
    """se has an act of its own, which is no layer behind it."""
    graph = network("- {name: s, se: {channels: 2, act: silu}}")
    assert names(graph) == ["s"]
    assert graph.nodes[1].op.act == "silu"


def test_the_last_layer_is_the_output() -> None:
    graph = network("- relu\n- {name: t, tanh: {}, from: input}")
    assert [graph.nodes[i].name for i in graph.outputs] == ["t"]


def test_the_name_and_the_settings_for_analyses() -> None:
    graph = network("- relu", "name: my net\nbudget: {macs: <= 4 G, receptive_field: '>= 9'}\nobject_size: 96")
    assert (graph.name, network("- relu").name) == ("my net", "test")
    macs, field = graph.stated("budget", ())
    assert (macs.name, macs.text, field.name) == ("macs", "<= 4 G", "receptive_field")
    assert (macs.span.line, macs.span.column) == (3, 16)
    assert graph.stated("object_size", {})[""].most == (96,)


def test_a_layer_knows_its_line() -> None:
    span = network("- relu\n- {name: c, conv: {out: 8, k: 3}}").layers[1].span
    assert span is not None
    assert (span.line, span.column, span.text) == (5, 13, "- {name: c, conv: {out: 8, k: 3}}")


def test_the_limit_of_layers_is_exact() -> None:
    text = spec("- {conv: {out: 3, k: 1, norm: bn}, repeat: 5}\n- relu")
    assert len(load_spec(text, "x.yaml", max_layers=11).layers) == 11
    with pytest.raises(SpecError, match="E115"):
        load_spec(text, "x.yaml", max_layers=10)


def test_the_limit_of_connections() -> None:
    """Ten layers may read twenty: globs over many layers are small in a file and large as a graph."""
    one = "input: 1x8x8\nlayers:\n  - {name: r, repeat: 4, relu: {}}\n  - {name: all, concat: {}, from: 'r.*'}\n"
    assert len(load_spec(one, "x.yaml", max_layers=10).layers) == 5
    many = one + "".join(f"  - {{name: c{k}, concat: {{}}, from: 'r.*'}}\n" for k in range(4))
    with pytest.raises(SpecError, match=r"x.yaml:8:\d+: error E115: .* more than 20 connections") as caught:
        load_spec(many, "x.yaml", max_layers=10)
    assert "--max-layers" in str(caught.value)


def test_extends_merges_and_replaces(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "input: 3x8x8\nparams: {w: 4, k: 1}\ndefaults: {conv: {k: k, act: relu}}\nblocks: {b: {layers: [conv: w]}}\n"
        "layers: [{name: x, b: {}}]\noutputs: x\nname: base\n"
    )
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\nparams: {w: 6}\ndefaults: {conv: {act: silu}}\n")
    graph = load(str(tmp_path / "mine.yaml"))
    assert [node.op for node in graph.layers] == [make("conv", out=6, kernel=1), make("silu")]
    assert graph.name == "mine"
    (tmp_path / "other.yaml").write_text("extends: mine.yaml\ninputs: {a: 1x4x4}\nlayers: [tanh]\n")
    with pytest.raises(SpecError, match="E109"):  # outputs still names what the layers no longer have
        load(str(tmp_path / "other.yaml"))
    (tmp_path / "other.yaml").write_text("extends: mine.yaml\ninputs: {a: 1x4x4}\nlayers: [tanh, {name: x, b: {}}]\n")
    assert shapes(load(str(tmp_path / "other.yaml"), {"k": "3"})) == ["1x4x4", "6x4x4", "6x4x4"]


@pytest.mark.parametrize("how", ["extends", "link", "link that is extended"])
def test_a_file_that_is_no_spec_is_not_shown(how: str, tmp_path: Path) -> None:
    """A message shows lines of a spec; no spec of a stranger makes it show lines of somebody's keys."""
    (tmp_path / "id_rsa").write_text("-----BEGIN KEY: secret\n")
    net, link = tmp_path / "net.yaml", tmp_path / "link.yaml"
    if how != "extends":
        link.symlink_to(tmp_path / "id_rsa")
    net.write_text(f"extends: {tmp_path / 'id_rsa' if how == 'extends' else 'link.yaml'}\n")
    with pytest.raises(SpecError, match="no YAML") as caught:
        load(str(link if how == "link" else net))
    assert "secret" not in str(caught.value)


def test_extends_finds_shipped_networks_and_refuses_circles(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: resnet18\nparams: {classes: 7}\n")
    assert shapes(load(str(tmp_path / "mine.yaml")))[-1] == "7"
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\n")
    with pytest.raises(SpecError, match=r"E117: a\.yaml extends itself"):
        load(str(tmp_path / "a.yaml"))


def test_a_problem_in_an_extended_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("input: 3x8x8\nlayers: [rellu]\n")
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\n")
    with pytest.raises(SpecError, match=r"base.yaml:2:10: error E102"):
        load(str(tmp_path / "mine.yaml"))


def test_an_alias_may_stand_for_paths_with_a_merge_beside() -> None:
    layers = "- {branches: &paths {a: [relu], b: []}, merge: add, name: x}\n- {branches: *paths, merge: mul, name: y}\n"
    assert [node.op.word for node in network(layers).layers] == ["relu", "add", "relu", "mul"]
