"""Layers in a few characters."""

from __future__ import annotations

from typing import Any

import pytest

from rfcalc.layers.counted import Counted
from rfcalc.layers.label import label
from rfcalc.layers.words import make


@pytest.mark.parametrize(
    ("word", "settings", "shown"),
    [
        ("conv", {"out": 8, "kernel": 1}, "conv 1x1"),
        ("conv", {"out": 8, "kernel": 3, "stride": 2, "dilation": 2, "groups": 32}, "conv 3x3/2 d2 g32"),
        ("conv", {"out": 8, "kernel": (3, 5), "stride": (1, 2), "dilation": (2, 1)}, "conv 3x5/1,2 d2,1"),
        ("maxpool", {"kernel": 2}, "maxpool 2x2"),
        ("gn", {"groups": 4}, "gn g4"),
        ("upsample", {"scale": 2.0}, "upsample x2 nearest"),
        ("upsample", {"scale": 1.5}, "upsample x1.5 nearest"),
        ("upsample", {"scale": (2.0, 1.0)}, "upsample nearest"),
        ("upsample", {"size": 7}, "upsample nearest"),
        ("pixelshuffle", {"ratio": 3}, "pixelshuffle x3"),
        ("relu", {}, "relu"),
    ],
)
def test_labels(word: str, settings: dict[str, Any], shown: str) -> None:
    op = make(word, **settings)
    assert label(op, 2) == label(Counted(op, params=0), 2) == shown


@pytest.mark.parametrize(
    ("word", "settings", "rank", "shown"),
    [
        ("conv", {"out": 8, "kernel": 7, "stride": 2}, 1, "conv 7/2"),
        ("conv", {"out": 8, "kernel": 3, "stride": 2}, 3, "conv 3x3x3/2"),
        ("maxpool", {"kernel": (1, 2, 2)}, 3, "maxpool 1x2x2"),
        ("upsample", {"scale": 2.0, "mode": "bilinear"}, 2, "upsample x2 bilinear"),
        ("channelconv", {"kernel": 3}, 2, "channelconv 3"),
        ("pad", {"padding": 2}, 2, "pad"),
        ("pad", {"padding": 2, "mode": "reflect"}, 2, "pad reflect"),
    ],
)
def test_labels_on_any_axes(word: str, settings: dict[str, Any], rank: int, shown: str) -> None:
    assert label(make(word, **settings), rank) == shown
