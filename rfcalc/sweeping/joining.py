"""Figures that people have of their designs, such as an accuracy: a CSV with the number of each design and a column for
each."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from math import isfinite

from rfcalc.errors import RuleError, Span, SpecError, fail
from rfcalc.sweeping.figures import key_of
from rfcalc.sweeping.store import Store

NUMBER = "design"
TAKEN = ("design", "state", "note", "about", "text", "id")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


def join(store: Store, path: str) -> int:
    """Keeps the figures of a file beside the designs of a store; gives how many designs have them. Raises SpecError."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            head = [cell.strip() for cell in next(reader, [])]
            if NUMBER not in head or len(head) < 2:
                what = f'needs a column "{NUMBER}", with the number of each, and one for each figure'
                raise fail("E505", f"{path} {what}", None, "rfcalc sweep --show FILE --format csv prints the numbers")
            columns = [name for name in head if name != NUMBER]
            _named(columns, store, Span(path, 1, 1, ",".join(head)[:2000]))
            rows = list(_rows(reader, head, path, store))
    except OSError as error:
        raise fail("E505", f"cannot read {path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise fail("E505", f"{path} is no CSV: {error}") from None
    store.join(columns, rows)
    return len(rows)


def _named(columns: list[str], store: Store, place: Span) -> None:
    for name in columns:
        if not NAME.fullmatch(name):
            raise fail("E505", f"{name[:60]!r} is no name of a figure", place, "letters, digits and _")
        if [other.lower() for other in columns].count(name.lower()) > 1:
            raise fail("E505", f'the column "{name}" is given twice', place)
        if name.lower() in (*TAKEN, *store.columns):
            raise fail("E505", f'"{name}" is what the store calls something else', place, "another name for the column")
        try:
            known = key_of(name, "--join")
        except RuleError:
            continue
        raise fail("E505", f'"{name}" is a figure of rfcalc ({known})', place, "another name for the column")


def _rows(reader: Iterator[list[str]], head: list[str], path: str, store: Store) -> Iterator[list[float | None]]:
    there = "SELECT 1 FROM designs WHERE design = ?"
    seen: set[float] = set()
    for line, cells in enumerate(reader, 2):
        if not cells:
            continue
        place = Span(path, line, 1, ",".join(cells)[:2000])
        if len(cells) != len(head):
            raise fail("E505", f"{len(cells)} cells below {len(head)} columns", place)
        row = {name: _number(cell, place) for name, cell in zip(head, cells, strict=True)}
        number = row.pop(NUMBER)
        if number is None or not store.connection.execute(there, (number,)).fetchone():
            raise fail("E505", f"the store has no design {'' if number is None else f'{number:g}'}".rstrip(), place)
        if number in seen:
            raise fail("E505", f"the design {number:g} is given twice", place)
        seen.add(number)
        yield [number, *row.values()]


def _number(cell: str, place: Span) -> float | None:
    text = cell.strip()
    if not text:
        return None
    problem: SpecError = fail("E505", f"{text[:40]!r} is no number", place)
    try:
        value = float(text)
    except ValueError:
        raise problem from None
    if not isfinite(value):
        raise problem
    return int(value) if value == int(value) and "." not in text and "e" not in text.lower() else value
