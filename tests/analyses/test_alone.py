"""What is remembered between networks changes no figure: each says the same alone and after many others."""

from __future__ import annotations

import json
import os
import sys
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rfcalc.analyses.network import analyze
from rfcalc.fields import forward
from rfcalc.graph import Graph
from rfcalc.importers import load, shipped
from rfcalc.language.load import load_spec
from rfcalc.layers import facts, words
from rfcalc.reports.parts.contract import analysis_data
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, build

EXAMPLES = int(os.environ.get("RFCALC_ORACLE_EXAMPLES", "250")) // 25
DESIGN = """input: {shape}
params: {{w: {w}, s: {s}}}
defaults: {{conv: {{norm: bn, act: {act}}}}}
layers:
  - conv: {{out: w, k: {k}, s: 2}}
  - residual:
      main: [conv: {{out: w, k: 3, d: {d}}}, {last}]
      skip: []
  - maxpool: {{k: {pool}, s: s}}
  - {merge}
  - gap
  - linear: {classes}
"""


def forget() -> None:
    """As at the start of the program."""
    facts.forget()
    for kept in (words._made, forward._kept):
        kept.clear()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "rfcalc":
            for made in vars(module).values():
                if hasattr(made, "cache_clear"):
                    made.cache_clear()


def said(graph: Graph) -> str:
    analysis = analyze(graph)
    return json.dumps(analysis_data(analysis, analysis.layers))


@settings(
    max_examples=EXAMPLES,
    derandomize="RFCALC_ORACLE_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(each=st.lists(recipes((1, 2, 2, 3)), min_size=20, max_size=50))
def test_random(each: list[Recipe]) -> None:
    together = [said(build(recipe)) for recipe in each]
    for recipe, text in zip(each, together, strict=True):
        forget()
        assert said(build(recipe)) == text


def designs(count: int, seed: int) -> list[str]:
    """Specs that differ in a setting or two, as designs do."""
    one = Random(seed).choice
    return [
        DESIGN.format(
            shape=one(["3x32x32", "3x33x33", "3x32x48", "4x33", "1x12x12x12"]),
            w=one([8, 16]),
            s=one([1, 2, 3]),
            act=one(["relu", "{leakyrelu: 1}", "{leakyrelu: 1.0}", "{leakyrelu: 0.1}", "elu", "none"]),
            k=one([3, 5]),
            d=one([1, 2, 3]),
            last=one(["conv: {out: w, k: 1}", "dwconv: {k: 3}", "conv: {out: w, k: 3, g: 2, bias: false}"]),
            pool=one([2, 3]),
            merge=one(["upsample: 2", "upsample: 2.0", "upsample: 1.5", "dropout: 0", "dropout: 0.0", "bn", "se: {ratio: 4}"]),
            classes=one([10, 100]),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", [1, 2, 0])
def test_designs(seed: int) -> None:
    seed = seed or Random().randrange(3, 10**6)
    texts = designs(60, seed)
    together = [said(load_spec(text, "net.yaml")) for text in texts]
    for text, found in zip(texts, together, strict=True):
        forget()
        assert said(load_spec(text, "net.yaml")) == found, (seed, text)


def test_shipped() -> None:
    names = [name for name, _ in shipped() if "/" not in name][::6]
    together = [said(load(name)) for name in names]
    for name, text in zip(names, together, strict=True):
        forget()
        assert said(load(name)) == text, name
