"""The graph as a diagram: Graphviz or Mermaid text. A layer with its norm and activation is one box; blocks are frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rfcalc.graph import Graph, Node
from rfcalc.layers.label import label
from rfcalc.record import record

Scopes = dict[str, Any]  # name of a layer: its number; name of a block: its Scopes


@record
class Box:
    """One layer as the spec wrote it: its short name, what it does, the shape of its output, and whether it is an end."""

    name: str
    text: str
    shape: str
    end: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the box; a layer that is called like its op says so once."""
        return tuple(dict.fromkeys((self.name, self.text, self.shape)))


@record(eq=False)
class Diagram:
    """Boxes in order of execution, arrows between their numbers, and the numbers by block."""

    name: str
    boxes: list[Box]
    arrows: list[tuple[int, int]]
    scopes: Scopes


def diagram(graph: Graph) -> Diagram:
    """The boxes and arrows of a graph."""
    number: dict[str, int] = {}
    groups: list[list[Node]] = []
    for node in graph.nodes:
        if number.setdefault(node.part_of, len(groups)) == len(groups):
            groups.append([])
        groups[number[node.part_of]].append(node)
    at = [number[node.part_of] for node in graph.nodes]
    ends = {at[i] for i in (*graph.inputs, *graph.outputs)}
    arrows = dict.fromkeys((at[j], at[i]) for i, node in enumerate(graph.nodes) for j in node.inputs)
    scopes: Scopes = {}
    boxes = []
    for k, (name, nodes) in enumerate(zip(number, groups, strict=True)):
        *outer, last = name.split(".")
        place = scopes
        for part in outer:
            place = place.setdefault(f"{part}.", {})  # the dot keeps a block apart from a layer of the same name
        place[last] = k
        text = " + ".join(label(node.op, node.shape.rank) for node in nodes)
        boxes.append(Box(last, text, str(nodes[-1].shape), k in ends))
    return Diagram(graph.name, boxes, [(a, b) for a, b in arrows if a != b], scopes)


def dot(graph: Graph) -> str:
    """Graphviz text: `dot -Tsvg net.dot -o net.svg`."""
    drawn = diagram(graph)
    lines = [f"digraph {_dot_quoted(drawn.name)} {{", '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=10];']
    lines += ['  graph [fontname="Helvetica", fontsize=10, color=gray];', "  edge [arrowsize=0.6];"]
    lines += _dot_scope(drawn, drawn.scopes, "  ", "")
    lines += [f"  n{a} -> n{b};" for a, b in drawn.arrows]
    return "\n".join([*lines, "}", ""])


def _dot_scope(found: Diagram, scopes: Scopes, pad: str, path: str) -> Iterator[str]:
    for name, inner in scopes.items():
        if isinstance(inner, dict):
            yield f"{pad}subgraph {_dot_quoted(f'cluster_{path}{name}')} {{"
            yield f"{pad}  label={_dot_quoted(name.rstrip('.'))};"
            yield from _dot_scope(found, inner, pad + "  ", path + name)
            yield f"{pad}}}"
        else:
            box = found.boxes[inner]
            words = r"\n".join(_dot_quoted(text)[1:-1] for text in box.lines)
            yield f'{pad}n{inner} [label="{words}"{", style=filled" if box.end else ""}];'


def _dot_quoted(text: str) -> str:
    return '"' + _printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def mermaid(graph: Graph) -> str:
    """Mermaid text, which Markdown pages on GitHub and GitLab draw."""
    drawn = diagram(graph)
    lines = ["flowchart TD", *_mermaid_scope(drawn, drawn.scopes, "  ", "s")]
    lines += [f"  n{a} --> n{b}" for a, b in drawn.arrows]
    ends = ",".join(f"n{k}" for k, box in enumerate(drawn.boxes) if box.end)
    return "\n".join([*lines, "  classDef ends font-weight:bold", f"  class {ends} ends", ""])


def _mermaid_scope(found: Diagram, scopes: Scopes, pad: str, path: str) -> Iterator[str]:
    for k, (name, inner) in enumerate(scopes.items()):
        if isinstance(inner, dict):
            yield f'{pad}subgraph {path}_{k}["{_mermaid_quoted(name.rstrip("."))}"]'
            yield from _mermaid_scope(found, inner, pad + "  ", f"{path}_{k}")
            yield f"{pad}end"
        else:
            box = found.boxes[inner]
            yield f'{pad}n{inner}["{"<br/>".join(map(_mermaid_quoted, box.lines))}"]'


def _mermaid_quoted(text: str) -> str:
    for character, code in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        text = text.replace(character, code)
    return _printable(text)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
