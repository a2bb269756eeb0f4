"""A field that no image has, and whose holes would fill the memory, is refused with its layer."""

from __future__ import annotations

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.errors import SpecError
from rfcalc.language.load import load_spec

FAR = """\
input: 2x96x96
layers:
  - {{name: skipping, conv: {{out: 4, k: 1, s: 2}}, repeat: {0}}}
  - {{name: wide, conv: {{out: 4, k: 5}}}}
"""


@pytest.mark.parametrize("count", [23, 60, 1000])
def test_holes_beyond_the_limit(count: int) -> None:
    with pytest.raises(SpecError, match=r'conv "wide": a receptive field of .* pixels with holes is beyond the limit'):
        analyze(load_spec(FAR.format(count), "net.yaml"))


def test_holes_within_the_limit_and_no_holes_at_all() -> None:
    assert analyze(load_spec(FAR.format(21), "net.yaml")).outputs[0].field.size == (4 * 2**21 + 1,) * 2
    whole = analyze(load_spec(FAR.replace("k: 1", "k: 3").format(60), "net.yaml")).outputs[0].field
    assert whole.size == (2**61 - 1 + 4 * 2**60,) * 2
    assert whole.coverage == 1.0
