"""docs/language.md: its networks run, its second half is what the records say, and every example of a word is a layer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.language.explained import example, families, keys, page, reference, words
from rfcalc.language.load import load_spec
from rfcalc.layers.words import WORDS
from tests.documents import ROOT, play
from tests.golden import Golden

PAGE = ROOT / "docs" / "language.md"
MARK = "## The words\n"


def test_the_networks_of_the_page(tmp_path: Path, golden: Golden) -> None:
    assert play(PAGE, tmp_path, golden) >= 14


def test_the_words_are_current(golden: Golden) -> None:
    written, mark, _ = PAGE.read_text().partition(MARK)
    golden.check(PAGE, written + reference())
    assert mark


@pytest.mark.parametrize("word", WORDS)
def test_an_example_is_a_layer_of_that_word(word: str) -> None:
    line, spec = example(word)
    graph = load_spec(spec, word)
    assert graph.nodes[-1].op.word == word
    assert line in page(word)
    layer = analyze(graph).every[-1]
    assert f"gives {layer.node.shape}, " in page(word) or f"gives {layer.node.shape}." in page(word)


def test_every_word_and_key_has_its_place() -> None:
    text = reference()
    heads = re.findall(r"^#{3,4} (\S+)$", text, re.M)
    assert set(heads) >= {*words(), *keys()}
    assert sorted(word for members in families().values() for word in members) == sorted(words())
