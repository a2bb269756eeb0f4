"""The JSON Schema accepts every shipped network, as it is and expanded, and refuses what an editor should mark."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rfcalc.importers import load, shipped
from rfcalc.language.files import shipped_files
from rfcalc.language.marked import read
from rfcalc.language.schema import json_schema
from rfcalc.language.writer import expanded
from rfcalc.layers.words import WORDS

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def plain(text: str) -> Any:
    """A spec as JSON has it: keys are strings, lists are lists."""

    def converted(value: Any) -> Any:
        if isinstance(value, tuple):
            return [converted(entry) for entry in value]
        if isinstance(value, dict):
            return {str(key): converted(entry) for key, entry in value.items()}
        return value

    return converted(read(text, "x.yaml")[1].plain())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_examples_that_editors_show_fit_the_schema() -> None:
    shown = {word: one["examples"] for word, one in SCHEMA["$defs"]["words"].items() if "examples" in one}
    assert set(shown) == set(WORDS)
    for word, examples in shown.items():
        for example in examples:
            VALIDATOR.evolve(schema=SCHEMA["$defs"]["words"][word]).validate(json.loads(json.dumps(example)))
    assert set(SCHEMA["$defs"]["words"]) == {*WORDS, "sepconv"}


@pytest.mark.parametrize("name", [name for name, _ in shipped()])
def test_shipped_networks_fit(name: str) -> None:
    assert not list(VALIDATOR.iter_errors(plain(shipped_files()[name].read_text(encoding="utf-8"))))
    assert not list(VALIDATOR.iter_errors(plain(expanded(load(name)))))


@pytest.mark.parametrize(
    "text",
    [
        "layers: [relu]",
        "input: 3x8x8\nlayer: [relu]",
        "input: 3x8x8\nlayers: {relu: {}}",
        "input: 3x8x8\nlayers: [3]",
        "input: 3x8x8\nlayers: [conv: {out: 8, kernal: 3}]",
        "input: 3x8x8\nlayers: [conv: {out: 0, k: 3}]",
        "input: 3x8x8\nlayers: [conv: {out: 8, k: 3, bias: 3}]",
        "input: 3x8x8\nlayers: [{relu: {}, repeat: -1}]",
        "input: 3x8x8\nlayers: [residual: {skip: []}]",
        "input: 3x8x8\nlayers: [residual: {main: [conv: {k: 0}]}]",
        "input: 3x8x8\nlayers: [branches: {a: relu}]",
        "input: 3x8x8\ndefaults: {convv: {k: 3}}\nlayers: [relu]",
        "input: 3x8x8\nblocks: {b: [relu]}\nlayers: [b]",
        "input: 3x8x8\nlayers: [relu]\nbudget: {receptive_field: 400}",
    ],
)
def test_mistakes_do_not_fit(text: str) -> None:
    assert list(VALIDATOR.iter_errors(plain(text)))
