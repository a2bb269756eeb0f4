"""Designs that come from elsewhere: a CSV with a column for each param, or JSON Lines with an object for each design. They are
kept in a file that nobody sees, so that any of them can be read at any time."""

from __future__ import annotations

import csv
import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO
from weakref import finalize

from rfcalc.errors import Span, did_you_mean, fail

STDIN = "<stdin>"
MOST_TEXT = 100_000  # characters of a design
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a cell begins that a spreadsheet would work out


class Designs:
    """The designs of a file. `digest` identifies them."""

    def __init__(self, found: Iterator[str]) -> None:
        self.file: IO[bytes] = TemporaryFile()  # noqa: SIM115  (open as long as the designs are asked for)
        finalize(self, self.file.close)
        self.places = array("Q", [0])
        digest = sha256()
        for text in found:
            line = f"{text}\n".encode()
            digest.update(line)
            self.file.write(line)
            self.places.append(self.places[-1] + len(line))
        self.digest = digest.hexdigest()[:16]

    def __len__(self) -> int:
        return len(self.places) - 1

    def __call__(self, start: int, count: int) -> Sequence[str]:
        """Some of them, each as JSON."""
        self.file.seek(self.places[start])
        data = self.file.read(self.places[start + count] - self.places[start])
        return data.decode().splitlines()


def read(path: str, known: Sequence[str]) -> Designs:
    """The designs of a file, or of standard input; `known` are the params. Raises SpecError, with the line."""
    if path == "-":
        return _checked(Designs(_found(sys.stdin, STDIN, known)), STDIN)
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return _checked(Designs(_found(file, path, known)), path)
    except OSError as error:
        raise fail("E505", f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise fail("E505", f"{path} is not text in UTF-8") from None


def of(found: Iterable[Mapping[str, str]], source: str, known: Sequence[str]) -> Designs:
    """The designs that some mappings say, each value as a spec writes it. Raises SpecError, with the number of the design."""
    return _checked(Designs(_objects(map(json.dumps, found), source, known)), source)


def _checked(designs: Designs, source: str) -> Designs:
    if not len(designs):
        raise fail("E505", f"{source} holds no designs", None, "a CSV with a column for each param, or an object a line")
    return designs


def _found(file: IO[str], source: str, known: Sequence[str]) -> Iterator[str]:
    """The designs as JSON, one a line, whatever the file is."""
    first = file.readline()
    while first and not first.strip():
        first = file.readline()
    if first.lstrip("\ufeff \t").startswith("{"):
        yield from _objects(_after(first, file), source, known)
    elif first:
        yield from _cells(_after(first, file), source, known)


def _after(first: str, file: IO[str]) -> Iterator[str]:
    yield first.removeprefix("\ufeff")
    yield from file


def _objects(lines: Iterator[str], source: str, known: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = Span(source, number, 1, line.rstrip("\n")[:2000])
        try:
            design = json.loads(line) if len(line) <= MOST_TEXT else None
        except (ValueError, RecursionError):
            design = None
        if not isinstance(design, dict):
            raise fail("E505", "this is no object of JSON", place, 'a design a line: {"w": 64, "depth": 18}')
        for key in design:
            _known(key, known, place)
        yield json.dumps({key: value if isinstance(value, str) else json.dumps(value) for key, value in design.items()})


def _cells(lines: Iterator[str], source: str, known: Sequence[str]) -> Iterator[str]:
    reader = csv.reader(lines, strict=True)
    try:
        head = [cell.strip() for cell in next(reader)]
        place = Span(source, 1, 1, ",".join(head)[:2000])
        for key in head:
            _known(key, known, place)
        if len(set(head)) < len(head):
            raise fail("E505", "a column is named twice", place)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(head):
                there = Span(source, reader.line_num, 1, ",".join(cells)[:2000])
                raise fail("E505", f"{len(cells)} cells below {len(head)} columns", there)
            yield json.dumps({key: _unquoted(cell) for key, cell in zip(head, cells, strict=True) if cell.strip()})
    except csv.Error as error:
        raise fail("E505", f"{source}:{reader.line_num}: {error}") from None


def _known(key: str, known: Sequence[str], place: Span) -> None:
    if key not in known and key != "input" and "." not in key:
        hint = did_you_mean(key, [*known, "input"]) or f"the params are {', '.join(known[:12]) or 'none'}"
        raise fail("E505", f'there is no param "{key[:60]}"', place, hint)


def quoted(cell: object) -> object:
    """A cell of a CSV that no spreadsheet takes for a formula: a text that looks like one begins with a quote."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell
