"""`object_size`: one size, one per axis, or those of each output."""

from __future__ import annotations

import pytest

from rfcalc.errors import SpecError
from rfcalc.language.load import load_spec
from rfcalc.language.objects import SizeRange

NET = """\
input: 3x64x64
blocks: {head: {layers: [{conv: {out: 8, k: 3, norm: bn}}, {conv: {out: 8, k: 3, act: relu}}]}}
layers: [{name: heads, head: {}, repeat: 2}, {name: fc, conv: {out: 8, k: 1}}]
outputs: [heads.0, fc]
"""


def sizes(text: str) -> dict[str, SizeRange]:
    found: dict[str, SizeRange] = load_spec(f"{NET}object_size: {text}\n", "x.yaml").stated("object_size", {})
    return found


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("40", (40,), (40,)),
        ("[30, 60]", (30,), (60,)),
        ("{anchors: [[30, 60], [50, 20], 40]}", (30, 20), (50, 60)),
        ("{anchors: [40]}", (40, 40), (40, 40)),
    ],
)
def test_of_an_output(text: str, least: tuple[float, ...], most: tuple[float, ...]) -> None:
    for key in ("heads.0", "'heads*'", "h*"):
        found = sizes(f"{{{key}: {text}, fc: 7}}")
        assert set(found) == {"heads.0.conv2_relu", "fc"}
        assert found["heads.0.conv2_relu"] == SizeRange(least, most)


def test_of_the_network() -> None:
    assert sizes("96") == {"": SizeRange((96,), (96,))}
    assert sizes("[96, 64.5]") == {"": SizeRange((96, 64.5), (96, 64.5))}


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("{heads.0: 3}", 'says nothing of the output "fc"', "fc: a number, [smallest, largest]"),
        ("{heads.1: 3, fc: 3}", 'there is no output "heads.1"', 'did you mean "heads.0"?'),
        ("{heads.0: 3, fc: 3, '*c': 4}", '"fc" speaks of the output "fc" already', "keep one"),
        ("{heads.0: [3, 4, 5], fc: 3}", "its smallest and its largest objects", "anchors"),
        ("{heads.0: [4, 3], fc: 3}", "its smallest and its largest objects", "anchors"),
        ("{heads.0: {anchor: [3]}, fc: 3}", 'an output has anchors, not "anchor"', 'did you mean "anchors"?'),
        ("{heads.0: {anchors: 3}, fc: 3}", "anchors are a list of boxes, not 3", ""),
        ("{heads.0: {anchors: [[3, 4, 5]]}, fc: 3}", "an anchor has 3 numbers for an input of 2 axes", "one per axis"),
        ("{heads.0: {anchors: [[3, 0]]}, fc: 3}", "a number of pixels from 1 on, not 0", ""),
        ("{heads.0: {anchors: []}, fc: 3}", "anchors are a list of boxes", ""),
        ("{heads.0: big, fc: 3}", "a number of pixels from 1 on", ""),
        ("{heads.0: {}, fc: 3}", "an output has anchors", ""),
    ],
)
def test_mistakes(text: str, says: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        sizes(text)
    found = [problem for problem in caught.value.problems if says in problem.message]
    assert found
    assert found[0].code == "E118"
    assert found[0].span is not None
    assert found[0].span.line == 5
    assert hint in found[0].hint
