"""From what people have to a graph. Each importer is a module that is imported when a file is of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from rfcalc.graph import Graph
from rfcalc.importers.files import head_of, shipped_files
from rfcalc.importers.limits import MAX_LAYERS
from rfcalc.record import record


@record
class Importer:
    """One kind of input. `module` has `load(path, overrides, max_layers) -> Graph`, which raises SpecError.

    `detect` is asked with what the user typed and the first bytes of that file (empty where it is no file); it imports
    nothing, since it runs at each start.
    """

    name: str
    module: str
    detect: Callable[[str, bytes], bool]


def _always(path: str, head: bytes) -> bool:
    """Specs are what is left, so that their reader explains a file that nobody knows."""
    return True


# In the order in which they are asked; the spec language is last.
IMPORTERS: tuple[Importer, ...] = (Importer("spec", "rfcalc.importers.spec", _always),)


def load(path: str, overrides: Mapping[str, str] | None = None, max_layers: int = MAX_LAYERS) -> Graph:
    """The graph of a file, of a shipped network (`resnet50`), or of `-`, a spec on standard input; raises SpecError.

    `overrides` are those of `-s key=value`; a graph of more than `max_layers` layers is refused before it is made.
    """
    head = head_of(path)
    importer = next(importer for importer in IMPORTERS if importer.detect(path, head))
    graph: Graph = import_module(importer.module).load(path, overrides or {}, max_layers)
    return graph


def shipped() -> list[tuple[str, str]]:
    """Name and one-line description (the first comment line) of each shipped network."""
    found = []
    for name, path in shipped_files().items():
        with path.open(encoding="utf-8") as file:
            line = file.readline()
        found.append((name, line.lstrip("#").strip() if line.startswith("#") else ""))
    return found
