"""The baseline: the accepted figures of each network, one metric per line, sorted, so that merges are easy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rfcalc.analyses.network import Analysis, number
from rfcalc.errors import Span, fail

NAME = "rfcalc.lock.json"


def figures(analysis: Analysis) -> dict[str, float | None]:
    """The figures that a baseline keeps, by name."""
    found: dict[str, float | None] = {
        "layers": len(analysis.layers),
        "macs": analysis.macs,
        "params": analysis.params,
        "peak_activation_bytes": analysis.peak.bytes,
    }
    last = analysis.last_spatial
    places = [("last_spatial", last)] if last else []
    places += [(f"output.{layer.name}", layer) for layer in analysis.outputs]
    for name, layer in places:
        if layer.field.size is not None and layer.field.stride is not None:
            for axis, (size, stride) in enumerate(zip(layer.field.size, layer.field.stride, strict=True)):
                found[f"{name}.receptive_field.{axis}"] = size
                found[f"{name}.stride.{axis}"] = number(stride)
    return found


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


def read(path: Path) -> dict[str, dict[str, float]]:
    """The accepted figures by network; raises SpecError for a file that is none."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fail("E022", f"there is no baseline {path}", None, "rfcalc check --write-baseline writes it") from None
    except json.JSONDecodeError as error:
        raise fail("E022", f"no baseline: {error.msg}", Span(str(path), error.lineno, error.colno)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise fail("E022", f"{path}: {error}") from None
    networks = data.get("networks") if isinstance(data, dict) and data.get("version") == 1 else None
    if not isinstance(networks, dict) or not all(isinstance(entry, dict) for entry in networks.values()):
        raise fail("E022", f"{path} is no baseline of version 1", Span(str(path), 1, 1))
    return networks
