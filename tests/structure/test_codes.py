"""Every code that the program prints is explained, and none is explained that nothing prints."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rfcalc.checks.codes import errors
from tests.running import rfcalc

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"\b(?:E|RF)[0-9]{3}\b")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def printed() -> dict[str, str]:
    """Every code in the strings of the program, and the file that says it; docstrings and the tables of codes left out."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "rfcalc").rglob("*.py")):
        if path.parent.name == "codes":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {
            id(n.body[0].value)
            for n in ast.walk(tree)
            if isinstance(n, DOCUMENTED) and n.body and isinstance(n.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                found.update(dict.fromkeys(CODE.findall(node.value), str(path.relative_to(ROOT))))
    return found


PRINTED = printed()


@pytest.mark.parametrize("code", sorted(PRINTED))
def test_every_code_is_explained(code: str) -> None:
    run = rfcalc("explain", code)
    assert run.code == 0, f"{PRINTED[code]} says {code}, which nothing explains: {run.err}"
    assert run.out.startswith(f"# {code} ")
    assert "## How to mend it" in run.out or code == "RF000"
    assert rfcalc("explain", code.lower()).out == run.out


def test_no_code_is_explained_that_nothing_says() -> None:
    assert errors().keys() <= PRINTED.keys()
