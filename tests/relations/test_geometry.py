"""Relations of one axis against their definitions, unit by unit, for every small window."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from rfcalc.errors import RuleError
from rfcalc.relations.geometry import (
    IDENTITY,
    PaddingMode,
    Window,
    blocks,
    gather,
    grow,
    only,
    shift,
    transposed,
    window,
    windows,
)

SMALL = [*product(range(1, 6), range(1, 5), range(1, 5), range(4))]  # kernel, stride, dilation, padding before


def taps(kernel: int, stride: int, dilation: int, before: int, unit: int) -> set[int]:
    return {unit * stride - before + dilation * tap for tap in range(kernel)}


def test_a_window_reads_its_taps() -> None:
    for numbers in SMALL:
        relation = window(*numbers)
        for unit in range(7):
            assert set(relation.at(unit)) == taps(*numbers, unit), numbers


def test_a_transposed_window_reads_the_units_whose_window_it_lies_in() -> None:
    for numbers in SMALL:
        relation = transposed(*numbers)
        for place in range(12):
            readers = {unit for unit in range(-20, 40) if place in taps(*numbers, unit)}
            assert set(relation.at(place)) == readers, (numbers, place)


@pytest.mark.parametrize("ceil", [False, True])
def test_output_sizes_are_torch_s(ceil: bool) -> None:
    for kernel, stride, dilation, pad in SMALL:
        for n in range(1, 14):
            if pad > kernel // 2 or n + 2 * pad < dilation * (kernel - 1) + 1:
                continue
            pool = torch.nn.MaxPool1d(kernel, stride, pad, dilation, ceil_mode=ceil)
            found = Window(kernel, stride, dilation, pad, pad).out(n, ceil)
            assert found == pool(torch.zeros(1, 1, n)).shape[-1], (kernel, stride, dilation, pad, n)


def test_a_transposed_window_gives_as_many_units_as_torch() -> None:
    for kernel, stride, dilation, pad in SMALL:
        layer = torch.nn.ConvTranspose1d(1, 1, kernel, stride, pad, dilation=dilation)
        for n in (1, 2, 5):
            made = (n - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1
            if made > 0:
                assert Window(kernel, stride, dilation, pad, pad).transposed_out(n) == layer(torch.zeros(1, 1, n)).shape[-1]


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(RuleError, match=r"kernel of 3 \(dilated to 5\) is larger than its input of 2 padded to 4"):
        Window(3, dilation=2, before=1, after=1).out(2)
    with pytest.raises(RuleError, match="leaves no output: 1 units become -1"):
        Window(3, before=2, after=2).transposed_out(1)


@pytest.mark.parametrize("fold", [PaddingMode.EDGE, PaddingMode.REFLECT, PaddingMode.WRAP])
def test_folds_are_those_of_torch_s_padding(fold: PaddingMode) -> None:
    for n in range(3, 7):
        row = torch.nn.functional.pad(torch.arange(float(n))[None, None], (n - 1, n - 1), mode=fold.value)[0, 0]
        assert [fold.index(i - (n - 1), n) for i in range(len(row))] == row.int().tolist()


def test_units_in_the_zero_padding_are_not_read() -> None:
    assert window(3, before=1).read(0, 4) == {0, 1}
    assert window(3, before=1, fold=PaddingMode.EDGE).read(0, 4) == {0, 1}
    assert window(3, before=1, fold=PaddingMode.WRAP).read(0, 4) == {3, 0, 1}
    assert shift(-2).read(1, 4) == set()


def test_small_relations() -> None:
    for unit in range(12):
        assert set(shift(3).at(unit)) == {unit + 3}
        assert set(grow(3).at(unit)) == {unit // 3}
        assert set(gather(3).at(unit)) == {3 * unit, 3 * unit + 1, 3 * unit + 2}
        assert set(blocks(4).at(unit)) == {place for place in range(12) if place // 4 == unit // 4}
        assert set(only(3, 1).at(unit)) == ({unit} if unit % 3 == 1 else set())
    assert IDENTITY is window(1) is shift(0) is grow(1) is blocks(1)


def test_what_a_relation_says_of_itself() -> None:
    relations = [window(*numbers) for numbers in SMALL] + [transposed(*numbers) for numbers in SMALL]
    for relation in [*relations, grow(3), blocks(3), only(3, 1), shift(2)]:
        reads = [sorted(relation.at(unit)) for unit in range(24)]
        assert relation.total == all(reads)
        assert relation.identity == all(read == [unit] for unit, read in enumerate(reads))
        assert relation.reflexive == all(unit in read for unit, read in enumerate(reads))
        if relation.total:
            ends = [(read[0], read[-1]) for read in reads]
            assert relation.monotone == all(a <= c and b <= d for (a, b), (c, d) in zip(ends, ends[1:], strict=False))
        gaps = [b - a for read in reads for a, b in zip(read, read[1:], strict=False)]
        assert relation.gap == max(gaps, default=1)


def test_padding_by_name() -> None:
    for n, kernel, stride, dilation in product(range(1, 12), (1, 2, 3, 5), (1, 2, 3), (1, 2)):
        (same,) = windows((n,), kernel, stride, dilation, "same")
        assert same.out(n) == -(-n // stride), "TensorFlow's rule: n / stride, rounded up"
        assert same.after - same.before in (0, 1)
        if dilation * (kernel - 1) % 2 == 0:
            (half,) = windows((n,), kernel, 1, dilation, "half")
            assert half.out(n) == n
    with pytest.raises(RuleError, match="even kernel"):
        windows((8,), 2, 1, 1, "half")
    assert [(w.before, w.after) for w in windows((8, 8), 3, 1, 1, ((1, 2), 0))] == [(1, 2), (0, 0)]
    with pytest.raises(RuleError, match="kernel has 3 numbers for an input of 2 axes"):
        windows((8, 8), (3, 3, 3), 1, 1, 0)
