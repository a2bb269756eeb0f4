"""docs/api.md: its examples are executed, and its list of names is that of the code."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import rfcalc
from tests.documents import ROOT, play_python, told_by
from tests.golden import Golden

PAGE = ROOT / "docs" / "api.md"
MARK = "<!-- every name, from its signature and its text; make accept writes it -->\n"


def test_examples(tmp_path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert play_python(PAGE, golden) > 40


def test_names(golden: Golden) -> None:
    before, _, after = PAGE.read_text(encoding="utf-8").split(MARK)
    golden.check(PAGE, f"{before}{MARK}\n{''.join(names())}{MARK}{after}")


def names() -> Iterator[str]:
    """Each public name with its signature and its text."""
    for name in rfcalc.__all__:
        value = getattr(rfcalc, name)
        if callable(value):
            yield f"### {name}\n\n```python\n{signature(name, value)}\n```\n\n{inspect.getdoc(value)}\n\n"


def signature(name: str, value: object) -> str:
    """A call as it may be written, a line for each argument where one line is too long."""
    if isinstance(value, type) or not callable(value):
        return f"class {name}"
    found = inspect.signature(value)
    parts = [written(parameter) for parameter in found.parameters.values()]
    keyword = [i for i, p in enumerate(found.parameters.values()) if p.kind is inspect.Parameter.KEYWORD_ONLY]
    if keyword and not any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in found.parameters.values()):
        parts.insert(keyword[0], "*")
    line = f"{name}({', '.join(parts)}) -> {found.return_annotation}"
    return (
        line
        if len(line) <= 110
        else "\n".join([f"{name}(", *(f"    {part}," for part in parts), f") -> {found.return_annotation}"])
    )


def written(parameter: inspect.Parameter) -> str:
    """An argument as its code has it."""
    stars = {inspect.Parameter.VAR_KEYWORD: "**", inspect.Parameter.VAR_POSITIONAL: "*"}.get(parameter.kind, "")
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    return f"{stars}{parameter.name}: {parameter.annotation}{default}"


def test_an_example_is_read_as_it_is_meant() -> None:
    scope: dict[str, object] = {}
    assert told_by("x = 3", scope) == ""
    assert told_by("x, 'a'", scope) == "(3, 'a')\n"
    assert told_by("for i in range(2):\n    print(i)\n", scope) == "0\n1\n"
    assert told_by("{}['a']", scope) == "Traceback (most recent call last):\nKeyError: 'a'\n"


def test_what_differs_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```pycon\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(AssertionError, match=r"1 \+ 1"):
        play_python(page, Golden())
    assert play_python(page, Golden("1")) == 1
    assert page.read_text() == "```pycon\n>>> 1 + 1\n2\n```\n"
