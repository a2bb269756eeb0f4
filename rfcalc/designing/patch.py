"""Edits of a spec's text that leave everything else as it is, comments and spaces included."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable

from rfcalc.language.marked import Marked, MarkedMapping, MarkedScalar, read
from rfcalc.record import record


@record
class TextPlace:
    """Where a value stands, or may be put: line and column from 0, the text there now, and what replaces it, with @ for the
    value."""

    line: int
    column: int
    old: str
    template: str


def patched(text: str, changes: Iterable[tuple[TextPlace, int]]) -> str:
    """The text with a value at each of the places, from the last place to the first."""
    lines = text.splitlines(keepends=True)
    for place, value in sorted(changes, key=lambda change: (-change[0].line, -change[0].column)):
        line = lines[place.line]
        new = place.template.replace("@", str(value))
        lines[place.line] = line[: place.column] + new + line[place.column + len(place.old) :]
    return "".join(lines)


def without(text: str, keys: Container[str]) -> str:
    """The text of a spec without some keys of its top, and what stands below them; a top within brackets stays as it is."""
    _, root = read(text, "")
    if not isinstance(root, MarkedMapping) or is_flow(root):
        return text
    lines = text.splitlines(keepends=True)
    marks = [mark for mark, _ in root.entries.values()]
    for mark, after in reversed([*zip(marks, [*marks[1:], None], strict=True)]):
        end = after.line if after else len(lines)
        while after and (lines[end - 1].isspace() or lines[end - 1][0] == "#"):  # what stands before a key is said of it
            end -= 1
        if mark.text in keys:
            del lines[mark.line : end]
    return "".join(lines)


def diff(old: str, new: str, before: str, after: str, context: int = 3) -> str:
    """A unified diff of two texts."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), before, after, lineterm="", n=context)
    return "\n".join(lines)


def written(node: Marked) -> tuple[int, int] | None:
    """The columns at which a scalar's text begins and ends within its line; None where it is not written in one piece."""
    if not isinstance(node, MarkedScalar) or not node.text:
        return None
    line, start = _line(node), node.column
    if quoted(node) and line[start] == line[start + 1 + len(node.text) :][:1]:
        start += 1
    end = start + len(node.text)
    return (start, end) if line[start:end] == node.text else None


def instead(node: Marked, template: str, old: str = "", offset: int = 0) -> TextPlace | None:
    """In place of (a part of) a scalar's text."""
    columns = written(node)
    if columns is None:
        return None
    assert isinstance(node, MarkedScalar)
    return TextPlace(node.line, columns[0] + offset, old or node.text, template)


def quoted(node: Marked) -> bool:
    """Whether a scalar is written in quotes."""
    return _line(node)[node.column : node.column + 1] in ("'", '"')


def added(table: MarkedMapping, key: str, template: str, flow: bool) -> TextPlace | None:
    """A new entry of a mapping, behind its last entry that is a plain value, or before all. `flow`: within brackets."""
    braces = _line(table)[table.column : table.column + 1] == "{"
    if not table.entries:
        return TextPlace(table.line, table.column + 1, "", f"{key}: {template}") if braces else None
    if flow and not braces:
        return None  # a single pair in a list, such as [conv: 64]
    last = [(mark, value) for mark, value in table.entries.values() if written(value) is not None]
    if not last:
        if braces:
            return TextPlace(table.line, table.column + 1, "", f"{key}: {template}, ")
        return TextPlace(table.line, table.column, "", f"{key}: {template}\n{' ' * table.column}")
    mark, value = last[-1]
    if not braces:
        return TextPlace(value.line, len(_line(value)), "", f"\n{' ' * mark.column}{key}: {template}")
    columns = written(value)
    assert columns is not None
    return TextPlace(value.line, columns[1] + quoted(value), "", f", {key}: {template}")


def is_flow(node: Marked) -> bool:
    """Whether a list or mapping is written within brackets."""
    return _line(node)[node.column : node.column + 1] in ("{", "[")


def _line(node: Marked) -> str:
    lines = node.document.lines
    return lines[node.line] if node.line < len(lines) else ""
