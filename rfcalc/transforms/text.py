"""A transformed graph as a spec, with the comments of the spec that it came from."""

from __future__ import annotations

from collections.abc import Sequence

from rfcalc.graph import Graph
from rfcalc.importers.writer import expanded
from rfcalc.transforms.outcome import Outcome


def spec_of(name: str, steps: Sequence[tuple[str, Outcome]], text: str = "") -> str:
    """The spec; its head says what was done, and what is equal to the original `name`. `text` is the original's."""
    graph = steps[-1][1].graph
    head = [f"# {name}, transformed: {', '.join(word for word, _ in steps)}", "#"]
    for word, outcome in steps:
        head += [f"# {word}: {sentence}." for sentence in (outcome.equivalence, *outcome.notes)]
    lines = text.splitlines()
    old = _head(lines)
    head += ["#", *old] if old else []
    body = expanded(graph).splitlines()[1:]
    return "\n".join([*head, *_commented(graph, body, lines, len(old))]) + "\n"


def _head(lines: Sequence[str]) -> list[str]:
    """The comment at the top of a file."""
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return list(lines[:count])


def _commented(graph: Graph, body: Sequence[str], lines: Sequence[str], head: int) -> list[str]:
    """The layers, each with the comment beside it and those above it, once for each line of the original."""
    first = body.index("layers:") + 1
    found, used = list(body[:first]), set[int]()
    for node, line in zip(graph.layers, body[first:], strict=False):
        at = node.span.line - 1 if node.span and node.span.source == graph.source else -1
        if 0 <= at < len(lines) and at not in used:
            used.add(at)
            found += [f"  {text}" for text in _above(lines, at, head)]
            beside = comment(lines[at])
            line += f"   {beside}" if beside else ""
        found.append(line)
    return found + list(body[first + len(graph.layers) :])


def _above(lines: Sequence[str], at: int, head: int) -> list[str]:
    """The lines directly above one that hold nothing but a comment."""
    start = at
    while start > head and lines[start - 1].strip().startswith("#"):
        start -= 1
    return [line.strip() for line in lines[start:at]]


def comment(line: str) -> str:
    """The comment at the end of a line of YAML; "" if there is none."""
    quote = ""
    for i, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and (not i or not line[i - 1].isalnum()):
            quote = sign
        elif sign == "#" and (not i or line[i - 1].isspace()):
            return line[i:].rstrip()
    return ""
