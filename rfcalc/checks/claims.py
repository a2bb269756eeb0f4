"""Claims of a lesson: expressions over the JSON that its commands print."""

from __future__ import annotations

from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.expressions import compiled
from rfcalc.record import fields
from rfcalc.report.findings import Finding

Names = dict[str, Any]  # of JSON


def names_of(document: Names) -> Names:
    """What a claim may name: the keys of a command's JSON; of a list of layers (or of findings) also each key of an entry, as a
    mapping by the entries' names (or as a list), and those of their receptive fields: `params["conv1"]`, `size["conv1"]`."""
    names: Names = dict(document)
    if document.get("findings") == []:
        names |= {name: [] for name in fields(Finding) if name not in document}
    for key, rows in document.items():
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            continue
        wide = [{**(row.get("receptive_field") or {}), **row} for row in rows]
        named = all("name" in row and "layer" not in row for row in wide)
        for column in dict.fromkeys(column for row in wide for column in row):
            cells = [row.get(column) for row in wide]
            if column not in document:
                names[column] = dict(zip((row["name"] for row in wide), cells, strict=True)) if named else cells
        if named:
            names[key] = {row["name"]: row for row in rows}
    return names


def holds(that: str, names: Names) -> bool:
    """Whether a claim is true; raises RuleError for one that cannot be worked out."""
    expression = compiled(that)
    for name in expression.names:
        if name not in names:
            hint = did_you_mean(name, names)
            raise RuleError(f'the answer has no "{name}"' + (f"; {hint}" if hint else ""))
    value = expression(names)
    if not isinstance(value, bool):
        raise RuleError(f"a claim is true or false, not {value!r}"[:200])
    return value


def figures(that: str, names: Names) -> list[str]:
    """Each figure that a claim names, with its value: 'params["conv1"] is 1,664'."""
    import ast

    nodes = list(ast.walk(ast.parse(that, mode="eval")))
    inner = {part for node in nodes if isinstance(node, ast.Subscript) for part in ast.walk(node) if part is not node}
    named = [node for node in nodes if isinstance(node, ast.Subscript) or (isinstance(node, ast.Name) and node.id in names)]
    outer = sorted((node for node in named if node not in inner), key=lambda node: node.col_offset)
    texts = dict.fromkeys(ast.unparse(node).replace("'", '"') for node in outer)
    return [f"{text} is {_shown(compiled(text)(names))}" for text in texts]


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)[:100]
