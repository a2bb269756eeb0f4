"""`rfcalc configs`: the list of shipped networks, and the text of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.language.files import shipped_files
from tests.running import rfcalc


def test_the_list() -> None:
    run = rfcalc("configs")
    assert (run.code, run.err) == (0, "")
    assert [line.split()[0] for line in run.out.splitlines()] == list(shipped_files())


@pytest.mark.parametrize("name", ["resnet50", "resnet50.yaml", "lessons/aspp", "aspp"])
def test_the_text_of_one(name: str) -> None:
    run = rfcalc("configs", name)
    assert (run.code, run.err) == (0, "")
    stem = name.removesuffix(".yaml")
    assert run.out == (shipped_files().get(stem) or shipped_files()[f"lessons/{stem}"]).read_text(encoding="utf-8")


def test_none_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the user is none, whatever it is called."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("input: 3x8x8\nlayers: [relu]\n")
    for name, hint in (("resnet5", "shipped are resnet50"), ("resnt50", 'did you mean "resnet50"?'), ("mine.yaml", "configs")):
        run = rfcalc("configs", name)
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith(f"error E001: there is no shipped network {name}\n")
        assert hint in run.err
