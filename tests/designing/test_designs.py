"""The front of designs against plain enumeration of every design, by arithmetic that shares nothing with the search."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from math import isqrt

import pytest

from rfcalc.designing.blocks import KINDS, BlockChoice
from rfcalc.designing.designs import front
from rfcalc.designing.space import Limits, Space, measure
from rfcalc.errors import RuleError
from rfcalc.relations.shape import Shape

Conv = tuple[int, int, int, int, int, int]  # kernel, dilation, stride, input channels, output channels, groups
SPACES = 480


def layers(kind: str, k: int, d: int, source: int, width: int, stride: int) -> tuple[list[Conv], list[Conv]]:
    """Main path and projection of one block, written out."""
    skip = [(1, 1, stride, source, width, 1)] if stride > 1 or source != width else []
    if kind == "plain":
        return [(k, d, stride, source, width, 1)], []
    if kind == "separable":
        return [(k, d, stride, source, source, source), (1, 1, 1, source, width, 1)], []
    if kind == "basic":
        return [(k, d, stride, source, width, 1), (k, d, 1, width, width, 1)], skip
    narrow = max(1, width // 4)
    return [(1, 1, 1, source, narrow, 1), (k, d, stride, narrow, narrow, 1), (1, 1, 1, narrow, width, 1)], skip


class Walk:
    """One design, block by block: the pixels that unit 0 reads, the variance of the energy, and the costs."""

    def __init__(self, size: int, channels: int) -> None:
        self.support, self.jump, self.size, self.channels = {0}, 1, size, channels
        self.variance, self.macs, self.params, self.depth = Fraction(0), 0, 0, 0
        self.whole = True

    def step(self, kind: str, k: int, d: int, width: int, stride: int) -> Walk:
        after = Walk.__new__(Walk)
        main, skip = layers(kind, k, d, self.channels, width, stride)
        after.macs, after.params, after.depth = self.macs, self.params, self.depth + len(main)
        after.size, after.jump = -(-self.size // stride), self.jump * stride
        after.channels = width
        size = self.size
        for path in (main, skip):
            size = self.size
            for kernel, _, s, source, out, groups in path:
                size = -(-size // s)
                after.macs += kernel * kernel * source // groups * out * size * size
                after.params += kernel * kernel * source // groups * out + 2 * out
        seen, jump, spread, after.whole = self.support, self.jump, Fraction(0), self.whole
        for kernel, dilation, s, *_ in main:
            taps = [t * dilation * jump for t in range(-(kernel // 2), kernel // 2 + 1)]
            seen = {p + t for p in seen for t in taps}
            spread += Fraction(sum(t * t for t in taps), len(taps))
            jump *= s
            after.whole = after.whole and len(seen) == max(seen) - min(seen) + 1
        after.support = seen
        residual = kind in ("basic", "bottleneck")
        after.variance = self.variance + (spread / 2 if residual else spread)
        return after

    def score(self, space: Space) -> tuple[int, int, int]:
        width = max(self.support) - min(self.support) + 1
        if space.effective:
            width = nearest_root(16 * self.variance)
            return abs(width - space.target) // max(1, space.target // 100), self.macs, self.params
        return abs(width - space.target), self.macs, self.params


def nearest_root(square: Fraction) -> int:
    """The whole number nearest to the root of a number."""
    low = isqrt(square.numerator // square.denominator)
    return low if Fraction(2 * low + 1, 2) ** 2 > square else low + 1


def enumerated(space: Space) -> tuple[set[tuple[int, int, int]], int]:
    """The scores that no other design beats, and how many designs there are."""
    least, most = space.layers
    pairs = {(k, d) if k > 1 else (1, 1) for k in space.kernels for d in space.dilations}
    count, scores = 0, set()
    walks = [
        Walk(space.input.size[0], space.input.channels).step("plain", k, 1, space.stem, 2) for k in set(space.kernels) - {1}
    ]
    for number, width in enumerate(space.widths):
        ends = []
        for kind in set(space.kinds):
            for n in range(least, most + 1):
                for blocks in product(pairs, repeat=n):
                    if number < space.halvings and (blocks[0][0] == 1 or blocks[0][1] > 1):
                        continue
                    for walk in walks:
                        for i, (k, d) in enumerate(blocks):
                            walk = walk.step(kind, k, d, width, 2 if i == 0 and number < space.halvings else 1)
                        ends.append(walk)
        walks = ends
    count, limits = len(walks), space.limits
    for walk in walks:
        score = walk.score(space)
        fits = (
            (limits.macs is None or walk.macs <= limits.macs)
            and (limits.params is None or walk.params <= limits.params)
            and (limits.depth is None or walk.depth <= limits.depth)
        )
        off = abs(max(walk.support) - min(walk.support) + 1 - space.target)
        if space.effective:
            off = abs(nearest_root(16 * walk.variance) - space.target)
        if fits and (space.holes or walk.whole) and off <= int(space.target * space.tolerance):
            scores.add(score)
    best = {s for s in scores if not any(o != s and all(a <= b for a, b in zip(o, s, strict=True)) for o in scores)}
    return best, count


def some_space(rng: random.Random) -> Space:
    stages = rng.choice([1, 1, 2, 2, 3])
    most = {1: 3, 2: 2, 3: 1}[stages]
    kernels = (rng.choice([3, 5]), *rng.sample([1, 5, 7], rng.choice([0, 1])))
    dilations = (1, *rng.sample([2, 3, 4, 8], rng.choice([0, 1, 1])))
    kinds = tuple(rng.sample(list(KINDS), rng.choice([1, 1, 2])))
    some = [None, None, rng.randint(200_000, 2_000_000)]
    return Space(
        target=rng.choice([10, 16, 25, 40, 60]) * rng.randint(1, stages),
        input=Shape(rng.choice([1, 3]), (rng.choice([31, 32, 40]),) * 2),
        stride=2 ** rng.randint(1, stages + 1),
        widths=tuple(rng.choice([4, 8, 12]) for _ in range(stages)),
        stem=rng.choice([4, 8]),
        kernels=kernels,
        dilations=dilations,
        kinds=kinds,
        layers=(rng.randint(1, most), most),
        tolerance=rng.choice([0.3, 1.0, 1.0]),
        holes=rng.random() < 0.4,
        effective=rng.random() < 0.4,
        limits=Limits(
            rng.choice(some), rng.choice([None, None, rng.randint(2_000, 40_000)]), rng.choice([None, None, rng.randint(4, 12)])
        ),
    )


@pytest.mark.parametrize("part", range(6))
def test_front_is_that_of_plain_enumeration(part: int) -> None:
    rng = random.Random(part)
    filled = chosen = 0
    for _ in range(SPACES // 6):
        space = some_space(rng)
        best, count = enumerated(space)
        found = front(space)
        scores = {(error_of(space, design), design.macs, design.params) for design in found}
        assert scores == best, space
        assert len(found) == len(best), space
        assert space.size() == count, space
        filled, chosen = filled + bool(best), chosen + (len(best) > 1)

    assert filled > 25
    assert chosen > 10


def error_of(space: Space, design: object) -> int:
    """The error as the space counts it, from the design's own figures."""
    aimed = round(design.effective) if space.effective else design.field  # type: ignore[attr-defined]
    return abs(aimed - space.target) // space.step


