"""The baseline: the accepted figures of each network, one figure per line, sorted, so that merges are easy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from rfcalc.analyses.metrics import OF_MAPS, TOTALS, Figure, Shown
from rfcalc.analyses.network import Analysis
from rfcalc.errors import Span, fail
from rfcalc.language.files import read_bytes, text_of

NAME = "rfcalc.lock.json"
MOST_DIGITS = 300  # of a whole number; a figure with more is none


def figures(analysis: Analysis) -> dict[str, Figure]:
    """The figures that a baseline keeps, by name: the network's, and those of each axis of the last map and the outputs."""
    stored = {metric.stored: metric.of_network(analysis) for metric in TOTALS if Shown.BASELINE in metric.shown}
    last = analysis.last_spatial
    places = [("last_spatial", last)] if last else []
    places += [(f"output.{layer.name}", layer) for layer in analysis.outputs]
    for name, layer in places:
        for metric in OF_MAPS:
            if metric.axes and Shown.BASELINE in metric.shown:
                stored |= {f"{name}.{metric.stored}.{axis}": value for axis, value in enumerate(metric.axes(layer))}
    return stored


def key(analysis: Analysis, folder: Path) -> str:
    """A network's name in the lock file: its path from the lock file's folder, or its source as it is."""
    path = Path(analysis.graph.source)
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.name


def text(entries: dict[str, dict[str, float | None]]) -> str:
    """The lock file's text."""
    return json.dumps({"version": 1, "networks": entries}, indent=2, sort_keys=True) + "\n"


def read(path: Path, accept: str = "rfcalc check --write-baseline SPEC...") -> dict[str, dict[str, float]]:
    """The accepted figures by network; raises SpecError for a file that is none. `accept` is the command that writes it."""
    try:
        content = read_bytes(path, str(path)) if path.exists() else None
    except (OSError, ValueError) as error:
        raise fail("E022", f"{path}: {error}") from None
    if content is None:
        raise fail("E022", f"there is no baseline {path}", None, f"{accept} writes it")
    written = text_of(content, str(path))
    try:
        data: Any = json.loads(written, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise fail("E022", f"no baseline: {error.msg}", Span(str(path), error.lineno, error.colno)) from None
    except RecursionError:
        raise fail("E022", "no baseline: too many levels", Span(str(path), 1, 1)) from None
    networks = data.get("networks") if isinstance(data, dict) and data.get("version") == 1 else None
    if not isinstance(networks, dict) or not all(isinstance(entry, dict) for entry in networks.values()):
        raise fail("E022", f"{path} is no baseline of version 1", Span(str(path), 1, 1))
    for network, entry in networks.items():
        for name, value in entry.items():
            if not _is_figure(value):
                where = _place(str(path), written, network, name)
                raise fail("E022", f"{name} of {network}: a figure is a number or null", where, f"{accept} writes it anew")
    return networks


def _whole(text: str) -> float:
    """A whole number; infinite where no figure is that large."""
    return int(text) if len(text) <= MOST_DIGITS else math.inf


def _is_figure(value: object) -> bool:
    return value is None or (type(value) in (int, float) and math.isfinite(value))  # type: ignore[arg-type]


def _place(path: str, text: str, network: str, name: str) -> Span:
    """Where a figure of a network stands, if the file is written as rfcalc writes it; its beginning otherwise."""
    lines = text.splitlines()
    words = (f"{json.dumps(network)}:", f"{json.dumps(name)}:")
    starts = [i for i, line in enumerate(lines) if line.lstrip().startswith(words[0])]
    for i in range(starts[0], len(lines)) if starts else ():
        if lines[i].lstrip().startswith(words[1]):
            return Span(path, i + 1, lines[i].index(words[1]) + 1)
    return Span(path, 1, 1)
