"""Finding and reading files: paths, shipped networks, standard input; folders, binary files, other encodings."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.importers import IMPORTERS, load, shipped
from rfcalc.language.limits import MOST_BYTES

SPEC = b"input: 3x8x8\nlayers: [relu]\n"


def code(path: str | Path) -> str:
    """The code of the one problem with a path."""
    with pytest.raises(SpecError) as caught:
        load(str(path))
    (problem,) = caught.value.problems
    return problem.code


def test_a_path_comes_before_a_shipped_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(load("resnet18.yaml").layers) > 50
    (tmp_path / "resnet18.yaml").write_bytes(SPEC)
    assert len(load("resnet18.yaml").layers) == 1
    assert len(load("resnet18").layers) > 50


def test_lessons_are_found_by_their_own_name() -> None:
    assert load("aspp").name == load("lessons/aspp").name == "aspp"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SPEC)))
    graph = load("-")
    assert (graph.source, graph.name) == ("<stdin>", "stdin")


def test_every_shipped_network_has_a_line_of_its_own() -> None:
    found = dict(shipped())
    assert {"resnet50", "unet", "lessons/aspp"} <= found.keys()
    assert all(found.values())
    assert len(set(found.values())) == len(found)


def test_the_spec_language_is_asked_last() -> None:
    assert [importer.name for importer in IMPORTERS][-1] == "spec"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "E003"),
        (b"\xff\xfei\0n\0p\0", "E003"),
        (b"input: \xe9t\xe9\n", "E003"),
        (b"\xed\xa0\x80", "E003"),
        (b"", "E005"),
        (b"# only a comment\n", "E005"),
        (b"x" * (MOST_BYTES + 1), "E004"),
    ],
    ids=["binary", "utf16", "latin1", "surrogate", "empty", "comment", "large"],
)
def test_files_that_are_no_spec(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    assert code(path) == expected


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbf" + SPEC)
    assert len(load(str(tmp_path / "x.yaml")).layers) == 1


def test_missing_files_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert code(tmp_path) == "E002"
    for name in ("no.yaml", "a/b/c.yaml", "", "nul\0byte", "x" * 5000):
        assert code(name) == ("E002" if not name else "E001")
    (tmp_path / "mine.yaml").write_bytes(SPEC)
    for name, hint in (
        ("mime.yaml", "mine.yaml"),
        ("resnet5O", "resnet50"),
        ("resnet", "resnet18"),
        ("qqqq", "rfcalc configs"),
    ):
        with pytest.raises(SpecError) as caught:
            load(name)
        assert hint in caught.value.problems[0].hint


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(SPEC)
    path.chmod(0)
    assert code(path) == "E001"
