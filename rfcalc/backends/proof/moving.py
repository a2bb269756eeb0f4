"""Weights carried through transforms, and the proof that the network computes with them what it computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from rfcalc.analyses.receptive_field import Fields
from rfcalc.backends.torch.build import random_inputs, recorded
from rfcalc.backends.torch.moved import State, moved
from rfcalc.backends.torch.weights import with_weights
from rfcalc.errors import RuleError, fail
from rfcalc.graph import Graph
from rfcalc.record import record
from rfcalc.transforms.outcome import Transformed

NEAR = 1e-9  # of the largest number of an output, in float64


@record
class Carried:
    """The weights of the transformed network, their type in the file that they come from, and in words how they were matched
    and what was found equal."""

    state: State
    dtype: torch.dtype
    said: str


def carried(start: Graph, steps: Sequence[tuple[str, Transformed]], path: str) -> Carried:
    """Reads weights, converts them step by step, and runs the network before and after each step on random numbers. Raises
    SpecError for a transform that is not equal, and where the outputs differ."""
    for word, outcome in steps:
        if not outcome.equal and not outcome.until:
            raise fail("E708", f"{start.name}: {word}: {outcome.equivalence}", None, "leave --weights out, and train it anew")
    module, how, dtype = with_weights(start, path, torch.float64)
    state, graph, worst = dict(module.state_dict()), start, 0.0
    for word, outcome in steps:
        try:
            new = moved(graph, outcome.graph, state)
        except RuleError as error:
            raise fail("E708", f"{start.name}: {word}: {error}") from None
        worst = max(worst, _difference(word, graph, outcome, state, new))
        graph, state = outcome.graph, new
    said = f"{len(state)} tensors, matched {how}; computed in float64 the outputs differ by {worst:.1e} of the largest number"
    until = [f"{word}: up to {outcome.until}" for word, outcome in steps if outcome.until]
    return Carried(state, dtype, said + "".join(f" ({text})" for text in until))


def _difference(word: str, old: Graph, outcome: Transformed, before: State, after: State) -> float:
    """The largest difference between what both compute, as a share of the largest number; raises SpecError if it is one."""
    new = outcome.graph
    if outcome.until:
        pairs = [(i, new.by_name[old.nodes[i].name]) for i in old.nodes[old.by_name[outcome.until]].inputs]
    else:
        pairs = list(zip(old.outputs, new.outputs, strict=True))
    seen, found = _outputs(old, before, {i for i, _ in pairs}), _outputs(new, after, {j for _, j in pairs})
    worst = 0.0
    for i, j in pairs:
        a, b = seen[i], found[j][_grid(old, i, new, j)]
        largest = float(a.abs().max())
        share = float((a.flatten(1) - b.flatten(1)).abs().max()) / (largest or 1.0) if a.numel() == b.numel() else float("inf")
        if not share <= NEAR:
            raise fail(
                "E708", f'{old.name}: {word}: with these weights "{old.nodes[i].name}" differs by {share:.1e} of its largest'
            )
        worst = max(worst, share)
    return worst


def _outputs(graph: Graph, state: Mapping[str, Tensor], wanted: set[int]) -> dict[int, Tensor]:
    """What some layers make of random numbers, with these weights."""
    seen: dict[int, Tensor] = {}

    def keep(i: int, out: Tensor) -> None:
        if i in wanted:
            seen[i] = out

    module = recorded(graph, keep, dtype=torch.float64)
    module.load_state_dict(dict(state), strict=True)
    with torch.no_grad():
        images = random_inputs(graph, dtype=torch.float64, seed=1)
        seen.update({i: image for i, image in zip(graph.inputs, images, strict=True) if i in wanted})
        module(*images)
    return seen


def _grid(old: Graph, i: int, new: Graph, j: int) -> tuple[slice, ...]:
    """Where the old units lie on a finer map: at every r-th one."""
    a, b = old.nodes[i].shape, new.nodes[j].shape
    if a.size == b.size or not a.rank:
        return (slice(None),)
    before, after = Fields(old).of(i).stride, Fields(new).of(j).stride
    if before is None or after is None:
        return (slice(None),)
    return (slice(None), slice(None), *(slice(None, None, int(s / t)) for s, t in zip(before, after, strict=True)))
