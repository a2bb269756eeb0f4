"""The marked tree: places, quoting, aliases, duplicate keys, limits."""

from __future__ import annotations

import pytest
import yaml

from rfcalc.errors import SpecError
from rfcalc.language import marked
from rfcalc.language.marked import MarkedList, MarkedMapping, MarkedScalar, read


def codes(text: str) -> list[str]:
    """The codes of the problems of a text, whether or not it can be read."""
    try:
        return [problem.code for problem in read(text, "x.yaml")[0].problems]
    except SpecError as error:
        return [problem.code for problem in error.problems]


def test_values_and_places() -> None:
    _, root = read("a: [1, 'two']\nb:\n  c: true # comment\n", "x.yaml")
    assert isinstance(root, MarkedMapping)
    assert root.plain() == {"a": (1, "two"), "b": {"c": True}}
    inner = root.get("b")
    assert isinstance(inner, MarkedMapping)
    key, value = inner.entries["c"]
    assert isinstance(value, MarkedScalar)
    assert (key.span.line, key.span.column, key.span.text) == (3, 3, "  c: true # comment")
    assert (value.span.column, value.span.width) == (6, 4)


def test_quoted_and_literal_scalars_are_strings() -> None:
    _, root = read("- '3'\n- \"true\"\n- !!str 3\n- ! 3\n- |\n  3\n- 3\n", "x.yaml")
    assert root.plain() == ("3", "true", "3", "3", "3\n", 3)


def test_an_alias_is_the_node_itself() -> None:
    _, root = read("- &a {k: 3}\n- *a\n", "x.yaml")
    assert isinstance(root, MarkedList)
    assert root.items[0] is root.items[1]


def test_aliases_are_counted_before_they_are_expanded() -> None:
    text = "- &a [1, 1, 1]\n- &b [*a, *a, *a]\n- [*b, *b]\n"
    assert read(text, "x.yaml", most_nodes=50)[1]
    with pytest.raises(SpecError, match="E009"):
        read(text, "x.yaml", most_nodes=40)


@pytest.mark.parametrize(
    ("text", "code"), [("&a [*a]", "E009"), ("[*b, &b 1]", "E009"), ("a: 1\na: 2", "E008"), ("1: a\n1: b", "E008")]
)
def test_what_is_wrong(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_a_missing_space_is_reported_and_mended() -> None:
    document, root = read("{out:64, k: 3}", "x.yaml")
    assert [problem.code for problem in document.problems] == ["E007"]
    assert root.plain() == {"out": 64, "k": 3}


def test_nesting_has_a_limit() -> None:
    assert codes("[" * 100 + "]" * 100) == []
    assert codes("[" * 101 + "]" * 101) == ["E010"]
    levels = "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, 99))
    assert codes("- &a0 []\n" + levels) == []
    assert codes("- &a0 []\n" + levels + "- [*a98]\n- &b [*a98]\n- [*b]\n") == ["E010"]


def test_a_byte_order_mark_and_windows_line_ends() -> None:
    _, root = read("\ufeffa: 1\r\nb: 2\r\n", "x.yaml")
    assert root.plain() == {"a": 1, "b": 2}
    assert isinstance(root, MarkedMapping)
    assert root.entries["b"][0].span.line == 2


def test_the_parser_without_libyaml_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x [1, 'two']\nb: *x\n"
    fast = read(text, "x.yaml")[1]
    monkeypatch.setattr(marked, "Parser", yaml.SafeLoader)
    slow = read(text, "x.yaml")[1]
    assert isinstance(fast, MarkedMapping)
    assert isinstance(slow, MarkedMapping)
    assert fast.plain() == slow.plain()
    assert [key.span for key, _ in fast.entries.values()] == [key.span for key, _ in slow.entries.values()]
    assert codes("a: {k: 3 s: 2}") == ["E007"]
