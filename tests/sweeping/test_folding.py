"""What is folded is what the graph says."""

from __future__ import annotations

from random import Random

import pytest

from rfcalc.analyses.metrics import METRICS
from rfcalc.analyses.network import analyze
from rfcalc.errors import SpecError
from rfcalc.language.files import shipped_files
from rfcalc.language.load import Template
from rfcalc.language.marked import Marked
from rfcalc.language.overrides import parsed
from rfcalc.language.problems import Problems
from rfcalc.sweeping.figures import foldable
from rfcalc.sweeping.folding import Folding
from rfcalc.sweeping.names import Unfolded
from tests.documents import ROOT, examples

FOLDED = [metric for metric in METRICS if foldable(metric)]
ANYNET = examples((ROOT / "docs/guide/design-spaces.md").read_text())[0].expected.partition("END\n")[0]
MANY = """input: 3x61x47
params: {w: 8, k: 3, s: 1, deep: true, kinds: [1, 3], wide: {a: 8, b: 12}, mode: a, n: 2}
defaults: {conv: {norm: bn, act: relu, bias: false}}
blocks:
  gate:
    params: {c: null}
    layers:
      - residual:
          main: [gap, {linear: c//2}, relu, {linear: c}, sigmoid]
          skip: []
          merge: mul
  unit:
    params: {c: w, s: 1, d: 1, again: "s == 1"}
    layers:
      - branches:
          a: [{conv: {out: c, k: k, s: s, d: d}}, {conv: {out: c, k: 1}, when: deep}]
          b: [{conv: {out: c, k: 1, s: s}}]
      - conv: {out: c, k: 1}
      - {gate: {c: c}, when: again}
layers:
  - conv: {out: "w + i", k: "kinds[n % 2]", repeat: 2}
  - {conv: {out: "w + i*4", k: k}, repeat: n, when: "i != 1"}
  - {name: body, unit: {c: "wide[mode]", s: s, d: "1 + n % 2"}}
  - {unit: {s: 2}, repeat: n}
  - {name: same, residual: {main: [{conv: {out: w, k: 3, act: none}}], skip: []}, repeat: n}
  - maxpool: {k: 2, s: 2}
  - gap
  - linear: 10
""".replace('k: "kinds[n % 2]", repeat: 2}', 'k: "kinds[n % 2]"}, repeat: 2')
MANY = MANY.replace('  - conv: {out: "w + i"', '  - {conv: {out: "w + i"').replace("}, repeat: 2\n", "}, repeat: 2}\n")


def nodes(**values: object) -> dict[str, Marked]:
    problems = Problems()
    found = parsed(
        {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}, problems
    )
    assert not problems.found
    return found


def compared(template: Template, folding: Folding, given: dict[str, Marked]) -> bool:
    """Whether a design is folded; if so, it is to what the graph says."""
    try:
        expected = analyze(template.graph(given))
    except SpecError:
        with pytest.raises((Unfolded, SpecError)):
            folding.figures(given, template.params(given))
        return False
    try:
        found = folding.figures(given, template.params(given))
    except Unfolded:
        return False
    assert found == [metric.of_network(expected) for metric in FOLDED]
    return True


def test_shipped_networks() -> None:
    folded = []
    for name, path in shipped_files().items():
        template = Template(path.read_text(), str(path))
        try:
            folding = Folding(template, FOLDED)
        except Unfolded:
            continue
        folded += [name] * compared(template, folding, {})
    assert len(folded) >= 18
    assert {"resnet50", "se_resnet50", "resnet3d18", "vit_b16", "tcn"} <= {*folded}


def test_designs_of_anynet() -> None:
    random, template = Random(1), Template(ANYNET, "anynetx.yaml")
    folding = Folding(template, FOLDED)
    for _ in range(12):
        values = {}
        for stage in "1234":
            values |= {f"d{stage}": random.randint(1, 5), f"w{stage}": 8 * random.randint(1, 60)}
            values |= {f"b{stage}": random.choice([1, 2, 4]), f"g{stage}": 2 ** random.randrange(6)}
        assert compared(template, folding, nodes(**values))


def test_all_that_steps_can_be() -> None:
    random, template = Random(2), Template(MANY, "many.yaml")
    folding = Folding(template, FOLDED)
    folded = 0
    for _ in range(60):
        values = {"w": random.choice([4, 8, 12]), "k": random.choice([1, 3, 5, 2]), "s": random.choice([1, 2])}
        values |= {"deep": random.choice([True, False]), "mode": random.choice("ab"), "n": random.randrange(5)}
        given = nodes(**values, **({"input": "3x64x40"} if random.random() < 0.3 else {}))
        folded += compared(template, folding, given)
    assert folded >= 10


@pytest.mark.parametrize(
    "layers",
    [
        "[{name: a, conv: {out: 8, k: 3}}, conv: {out: 8, k: 3}, {add: {}, from: [a, conv]}]",
        "[{name: a, conv: {out: 3, k: 3}}, {conv: {out: 3, k: 3}, weights: a}]",
        "[{conv: {out: 8, k: 3}, counts: {macs: 0}}]",
    ],
)
def test_what_reads_another_than_the_layer_above(layers: str) -> None:
    template = Template(f"input: 3x16x16\nlayers: {layers}\n", "net.yaml")
    with pytest.raises(Unfolded):
        Folding(template, FOLDED).figures({}, template.params({}))


def test_what_does_not_add_up() -> None:
    template = Template("input: 3x16x16\nlayers: [relu]\n", "net.yaml")
    with pytest.raises(Unfolded):
        Folding(template, METRICS)


def test_a_default_that_depends_on_a_param() -> None:
    text = "input: 3x16x16\nparams: {k: 3}\ndefaults: {conv: {k: k}}\nlayers: [conv: 8]\n"
    template = Template(text, "net.yaml")
    with pytest.raises(Unfolded):
        Folding(template, FOLDED).figures({}, template.params({}))
