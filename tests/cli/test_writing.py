"""Files that commands write: nothing is replaced unasked, whole or not at all, through links, and said on standard error."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
import typer.main

from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.program import app
from rfcalc.cli.writing import place
from rfcalc.errors import SpecError
from tests.running import rfcalc

NET = "input: 3x16x16\nlayers: [conv: {out: 4, k: 3}, relu, gap, linear: 2]\n"
WRITERS = {
    "convert": ("net.yaml", "-o"),
    "show": ("net.yaml", "-o"),
    "transform": ("net.yaml", "--to", "fully-convolutional", "-o"),
    "export": ("net.yaml", "--to", "dot", "-o"),
    "design": ("--target", "90", "--stride", "16", "-o"),
    "resize": ("net.yaml", "--target", "5", "-o"),
    "erf": ("net.yaml", "--samples", "1", "--device", "cpu", "--png"),
    "profile": ("net.yaml", "--seconds", "0.1", "--device", "cpu", "--png"),
    "analyze": ("net.yaml", "--erf-map"),
    "analyze mask": ("net.yaml", "--layer", "conv*", "--at", "1,1", "--mask-png"),
    "report": ("net.yaml", "-o"),
    "export onnx": ("net.yaml", "--to", "onnx", "-o"),
    "sweep": ("net.yaml", "-s", "conv.out=1:3", "--take", "0", "-o"),
}
READ = ("--baseline", "--dataset", "--weights", "--time", "--image", "--show", "--designs", "--join")
KEPT = {("sweep", "--store"), ("sweep", "--parquet")}  # tests/sweeping: a store that is there is gone on with


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    return tmp_path


def options(name: str) -> dict[str, Any]:
    """The options of a command, by each of their names."""
    command = typer.main.get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    return {word: option for option in command.params for word in option.opts if word.startswith("-")}


def test_every_command_that_writes_is_tried() -> None:
    found = ((name, word, option) for name in COMMANDS for word, option in options(name).items())
    writing = {(name, word) for name, word, option in found if (option.metavar or "").startswith("FILE") and word not in READ}
    tried = {(name.split()[0], words[-1]) for name, words in WRITERS.items()}
    assert {(name, "-o" if word == "--output" else word) for name, word in writing - KEPT} == tried
    assert all("--force" in options(name) for name, _ in writing)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_replaced_only_when_forced(folder: Path, name: str) -> None:
    words, target = (name.split()[0], *WRITERS[name], "out.x"), folder / "out.x"
    target.write_text("mine")
    refused = rfcalc(*words)
    assert (refused.code, refused.out, target.read_text()) == (2, "", "mine")
    assert refused.err.startswith("error E302: out.x exists already\n  hint: --force replaces it\n\n1 error")
    done = rfcalc(*words, "--force")
    assert done.code == 0
    assert "wrote out.x\n" in done.err
    assert target.read_bytes() != b"mine"
    written = target.read_bytes()
    target.unlink()
    again = rfcalc(*words)
    assert (again.code, again.err) == (done.code, done.err)
    assert target.read_bytes()[:4] == written[:4]
    assert sorted(path.name for path in folder.iterdir()) == ["net.yaml", "out.x"], "no other file is left"


@pytest.mark.parametrize("words", [WRITERS["show"], WRITERS["erf"], WRITERS["analyze"]])
@pytest.mark.parametrize("place", [".", "/dev/null", "no/such/folder/x", "net.yaml/x", "loop", ""])
def test_what_is_no_file_is_refused(folder: Path, words: tuple[str, ...], place: str) -> None:
    os.symlink("loop", "loop")
    name = next(name for name, own in WRITERS.items() if own == words)
    for forced in ((), ("--force",)):
        run = rfcalc(name, *words, place, *forced)
        assert (run.code, run.out) == (2, "")
        assert f"error E302: {f'cannot write {place}: ' if place else 'the name of the file to write is empty'}" in run.err
    assert {path.name for path in folder.iterdir()} == {"net.yaml", "loop"}


def test_standard_output(folder: Path) -> None:
    plain, spelled = rfcalc("show", "net.yaml"), rfcalc("show", "net.yaml", "-o", "-")
    assert (plain.out, plain.err) == (spelled.out, spelled.err)
    assert plain.err == ""
    same = [rfcalc("transform", "net.yaml", "--to", "fully-convolutional", *more) for more in ((), ("-o", "-"))]
    assert (same[0].out, same[0].err) == (same[1].out, same[1].err)
    picture = rfcalc("analyze", "net.yaml", "--erf-map", "-")
    assert (picture.code, "name a file" in picture.err) == (2, True)
    assert not Path("-").exists()


def test_a_link_stays_a_link(folder: Path) -> None:
    Path("other").mkdir()
    Path("there.yaml").symlink_to("other/net.yaml")
    place("there.yaml", "one")
    assert Path("there.yaml").is_symlink()
    assert Path("other/net.yaml").read_text() == "one"
    with pytest.raises(SpecError, match="exists already"):
        place("there.yaml", "two")
    place("there.yaml", "two", force=True)
    assert Path("there.yaml").is_symlink()
    assert Path("other/net.yaml").read_text() == "two"
    assert [path.name for path in Path("other").iterdir()] == ["net.yaml"]


def test_the_mode_is_kept_and_a_new_file_has_the_usual_one(folder: Path) -> None:
    umask = os.umask(0o027)
    try:
        place("new", "x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(os.stat("new").st_mode) == 0o640
    os.chmod("new", 0o755)
    place("new", "y", force=True)
    assert stat.S_IMODE(os.stat("new").st_mode) == 0o755


def test_what_fails_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("out").write_text("old")

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SpecError, match="cannot write out: No space left on device"):
        place("out", "new", force=True)
    assert Path("out").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["net.yaml", "out"]


def test_a_pipe_is_written_to(folder: Path) -> None:
    os.mkfifo("pipe")
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(Path("pipe").read_text()))
    reader.start()
    place("pipe", "through")
    reader.join(10)
    assert got == ["through"]
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)
