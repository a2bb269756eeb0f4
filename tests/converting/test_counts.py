"""`counts`: a layer that counts something else than its op, as weights that several layers share."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from rfcalc.converting import convert
from rfcalc.errors import SpecError
from rfcalc.language.load import load_spec
from rfcalc.language.schema import json_schema
from rfcalc.language.writer import expanded

HEAD = "input: 4x8x8\nlayers:\n"


def costs(text: str) -> list[tuple[int, int, int]]:
    return [(node.cost.params, node.cost.buffers, node.cost.macs) for node in load_spec(text, "x.yaml").layers]


def test_only_what_is_given_changes() -> None:
    (own,) = costs(HEAD + "  - conv: {out: 4, k: 3}")
    assert costs(HEAD + "  - {conv: {out: 4, k: 3}, counts: {params: 0}}") == [(0, own[1], own[2])]
    assert costs(HEAD + "  - {conv: {out: 4, k: 3}, counts: {buffers: 7, macs: 9}}") == [(own[0], 7, 9)]


def test_a_norm_behind_the_layer_counts_for_itself() -> None:
    assert costs(HEAD + "  - {conv: {out: 4, k: 1, norm: bn}, counts: {params: 0}}")[1] == (8, 9, 0)


def test_params_and_turns_can_be_used() -> None:
    text = "input: 4x8x8\nparams: {n: 5}\nlayers:\n"
    text += '  - {name: a, repeat: 2, conv: {out: 4, k: 1}, counts: {params: "n if i == 0 else 0"}}'
    assert [params for params, _, _ in costs(text)] == [5, 0]


def test_it_is_written_again() -> None:
    text = HEAD + "  - {name: a, conv: {out: 4, k: 3}}\n  - {name: b, conv: {out: 4, k: 3, act: relu}, counts: {params: 0}}"
    graph = load_spec(text, "x.yaml")
    for again in (expanded(graph), convert(graph)):
        assert "counts: {params: 0}" in again
        assert costs(again) == costs(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "{conv: {out: 4, k: 1}, counts: {param: 0}}",
            'counts has no "param"; it has params, buffers, macs, computed, standardized, standardized_plain',
        ),
        ("{conv: {out: 4, k: 1}, counts: {params: -1}}", "counts: params must be at least 0, not -1"),
        ("{conv: {out: 4, k: 1}, counts: 0}", "counts are a mapping such as {params: 0}, not 0"),
        ("{conv: {out: 4, k: 1}, counts: {params: many}}", 'counts: params: there is no param "many"'),
        ("{residual: {main: [relu]}, counts: {params: 0}}", "counts go with a layer, not with residual"),
    ],
)
def test_mistakes(line: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(f"{HEAD}  - {line}", "x.yaml")
    (problem,) = caught.value.problems
    assert problem.message == message
    assert problem.span is not None
    assert problem.span.line == 3


def test_the_schema_knows_it() -> None:
    validator = Draft202012Validator(json_schema())
    layer = {"name": "a", "conv": {"out": 4, "kernel": 1}, "counts": {"params": 0, "macs": "n*2"}}
    assert validator.is_valid({"input": "4x8x8", "layers": [layer]})
    assert not validator.is_valid({"input": "4x8x8", "layers": [{**layer, "counts": {"param": 0}}]})
