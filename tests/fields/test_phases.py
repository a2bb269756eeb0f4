"""Fields with more phases than can be listed, against sets of indices that are followed unit by unit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import floor
from random import Random

import pytest

from rfcalc.analyses.receptive_field import Fields
from rfcalc.fields.field import MAX_PHASES, Field
from rfcalc.fields.forward import MAX_TERMS, hull
from rfcalc.graph import Graph
from tests.nets import Net

Taps = Callable[[int], list[int]]


def nearest(scale: Fraction) -> Taps:
    return lambda i: [floor(i / scale)]


def linear(scale: Fraction) -> Taps:
    def taps(i: int) -> list[int]:
        source = (i + Fraction(1, 2)) / scale - Fraction(1, 2)
        return sorted({floor(source), -floor(-source)})

    return taps


def window(kernel: int, stride: int, dilation: int) -> Taps:
    return lambda i: [i * stride + dilation * (t - kernel // 2) for t in range(kernel)]


class Followed:
    """A network of one axis and, for each node, which indices of the input its units read, those in the padding too."""

    def __init__(self, size: int) -> None:
        self.net = Net(1, (size,))
        self.reads: list[Callable[[int], frozenset[int]]] = [lambda i: frozenset((i,))]
        self.rates = [Fraction(1)]

    def add(self, taps: Taps, step: Fraction, word: str, source: int, **settings: object) -> int:
        before = self.reads[source]
        self.net(word, source, **settings)
        self.reads.append(lru_cache(maxsize=None)(lambda i: frozenset().union(*(before(j) for j in taps(i)))))
        self.rates.append(self.rates[source] * step)
        return self.net.last

    def merge(self, a: int, b: int) -> int:
        first, second = self.reads[a], self.reads[b]
        self.net("add", a, b)
        self.reads.append(lru_cache(maxsize=None)(lambda i: first(i) | second(i)))
        self.rates.append(self.rates[a])
        return self.net.last


def random_network(seed: int) -> tuple[Graph, Followed]:
    """Five to seven rescalings by odd ratios, with windows and sums of branches between them."""
    random = Random(seed)
    made, x = Followed(random.randint(9, 30)), 0
    for _ in range(random.randint(5, 7)):
        scale = Fraction(random.choice(("1.3", "1.3", "1.25", "0.7", "1.1", "0.9", "1.7")))
        mode, taps = random.choice((("nearest", nearest), ("linear", linear)))
        if made.net.builder.nodes[x].shape.size[0] * scale >= 4:
            x = made.add(taps(scale), 1 / scale, "upsample", x, scale=float(scale), mode=mode)
        if random.random() < 0.8:
            kernel, dilation = random.choice((3, 5)), random.choice((1, 1, 2))
            y = made.add(window(kernel, 1, dilation), Fraction(1), "conv", x, out=1, kernel=kernel, dilation=dilation)
            if random.random() < 0.5:
                z = made.add(window(3, 1, 1), Fraction(1), "conv", x, out=1, kernel=3)
                y = made.merge(*random.choice(((y, x), (z, y))))
            x = y
    return made.net.graph(), made


@pytest.mark.parametrize("seed", range(24))
def test_all_units_of_odd_ratios(seed: int) -> None:
    graph, made = random_network(seed)
    fields = Fields(graph)
    for index in range(1, len(graph.nodes)):
        units = range(graph.nodes[index].shape.size[0])
        claim, truth = fields.of(index), [made.reads[index](i) for i in units]
        sizes = [max(t) - min(t) + 1 for t in truth]
        assert claim.stride == (made.rates[index],)
        assert (claim.size, claim.size_min) == ((max(sizes),), (min(sizes),))
        assert claim.start == (min(truth[0]),)
        share = min(len(t) / size for t, size in zip(truth, sizes, strict=True))
        assert claim.coverage is not None
        assert claim.coverage == pytest.approx(share) or (claim.coverage_bound and claim.coverage > share)
        for i in (-7, -1, *units, len(units), len(units) + 5):
            box, reads = hull(fields.supports[index], (i,)), made.reads[index](i)
            assert box is not None
            assert box[0][:2] == (min(reads), max(reads))


def test_many_of_them_have_more_phases_than_are_listed() -> None:
    periods = [field.period for seed in range(24) for field in fields_of(random_network(seed)[0])]
    assert sum(period > MAX_PHASES for period in periods) > 12


def fields_of(graph: Graph) -> list[Field]:
    return [term.axes[0] for term in Fields(graph).supports[graph.outputs[0]].terms]


def rescaled(size: int) -> Net:
    """A map whose units have 13**5 phases."""
    net = Net(1, (size,))
    for _ in range(5):
        net("upsample", scale=1.3, mode="linear")
    return net


def test_a_long_chain_of_windows() -> None:
    net = rescaled(9)
    for _ in range(350):
        net("conv", out=1, kernel=3)
    (field,) = fields_of(net.graph())
    assert field.period == 13**5
    last = field.at(field.period)
    first = field.at(0)
    assert last is not None
    assert first is not None
    assert (last[0] - first[0], last[1] - first[1]) == (10**5, 10**5)


def test_branches_do_not_pile_up() -> None:
    net = rescaled(9)
    for _ in range(40):
        x = net.last
        y = net("conv", net("conv", x, out=1, kernel=3), out=1, kernel=3)
        net("add", y, net("conv", x, out=1, kernel=5, dilation=1), x)
    assert len(fields_of(net.graph())) <= MAX_TERMS


def test_sums_of_a_residual_network_are_one_field() -> None:
    net = rescaled(9)
    for _ in range(20):
        x = net.last
        net("add", net("conv", net("conv", out=1, kernel=3), out=1, kernel=3), x)
    assert len(fields_of(net.graph())) == 1


def test_only_some_units_of_many_phases() -> None:
    net = rescaled(9)
    net("conv", out=4, kernel=3)
    net("pixelshuffle", net("slice", start=0, stop=2), ratio=2)
    (field, other) = (term.axes[0] for term in Fields(net.graph()).supports[net.last].terms)
    assert field.period == other.period == 2 * 13**5
    for i in (-6, -5, 0, 1, 60, 61):
        assert (field.at(i) is None) == (i % 2 != 0)
        assert (other.at(i) is None) == (i % 2 == 0)
