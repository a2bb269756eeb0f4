"""Relations that depend on sizes, against torch's gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch.nn.functional import adaptive_avg_pool1d
from torch.nn.functional import interpolate as torch_interpolate

from rfcalc.relations.geometry import IDENTITY
from rfcalc.relations.sampling import adaptive, interpolate, nearest, tabled


def reads(layer: Callable[[torch.Tensor], torch.Tensor], n: int) -> list[set[int]]:
    """What each unit of a layer reads, by its gradient; a weight that is zero but for rounding is none."""
    jacobian = torch.autograd.functional.jacobian(lambda x: layer(x[None, None])[0, 0], torch.rand(n, dtype=torch.float64))
    return [set((row.abs() > 1e-9).nonzero().flatten().tolist()) for row in jacobian]


def test_adaptive_pooling() -> None:
    for n in range(1, 13):
        for out in range(1, 13):
            expected = reads(partial(adaptive_avg_pool1d, output_size=out), n)
            assert [adaptive(n, out).read(unit, n) for unit in range(out)] == expected, (n, out)


def test_nearest_interpolation() -> None:
    for n in range(1, 12):
        for out in range(1, 25):
            expected = reads(partial(torch_interpolate, size=out), n)
            assert [nearest(n, out, rank=1).read(unit, n) for unit in range(out)] == expected, (n, out)


def test_linear_interpolation_reads_at_least_what_has_a_gradient() -> None:
    """A tap whose weight is exactly zero may be read or not."""
    for align in (False, True):
        for n in range(2, 9):
            for out in range(2, 17):
                linear = partial(torch_interpolate, size=out, mode="linear", align_corners=align)
                relation = interpolate(n, out, align)
                for unit, expected in enumerate(reads(linear, n)):
                    found = relation.read(unit, n)
                    assert expected <= found, (align, n, out, unit)
                    assert len(found) <= 2
                    assert not expected or max(found) - min(found) <= 1


def test_a_table_is_told_by_its_period() -> None:
    assert tabled(((0,), (1,), (2,), (3,)), 4) is IDENTITY
    found = tabled(((0, 1), (0, 1), (2, 3), (2, 3)), 4)
    assert (found.period, found.advance) == (2, 2)
    assert [set(found.at(unit)) for unit in range(6)] == [{0, 1}, {0, 1}, {2, 3}, {2, 3}, {4, 5}, {4, 5}]
    odd = tabled(((0,), (), (5,)), 6)
    assert [odd.read(unit, 6) for unit in range(3)] == [{0}, set(), {5}]
