"""From what people have to a graph. Each importer is a module that is imported when a file is its own."""

from __future__ import annotations

from collections.abc import Mapping

from rfcalc.graph import Graph
from rfcalc.importers.files import STDIN, find, read_bytes, shipped_files, text_of

MAX_LAYERS = 100_000


def load(path: str, overrides: Mapping[str, str] | None = None, max_layers: int = MAX_LAYERS) -> Graph:
    """The graph of a spec file, a shipped network (`resnet50`), or `-`, standard input; raises SpecError."""
    from rfcalc.importers.spec import load_spec

    found = None if path == "-" else find(path)
    source = STDIN if found is None else str(found)
    return load_spec(text_of(read_bytes(found, source), source), source, overrides, max_layers)


def shipped() -> list[tuple[str, str]]:
    """Name and one-line description (the first comment line) of each shipped network."""
    found = []
    for name, path in shipped_files().items():
        with path.open(encoding="utf-8") as file:
            found.append((name, file.readline().lstrip("#").strip()))
    return found
