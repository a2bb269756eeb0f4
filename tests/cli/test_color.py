"""Colours: on a terminal, where they are asked for, and never alone in what they mean."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAINT = re.compile(r"\x1b\[[0-9;]*m")
BROKEN = "input: 3x8x8\nlayers:\n  - cnv: 3\n"


def run(*words: str, **environment: str) -> tuple[str, str]:
    """Standard output and error of `rfcalc WORDS...`."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")}
    command = [sys.executable, "-m", "rfcalc", *words]
    done = subprocess.run(command, capture_output=True, text=True, env={**kept, **environment}, check=False)
    return done.stdout, done.stderr


ANALYZE = ("analyze", "resnet18")


@pytest.mark.parametrize(
    ("words", "environment", "painted"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_who_decides(words: tuple[str, ...], environment: dict[str, str], painted: bool) -> None:
    out, _ = run(*ANALYZE, *words, **environment)
    assert bool(PAINT.search(out)) == painted
    assert PAINT.sub("", out) == run(*ANALYZE)[0]


def test_a_terminal_has_colours() -> None:
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    with subprocess.Popen(
        [sys.executable, "-m", "rfcalc", "analyze", "espcn", "--summary"], stdout=theirs, env={**environment, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            text += piece
        assert process.wait() == 0
    os.close(ours)
    assert b"\x1b[1mCompute\x1b[0m" in text


def test_errors(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(BROKEN)
    for words in (("analyze", str(path)), ("check", str(path)), ("diff", "espcn", "srresnet")):
        plain, painted = run(*words), run(*words, "--color", "always")
        assert tuple(PAINT.sub("", text) for text in painted) == plain, words
        assert PAINT.search("".join(painted)), words
    assert "\x1b[1;31merror E102:\x1b[0m" in run("analyze", str(path), "--color", "always")[1]


def test_a_source_line_is_no_message(tmp_path: Path) -> None:
    """What a file says is never painted as what rfcalc says."""
    path = tmp_path / "net.yaml"
    path.write_text("input: 3x8x8\nlayers:\n  - cnv: 3 # error E999: no\n")
    _, err = run("analyze", str(path), "--color", "always")
    (line,) = [line for line in err.splitlines() if "E999" in line]
    assert not PAINT.search(line)


def test_programs_get_none() -> None:
    for form in ("json", "jsonl", "csv", "markdown"):
        assert not PAINT.search(run(*ANALYZE, "-f", form, "--color", "always")[0])
    for form in ("json", "sarif", "junit", "gitlab", "github", "markdown"):
        assert not PAINT.search(run("check", "resnet18", "-f", form, "--color", "always")[0])


def test_an_unknown_word() -> None:
    assert 'did you mean "never"?' in run(*ANALYZE, "--color", "neve")[1]
