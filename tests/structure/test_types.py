"""A value of any type is one that the type checker does not look at: few, outside the rooms that read what others wrote."""

from __future__ import annotations

import ast

from tests.structure.floors import modules

BORDERS = ("importers", "language")
MOST = 100


def test_few_values_of_any_type() -> None:
    found = {
        name: sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(path.read_text())))
        for name, path in modules().items()
        if name.split(".")[0] not in BORDERS
    }
    most = dict(sorted(((name, count) for name, count in found.items() if count), key=lambda entry: -entry[1])[:10])
    assert sum(found.values()) <= MOST, f"{sum(found.values())} times Any; most of them in {most}"
