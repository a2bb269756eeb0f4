"""What each layer refuses, in plain words; and that it accepts what lies just inside the rule."""

from __future__ import annotations

from typing import Any

import pytest

from rfcalc.errors import RuleError
from rfcalc.layers.settings import settings_of
from rfcalc.layers.words import WORDS, class_of, make
from rfcalc.relations.shape import Shape

VECTOR, IMAGE = Shape(8), Shape(8, (6, 7))

# word, settings, inputs, what the message says
REFUSED: list[tuple[str, dict[str, Any], tuple[Shape, ...], str]] = [
    ("conv", {"out": 4, "kernel": 3}, (VECTOR,), "vector of 8"),
    ("conv", {"out": 4, "kernel": 3, "groups": 3}, (IMAGE,), "groups (3) do not divide the input channels (8)"),
    ("conv", {"out": 5, "kernel": 3, "groups": 4}, (IMAGE,), "groups (4) do not divide the output channels (5)"),
    ("conv", {"out": 4, "kernel": 9, "padding": 0}, (IMAGE,), "kernel of 9 is larger than its input of 6"),
    ("conv", {"out": 4, "kernel": 4}, (IMAGE,), "even kernel (4) must say its padding"),
    ("conv", {"out": 4, "kernel": 15, "padding_mode": "reflect"}, (IMAGE,), "reflect padding of 7 needs more than 6 units"),
    ("upconv", {"out": 4, "kernel": 2, "stride": 2, "output_padding": 2}, (IMAGE,), "output_padding 2 must be smaller"),
    ("upconv", {"out": 4, "kernel": 1, "padding": 4}, (IMAGE,), "leaves no output"),
    ("maskedconv", {"out": 4, "kernel": 1, "mask": "A"}, (IMAGE,), "sees nothing"),
    ("maxpool", {"kernel": 2, "padding": 2}, (IMAGE,), "windows of 2 that see nothing"),
    ("avgpool", {"kernel": 8}, (IMAGE,), "kernel of 8 is larger than its input of 6"),
    ("avgpool", {"kernel": 8, "stride": 2, "ceil_mode": True}, (IMAGE,), "kernel of 8 is larger than its input of 6"),
    ("avgpool", {"kernel": 3, "padding": 1}, (Shape(8, (3, 2, 3)),), "torch averages no kernel of 3 on an input of 2"),
    ("adaptivepool", {"out": (2, 2, 2)}, (IMAGE,), "out has 3 numbers for an input of 2 axes"),
    ("adaptivemaxpool", {"out": 2}, (VECTOR,), "1 to 3 spatial axes"),
    ("gap", {}, (VECTOR,), "1 to 3 spatial axes"),
    ("gmp", {"axis": 2}, (IMAGE,), "there is no axis 2"),
    ("lrn", {}, (VECTOR,), "vector of 8"),
    ("instancenorm", {}, (Shape(8, (1, 1)),), "more than one number per channel"),
    ("gn", {"groups": 3}, (IMAGE,), "groups (3) do not divide the channels (8)"),
    ("prelu", {"parameters": 3}, (IMAGE,), "1 or the channels (8)"),
    ("slice", {"start": 8}, (IMAGE,), "selects none of the 8 channels"),
    ("chunk", {"parts": 3, "index": 3}, (IMAGE,), "no part 3 of 3"),
    ("chunk", {"parts": 6, "index": 4}, (IMAGE,), "selects none"),  # torch.chunk makes only four parts of two
    ("split", {"sizes": (3, 4)}, (IMAGE,), "7 channels together, the input has 8"),
    ("split", {"sizes": (3, 5), "index": 2}, (IMAGE,), "no part 2 of 2"),
    ("channelshuffle", {"groups": 3}, (IMAGE,), "do not divide"),
    ("pixelshuffle", {"ratio": 3}, (IMAGE,), "8 channels are not a multiple of 3^2"),
    ("depthtospace", {"ratio": 3}, (IMAGE,), "8 channels are not a multiple of 3^2"),
    ("pixelunshuffle", {"ratio": 2}, (IMAGE,), "6x7 is not a multiple of 2"),
    ("spacetodepth", {"ratio": 2}, (IMAGE,), "6x7 is not a multiple of 2"),
    ("reorg", {"ratio": 2}, (Shape(6, (4, 4)),), "6 channels are not a multiple of 2^2"),
    ("reorg", {"ratio": 2}, (Shape(8, (4,)),), "2 spatial axes"),
    ("reorg", {"ratio": 2}, (Shape(65536, (64, 64)),), "moves 8,388,608 rows"),
    ("se", {"ratio": 16}, (IMAGE,), "leaves nothing of 8 channels"),
    ("se", {"channels": 2}, (VECTOR,), "1 to 3 spatial axes"),
    ("attention", {"heads": 3}, (IMAGE,), "heads (3) do not divide the channels (8)"),
    ("attention", {"heads": 2}, (VECTOR,), "vector of 8"),
    ("windowattention", {"heads": 2, "window": 3, "shift": 3}, (IMAGE,), "shift (3) must be smaller than the window (3)"),
    ("windowattention", {"heads": 2, "window": (3, 3, 3)}, (IMAGE,), "window has 3 numbers for an input of 2 axes"),
    ("add", {}, (IMAGE, Shape(8, (6, 6))), "differ in size: 6x7, 6x6"),
    ("add", {}, (IMAGE, VECTOR), "differ in rank"),
    ("mul", {}, (IMAGE, Shape(3, (6, 7))), "differ in channels: 8, 3"),
    ("concat", {}, (IMAGE, Shape(8, (6, 6))), "differ in size"),
    ("concat", {}, (IMAGE,), "at least two inputs"),
    ("upsample", {}, (IMAGE,), "needs one of scale, size and a second input"),
    ("upsample", {"scale": 0.1}, (IMAGE,), "leaves no output"),
    ("crop", {"size": 7}, (IMAGE,), "cannot crop 6x7 to 7x7"),
    ("crop", {"margin": 3}, (IMAGE,), "nothing is left"),
    ("take", {"count": 10**12}, (IMAGE,), "there is no unit 999999999999 on an axis of 8"),
    ("join", {"axis": 1}, (IMAGE, VECTOR), "inputs do not fit along axis 1"),
    ("join", {"axis": 1}, (VECTOR, VECTOR), "inputs do not fit along axis 1"),
    ("join", {"axis": 2}, (IMAGE, Shape(8, (6,))), "inputs do not fit along axis 2"),
    ("pad", {"padding": 6, "mode": "reflect"}, (IMAGE,), "reflect padding of 6 needs more than 6 units"),
]


@pytest.mark.parametrize(("word", "settings", "inputs", "message"), REFUSED, ids=lambda value: str(value)[:60])
def test_refused(word: str, settings: dict[str, Any], inputs: tuple[Shape, ...], message: str) -> None:
    with pytest.raises(RuleError) as caught:
        make(word, **settings).shape(inputs)
    assert message in str(caught.value)


@pytest.mark.parametrize("word", WORDS)
def test_settings_are_explained(word: str) -> None:
    cls = class_of(word)
    assert cls.__doc__
    for setting in settings_of(cls):
        assert setting.help, f"{word}.{setting.name}"
        assert setting.kind.schema(), f"{word}.{setting.name}"


@pytest.mark.parametrize("word", WORDS)
def test_a_main_setting_exists(word: str) -> None:
    main = getattr(class_of(word), "main", "")
    assert not main or main in [setting.name for setting in settings_of(class_of(word))]
