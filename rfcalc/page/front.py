"""The page of a front: what `design`, `resize` and `compare` print with --format json, or a store of `sweep`, as points and
axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rfcalc.analyses.metrics import ASKED_FOR, METRICS, Better, Unit
from rfcalc.errors import SpecError, fail
from rfcalc.page.files import named, printed
from rfcalc.sweeping.task import KEPT

if TYPE_CHECKING:
    from rfcalc.report.models.page import ColumnData, FrontPageData
    from rfcalc.sweeping.view import Design

MOST_POINTS = 4000  # of a page

Entry = Mapping[str, Any]
# Of the lists that commands print: the key of an entry's name, and of its figures (empty: the entry itself).
LISTS = {"front": ("number", ""), "changes": ("number", ""), "networks": ("name", "figures")}
KNOWN = {metric.stored: metric for metric in (*METRICS, *ASKED_FOR)}
UNITS = {Unit.BYTES: "B", Unit.PIXELS: "px", Unit.MILLISECONDS: "ms"}
BETTER = {Better.LESS: "low", Better.MORE: "high"}


def front_data(path: str, command: str = "") -> FrontPageData:
    """The page of a file that `design`, `resize` or `compare` have printed; raises SpecError for another one."""
    data = printed(path)
    key = next((key for key in LISTS if isinstance(data, dict) and isinstance(data.get(key), list) and data[key]), "")
    name, inner = LISTS.get(key, ("", ""))
    entries: Sequence[Entry] = data[key] if key else ()
    if not entries or not all(isinstance(one, dict) and isinstance(one.get(inner, one), dict) for one in entries):
        raise _other(path)
    figures = [one.get(inner, one) for one in entries]
    keys = [k for k in dict.fromkeys(k for one in figures for k in one) if k != name and _number(figures, k)]
    return {
        "kind": "front",
        "title": _title(data, key, path),
        "command": command,
        "columns": [{"key": name, "title": name, "unit": "", "better": None}, *map(_column, keys)],
        "rows": [[str(one.get(name)), *(each.get(k) for k in keys)] for one, each in zip(entries, figures, strict=True)],
        "commands": list(_commands(data, key, entries)),
        "front": [bool(one.get("best", key == "front")) for one in entries],
    }


def store_data(path: str, command: str = "") -> FrontPageData:
    """The page of a store that `sweep` has written: its front, and others of its designs so that they are not too many."""
    from rfcalc.sweeping.store import opened
    from rfcalc.sweeping.view import View

    store = opened(path)
    try:
        view = View(store)
        front = set(view.front)
        count = store.counts()[0]
        step = max(1, count // MOST_POINTS)
        designs = [one for one in view.designs(f"state = {KEPT} AND design % {step} = 0") if one.number not in front]
        designs = sorted([*view.some(view.front[:MOST_POINTS]), *designs], key=lambda one: one.number)
        others = {key: "high" if more else "low" for key, more in view.figures}
        columns = [_column(key, others.get(key)) for key in view.columns]
        shown = f"{len(designs):,} of {count:,}" if len(designs) < count else f"{count:,}"
        return {
            "kind": "front",
            "title": f"{shown} designs of {', '.join(map(named, view.told.sources))}",
            "command": command,
            "columns": [{"key": "design", "title": "design", "unit": "", "better": None}, *columns],
            "rows": [[_called(one, view.keys), *(one.figures[key] for key in view.columns)] for one in designs],
            "commands": [f"rfcalc sweep --show {named(path)} --take {one.number} -o FILE.yaml" for one in designs],
            "front": [one.number in front for one in designs],
        }
    finally:
        store.close()


def _called(design: Design, keys: Sequence[str]) -> str:
    """A design by its number, and what it sets."""
    return " ".join([str(design.number), *(f"{key}={text}" for key, text in design.values.items() if key in keys)])


def _other(path: str) -> SpecError:
    return fail("E504", f"{path} is not what rfcalc design, resize or compare prints with --format json")


def _number(figures: Sequence[Entry], key: str) -> bool:
    """Whether a key is a number wherever it is given, and is given somewhere."""
    values = [one[key] for one in figures if one.get(key) is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _column(key: str, better: str | None = None) -> ColumnData:
    metric = KNOWN.get(key)
    if metric is None:
        return {"key": key, "title": key.replace("_", " "), "unit": "", "better": better}
    return {
        "key": key,
        "title": metric.title,
        "unit": UNITS.get(metric.unit, ""),
        "better": better or BETTER.get(metric.better),
    }


def _title(data: Entry, key: str, path: str) -> str:
    if key == "networks":
        return f"{len(data[key])} networks"
    what = f"changes to {data.get('source', path)}" if key == "changes" else "designs"
    return f"{what} for a field of {data['target']} pixels" if "target" in data else what


def _commands(data: Entry, key: str, entries: Sequence[Entry]) -> Iterator[str]:
    for one in entries:
        if key == "networks":
            yield f"rfcalc report {named(str(one.get('source', one.get('name', ''))))}"
        else:
            source = f" {data['source']}" if key == "changes" and "source" in data else ""
            word = "resize" if key == "changes" else "design"
            yield f"rfcalc {word}{source} --target {data.get('target', '')} --pick {one.get('number', '')} -o FILE.yaml"
