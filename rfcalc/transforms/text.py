"""A transformed graph as a spec that is pleasant to read, with the comments of the spec that it came from.

Blocks and repeats are found anew, and a comment goes to the line that has its layer's name; where they cannot be found
without other names for some layers, each layer is written out, with the comment of the line that it stood in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rfcalc.converting import Manner, convert
from rfcalc.graph import Graph
from rfcalc.language.limits import MAX_LAYERS
from rfcalc.language.load import load_spec
from rfcalc.language.writer import expanded
from rfcalc.transforms.outcome import Transformed

MANNERS = (Manner(), Manner(near=False, staged=False), Manner(fused=False, near=False, staged=False))
NAMED = re.compile(r"^\s*-?\s*\{?\s*name: *\"?([\w./-]+)")


def spec_of(name: str, steps: Sequence[tuple[str, Transformed]], text: str = "") -> str:
    """The spec; its head says what was done, and what is equal to the original `name`. `text` is the original's."""
    graph = steps[-1][1].graph
    head = [f"# {name}, transformed: {', '.join(word for word, _ in steps)}", "#"]
    for word, outcome in steps:
        head += [f"# {word}: {sentence}." for sentence in (outcome.equivalence, *outcome.notes)]
    lines = text.splitlines()
    old = _head(lines)
    head += ["#", "# Of the original:", *old] if old else []
    short = _short(graph)
    body = _beside(short, lines, len(old)) if short else _commented(graph, expanded(graph).splitlines()[1:], lines, len(old))
    return "\n".join([*head, *body]) + "\n"


def text_of(source: str) -> str:
    """The text of the spec that a graph was read from, for its comments; "" for what is no text."""
    try:
        with open(source, encoding="utf-8-sig") as file:
            return file.read()
    except (OSError, ValueError):
        return ""


def _short(graph: Graph) -> list[str] | None:
    """The lines of a spec with blocks and repeats, in which each layer has its name; None if there is none."""
    names = [node.name for node in graph.nodes]
    for manner in MANNERS:
        text = convert(graph, manner)
        again = load_spec(text, "transformed", max_layers=max(MAX_LAYERS, len(names)))
        if [node.name for node in again.nodes] == names:
            return text.splitlines()[1:]
    return None


def _beside(body: Sequence[str], lines: Sequence[str], head: int) -> list[str]:
    """The lines of a spec, each with the comments of the old line that has the same name, or else reads the same; of names and
    lines that the old spec has only once. The first of the layers that took a layer's place (NAME_dw) gets its comments."""
    keys = [_key(line) for line in lines]
    count = Counter(keys)
    once = {key: at for at, key in enumerate(keys) if at >= head and key and count[key] == 1}
    waiting = dict(once)
    comments: list[str] = []
    for line in body:
        key = _key(line)
        at = waiting.pop(key if key in once else key.rpartition("_")[0], None) if key else None
        if at is not None:
            indent = line[: len(line) - len(line.lstrip())]
            comments += [indent + text for text in _above(lines, at, head)]
            beside = comment(lines[at])
            line += f"   {beside}" if beside else ""
        comments.append(line)
    return comments


def _key(line: str) -> str:
    """The name in a line, or else what a layer's line reads without its comment; "" for others: blocks are found anew."""
    named = NAMED.match(line)
    read = line.rstrip().removesuffix(comment(line)).strip()
    return named[1] if named else read if read.startswith(("- ", "input")) else ""


def _head(lines: Sequence[str]) -> list[str]:
    """The comment at the top of a file."""
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return list(lines[:count])


def _commented(graph: Graph, body: Sequence[str], lines: Sequence[str], head: int) -> list[str]:
    """The layers, each with the comment beside it and those above it, once for each line of the original."""
    first = body.index("layers:") + 1
    written, used = list(body[:first]), set[int]()
    for node, line in zip(graph.layers, body[first:], strict=False):
        at = node.span.line - 1 if node.span and node.span.source == graph.source else -1
        if 0 <= at < len(lines) and at not in used:
            used.add(at)
            written += [f"  {text}" for text in _above(lines, at, head)]
            beside = comment(lines[at])
            line += f"   {beside}" if beside else ""
        written.append(line)
    return written + list(body[first + len(graph.layers) :])


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
