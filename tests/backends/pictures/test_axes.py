"""What is drawn on axes: the very pixels, the frames, and the words that say what is what."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

import rfcalc
from rfcalc.backends.pictures.png import png

HOLES = "input: 1x33x40\nlayers:\n  - {name: a, conv: {out: 1, k: 3, d: 2}}\n  - {name: b, conv: {out: 1, k: 3, d: 2}}\n"
CAUSAL = "input: 1x33x40\nlayers: [{name: a, conv: {out: 1, k: [3, 5], p: [[2, 0], [4, 0]]}}]\n"


def axes() -> object:
    return Figure().subplots()


def test_a_mask_is_the_set_that_is_read() -> None:
    ax = rfcalc.analyze(HOLES).plot_field("b", (0, 5), ax=axes())
    (image,) = ax.images
    read = {(y, x) for y, row in enumerate(image.get_array()) for x, seen in enumerate(row) if seen}
    assert read == {(y, x) for y in (0, 2, 4) for x in range(1, 10, 2)}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("column of the input, pixels", "row of the input, pixels")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["image", "receptive field"]
    frame = next(line for line in ax.lines if line.get_label() == "receptive field")
    assert (min(frame.get_xdata()), max(frame.get_ydata())) == (0.5, 4.5)


def test_the_ring_lies_around_the_mean() -> None:
    """Of a causal layer that is not the middle of the unit's own place."""
    ax = rfcalc.analyze(CAUSAL).plot_erf("a", (16, 20), ax=axes())
    (ring,) = (patch for patch in ax.patches if isinstance(patch, Ellipse))
    assert ring.center == pytest.approx((18, 15))
    assert (ring.width, ring.height) == pytest.approx((4 * 2**0.5, 4 * (2 / 3) ** 0.5))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["image", "receptive field", "4 sigma wide"]


def test_one_axis_is_a_strip() -> None:
    ax = rfcalc.analyze("input: 1x64\nlayers:\n  - {name: a, conv: {out: 1, k: 5}}\n").plot_erf("a", (30,), ax=axes())
    assert not ax.get_yticks().size
    assert ax.get_xlabel() == "position in the input"


def test_the_same_drawing_gives_the_same_bytes() -> None:
    drawn = [png(lambda ax: ax.plot([1, 2], [3, 4])) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(b"\x89PNG")
