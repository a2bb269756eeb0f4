"""Places in TOML: each key and each value of a text, in whatever way it is written."""

from __future__ import annotations

import tomllib

import pytest

from rfcalc.checks.toml import placed
from rfcalc.errors import Placed

TEXT = '''\
# [a] in a comment
title = "a = 1 # no comment"
plain.dotted . "key x" = 3.5
text = """
[tool]
b = 2"""
raw = \'\'\'c:\\[x]'\'\'\'
when = 1979-05-27 07:32:00
list = [
  "one",   # a comment ]
  {two = 2, three = [3, [4]]},
  -1.5e3,
]
quotes = "a \\" ] b"

[table.inner]
'single key' = {x = 1, y.z = "w"}
empty = []
[table."more"]
[[array]]
n = 1
[[array]]
n = 2
[array.sub]
m = 3
[[array.sub.deep]]
k = 4
'''


def leaves(node: Placed) -> list[Placed]:
    return [leaf for entry in node.entries.values() for leaf in leaves(entry)] if node.entries else [node]


def at(span, text: str) -> str:  # type: ignore[no-untyped-def]
    return text.splitlines()[span.line - 1][span.column - 1 :]


def test_the_values_are_those_of_tomllib() -> None:
    assert placed(TEXT, "x.toml").value == tomllib.loads(TEXT)


def test_each_value_stands_where_it_is_written() -> None:
    for leaf in leaves(placed(TEXT, "x.toml")):
        written = at(leaf.span, TEXT)
        if isinstance(leaf.value, int | float):
            assert float(written[: leaf.span.width]) == leaf.value  # type: ignore[union-attr]
        elif isinstance(leaf.value, str) and "\n" not in leaf.value:
            assert tomllib.loads(f"v = {written[: leaf.span.width]}")["v"] == leaf.value  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("title",), 2, 1),
        (("plain", "dotted"), 3, 7),
        (("plain", "dotted", "key x"), 3, 16),
        (("when",), 8, 1),
        (("list", 1, "three"), 11, 13),
        (("table", "inner", "single key", "y", "z"), 17, 26),
        (("table", "more"), 19, 8),
        (("array", 1, "n"), 23, 1),
        (("array", 1, "sub", "deep", 0, "k"), 27, 1),
    ],
)
def test_each_key_stands_where_it_is_written(path: tuple[str | int, ...], line: int, column: int) -> None:
    node = placed(TEXT, "x.toml")
    for part in path:
        node = node.entries[part]
    assert node.key is not None
    assert (node.key.source, node.key.line, node.key.column) == ("x.toml", line, column)


def test_what_goes_over_several_lines_is_underlined_to_the_end_of_the_first() -> None:
    text, array = (placed(TEXT, "x.toml").entries[key].span for key in ("text", "list"))
    assert text is not None
    assert array is not None
    assert (text.line, text.column, text.width) == (4, 8, 3)
    assert (array.line, array.column, array.width) == (9, 8, 1)
