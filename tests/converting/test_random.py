"""Random graphs over every layer: each converts to a spec of the same network, whatever manner of writing it takes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rfcalc.graph import Builder, Graph
from rfcalc.importers.programs.folding import folded
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.converting.test_round_trip import check
from tests.oracle.graphs import recipes
from tests.oracle.recipes import build


@settings(max_examples=150, deadline=None)
@given(recipes())
def test_random_graphs(recipe: object) -> None:
    graph = build(recipe)
    assume(graph.layers)
    check(graph)


PARTS = st.sampled_from(("conv", "bn", "relu", "add", "concat", "dwconv", "fold"))
PIECE = st.lists(st.tuples(PARTS, st.integers(1, 3), st.sampled_from((1, 3)), st.integers(1, 4)), min_size=1, max_size=6)
NAMES = ("a", "b", "a.x", "b.0", "b.1", "b.2", "c.0", "c.1")
ODD = ("in", "a.in", "in.0", "1", "x/y.z", "a b", "\u00e9", "merge", "identity.k", "relu", "i", "conv", "true", "a..b", "w.s.w")
PLACES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(NAMES) | st.sampled_from((*NAMES, *ODD))), max_size=9)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECE, min_size=1, max_size=3), PLACES, st.booleans())
def test_repeated_pieces_under_any_names(
    pieces: list[list[tuple[str, int, int, int]]], places: list[tuple[int, str]], twice: bool
) -> None:
    """Pieces of layers, used again and again in scopes whose names may repeat, interleave or contain each other."""
    graph = patchwork(pieces, places, twice)
    assume(graph.layers)
    check(
        graph, held=False
    )  # the language has no words for an output between a layer and its norm, and a norm after an activation


def patchwork(pieces: list[list[tuple[str, int, int, int]]], places: list[tuple[int, str]], twice: bool) -> Graph:
    """One piece after the other, each in its place."""
    builder = Builder("patchwork", "patchwork")
    nodes = [builder.add("input", Input(Shape(4, (8, 8))))]
    for which, scope in [*places, (0, "end")]:
        for number, (word, back, kernel, width) in enumerate(pieces[which % len(pieces)]):
            name = f"{scope}.{word}{number}"
            while name in builder.names:
                name += "_2"
            _add(builder, nodes, name, (word, back, kernel, 4 * width if twice else 4))
    graph = builder.graph([nodes[-1]])
    outputs = (nodes[-1], nodes[len(nodes) // 2]) if twice else (nodes[-1],)
    return folded(replace(graph, outputs=tuple(dict.fromkeys(outputs))))


def _add(builder: Builder, nodes: list[int], name: str, what: tuple[str, int, int, int]) -> None:
    word, back, kernel, width = what
    last, other = nodes[-1], nodes[max(0, len(nodes) - 1 - back)]
    channels = [builder.nodes[i].shape.channels for i in (last, other)]
    if word == "conv":
        nodes.append(builder.add(name, make("conv", out=width, kernel=kernel), [other if back == 3 else last]))
    elif word == "dwconv":
        nodes.append(builder.add(name, make("dwconv", kernel=kernel), [last]))
    elif word in ("bn", "relu"):
        nodes.append(builder.add(name, make(word), [last]))
    elif last != other and (word == "concat" or channels[0] == channels[1]):
        nodes.append(
            builder.add(name, make("concat" if word == "concat" else "add"), [last, other] if back > 1 else [other, last])
        )
