"""The documents' examples are executed: what stands below each `$ rfcalc ...` line is what the command prints.

RFCALC_ACCEPT=1 rewrites the outputs after a change that was meant. A block marked ```text is not executed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ["README.md", *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "docs" / "guide").glob("*.md")))]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def examples(document: str) -> list[tuple[str, str]]:
    """(command, expected output) of each `$ ` line in the console blocks of a document."""
    found = []
    for block in BLOCK.findall((ROOT / document).read_text()):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def run(command: str, folder: Path) -> str:
    words = shlex.split(command)
    assert words[0] == "rfcalc", f"only rfcalc is run, not {words[0]}"
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    result = subprocess.run(
        [sys.executable, "-m", "rfcalc", *words[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result.stdout + result.stderr


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples(document: str, tmp_path: Path) -> None:
    path = ROOT / document
    text = path.read_text()
    found = examples(document)
    for command, expected in found:
        got = run(command, tmp_path)
        if expected.rstrip().endswith("..."):  # an excerpt: the beginning must agree
            head = expected.rstrip().removesuffix("...").rstrip("\n")
            if os.environ.get("RFCALC_ACCEPT"):
                lines = "\n".join(got.split("\n")[: max(1, head.count("\n") + 1)])
                text = text.replace(f"$ {command}\n{expected}", f"$ {command}\n{lines}\n...\n")
            else:
                assert got.startswith(head), f"{command}:\n{got}"
        elif os.environ.get("RFCALC_ACCEPT"):
            text = text.replace(f"$ {command}\n{expected}", f"$ {command}\n{got}")
        else:
            assert got == expected, f"{command}:\n{got}"
    if os.environ.get("RFCALC_ACCEPT"):
        path.write_text(text)
    assert found or document != "README.md"
