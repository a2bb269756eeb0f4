"""What commands print is what their schemas say, which allow nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rfcalc.cli.commands import COMMANDS as PROGRAM
from rfcalc.language.files import shipped_files
from rfcalc.layers.settings import settings_of
from rfcalc.layers.words import WORDS, class_of, make
from rfcalc.reports.schema import COMMANDS, output_schema
from tests.golden import Golden
from tests.layers.cases import CASES as CASES_OF_LAYERS
from tests.layers.cases import IMPORTED_CASES, Case, label
from tests.reports.schema_page import page
from tests.running import rfcalc

SPECS = {
    "line": "input: 4x100\nlayers: [{conv: {out: 8, k: 3, s: 2}}, {maxpool: 2}, gap, {linear: 10}]\n",
    "volume": "input: 2x8x9x10\n"
    "layers: [{conv: {out: 8, k: [3, 1, 3], p: [[1, 0], 0, 1]}}, bn, {upconv: {out: 4, k: 2, s: 2}}]\n",
    "vector": "input: 12\nlayers: [{linear: 10}, relu, {linear: 3}]\n",
    "inputs": "inputs: {a: 3x16x16, b: 3x8x8}\n"
    "layers: [{name: c, conv: {out: 8, k: 3, s: 2}, from: a}, {name: d, conv: {out: 8, k: 3}, from: b}, "
    "{add: {}, from: [c, d]}, {se: 4}]\n",
    "bound": "input: 8x16x16\n"
    "layers: [{unknown: {name: one, out: 4, size: [8, 8]}}, {conv: {out: 8, k: 3}}, {unknown: {name: two, out: 3}}]\n",
    "bad": "input: 3x8x8\nlayers: [{conv: {out: 8, kernle: 3}}]\n",
}
CPU = ("--device", "cpu")
QUICK = (*CPU, "--seconds", "0.02")
CASES = [
    ("analyze", "line"),
    ("analyze", "volume", "--at", "1,1,1", "--mask", "--why", "--erf"),
    ("analyze", "vector", "--why", "--erf", "--dtype", "fp16"),
    ("analyze", "inputs", "--convention", "thop"),
    ("analyze", "bound"),
    ("analyze", "line", "volume", "vector", "bad"),
    ("analyze", "unet", "--layer", "up2*", "--at", "158,158"),
    *(("report", name) for name in ("line", "volume", "vector", "inputs", "bound", "espcn")),
    ("report", "resnet18", "line"),
    ("report", "resnet18", "--paths", "--dataset", "boxes.csv"),
    ("report", "front.json"),
    ("compare", "line", "volume", "vector"),
    ("compare", "resnet18", "espcn", "--erf", "--against", "espcn"),
    ("sizes", "line"),
    ("sizes", "volume", "bad"),
    ("sizes", "unet", "--keep", "4"),
    ("sizes", "volume", "espcn", "--tile", "32"),
    ("paths", "inputs", "vector", "volume"),
    ("explain-cost", "line", "vector", "bad"),
    ("explain-cost", "line", "--run", "torch"),
    ("check", "line", "resnet18", "bad"),
    ("check", "resnet18", "--max-macs", "1", "--select", "ALL"),
    ("diff", "resnet18", "resnet34"),
    ("diff", "line", "line"),
    ("diff", "resnet18", "vector"),
    ("diff", "line", "bad"),
    ("diff", "resnet18", "-s", "classes=7", "--baseline", "lock.json"),
    ("diff", "resnet34", "--baseline", "lock.json"),
    ("design", "--target", "90"),
    ("design", "--target", "p90", "--dataset", "boxes.csv"),
    ("resize", "resnet18", "--target", "300"),
    ("resize", "resnet18", "--target", "435"),
    ("resize", "resnet18", "--dataset", "boxes.csv"),
    ("sweep", "line", "-s", "input=3x32x32,3x64x64", "--front", "macs,findings"),
    ("sweep", "resnet18", "-s", "classes=7,-1", "--where", "not findings", "--all"),
    ("transform", "resnet18", "--to", "output-stride=8", "--to", "fold-bn", "-o", "new.yaml"),
    ("verify", "line", "volume", "bad", "--units", "1"),
    ("time", "line", "bad", *QUICK, "--warm-up", "0", "--mode", "eager,graph"),
    ("profile", "volume", *QUICK),
    ("erf", "line", "--samples", "1", *CPU),
    ("lesson", "checkerboard"),
    ("max-batch", "line", "--memory", "10MB", *CPU),
]
NEEDS_TORCH = ("verify", "time", "profile", "erf", "max-batch")


@cache
def validator(command: str) -> Draft202012Validator:
    schema = output_schema(command)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def said(command: str, document: object) -> list[str]:
    """What the schema of a command has against a document, the deepest first."""

    def leaves(error: Any) -> Iterator[Any]:
        if error.context:
            for one in error.context:
                yield from leaves(one)
        else:
            yield error

    found = [leaf for error in validator(command).iter_errors(document) for leaf in leaves(error)]
    return [f"{list(one.absolute_path)}: {one.message[:200]}" for one in sorted(found, key=lambda one: -len(one.absolute_path))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in SPECS.items():
        Path(f"{name}.yaml").write_text(text)
    Path("boxes.csv").write_text("width,height\n" + "".join(f"{20 * i + 100},{10 * i + 90}\n" for i in range(50)))
    Path("front.json").write_text(rfcalc("compare", "resnet18", "espcn", "-f", "json").out)
    rfcalc("check", "resnet18", "--baseline", "lock.json", "--write-baseline")
    return tmp_path


@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_what_is_printed(words: tuple[str, ...], folder: Path) -> None:
    command, *rest = (f"{word}.yaml" if word in SPECS else word for word in words)
    if command in NEEDS_TORCH or "--run" in words:
        pytest.importorskip("torch")
    assert said(command, rfcalc(command, *rest, "-f", "json").data) == []
    if COMMANDS[command].many:
        lines = rfcalc(command, *rest, "-f", "jsonl").out.splitlines()
        assert lines
        for line in lines:
            assert said(command, json.loads(line)) == []


def test_shipped_networks() -> None:
    names = [name for name in shipped_files() if name.startswith("lessons/")]
    for network in rfcalc("analyze", *names, "-f", "json").data:
        assert said("analyze", network) == [], network["name"]


def test_each_command_with_a_format_has_a_schema() -> None:
    asked = {name for name in PROGRAM if re.search(r"--format +-f", rfcalc(name, "--help", columns=120).out)}
    assert asked == set(COMMANDS) == {words[0] for words in CASES}


def mutants(document: Any) -> Iterator[Any]:
    """A document with one more key in each of its objects that has keys of its own, one at a time."""
    if isinstance(document, dict):
        yield {**document, "another": 1}
        for key, value in document.items():
            yield from ({**document, key: changed} for changed in mutants(value))
    elif isinstance(document, list) and document:
        yield from ([changed, *document[1:]] for changed in mutants(document[0]))


STRICT = {("analyze", "line"): 9, ("check", "resnet18", "--max-macs", "1"): 2, ("design", "--target", "90"): 5}


@pytest.mark.parametrize("words", STRICT, ids=" ".join)
def test_a_key_that_no_type_names_is_refused(words: tuple[str, ...], folder: Path) -> None:
    command, *rest = (f"{word}.yaml" if word in SPECS else word for word in words)
    document = rfcalc(command, *rest, "-f", "json").data
    changed = list(mutants(document))
    assert len(changed) >= STRICT[words]
    for one in changed:
        assert said(command, one), one


def test_a_key_that_is_missing_is_refused(folder: Path) -> None:
    document = rfcalc("analyze", "line.yaml", "-f", "json").data
    for key in [*document, *document["layers"][0]]:
        less = json.loads(json.dumps(document))
        (less if key in less else less["layers"][0]).pop(key)
        assert said("analyze", less), key


def settings_schema(word: str) -> dict[str, Any]:
    """What the schema of `analyze` says of the settings of a word."""
    conditions: list[dict[str, Any]] = validator("analyze").schema["$defs"]["LayerData"]["allOf"]
    (then,) = [one["then"] for one in conditions if one["if"]["properties"]["op"]["const"] == word]
    found: dict[str, Any] = then["properties"]["settings"]
    return found


@pytest.mark.parametrize("word", WORDS)
def test_the_settings_of_each_word(word: str) -> None:
    """All of them, and as JSON has them: no expression."""
    settings = settings_schema(word)
    assert list(settings["properties"]) == settings["required"] == [one.name for one in settings_of(class_of(word))]
    assert "expression" not in json.dumps(settings)


@pytest.mark.parametrize("case", [*CASES_OF_LAYERS, *IMPORTED_CASES], ids=label)
def test_settings_obey_and_read_back(case: Case) -> None:
    """What JSON says of a layer's settings is what a spec would say: read again they make the same layer."""
    word, given, _ = case
    op = make(word, **given)
    written = json.loads(json.dumps(op.written))
    assert list(Draft202012Validator(settings_schema(word)).iter_errors(written)) == []
    kinds = {one.name: one.kind for one in settings_of(type(op))}
    again = make(word, **{name: kinds[name].parse(value) for name, value in written.items()})
    assert again.settings == op.settings


def test_the_settings_are_those_of_a_spec() -> None:
    layers = {layer["name"]: layer for layer in rfcalc("analyze", "resnet18", "-f", "json").data["layers"]}
    assert layers["layer2.0.conv1"]["settings"] == {
        "out": 128,
        "kernel": 3,
        "stride": 2,
        "padding": "half",
        "dilation": 1,
        "groups": 1,
        "bias": False,
        "padding_mode": "zeros",
    }
    assert layers["layer2.0.conv1_bn"]["element_operations"] == {"batch_norm": 128 * 28 * 28}
    assert layers["layer2.0.conv1"]["output_bytes"] == 4 * 128 * 28 * 28
    assert layers["layer2.0.conv1"]["bytes_moved"] == 4 * (64 * 56 * 56 + 64 * 128 * 9 + 128 * 28 * 28)


def test_the_page(golden: Golden) -> None:
    golden.check(Path(__file__).parents[2] / "docs" / "json.md", page())
