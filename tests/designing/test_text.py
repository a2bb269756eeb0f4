"""The spec of a design, read again, analyses to exactly what was promised."""

from __future__ import annotations

import random

import pytest

from rfcalc.analyses.erf import moments
from rfcalc.analyses.network import analyze
from rfcalc.designing.blocks import KINDS, BlockChoice
from rfcalc.designing.designs import front
from rfcalc.designing.space import Limits, Space, measure
from rfcalc.designing.text import spec_of
from rfcalc.language.load import load_spec
from rfcalc.relations.shape import Shape

SPACES = [
    Space(224),
    Space(500, stride=16),
    Space(90, effective=True, kernels=(3, 5)),
    Space(90, Shape(1, (200, 333)), 8, widths=(24, 48, 96), kinds=("basic", "separable")),
    Space(150, stride=4, kinds=("bottleneck",), kernels=(3, 7), layers=(2, 6)),
    Space(60, stride=8, widths=(20, 20, 20), holes=True, limits=Limits(depth=12)),
]


def holds(space: Space, stages: tuple[tuple[BlockChoice, ...], ...]) -> None:
    design = measure(space, stages)
    graph = load_spec(spec_of(space, design, "rfcalc design"), "net.yaml")
    found = analyze(graph)
    last = found.layers[-1]
    rank = len(space.input.size)
    assert last.field.size == (design.field,) * rank
    assert last.field.stride == (space.stride,) * rank
    assert (found.macs, found.params) == (design.macs, design.params)
    if not space.holes:
        assert all(layer.field.coverage == 1.0 for layer in found.layers)
    energy = moments(graph, graph.inputs[0])[-1]
    assert energy is not None
    assert [axis.sigma for axis in energy] == pytest.approx([design.sigma] * rank)


@pytest.mark.parametrize("space", SPACES, ids=range(len(SPACES)))
def test_designs_of_the_front(space: Space) -> None:
    found = front(space)
    assert found
    for design in found[:3] + found[-3:]:
        holds(space, design.stages)


def test_any_design() -> None:
    rng = random.Random(5)
    for _ in range(40):
        stages = rng.randint(1, 4)
        space = Space(
            100,
            Shape(3, (rng.randint(64, 130), rng.randint(64, 130))),
            2 ** rng.randint(1, stages + 1),
            widths=tuple(4 * rng.randint(2, 6) for _ in range(stages)),
            stem=rng.choice([8, 12]),
            kinds=tuple(KINDS),
            holes=True,
        )
        chosen: list[tuple[BlockChoice, ...]] = [(rng.choice([u for u in space.halving if u.kind == "plain"]),)]
        for number in range(stages):
            kind = rng.choice(list(KINDS))
            starts = space.halving if number < space.halvings else space.units
            first = rng.choice([unit for unit in starts if unit.kind == kind])
            rest = [rng.choice([unit for unit in space.units if unit.kind == kind]) for _ in range(rng.randint(0, 4))]
            chosen.append((first, *rest))
        holds(space, tuple(chosen))


def test_budget_and_object_size_are_kept() -> None:
    space = Space(224, limits=Limits(macs=3 * 10**9, params=5 * 10**6))
    design = next(design for design in front(space) if design.field >= 224)
    settings = load_spec(spec_of(space, design), "net.yaml").settings
    assert settings["object_size"].meaning[""].most == (224,)
    limits = {limit.name: limit.text for limit in settings["budget"].meaning}
    assert limits == {"receptive_field": ">= 224", "macs": "<= 3 G", "params": "<= 5 M"}
    odd = Space(224, limits=Limits(macs=3 * 10**9 + 1, params=5_250_000))
    limits = {limit.name: limit.text for limit in load_spec(spec_of(odd, design), "net.yaml").stated("budget", ())}
    assert limits == {"receptive_field": ">= 224", "macs": "<= 3000000001", "params": "<= 5.25 M"}
