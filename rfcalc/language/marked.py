"""YAML as a small tree that knows its places, built from the events of PyYAML's C parser.

Scalars follow YAML 1.2. Nothing is expanded before it is counted: an alias is the anchored node itself, and the nodes that
it stands for are added up. Problems that leave the tree usable (a repeated key, a missing space) are kept and reading goes
on; others end it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from rfcalc.errors import Placed, Problem, Span, SpecError, fail
from rfcalc.language.libyaml import Parser, yaml
from rfcalc.language.limits import MOST_BYTES, MOST_NESTED, MOST_PROBLEMS, MOST_VALUES
from rfcalc.language.scalars import resolve
from rfcalc.language.syntax import explained

GLUED = re.compile(r"([\w-]+):(\S.*)", re.DOTALL)
STRING = "tag:yaml.org,2002:str"


class Document:
    """One file: its name, its text, and the problems found in it so far."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source
        self.problems: list[Problem] = []

    @cached_property
    def lines(self) -> list[str]:
        """The lines, broken where YAML breaks them."""
        return self.text.splitlines()

    def span(self, line: int, column: int, width: int = 1) -> Span:
        """A place; line and column count from 0 here."""
        text = self.lines[line] if line < len(self.lines) else ""
        return Span(self.source, line + 1, column + 1, text[:2000] if column < 1900 else text, width)


class Marked:
    """A node of the tree and its place, counted from 0."""

    __slots__ = ("column", "document", "line")
    document: Document
    line: int
    column: int

    @property
    def width(self) -> int:
        """How many characters a caret underlines."""
        return 1

    @property
    def span(self) -> Span:
        """The place as an error shows it."""
        return self.document.span(self.line, self.column, self.width)

    def plain(self) -> Any:
        """The value without marks; lists become tuples."""
        raise NotImplementedError


class MarkedScalar(Marked):
    """A word, a number, true, false or nothing."""

    __slots__ = ("text", "value")

    def __init__(self, document: Document, line: int, column: int, value: Any, text: str) -> None:
        self.document, self.line, self.column, self.value, self.text = document, line, column, value, text

    @property
    def width(self) -> int:
        return max(1, len(self.text))

    def plain(self) -> Any:
        return self.value


class MarkedList(Marked):
    """A list."""

    __slots__ = ("items",)

    def __init__(self, document: Document, line: int, column: int) -> None:
        self.document, self.line, self.column = document, line, column
        self.items: list[Marked] = []

    def plain(self) -> tuple[Any, ...]:
        return tuple(item.plain() for item in self.items)


