"""Options of the command line as arguments of Python."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch

from rfcalc.api.words import size_text, translated, yaml_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3x8x8", "3x8x8"),
        ((3, 8, 9), "3x8x9"),
        ([3, 8], "3x8"),
        ({"left": (3, 8, 8), "right": "1x8x8"}, "left=3x8x8,right=1x8x8"),
        (torch.zeros(2, 3, 8, 9), "3x8x9"),
        (numpy.zeros((1, 3, 8)), "3x8"),
        ((numpy.int64(3), 8), "3x8"),
    ],
)
def test_sizes(value: Any, text: str) -> None:
    assert size_text(value) == text


@pytest.mark.parametrize("value", [224, 2.5, (), (3, 0, 4), (3, 8.0), object(), None])
def test_what_is_no_size(value: Any) -> None:
    with pytest.raises(TypeError, match=r"input.*\(3, 224, 224\)"):
        size_text(value)


def test_values() -> None:
    assert [yaml_text(value) for value in ("w*2", 3, True, None, (1, 2), [1], {"a": 1})] == [
        *("w*2", "3", "true", "null"),
        *("[1, 2]", "[1]", '{"a": 1}'),
    ]
    with pytest.raises(TypeError, match="nothing that a spec can hold"):
        yaml_text(object())


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("leave the batch out: --input 3x64x64", "leave the batch out: input=(3, 64, 64)"),
        ("--input left=3x8x8,right=3x8", 'input={"left": (3, 8, 8), "right": (3, 8)}'),
        ("--input 10", "input=(10,)"),
        ("-s input=1x8x8 makes another", 'overrides={"input": "1x8x8"} makes another'),
        ("-s depth=101 or -s layer4.*.stride=1", 'depth=101 or overrides={"layer4.*.stride": "1"}'),
        ("--declare takes NAME=RULE", "declare= takes NAME=RULE"),
        ("--unknown bound, --declare m.Op=pointwise, --arg width=4", 'unknown="bound", declare="m.Op=pointwise", width=4'),
        ("--device cpu times on the CPU, --target 225 asks", 'device="cpu" times on the CPU, target=225 asks'),
        ("--depth 3 shows more, --full every layer (--full)", "depth=3 shows more, full=True every layer (full=True)"),
        ("--max-layers raises the limit", "max_layers= raises the limit"),
        ("nothing of it -- at all", "nothing of it -- at all"),
    ],
)
def test_hints(said: str, typed: str) -> None:
    assert translated(said) == typed
