"""`rfcalc explain` knows every word of the spec language; that it knows every code is a test of tests/structure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rfcalc.checks.codes import errors
from rfcalc.checks.pages import error_page
from rfcalc.language.recipes import NORMS, settings_for
from rfcalc.language.schema import json_schema
from tests.golden import Golden
from tests.running import rfcalc
from tests.structure.test_codes import PRINTED

ROOT = Path(__file__).parents[2]
WORDS = sorted({*json_schema()["$defs"]["words"], "residual", "branches"})
KEYS = sorted({*json_schema()["properties"], *json_schema()["$defs"]["layer"]["anyOf"][1]["properties"]} - set(WORDS))


def test_names_lead_to_their_codes() -> None:
    names = [one.name for one in errors().values()]
    assert len(set(names)) == len(names)
    assert rfcalc("explain", "unknown-op").out == rfcalc("explain", "E102").out
    assert rfcalc("explain", "checkerboard").out == rfcalc("explain", "RF201").out
    assert not {*WORDS, *KEYS} & set(names)
    both = rfcalc("explain", "budget").out
    assert both.startswith("# budget\n")
    assert both.endswith(rfcalc("explain", "RF501").out)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_explained(word: str) -> None:
    run = rfcalc("explain", word)
    assert run.code == 0, run.err
    assert run.out.startswith(f"# {word}\n")
    for setting in settings_for(word):
        name = f"`{setting.name}` (`{setting.alias}`)" if setting.alias else f"`{setting.name}`"
        assert f"- {name}: {setting.help}. Takes " in " ".join(run.out.split())


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_explained(key: str) -> None:
    run = rfcalc("explain", key)
    assert run.code == 0, run.err
    assert run.out.startswith(f"# {key}\n")


def test_the_page_of_a_convolution() -> None:
    text = rfcalc("explain", "conv").out
    assert "\nIn torch: nn.Conv1d, nn.Conv2d, nn.Conv3d.\n" in text
    items = dict(re.findall(r"^- `(\w+)`(.*?)(?=\n- |\n\n|\Z)", text, re.M | re.S))
    said = {name: " ".join(rest.split()) for name, rest in items.items()}
    assert said["out"] == ": output channels. Takes a whole number from 1; must be given."
    assert said["stride"] == "(`s`): stride. Takes a whole number from 1 or a list with one per axis; 1 by default."
    assert said["bias"].endswith("Takes true or false; true by default.")
    assert "Takes half, same, valid, a whole number from 0, or a list with one per axis" in said["padding"]
    assert said["norm"].endswith(f"Takes {', '.join(NORMS)}, none, or one of them with its settings; none by default.")
    assert "A single value" not in text, "a kernel must be given too, so that no single value is enough"
    assert "A single value sets out" in rfcalc("explain", "linear").out


def test_names_of_torch() -> None:
    """The name in a page is one that torch has."""
    torch = pytest.importorskip("torch")
    homes = {"nn": torch.nn, "F": torch.nn.functional, "torch": torch}
    for word in WORDS:
        line = next((line for line in rfcalc("explain", word).out.splitlines() if line.startswith("In torch: ")), "")
        for name in line.removeprefix("In torch: ").rstrip(".").split(", ") if line else ():
            home, _, path = name.partition(".")
            assert hasattr(homes[home], path), f"{word}: {name}"


def test_a_mistyped_word() -> None:
    run = rfcalc("explain", "cnov")
    assert run.code == 2
    assert 'did you mean "conv"?' in run.err
    assert 'did you mean "conv"?' in rfcalc("explain", "Conv2d").err
    assert 'did you mean "RF' in rfcalc("explain", "RF2O1").err


def test_the_list_holds_everything() -> None:
    text = rfcalc("explain").out
    for code in PRINTED:
        assert re.search(rf"^{code}  ", text, re.M), code
    for word in WORDS:
        assert re.search(rf"\b{word}\b", text), word


def test_the_documentation_holds_the_errors(golden: Golden) -> None:
    text = "# Errors\n\nWhat rfcalc says where something cannot be read, analysed or written, with exit code 2.\n\n"
    text += "\n\n".join(re.sub(r"^(#+) ", r"#\1 ", error_page(code), flags=re.M) for code in errors()) + "\n"
    golden.check(ROOT / "docs" / "errors.md", text)