class MarkedMapping(Marked):
    """A mapping: value of the key -> (key, value), in the order of the file."""

    __slots__ = ("entries",)

    def __init__(self, document: Document, line: int, column: int) -> None:
        self.document, self.line, self.column = document, line, column
        self.entries: dict[Any, tuple[MarkedScalar, Marked]] = {}

    def get(self, key: str) -> Marked | None:
        """The value of a key, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def plain(self) -> dict[Any, Any]:
        return {key: value.plain() for key, (_, value) in self.entries.items()}


def placed(node: Marked, key: Marked | None = None) -> Placed:
    """The value of a node with its places, for rooms that know no YAML."""
    entries: dict[Any, Placed] = {}
    if isinstance(node, MarkedMapping):
        entries = {name: placed(value, mark) for name, (mark, value) in node.entries.items()}
    elif isinstance(node, MarkedList):
        entries = {i: placed(item) for i, item in enumerate(node.items)}
    return Placed(node.plain(), node.span, key.span if key else None, entries)


def read(text: str, source: str, most_nodes: int = MOST_VALUES) -> tuple[Document, Marked]:
    """The tree of a file, with the problems that left it usable in `document.problems`; raises SpecError for others."""
    if len(text) > MOST_BYTES:
        raise fail("E004", f"{source}: larger than {MOST_BYTES // 2**20} MB")
    document = Document(text.removeprefix("\ufeff"), source)
    try:
        root = _Tree(document, most_nodes).build(Parser(document.text))
    except yaml.YAMLError as error:
        raise SpecError([*document.problems, *explained(error, document.lines, document.text, document.span)]) from None
    except UnicodeEncodeError:
        raise fail("E003", f"{source}: not text in UTF-8") from None
    except _StopError as stop:
        raise SpecError([*document.problems, stop.problem]) from None
    if root is None:
        raise fail("E005", f"{source}: the file is empty", hint="a spec begins with input: and layers:")
    return document, root


class _StopError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Tree:
    """Builds the tree without recursion: `open` holds the containers around the current event."""

    def __init__(self, document: Document, most_nodes: int) -> None:
        self.document, self.most = document, most_nodes
        self.root: Marked | None = None
        self.open: list[tuple[MarkedList | MarkedMapping, str | None, int]] = []  # container, its anchor, nodes before it
        self.keys: list[MarkedScalar | None] = []
        self.heights = [0]
        self.anchors: dict[str, tuple[Marked, int, int]] = {}  # node, nodes within, height
        self.count = 0
        self.words: dict[str, str] = {}  # equal words share one string, and the words of one line its number: memory
        self.line = 0

    def build(self, parser: Any) -> Marked | None:
        """The root; None for a file without content."""
        get, documents = parser.get_event, 0
        while (event := get()) is not None:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._end()
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._begin(event, MarkedMapping if kind is yaml.MappingStartEvent else MarkedList)
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise self._stop("E007", "a second document (---) in the file", event)
        return self.root

    def _scalar(self, event: Any) -> None:
        mark, text = event.start_mark, self.words.setdefault(event.value, event.value)
        value: Any = text
        if mark.line != self.line:
            self.line = mark.line
        if event.implicit[0] and event.tag is None:
            try:
                value = resolve(text)
            except ValueError as error:
                raise self._stop("E012", str(error), event) from None
        elif event.tag not in (None, "!", STRING):
            raise self._stop("E011", _tagged(event.tag), event)
        node = MarkedScalar(self.document, self.line, mark.column, value, text)
        self._put(node, 1)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 0)

    def _begin(self, event: Any, make: type[MarkedList] | type[MarkedMapping]) -> None:
        if len(self.open) >= MOST_NESTED:
            raise self._stop("E010", f"nested more than {MOST_NESTED} deep", event)
        if event.tag is not None:
            raise self._stop("E011", _tagged(event.tag), event)
        node = make(self.document, event.start_mark.line, event.start_mark.column)
        before = self.count
        self._put(node, 1)
        self.open.append((node, event.anchor, before))
        self.keys.append(None)
        self.heights.append(0)

    def _end(self) -> None:
        node, anchor, before = self.open.pop()
        self.keys.pop()
        height = self.heights.pop() + 1
        self.heights[-1] = max(self.heights[-1], height)
        if anchor:
            self.anchors[anchor] = (node, self.count - before, height)

    def _alias(self, event: Any) -> None:
        name = event.anchor
        if any(anchor == name for _, anchor, _ in self.open):
            raise self._stop("E009", f"the alias *{name} stands inside what it stands for", event)
        if name not in self.anchors:
            raise self._stop("E009", f"there is no anchor &{name} before this alias", event)
        node, weight, height = self.anchors[name]
        if len(self.open) + height > MOST_NESTED:
            raise self._stop("E010", f"nested more than {MOST_NESTED} deep, through the alias *{name}", event)
        self.heights[-1] = max(self.heights[-1], height)
        if self.count + weight > self.most:
            raise self._stop("E009", f"the aliases stand for more than {self.most:,} values", event)
        self._put(node, weight)

    def _put(self, node: Marked, weight: int) -> None:
        self.count += weight
        if self.count > self.most:
            raise _StopError(Problem("E004", f"more than {self.most:,} values in one file", node.span))
        if not self.open:
            self.root = node
            return
        holder = self.open[-1][0]
        if isinstance(holder, MarkedList):
            holder.items.append(node)
        elif (key := self.keys[-1]) is not None:
            self.keys[-1] = None
            self._entry(holder, key, node)
        elif isinstance(node, MarkedScalar):
            self.keys[-1] = node
        else:
            raise _StopError(Problem("E011", "a key must be a word or a number", node.span))

    def _entry(self, table: MarkedMapping, key: MarkedScalar, node: Marked) -> None:
        if isinstance(node, MarkedScalar) and not node.text and (glued := GLUED.fullmatch(key.text)):
            name, rest = glued[1], glued[2]
            self._problem("E007", f'"{key.text}" is one word here', key, f"write a space after the colon: {name}: {rest}")
            key = MarkedScalar(key.document, key.line, key.column, name, name)
            node = MarkedScalar(key.document, key.line, key.column + len(name) + 1, resolve(rest[:100]), rest)
        if key.value == "<<" and isinstance(node, MarkedList | MarkedMapping):
            self._problem("E011", "merge keys (<<) are not part of YAML 1.2", key, "use defaults: or a block")
            for name, entry in (node.entries if isinstance(node, MarkedMapping) else {}).items():
                table.entries.setdefault(name, entry)
            return
        if key.value in table.entries:
            first = table.entries[key.value][0].line + 1
            self._problem("E008", f'the key "{key.text[:40]}" is given twice, first in line {first}', key)
            return
        table.entries[key.value] = (key, node)

    def _problem(self, code: str, message: str, node: Marked, hint: str = "") -> None:
        self.document.problems.append(Problem(code, message, node.span, hint))
        if len(self.document.problems) >= MOST_PROBLEMS:
            raise _StopError(Problem("E099", f"{MOST_PROBLEMS} problems; the rest is not read"))

    def _stop(self, code: str, message: str, event: Any) -> _StopError:
        mark = event.start_mark
        return _StopError(Problem(code, message, self.document.span(mark.line, mark.column)))


def _tagged(tag: str) -> str:
    short = tag.replace("tag:yaml.org,2002:", "!!")[:60]
    return f"tags such as {short} are not part of the language"
