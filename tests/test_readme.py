"""The README's examples are executed: what stands below each `$ rfcalc ...` line is what the command prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents import ROOT, Example, checked, examples, play
from tests.golden import Golden


def test_examples(tmp_path: Path, golden: Golden) -> None:
    assert play(ROOT / "README.md", tmp_path, golden) > 5


def test_a_document_is_read_as_it_is_meant() -> None:
    text = "```console\n$ a\nb\n$ c\n```\n\n```text\n$ no\n```\n\n```console timed\n$ d\n1 s\n```\n"
    assert examples(text) == [Example("a", "b\n"), Example("c", ""), Example("d", "1 s\n", True)]


def test_what_differs_is_found(tmp_path: Path) -> None:
    right = "conv1\n"
    (tmp_path / "net.yaml").write_text("input: 1x8x8\n")
    checked(Example("cat >> net.yaml <<END", "layers: [conv: 4]\nEND\n"), tmp_path)
    assert (tmp_path / "net.yaml").read_text() == "input: 1x8x8\nlayers: [conv: 4]\n"
    checked(Example("cat > other.yaml <<END", "old\nEND\n"), tmp_path)
    checked(Example("cat > other.yaml <<END", "new\nEND\n"), tmp_path)
    assert (tmp_path / "other.yaml").read_text() == "new\n"
    for wrong in (Example("rfcalc configs", right), Example("rfcalc configs", "nothing\n..."), Example("rfcalc nix", "", True)):
        with pytest.raises(AssertionError):
            checked(wrong, tmp_path)
