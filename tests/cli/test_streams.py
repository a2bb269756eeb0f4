"""Standard output in other encodings, closed, full, and into a pipe that nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
OVER = ("check", "resnet18", "--max-params", "1", "-f", "concise")


def run(*words: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    command = [sys.executable, "-m", "rfcalc", *words]
    if shell:
        command = ["bash", "-c", f'"$@" {shell}', "-", *command]
    done = subprocess.run(command, env={**clean, **environment}, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_tables_and_pictures_in_other_encodings(encoding: str) -> None:
    words = ("analyze", "espcn.yaml", "--layer", "conv2", "--at", "9,9", "--mask")
    done = run(*words, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    lines, usual = done.stdout.decode(encoding).splitlines(), run(*words, PYTHONIOENCODING="utf-8").stdout.decode().splitlines()
    assert [len(line) for line in lines] == [len(line) for line in usual]
    assert any(set(line) == {"-"} for line in lines)
    assert any("#" in line for line in lines)


def test_a_name_that_cannot_be_encoded(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("input: 3x8x8\nlayers:\n  - {name: naïve層, conv: {out: 8, k: 1}}\n", encoding="utf-8")
    for format in ("full", "junit"):
        done = run("check", str(tmp_path / "net.yaml"), "--max-macs", "*=1", "-f", format, PYTHONIOENCODING="ascii")
        assert done.returncode == 1
        assert (b"na\\xefve" if format == "full" else b"na&#239;ve") in done.stdout


def test_a_pipe_that_nobody_reads() -> None:
    assert run(*OVER, shell="| true; exit ${PIPESTATUS[0]}").returncode == 1
    assert run("analyze", "resnet152", "--full", shell="| true; exit ${PIPESTATUS[0]}").stderr == b""


def test_a_pipe_that_is_closed_after_the_first_line(tmp_path: Path) -> None:
    """What is left goes nowhere, and the command does all its work and ends with its own exit code."""
    first = "| head -1 > /dev/null; exit ${PIPESTATUS[0]}"
    for words in (("analyze", "resnet152", "--full"), ("analyze", "resnet152", "-f", "json"), ("show", "resnet152")):
        done = run(*words, shell=first)
        assert (done.returncode, done.stderr) == (0, b""), words
    assert run("check", "resnet152", "--max-macs", "*=1", "-f", "json", shell=first).returncode == 1
    assert run("analyze", "resnet152", "nowhere", "--full", "-f", "csv", shell=first).returncode == 2
    net = tmp_path / "net.yaml"
    done = run("resize", "resnet50", "--target", "300", "--all", "-o", str(net), shell=first)
    assert (done.returncode, done.stderr) == (0, f"wrote {net}\n".encode())
    assert net.exists()


def test_errors_that_nobody_reads() -> None:
    assert run("analyze", "nowhere", shell="2>&1 | true; exit ${PIPESTATUS[0]}").returncode == 2


def test_closed() -> None:
    assert run(*OVER, shell=">&-").returncode == 1
    assert run("check", "nowhere", shell=">&- 2>&-").returncode == 2


@pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")
def test_full() -> None:
    for words in (OVER, ("analyze", "resnet152", "--full", "-f", "json")):
        done = run(*words, shell="> /dev/full")
        assert done.returncode == 2
        assert done.stderr == b"error E302: cannot write standard output: No space left on device\n"
