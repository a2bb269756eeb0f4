"""Examples in documents: commands in console blocks, run one after the other, with the output that each should print.

A block ```console holds lines that begin with "$ ", each followed by what it prints; an output that ends in "..." is an
excerpt, of which only the beginning must agree. ```console timed is for measurements: its commands must succeed and print
the same title and columns, with other numbers. `$ cat > FILE <<END` writes the lines before END to a file, `>>` appends them.

A block ```pycon holds what one types in Python after ">>> " and "... ", each with what it prints; the blocks of a document are
one session. Of an error the first and the last lines are printed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from traceback import format_exception_only

from tests.golden import Golden

ROOT = Path(__file__).resolve().parents[1]
SESSION = re.compile(r"^```pycon\n(.*?)^```$", re.M | re.S)
TYPED = re.compile(r"(^>>> .*\n(?:\.\.\. .*\n)*)((?:(?!>>> ).*\n)*)", re.M)
TRACEBACK = "Traceback (most recent call last):\n"
BLOCK = re.compile(r"^```console( timed)?\n(.*?)^```$", re.M | re.S)


@dataclass
class Example:
    """A command, and what stands below it."""

    command: str
    expected: str
    timed: bool = False


def examples(text: str) -> list[Example]:
    """The examples of a document, in order."""
    found = []
    for timed, block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append(Example(command, output, bool(timed)))
    return found


def play(document: Path, folder: Path, golden: Golden) -> int:
    """Runs the examples of a document in a folder and compares what they print, or writes it; gives their number."""
    text = document.read_text()
    found = examples(text)
    for one in found:
        new = checked(one, folder, golden.accept)
        if new is not None:
            text = text.replace(f"$ {one.command}\n{one.expected}", f"$ {one.command}\n{new}")
    if golden.accept:
        document.write_text(text)
    return len(found)


def checked(one: Example, folder: Path, accept: str = "") -> str | None:
    """Runs an example and checks its output; the new output instead if it is to be accepted."""
    written = re.fullmatch(r"cat (>>?) ([\w.-]+) <<END", one.command)
    if written:
        lines, end, rest = one.expected.partition("END\n")
        assert end, one.command
        assert not rest, one.command
        with (folder / written[2]).open("a" if written[1] == ">>" else "w") as file:
            file.write(lines)
        return None
    got, excerpt = run(one, folder), one.expected.rstrip().endswith("...")
    head = one.expected.rstrip().removesuffix("...").rstrip("\n")
    if accept and (accept == "timed" or not one.timed):
        kept = got.split("\n")[: max(1, head.count("\n") + 1)]
        return "\n".join([*kept, "...", ""]) if excerpt else got
    if one.timed:
        assert titles(got) == titles(one.expected), f"{one.command}:\n{got}"
    elif excerpt:
        assert got.startswith(head), f"{one.command}:\n{got}"
    else:
        assert got == one.expected, f"{one.command}:\n{got}"
    return None


def play_python(document: Path, golden: Golden) -> int:
    """Runs the Python of a document and compares what it prints, or writes it; gives the number of examples."""
    text = document.read_text(encoding="utf-8")
    scope: dict[str, object] = {"__name__": "__main__"}
    found = [example for block in SESSION.findall(text) for example in TYPED.findall(block)]
    for typed, expected in found:
        got = told_by("".join(f"{line[4:]}\n" for line in typed.splitlines()), scope)
        if golden.accept:
            text = text.replace(typed + expected, typed + got)
        else:
            assert got == expected, f"{typed}{got}"
    if golden.accept:
        document.write_text(text, encoding="utf-8")
    return len(found)


def told_by(source: str, scope: dict[str, object]) -> str:
    """What a statement prints in a session; of an error what it is called and says."""
    out = StringIO()
    try:
        with redirect_stdout(out):
            exec(compile(source, "<document>", "single"), scope)
    except Exception as error:
        return out.getvalue() + TRACEBACK + "".join(format_exception_only(error))
    return out.getvalue()


def titles(output: str) -> list[list[str]]:
    """The words of the first two lines: the title of a table, and those of its columns."""
    return [line.split() for line in output.splitlines()[:2]]


def run(one: Example, folder: Path) -> str:
    """What a command prints, on both streams."""
    words = shlex.split(one.command)
    assert words[0] == "rfcalc", f"only rfcalc is run, not {words[0]}"
    result = subprocess.run(
        [sys.executable, "-m", "rfcalc", *words[1:]],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stderr, result.stderr
    assert not (one.timed and result.returncode), result.stderr
    return result.stdout + result.stderr
