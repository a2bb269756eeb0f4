"""Specs that importers of other formats write: their text, and the place in the original file of each layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rfcalc.errors import Problem, Span, SpecError, fail
from rfcalc.graph import Graph, Node
from rfcalc.language.load import load_spec
from rfcalc.language.marked import Marked
from rfcalc.language.writer import scalar, text_of
from rfcalc.record import field, record, replace

QUOTED = re.compile(r'"([^"]{1,300})"')


@record
class WrittenLayer:
    """One layer of a spec: its name, its word (an op or a block), settings, the names it reads (none: the layer above)."""

    name: str
    word: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    repeat: int = 1

    def __str__(self) -> str:
        parts = [f"name: {scalar(self.name)}", f"{self.word}: {self._settings()}"]
        if self.sources:
            names = [scalar(name) for name in self.sources]
            parts.append(f"from: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}")
        if self.repeat != 1:
            parts.append(f"repeat: {self.repeat}")
        return f"{{{', '.join(parts)}}}"

    def _settings(self) -> str:
        return "{" + ", ".join(f"{key}: {text_of(value)}" for key, value in self.settings.items()) + "}"


@record
class Written:
    """A spec as text. `places`: where in the original file a layer stands, by its name or the beginning of its name."""

    text: str
    source: str
    places: Mapping[str, Span]

    def load(self, overrides: Mapping[str, str], max_layers: int) -> Graph:
        """The graph, whose layers have their places in the original file; raises SpecError with such places."""
        try:
            graph = load_spec(self.text, self.source, overrides, max_layers)
        except SpecError as error:
            raise SpecError(list(dict.fromkeys(map(self._problem, error.problems)))) from None
        nodes = tuple(node if node.is_input else self._node(node) for node in graph.nodes)
        return replace(graph, nodes=nodes)

    def only_input(self, overrides: Mapping[str, str]) -> None:
        """Raises SpecError for overrides of layers, which the text does not hold."""
        for key in overrides:
            if key != "input":
                raise fail(
                    "E617", f"{key[:60]} sets a layer, which is not written into the spec", None, "change it in the spec"
                )

    def _node(self, node: Node) -> Node:
        return replace(node, span=self._place(node.name))

    def _problem(self, problem: Problem) -> Problem:
        """The problem with its place in the original file: that of the layer it names, or of the text's line."""
        if problem.span is None or problem.span.source != self.source:
            return problem
        names = [*QUOTED.findall(problem.message), *re.findall(r"name: ([^,{}]+)", problem.span.text)]
        span = next(filter(None, map(self._place, names)), Span(self.source, 1, 1))
        return replace(problem, span=span)

    def _place(self, name: str) -> Span | None:
        """The place of the longest known beginning of a name."""
        while name and name not in self.places:
            name = name.rpartition(".")[0]
        return self.places.get(name)


def written(
    source: str, head: Iterable[str], steps: Sequence[WrittenLayer], outputs: Sequence[str], places: Mapping[str, Span]
) -> Written:
    """A spec of some first lines, layers and outputs (none: the last layer)."""
    lines = [*head, "layers:", *(f"  - {step}" for step in steps)]
    if outputs:
        lines.append(f"outputs: {text_of(list(outputs))}")
    return Written("\n".join(lines) + "\n", source, places)


def channels_of(shape: Marked | None) -> int | None:
    """Channels of an input that the command line gives; None if it makes no sense, which the spec's reader explains."""
    value = shape.plain() if shape else None
    first: Any = value.split("x")[0] if isinstance(value, str) else value[0] if isinstance(value, tuple) and value else value
    try:
        return int(first) if 1 <= int(first) <= 10**9 else None
    except (ValueError, TypeError, OverflowError):
        return None


def printable(text: str) -> str:
    """A text on one line."""
    return "".join(c if c.isprintable() else " " for c in text)
