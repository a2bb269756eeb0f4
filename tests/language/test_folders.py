"""Folders and patterns: every spec below, in order, whatever else lies there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rfcalc.language import folders
from rfcalc.language.folders import named
from tests.running import rfcalc

NET = "input: 3x8x8\nlayers: [relu]\n"
BROKEN = "input: 3x8x8\nlayers: [rel]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files = {
        "models/b.yaml": NET,
        "models/a.yml": NET,
        "models/deep/c.yaml": "extends: ../b.yaml\n",
        "models/deep/flow.yaml": "{input: 3x8x8, layers: [relu]}",
        "models/data.yaml": "path: x\nnames:\n  layers: 3\n",
        "models/lint.yaml": "extends: all\nrules: {}\n",
        "models/notes.txt": "layers:\n",
        "models/.venv/d.yaml": NET,
        "models/env/pyvenv.cfg": "",
        "models/env/e.yaml": NET,
        "models/node_modules/f.yaml": NET,
        "empty/x.yaml": "a: 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def paths(*names: str) -> tuple[str, ...]:
    return tuple(str(Path(name)) for name in names)


ALL = ("models/a.yml", "models/b.yaml", "models/deep/c.yaml", "models/deep/flow.yaml")


def test_a_folder_is_every_spec_below_it() -> None:
    for word in ("models", "models/", "./models", "models/**"):
        found = named(word)
        assert found.files == paths(*ALL), word
        assert found.notes == ("left out, since they have no layers: models/data.yaml, models/lint.yaml",)
    assert named(str(Path.cwd() / "models")).files == tuple(str(Path.cwd() / name) for name in ALL)


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("models/*.yml", ("models/a.yml",)),
        ("models/?.y*ml", ("models/a.yml", "models/b.yaml")),
        ("models/**/*.yaml", ("models/b.yaml", "models/data.yaml", "models/lint.yaml", "models/deep/c.yaml")),
        ("**/c.yaml", ("models/deep/c.yaml",)),
        ("mod*/d*/[cf]*.yaml", ("models/deep/c.yaml", "models/deep/flow.yaml")),
        ("models/d*p", ("models/deep/c.yaml", "models/deep/flow.yaml")),
        ("models/.v*/*.yaml", ("models/.venv/d.yaml",)),
    ],
)
def test_a_pattern_is_what_a_shell_gives(pattern: str, files: tuple[str, ...]) -> None:
    assert set(paths(*files)) <= set(named(pattern).files)
    if "**/*" not in pattern:
        assert named(pattern).files == paths(*files)


def test_other_words_stay_as_they_are(here: Path) -> None:
    (here / "net[1].yaml").write_text(NET)
    for word in ("-", "resnet50", "net.yaml", "package.module:callable", "net[1].yaml", "models/b.yaml"):
        assert named(word).files == (word,)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_to_folders_are_told_and_not_followed(here: Path) -> None:
    (here / "models" / "loop").symlink_to(here)
    (here / "models" / "link.yaml").symlink_to(here / "models" / "b.yaml")
    (here / "models" / "gone.yaml").symlink_to(here / "nowhere.yaml")
    found = named("models")
    assert found.files == paths(ALL[0], ALL[1], *ALL[2:], "models/link.yaml")
    assert any("links to folders are not followed: models/loop" in note for note in found.notes)
    assert any("models/gone.yaml" in note for note in found.notes)
    assert len(named("**/b.yaml").files) == 1


@pytest.mark.parametrize("command", [("check",), ("analyze",), ("sizes",), ("diff", "--base", "main")])
@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("empty", "there is no spec in empty"),
        ("modls/*.yaml", 'did you mean "models"?'),
        ("models/*.onnx", "no file matches models/*.onnx"),
        ("models/**/x.yaml", "no file matches"),
    ],
)
def test_nothing_to_look_at_is_an_error(command: tuple[str, ...], word: str, says: str) -> None:
    run = rfcalc(*command, word)
    assert run.code == 2
    assert "E024" in run.out + run.err
    assert says in run.out + run.err


def test_a_tree_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST", 3)
    for word in ("models", "models/**/*.yaml"):
        assert "E024" in rfcalc("check", word).out


def test_commands_take_folders_and_patterns(here: Path) -> None:
    run = rfcalc("check", "models", "models/b.yaml")
    assert (run.code, run.out.split(",")[0]) == (0, "4 networks checked")
    assert run.err == "note: models: left out, since they have no layers: models/data.yaml, models/lint.yaml\n"
    assert len(rfcalc("analyze", "models/**/[bc].yaml", "--format", "json").out.splitlines()) > 2
    (here / "models" / "z.yaml").write_text(BROKEN)
    run = rfcalc("check", "models")
    assert run.code == 2
    assert "models/z.yaml:2:10" in run.out
    assert rfcalc("diff", "models/[ab].y*").code == 0


def test_check_alone_takes_what_the_settings_include(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = rfcalc("check")
    assert run.code == 2
    assert "rfcalc check models/" in " ".join(run.err.replace("│", " ").split())
    (here / "pyproject.toml").write_text('[tool.rfcalc]\ninclude = ["models"]\nexclude = ["models/deep", "*.yml"]\n')
    assert rfcalc("check", "-f", "json").out.count('"code"') == 0
    assert "1 network checked" in rfcalc("check").out
    assert "1 network checked" in rfcalc("check", "models/[ab].y*").out
    assert "1 network checked" in rfcalc("check", "models/a.yml").out, "what is named is not left out"
    monkeypatch.chdir(here / "models" / "deep")
    (here / "models" / "b.yaml").write_text(BROKEN)
    assert "../b.yaml:2:10" in rfcalc("check").out
    (here / "pyproject.toml").write_text('[tool.rfcalc]\ninclude = ["models/*.onnx"]\n')
    assert "E024" in rfcalc("check").out
    (here / "pyproject.toml").write_text("[tool.rfcalc]\ninclude = 3\n")
    assert "pyproject.toml:2:11" in rfcalc("check").out
