"""Overrides of params, of the input, and of layers by name."""

from __future__ import annotations

import pytest

from rfcalc.importers import load
from rfcalc.layers.words import make
from tests.language.spec_text import network, problems, shapes

TOP = "params: {w: 8, s: 1x1}\nblocks: {b: {params: {w: 2}, layers: [{name: c, conv: {out: w, k: 3, act: relu}}]}}"
LAYERS = "- {name: stem, conv: {out: w, k: 1}}\n- {name: x, b: {w: w+i}, repeat: 3}\n- {name: r, residual: {main: [relu]}}"


def changed(**overrides: str) -> list[str]:
    """The shapes under overrides; __ stands for a dot and ALL for an asterisk."""
    named = {key.replace("__", ".").replace("ALL", "*"): value for key, value in overrides.items()}
    return shapes(network(LAYERS, TOP, **named))


def test_nothing_changes_without_overrides() -> None:
    assert [shape.split("x")[0] for shape in changed()] == ["8", "8", "8", "9", "9", "10", "10", "10", "10"]


def test_a_param() -> None:
    assert changed(w="4")[0] == "4x64x64"
    assert changed(w="2*3")[0] == "6x64x64"
    assert network("- {relu: {}, when: s == '3x3'}\n- tanh", "params: {s: 1x1}", s="3x3").layers[0].op == make("relu")


def test_the_input() -> None:
    assert changed(input="3x8x8")[0] == "8x8x8"
    assert changed(input="[3, w, w*2]")[0] == "8x8x16"


def test_settings_of_layers_by_name() -> None:
    assert changed(stem__out="5")[0] == "5x64x64"
    assert [shape.split("x")[0] for shape in changed(x__ALL__out="w*2")[1:7:2]] == ["16", "18", "20"]
    assert changed(x__1__c__s="2")[3] == "9x32x32"
    assert changed(x__1__c__stride="2")[4] == "9x32x32"
    assert len(changed(x__ALL__act="none")) == 6
    assert len(changed(r__add__act="relu")) == 10


def test_an_override_touches_only_what_matches() -> None:
    graph = load("resnet50", {"layer4.*.conv2.dilation": "2"})
    dilated = [node.name for node in graph.layers if getattr(node.op, "dilation", 1) == 2]
    assert dilated == ["layer4.0.conv2", "layer4.1.conv2", "layer4.2.conv2"]


def test_one_override_for_layers_of_different_words() -> None:
    graph = network("- conv: {out: 8, k: 3}\n- maxpool: {k: 2}", **{"*.kernel": "5", "*.p": "2"})
    assert [node.op for node in graph.layers] == [
        make("conv", out=8, kernel=5, padding=2),
        make("maxpool", kernel=5, padding=2),
    ]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("wide", "3", 'E116 there is no param "wide"'),
        ("y.*.out", "3", 'E116 no layer matches "y.*"'),
        ("x.*.c.outt", "3", 'E116 no layer that matches "x.*.c" has a setting "outt"'),
        ("stem.out", "0", "E104 conv: out must be at least 1, not 0"),
        ("stem.out", "v", 'E104 conv: out: there is no param "v"'),
        ("stem.act", "relo", "E104 conv: act must be one of"),
        ("w", "{", "E007 w: "),
        ("w", "v*2", 'E106 w: there is no param "v"'),
        ("input", "3x0", "E118 input must be at least 1, not 0"),
        ("input", "&a [*a]", "E009 "),
    ],
)
def test_what_is_wrong_is_said_with_the_place(key: str, value: str, message: str) -> None:
    assert problems(LAYERS, TOP, **{key: value})[0].startswith(message)


def test_the_place_is_the_command_line() -> None:
    from rfcalc.errors import SpecError

    with pytest.raises(SpecError) as caught:
        network(LAYERS, TOP, **{"stem.out": "zero"})
    assert str(caught.value) == (
        'command line:1:10: error E104: conv: out: there is no param "zero"\n1 | stem.out=zero\n  |          ^^^^'
    )
