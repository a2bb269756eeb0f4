"""Random networks of all layers, with random weights and statistics: what a transform says is equal, is equal."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from rfcalc.analyses.receptive_field import Fields
from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.layers.words import make
from rfcalc.transforms import apply
from rfcalc.transforms.outcome import Transformed
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Kitchen, Step
from tests.transforms.networks import State, close, run, weights
from tests.transforms.test_fully_convolutional import mapped
from tests.transforms.test_layers import folded, phases, unphased

EXAMPLES = int(os.environ.get("RFCALC_ORACLE_EXAMPLES", "20"))


def some(count: int) -> settings:
    """So many random networks, always the same ones."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )


MANY = some(EXAMPLES)
SHOWN = st.booleans()
NORMS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "bn": st.fixed_dictionaries({"affine": SHOWN}),
    "gn": st.fixed_dictionaries({"groups": st.integers(1, 3), "affine": SHOWN}),
    "layernorm": st.fixed_dictionaries({"over": st.sampled_from(("channels", "all")), "affine": SHOWN}),
    "instancenorm": st.fixed_dictionaries({"affine": SHOWN}),
    "rmsnorm": st.just({}),
    "scale": st.just({}),
    "positions": st.just({}),
}
POINTS = NORMS | {word: st.just({}) for word in ("relu", "softmax", "dropout", "identity", "l2norm")}
ON_VECTORS = POINTS | {
    "linear": st.fixed_dictionaries({"out": st.integers(1, 4), "bias": SHOWN}),
    "slice": st.fixed_dictionaries({"start": st.integers(0, 3), "stop": st.integers(4, 9)}),
    "add": st.just({}),
    "mul": st.just({}),
    "concat": st.just({}),
}


def drawn(words: dict[str, st.SearchStrategy[dict[str, Any]]]) -> st.SearchStrategy[Step]:
    one = {word: st.builds(Step, st.just(word), st.integers(0, 3), made) for word, made in words.items()}
    return st.sampled_from(sorted(words)).flatmap(one.__getitem__)


def put(kitchen: Kitchen, step: Step, places: Sequence[int]) -> None:
    """A layer behind one of these places, or behind it and the last of them."""
    source = places[-1 - step.back % len(places)]
    two = make(step.word, **step.settings).arity != (1, 1)
    kitchen.put(step.word, *((places[-1], source) if two else (source,)), **step.settings)


@st.composite
def networks(draw: st.DrawFn, often: tuple[str, ...], head: bool = False) -> Graph:
    """A random graph with norms between its layers, and with a head of layers on vectors."""
    recipe = draw(recipes((1, 2, 2), often))
    kitchen = Kitchen(replace(recipe, steps=()))
    for step in recipe.steps:
        kitchen.cook(step)
        if draw(st.booleans()):
            put(kitchen, draw(drawn(POINTS)), [kitchen.source(0)])
    if head:
        for step in [Step("flatten"), *draw(st.lists(drawn({"flatten": st.just({})}), max_size=1))]:
            put(kitchen, step, [i for i, node in enumerate(kitchen.builder.nodes) if node.shape.rank])
        for step in draw(st.lists(drawn(ON_VECTORS), min_size=1, max_size=6)):
            put(kitchen, step, [i for i, node in enumerate(kitchen.builder.nodes) if not node.shape.rank])
    return kitchen.builder.graph([len(kitchen.builder.nodes) - 1])


def transformed(graph: Graph, asked: str) -> Transformed:
    try:
        return apply(graph, asked)
    except RuleError:
        assume(False)
        raise


def outputs_are_equal(graph: Graph, asked: str, moved: Callable[[Graph, Graph, State], State]) -> None:
    """Every output that both networks have, as the transform claims."""
    outcome = transformed(graph, asked)
    assert outcome.equal
    assume(not any(outcome.graph.nodes[i].is_input for i in outcome.graph.outputs))
    state = weights(graph)
    new = moved(graph, outcome.graph, state)
    before, after = run(graph, state), run(outcome.graph, new)
    for i, j in zip(graph.outputs, outcome.graph.outputs, strict=True):
        a, b = before[graph.nodes[i].name], after[outcome.graph.nodes[j].name]
        assert close(a.flatten(1), b.flatten(1)), asked


@MANY
@given(networks(("linear", "adaptivepool", "gap"), head=True))
def test_fully_convolutional(graph: Graph) -> None:
    outputs_are_equal(graph, "fully-convolutional", mapped)


@MANY
@given(networks(("conv", "upconv", "dwconv", "linear")))
def test_fold_bn(graph: Graph) -> None:
    outputs_are_equal(graph, "fold-bn", folded)


@MANY
@given(networks(("conv", "maxpool", "dwconv", "se", "gate")), st.sampled_from((1, 1, 2, 4)))
def test_output_stride(graph: Graph, stride: int) -> None:
    """Every layer that the claim is about, at the units of the old map; and its field."""
    outcome = transformed(graph, f"output-stride={stride}")
    state = weights(graph)
    before, after = run(graph, state), run(outcome.graph, state)
    old, new = Fields(graph), Fields(outcome.graph)
    end = re.search(r" up to (\S+), which", outcome.equivalence)
    assert outcome.equal is (end is None)
    for index, node in enumerate(graph.nodes[: graph.by_name[end[1]] if end else None]):
        a, b = old.of(index), new.of(outcome.graph.by_name[node.name])
        if a.size is None and not a.whole_input:
            continue  # all that its units read is padding, which a dilated kernel may leave
        assert (a.size, a.start) == (b.size, b.start), node.name
        if a.stride is None or b.stride is None or not node.shape.rank or node.is_input:
            continue
        rate = [int(s / t) for s, t in zip(a.stride, b.stride, strict=True)]
        grid = after[node.name][(..., *(slice(None, None, r) for r in rate))]
        assert close(before[node.name], grid), node.name


def rephased(graph: Graph, new: Graph, state: State) -> State:
    """The weights of each transposed convolution as those of the convolution before a shuffle."""
    found = dict(state)
    for node in graph.nodes:
        if node.op.word == "upconv" and new.nodes[new.by_name[node.name]].op.word == "conv":
            op: Any = node.op
            ratio = op.stride if isinstance(op.stride, int) else op.stride[0]
            found[f"{node.name}.weight"] = phases(state[f"{node.name}.weight"], ratio, op.groups)
            found[f"{node.name}.bias"] = state[f"{node.name}.bias"].repeat_interleave(ratio**node.shape.rank)
    return found


@some(EXAMPLES // 4)  # most random ones are refused
@given(networks(("upconv",)))
def test_subpixel(graph: Graph) -> None:
    outputs_are_equal(graph, "subpixel", rephased)


def joined(graph: Graph, new: Graph, state: State) -> State:
    """The weights of each convolution before a shuffle as those of a transposed one. Biases of zero agree."""
    found = dict(state)
    for node in graph.nodes:
        if node.op.word == "conv" and new.nodes[new.by_name[node.name]].op.word == "upconv":
            op: Any = new.nodes[new.by_name[node.name]].op
            found[f"{node.name}.weight"] = unphased(state[f"{node.name}.weight"], op.stride, node.op.groups, node.shape.rank)  # type: ignore[attr-defined]
            state[f"{node.name}.bias"] *= 0
            found[f"{node.name}.bias"] = found[f"{node.name}.bias"][:: op.stride**node.shape.rank] * 0
    return found


@MANY
@given(networks(("pixelshuffle",)))
def test_transposed(graph: Graph) -> None:
    outputs_are_equal(graph, "transposed", joined)
