"""The prose of the documents: every sentence ends, every link leads to a file, every name that it mentions exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer.main

from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.program import app
from rfcalc.importers.programs.declared import GROUP
from tests.documents import ROOT

DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"\b(RF|E)\d{3}\b")
FILE = re.compile(r"(?:rfcalc|tests|docs|configs|benchmarks)/[\w./*-]*[\w*]/?")
DOTTED = re.compile(r"rfcalc(?:\.\w+)+")
COMMAND = re.compile(r"rfcalc ([a-z][a-z-]*)((?: --?[a-z][a-z-]*)*)")
ENDS = re.compile(r"[.:?!;][)\"'*_`]*$|\)$|`$")


def prose(text: str) -> Iterator[str]:
    """The paragraphs and list items of a document, without headings, tables, code, quotations and references to papers."""
    text = FENCE.sub("\n", text.partition("## Reference\n")[0])
    text = re.sub(r"^(?:#|\||>|<|---$|    (?! *[-*\d])).*$", "", text, flags=re.M)
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d\.) )", text):
        if line := " ".join(paragraph.split()):
            yield line


def unended(text: str) -> list[str]:
    """The paragraphs that break off."""
    return [line for line in prose(text) if not ENDS.search(line) and not re.fullmatch(r"!?\[.*\]\(.*\)", line)]


def lost_links(text: str, folder: Path) -> list[str]:
    """The links to files that are not there."""
    found = [link.partition("#")[0] for link in LINK.findall(FENCE.sub("", text))]
    return [link for link in found if link and "://" not in link and not (folder / link).exists()]


def lost_names(text: str) -> list[str]:
    """Codes without a page, files of this repository that are not there, commands and options that do not exist."""
    text = FENCE.sub("", text)
    errors = (ROOT / "docs/errors.md").read_text()
    pages = {path.stem for path in (ROOT / "docs/rules").glob("*.md")} | set(re.findall(r"\bE\d{3}\b", errors))
    found = [match[0] for match in CODE.finditer(text) if match[0] not in pages]
    for span in SPAN.findall(text):
        found += [path for path in FILE.findall(span) if span.startswith(path) and not any(ROOT.glob(path))]
        found += [f"rfcalc {name}{given}" for name, given in COMMAND.findall(span) if not known(name, given.split())]
        found += [span] if DOTTED.fullmatch(span) and span != GROUP and not defined(span) else []
    return found


def defined(name: str) -> bool:
    """Whether a dotted name leads to a module, or to something that a module has."""
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        module = ".".join(parts[:k])
        if (ROOT / module.replace(".", "/")).is_dir() or (ROOT / (module.replace(".", "/") + ".py")).is_file():
            value: Any = import_module(module)
            for part in parts[k:]:
                value = getattr(value, part, None) or getattr(value, "__annotations__", {}).get(part)
            return value is not None
    return False


def known(name: str, options: list[str]) -> bool:
    """Whether there is such a command with such options."""
    if name == "size":  # hidden: design and resize, when they were one
        return True
    if name not in COMMANDS:
        return False
    command = typer.main.get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    return {"--help", *(word for option in command.params for word in option.opts)} >= set(options)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_written_holds(path: Path) -> None:
    text = path.read_text()
    assert unended(text) == []
    assert lost_links(text, path.parent) == []
    assert lost_names(text) == []


def test_what_does_not_hold_is_found() -> None:
    whole = "# A title\n\nA sentence: `code`\n\n- an item (of\n  a list);\n- another.\n\n| a | table |\n"
    assert unended(whole) == []
    assert unended(whole + "\nFiles are known by X\n```console\n$ ls\n```\nMore.\n") == ["Files are known by X"]
    assert lost_links("[a](README.md) [b](no.md#x) [c](https://example.org)", ROOT) == ["no.md"]
    assert lost_names("RF401, RF999, E002, E998") == ["RF999", "E998"]
    names = "`rfcalc analyze --at`, `rfcalc analyze --att 1,1`, `rfcalc analyse`, `tests/zoo`, `rfcalc/no/such/`, `tests/x.py`"
    assert lost_names(names) == ["rfcalc analyze --att", "rfcalc analyse", "rfcalc/no/such/", "tests/x.py"]
    names = "`rfcalc.graph.Node`, `rfcalc.graph.Nod`, `rfcalc.layers.contract.Cost.macs`, `rfcalc.fields`, `rfcalc.field`"
    assert lost_names(names) == ["rfcalc.graph.Nod", "rfcalc.field"]
