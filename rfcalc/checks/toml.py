"""TOML with its places: the values are tomllib's, the places those of the keys and values in the text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from rfcalc.errors import Placed, Span

TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|' + r"'''(?:[^']|'{1,2}(?!'))*'{3,5}|"
    r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'|#[^\n]*|\n|[\[\]{}=,.]|[^\s\[\]{}=,.#\"']+",
    re.DOTALL,
)
Path = tuple[str | int, ...]
Place = tuple[int, int]  # first and last + 1 character


def placed(text: str, source: str) -> Placed:
    """The whole file; raises tomllib.TOMLDecodeError."""
    data = tomllib.loads(text)
    scanned = _Scanner(text)
    scanned.statements()
    return _tree(data, (), {path: scanned.span(place, source) for path, place in scanned.keys.items()}, scanned, source)


def _tree(value: Any, path: Path, keys: dict[Path, Span], scanned: _Scanner, source: str) -> Placed:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    entries = {name: _tree(one, (*path, name), keys, scanned, source) for name, one in inner}
    place = scanned.values.get(path)
    return Placed(value, scanned.span(place, source) if place else keys.get(path), keys.get(path), entries)


class _Scanner:
    """Where each key and value of a valid text stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(match.group(), match.start()) for match in TOKEN.finditer(text)]
        self.at = 0
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self.tables: dict[Path, int] = {}  # of arrays of tables, the number of the last one

    def span(self, place: Place, source: str) -> Span:
        """A place as errors show it; what goes over several lines is underlined to the end of the first."""
        first, last = place
        begin = self.text.rfind("\n", 0, first) + 1
        end = self.text.find("\n", first)
        line = self.text[begin : end if end >= 0 else None].rstrip("\r")
        width = min(last - first, len(line) - (first - begin))
        return Span(source, self.text.count("\n", 0, first) + 1, first - begin + 1, line, max(1, width))

    def statements(self) -> None:
        """Reads the whole text."""
        table: Path = ()
        while self.at < len(self.tokens):
            token, start = self.tokens[self.at]
            if token == "\n" or token.startswith("#"):
                self.at += 1
            elif token == "[":
                table = self._header(self.tokens[self.at + 1] == ("[", start + 1))
            else:
                self._entry(table)

    def _header(self, array: bool) -> Path:
        self.at += 1 + array
        path: Path = ()
        for name, place in self._key():
            path = self._last((*path, name))
            self.keys.setdefault(path, place)
        self.at += 1 + array
        if array:
            path = path[:-1] if isinstance(path[-1], int) else path
            self.tables[path] = self.tables.get(path, -1) + 1
            path = self._last(path)
        return path

    def _last(self, path: Path) -> Path:
        return (*path, self.tables[path]) if path in self.tables else path

    def _key(self) -> Iterator[tuple[str, Place]]:
        while True:
            token, start = self.tokens[self.at]
            name = next(iter(tomllib.loads(f"{token} = 0")))
            yield name, (start, start + len(token))
            self.at += 1
            if self.at >= len(self.tokens) or self.tokens[self.at][0] != ".":
                return
            self.at += 1

    def _entry(self, table: Path) -> None:
        path = table
        for name, place in self._key():
            path = (*path, name)
            self.keys.setdefault(path, place)
        self.at += 1  # the sign =
        self._value(path)

    def _value(self, path: Path) -> None:
        token, first = self.tokens[self.at]
        last = first
        if token in ("[", "{"):
            self.at += 1
            self._inner(path, "]" if token == "[" else "}")
            last = self.tokens[self.at - 1][1] + 1
        while token not in ("[", "{") and self.at < len(self.tokens):
            word, start = self.tokens[self.at]
            if word in ("\n", ",", "]", "}") or word.startswith("#"):
                break
            last = start + len(word)
            self.at += 1
        self.values[path] = (first, last)

    def _inner(self, path: Path, closing: str) -> None:
        """The members of an array or an inline table, to its end."""
        count = 0
        while (token := self.tokens[self.at][0]) != closing:
            if token in ("\n", ",") or token.startswith("#"):
                self.at += 1
            elif closing == "}":
                self._entry(path)
            else:
                self._value((*path, count))
                count += 1
        self.at += 1