def test_a_large_space_is_searched_whole() -> None:
    space = Space(224, kernels=(3, 5, 7), dilations=(1, 2, 4), layers=(1, 8))
    assert space.size() > 10**28
    best = front(space)[0]
    assert abs(best.field - 224) == 1  # fields of odd kernels are odd


def test_limits_and_tolerance_leave_nothing() -> None:
    assert front(Space(224, limits=Limits(macs=1000))) == []
    assert front(Space(3, stride=32)) == []


def test_measure_adds_up_what_torch_would_build() -> None:
    space = Space(50, Shape(3, (64, 64)), 8, widths=(16, 32), stem=8, kinds=("basic",))
    design = measure(
        space, ((BlockChoice(1, 7),), (BlockChoice(1, 3, "basic"), BlockChoice(2, 3, "basic")), (BlockChoice(1, 3, "basic"),))
    )
    # stem 7/2; basic 3/2 + 3 on strides 2, 4; basic twice 3 d2 on stride 4; basic 3/2 + 3 on strides 4, 8
    assert design.field == 7 + 4 + 8 + 16 + 16 + 8 + 16
    assert design.depth == 7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": 0}, "target must be from 1"),
        ({"stride": 24}, "power of two"),
        ({"stride": 64}, "needs 5 stages"),
        ({"kernels": (2, 3)}, "must be odd"),
        ({"kinds": ("dense",)}, "blocks are"),
        ({"layers": (3, 2)}, "least layers"),
        ({"kernels": ()}, "must be allowed"),
        ({"dilations": (2, 4)}, "must be allowed"),
        ({"layers": (1, 10**6)}, "from 1 to 64"),
        ({"kernels": tuple(range(3, 40, 2))}, "at most 8 stages"),
        ({"tolerance": -0.5}, "tolerance"),
    ],
)
def test_mistakes(settings: dict[str, object], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        Space(**{"target": 224, **settings})  # type: ignore[arg-type]
