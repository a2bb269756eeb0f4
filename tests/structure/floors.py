"""The shape of the house as data: the floors in order, the rooms that keep apart, and who imports whom."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "rfcalc"

# From the ground up: the rooms of a floor, and what stands there. A room may import any floor below its own, and no other
# room of its own floor.
FLOORS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("version", "record", "progress"), "the version; the decorator of every record; what a long work says of itself"),
    (("errors",), "problems with a code and a place"),
    (("report",), "the data of a report: tables, notes, pictures, findings"),
    (("relations",), "which positions and channels of an input an output reads"),
    (("layers", "origin"), "the facts that each layer states; the module that an imported graph was made of"),
    (("graph",), "layers and what feeds them"),
    (("fields",), "relations followed through a graph: receptive fields"),
    (("analyses",), "everything else that is computed from a graph; the table of metrics"),
    (("language",), "specs: read, checked, expanded, written"),
    (("importers",), "torch, ONNX, Ultralytics and Darknet into a graph or a spec"),
    (("converting",), "a graph into the text of a spec"),
    (("checks", "designing", "transforms"), "rules and budgets; new designs and changes to one; a graph into another"),
    (("sweeping",), "design spaces: points, stores, executors"),
    (("backends",), "a graph in torch: built, proven, timed, drawn"),
    (("reports",), "results into reports"),
    (("formats",), "reports into text"),
    (("page",), "the page of a network: its data, and the file that holds them"),
    (("api",), "the functions of the Python API"),
    (("cli",), "commands: parse, call, print"),
    (("__init__", "__main__"), "the names of the Python API; python -m rfcalc"),
)

# Folders whose members do not import each other, but for those named here, which the others share.
APART: Mapping[str, tuple[str, ...]] = {
    "analyses": ("layer", "metrics", "network", "receptive_field", "rows", "storages", "target"),
    "api": ("analysis", "measured", "shown", "sources", "words"),
    "backends": ("optional", "timing", "torch"),
    "backends.pictures": ("png",),
    "checks.codes": (),
    "checks.rules": (),
    "cli": (
        "budgets",
        "color",
        "command",
        "commands",
        "common",
        "complete",
        "declared",
        "design_options",
        "device_options",
        "findings",
        "gathered",
        "pictures",
        "program",
        "target",
        "viewing",
        "waiting",
        "writing",
    ),
    "formats": ("parts",),
    "formats.findings": (),
    "formats.parts": ("screen",),
    "importers": ("programs", "translated"),
    "layers.vocabulary": (),
    "reports": ("parts",),
    "reports.parts": (),
    "transforms": ("outcome", "separable"),
}


@cache
def modules() -> dict[str, Path]:
    """Every module by its dotted name without the leading rfcalc; a package by the name of its folder."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


@cache
def imports(name: str) -> frozenset[str]:
    """The modules that a module imports, at its top or inside a function, for its types or to run; of a package, its own
    members left out, since a name in one is no import of its __init__."""
    found = set()
    for node in ast.walk(ast.parse(modules()[name].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rfcalc":
            base = (node.module or "").removeprefix("rfcalc").lstrip(".")
            for alias in node.names:
                dotted = f"{base}.{alias.name}".lstrip(".")
                found.add(dotted if dotted in modules() else base or "__init__")
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("rfcalc").lstrip(".") for alias in node.names if alias.name[:7] == "rfcalc."}
    return frozenset(found)


def floor(name: str) -> int:
    """The floor of a module's room, counted from the ground."""
    room = name.split(".")[0]
    for level, (rooms, _) in enumerate(FLOORS):
        if room in rooms:
            return level
    raise AssertionError(f"{name} stands on no floor: add its room to FLOORS")


def described() -> str:
    """The floors and the folders whose members keep apart, as CONTRIBUTING prints them: the highest first."""
    lines = ["| rooms | what stands there |", "| --- | --- |"]
    lines += [f"| {', '.join(f'`{room}`' for room in rooms)} | {text} |" for rooms, text in reversed(FLOORS)]
    lines += ["", "Members of these folders do not import each other, but for what they share:", ""]
    for folder, shared in APART.items():
        names = ", ".join(f"`{name}`" for name in sorted(shared))
        lines.append(f"- `{folder.replace('.', '/')}`" + (f" (shared: {names})" if names else ""))
    return "\n".join(lines) + "\n"
