"""A graph as a spec in which every layer is explicit: what `rfcalc show` prints. Read again, it gives the same figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rfcalc.errors import fail
from rfcalc.graph import Graph, Node
from rfcalc.language.reading import is_name
from rfcalc.language.recipes import main_of
from rfcalc.language.scalars import resolve
from rfcalc.layers.contract import Op
from rfcalc.layers.counted import Counted
from rfcalc.layers.settings import settings_of
from rfcalc.layers.words import WORDS

PLAIN = re.compile(r"[^\W\d][\w./-]*")


def expanded(graph: Graph) -> str:
    """The spec; raises SpecError for a layer that no word of the language makes."""
    names = names_of(graph)
    count = len(graph.layers)
    title = "".join(c if c.isprintable() else " " for c in graph.name)
    lines = [f"# {title}: {count:,} layer{'s' if count != 1 else ''}, each written out", f"name: {scalar(graph.name)}"]
    lines += input_lines(graph, names)
    lines.append("layers:")
    current = graph.inputs
    for index, node in enumerate(graph.nodes):
        if not node.is_input:
            lines.append(f"  - {{{_layer(node, names[index], () if node.inputs == current else node.inputs, names)}}}")
            current = (index,)
    if graph.outputs != current:
        lines.append(f"outputs: [{', '.join(scalar(names[i]) for i in graph.outputs)}]")
    return "\n".join(lines + setting_lines(graph)) + "\n"


def names_of(graph: Graph) -> list[str]:
    """A name for each node that the language allows; the node's own wherever it is one."""
    taken = set(graph.by_name)
    names = []
    for node in graph.nodes:
        name = node.name
        if not is_name(name):
            stem = name = re.sub(r"[^\w./-]+", "_", name).lstrip("./-")[:290] or "layer"
            if not is_name(f"{stem}_"):  # such as "in.conv"
                stem = name = f"layer_{stem}"
            number = 1
            while name in taken or not is_name(name):
                number += 1
                name = f"{stem}_{number}"
            taken.add(name)
        names.append(name)
    return names


def setting_lines(graph: Graph) -> list[str]:
    """The top-level keys that analyses ask for."""
    return [f"{key}: {text_of(stated.written)}" for key, stated in graph.settings.items()]


def input_lines(graph: Graph, names: list[str]) -> list[str]:
    """The inputs with their shapes."""
    shapes = {names[i]: graph.nodes[i].shape for i in graph.inputs}
    if list(shapes) == ["input"]:
        return [f"input: {shapes['input']}"]
    return ["inputs:", *(f"  {scalar(name)}: {shape}" for name, shape in shapes.items())]


def _layer(node: Node, name: str, sources: tuple[int, ...], names: list[str]) -> str:
    word = node.op.word
    if word not in WORDS:
        raise fail("E130", f'{word} "{node.name}" has no word in the spec language', node.span)
    op = node.op.inner if isinstance(node.op, Counted) else node.op
    parts = [f"name: {scalar(name)}", f"{word}: {settings_text(op)}"]
    counts = counts_of(node)
    if counts:
        parts.append(f"counts: {text_of(counts)}")
    if node.weights is not None:
        parts.append(f"weights: {scalar(names[node.weights])}")
    if len(sources) == 1:
        parts.append(f"from: {scalar(names[sources[0]])}")
    elif sources:
        parts.append(f"from: [{', '.join(scalar(names[i]) for i in sources)}]")
    return ", ".join(parts)


def counts_of(node: Node) -> dict[str, int]:
    """The counts of a layer that are not those of its op."""
    if not isinstance(node.op, Counted):
        return {}
    own = node.op.inner.cost(node.shapes)
    return {key: value for key, value in node.op.given.items() if value != getattr(own, key, 0)}


def settings_text(op: Op) -> str:
    """The settings of an operation that are not the default, short: `1000`, `{out: 64, k: 3}`, `{}`."""
    values = op.settings
    changed = (s for s in settings_of(type(op)) if values[s.name] != s.default)
    given = {s.name: (s.alias or s.name, s.kind.written(values[s.name])) for s in changed}
    if list(given) == [main_of(op.word)] and given[main_of(op.word)][1] is not None:
        return text_of(given[main_of(op.word)][1])
    return "{" + ", ".join(f"{key}: {text_of(value)}" for key, value in given.values()) + "}"


def text_of(value: Any) -> str:
    """A value in flow style."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(_pairs(value)) + "}"
    return scalar(value) if isinstance(value, str) else repr(value)


def _pairs(table: dict[Any, Any]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{text_of(key)}: {text_of(value)}"


def scalar(text: str) -> str:
    """A string as YAML: as it is where that reads as the same string, else in quotes."""
    if PLAIN.fullmatch(text) and isinstance(resolve(text), str):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
