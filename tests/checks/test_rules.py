"""Every rule fires on its own example, and is silent on the shipped networks unless its page says why it is right there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.analyses.network import Analysis, analyze
from rfcalc.checks.pages import page
from rfcalc.checks.rules import rules
from rfcalc.checks.runner import explained
from rfcalc.importers import load, shipped
from rfcalc.language.files import shipped_files
from rfcalc.language.load import load_spec
from tests.golden import Golden

CODES = sorted(rules())
# Lessons show what the rules warn of; the other networks do it for a reason that the rule's page gives.
EXPECTED: dict[str, set[str]] = {
    "RF201": {"deepercut"},
    "RF203": {"deepercut"},
    "RF301": {"srresnet", "hourglass", "hrnet_w18", "unet3d"},
    "RF303": {"deeplabv3_resnet50", "deeplabv3plus", "pspnet101"},
    "RF402": {"alexnet"},
}
DOCS = Path(__file__).parents[2] / "docs" / "rules"


@pytest.fixture(scope="module")
def networks() -> dict[str, Analysis]:
    names = [name for name, _ in shipped() if not name.startswith("lessons/")]
    return {name: analyze(load(name)) for name in names}


@pytest.mark.parametrize("code", CODES)
def test_the_example_fires(code: str) -> None:
    rule = rules()[code]
    assert list(rule.find(analyze(load_spec(rule.example, "example.yaml"))))


@pytest.mark.parametrize("code", CODES)
def test_a_plain_chain_is_silent(code: str) -> None:
    plain = "input: 3x64x64\nlayers:\n" + "  - conv: {out: 16, k: 3, norm: bn, act: relu, bias: false}\n" * 3
    assert not list(rules()[code].find(analyze(load_spec(plain, "plain.yaml"))))


@pytest.mark.parametrize("code", [code for code in CODES if rules()[code].default])
def test_shipped_networks_are_silent(code: str, networks: dict[str, Analysis]) -> None:
    fired = {name for name, analysis in networks.items() if list(rules()[code].find(analysis))}
    assert fired == EXPECTED.get(code, set())


@pytest.mark.parametrize("code", [one.code for one in explained()])
def test_every_code_has_a_page(code: str) -> None:
    text = page(code)
    assert text.startswith(f"# {code} ")
    for part in ("## Why", "## How to mend it"):
        assert part in text


@pytest.mark.parametrize("code", [one.code for one in explained()])
def test_the_documentation_holds_the_page(code: str, golden: Golden) -> None:
    golden.check(DOCS / f"{code}.md", page(code) + "\n")


def test_the_documentation_holds_no_other_page() -> None:
    assert {path.stem for path in DOCS.glob("RF*.md")} == {one.code for one in explained()}


SILENT = {
    "RF101: rates 1, 2, 5": "input: 3x128x128\nlayers:\n" + "".join(f"  - conv: {{out: 8, k: 3, d: {d}}}\n" for d in (1, 2, 5)),
    "RF101: a gate that sees everything closes no hole, and none is said to be there": (
        "input: 3x64x64\nlayers:\n  - conv: {out: 8, k: 3, d: 2}\n  - conv: {out: 8, k: 3, d: 2}\n  - se: 4\n"
    ),
    "RF102: a field of just the image's size before the last layer": (
        "input: 3x63x63\nlayers:\n" + "  - conv: {out: 16, k: 3, s: 2}\n" * 4 + "  - conv: {out: 16, k: 3}\n" * 2
    ),
    "RF201: kernels that are multiples of the stride": (
        "input: 16x32x32\nlayers:\n  - upconv: {out: 8, k: 4, s: 2, p: 1}\n  - upconv: {out: 8, k: 2, s: 2}\n"
        "  - upconv: {out: 8, k: 3}\n"
    ),
    "RF201: nothing learned": "input: 16x32x32\nlayers:\n  - upsample: {scale: 2, mode: bilinear}\n  - {upsample: 3}\n",
    "RF204: the second learned layer comes first": (
        "input: 3x128x128\nlayers:\n  - conv: {out: 32, k: 7, s: 4}\n  - conv: {out: 32, k: 3}\n  - maxpool: 2\n"
    ),
    "RF204: four times smaller": "input: 3x128x128\nlayers:\n  - conv: {out: 32, k: 7, s: 4}\n  - conv: {out: 32, k: 3}\n",
    "RF206: a map that is brought to the other's size": (
        "input: 3x64x64\nlayers:\n  - {name: top, conv: {out: 3, k: 3}}\n  - {name: down, maxpool: 2}\n"
        "  - {name: up, upsample: {}, from: [down, top]}\n  - {add: {}, from: [top, up]}\n"
    ),
    "RF103: a field as large as the objects": "input: 3x64x64\nobject_size: 7\nlayers:\n" + "  - conv: {out: 8, k: 3}\n" * 3,
    "RF103: a field as large as the objects on each axis": (
        "input: 3x64x64\nobject_size: [7.0, 6.5]\nlayers:\n" + "  - conv: {out: 8, k: 3}\n" * 3
    ),
    "RF205: only the block, or no transposed convolution, is called so": (
        "input: 8x16x16\nblocks: {deconv: {layers: [{upconv: {out: 8, k: 4, s: 2, p: 1}}]}}\nlayers:\n"
        "  - {name: deconv1, deconv: {}}\n  - {name: deconv2, conv: {out: 8, k: 3}}\n"
    ),
    "RF202: a crop in the centre": (
        "input: 8x32x32\nlayers:\n  - {name: a, conv: {out: 8, k: 3, p: 0}}\n  - {name: c, crop: {}, from: [input, a]}\n"
        "  - {name: sum, add: {}, from: [a, c]}\n"
    ),
    "RF202: a causal residual": (
        "input: 8x64\nlayers:\n  - {name: a, conv: {out: 8, k: 5, p: [[4, 0]]}}\n  - {name: sum, add: {}, from: [a, input]}\n"
    ),
    "RF202: a feature pyramid": (
        "input: 3x64x64\ndefaults: {conv: {out: 8, k: 3, s: 2}}\nlayers:\n  - {name: a, conv: {}}\n  - {name: b, conv: {}}\n"
        "  - {name: c, conv: {}}\n  - {name: up, upsample: 2}\n  - {add: {}, from: [up, b]}\n"
    ),
    "RF203: a 3x3 beside a strided 1x1": (
        "input: 8x32x32\nlayers:\n  - {name: a, conv: {out: 8, k: 3, s: 2}}\n"
        "  - {name: b, conv: {out: 8, k: 1, s: 2}, from: input}\n  - {name: sum, add: {}, from: [a, b]}\n"
    ),
    "RF301: a bias that the output needs": "input: 8x8x8\nlayers:\n  - conv: {out: 8, k: 3}\n  - relu\n  - bn\n",
    "RF301: a norm whose mean is of several channels": (
        "input: 8x8x8\nlayers:\n  - conv: {out: 8, k: 3}\n  - gn: 4\n  - conv: {out: 8, k: 3}\n  - layernorm\n"
        "  - conv: {out: 8, k: 3}\n  - rmsnorm\n  - conv: {out: 8, k: 3}\n  - lrn\n"
    ),
    "RF301: no bias": "input: 8x8x8\nlayers:\n  - conv: {out: 8, k: 3, bias: false}\n  - instancenorm\n",
    "RF301: a bias that another layer reads": (
        "input: 8x8x8\nlayers: [{name: a, conv: {out: 8, k: 3}}, {name: n, instancenorm: {}}, {add: {}, from: [n, a]}]\n"
    ),
    "RF302: vectors of length 1 behind a batch norm": "input: 8\nlayers: [{linear: {out: 8, bias: false}}, bn, l2norm]\n",
    "RF303: a vector": "input: 8\nlayers:\n  - linear: {out: 8, bias: false}\n  - bn\n",
    "RF303: several channels of one position": "input: 8x8x8\nlayers:\n  - gap\n  - gn: 4\n  - layernorm\n",
    "RF303: one number, but its mean stays": "input: 1x8x8\nlayers:\n  - rmsnorm\n",
    "RF304: a depthwise convolution": "input: 10x9x9\nlayers: [{dwconv: {k: 3, m: 3}}, {conv: {out: 12, k: 1, g: 2}}, relu]\n",
    "RF305: masked or transposed": (
        "input: 64x32x32\nlayers:\n  - maskedconv: {out: 64, k: 3}\n  - upconv: {out: 64, k: 4, s: 2, p: 1}\n"
    ),
    "RF308: eight images": "input: 3x64x64\ntrain: {batch: 8}\nlayers:\n  - conv: {out: 32, k: 3, norm: bn, bias: false}\n",
    "RF308: group norm": "input: 3x64x64\ntrain: {batch: 1}\nlayers:\n  - conv: {out: 32, k: 3, norm: {gn: 32}, bias: false}\n",
    "RF307: a depthwise convolution": "input: 64x32x32\nlayers:\n  - dwconv: 3\n  - conv: {out: 64, k: 3, g: 64}\n",
    "RF401: numbers that a model keeps": (
        "input: 8x8x8\nlayers:\n  - {name: a, relu: {}}\n  - {name: k, constant: {out: 4, size: [8, 8]}, from: input}\n"
        "  - {relu: {}, from: a}\n"
    ),
    "RF402: a vector that is cut": (
        "input: 3x32x32\nlayers:\n  - gap\n  - flatten\n  - {slice: {stop: 2}}\n  - dropout\n  - linear: 10\n"
    ),
    "RF306: a depthwise middle": (
        "input: 16x32x32\nlayers:\n  - conv: {out: 64, k: 1}\n  - dwconv: 3\n  - conv: {out: 16, k: 1}\n"
    ),
    "RF402: an averaged map": "input: 3x32x32\nlayers:\n  - conv: {out: 16, k: 3}\n  - gap\n  - flatten\n  - linear: 10\n",
}


def test_every_rule_has_a_near_miss() -> None:
    assert {what[:5] for what in SILENT} == set(CODES)


@pytest.mark.parametrize("what", SILENT)
def test_the_near_miss_is_silent(what: str) -> None:
    assert not list(rules()[what[:5]].find(analyze(load_spec(SILENT[what], "silent.yaml"))))


def test_each_head_is_compared_with_its_own_objects() -> None:
    """SSD300 with the scales of its paper is silent; a head with those of another fires, and no other one does."""
    text = shipped_files()["ssd300"].read_text(encoding="utf-8")

    def hits(old: str, new: str) -> list[tuple[str, str]]:
        assert old in text
        graph = load_spec(text.replace(old, new), "ssd300.yaml")
        return [(hit.layer, hit.message) for hit in rules()["RF103"].find(analyze(graph))]

    heads = ["conv4_3_norm_mbox_loc", "conv4_3_norm_mbox_conf"]
    assert hits("[30, 60]", "[30, 60]") == []
    large = hits("conv4_3_norm_mbox_*: [30, 60]", "conv4_3_norm_mbox_*: [30, 111]")
    assert [name for name, _ in large] == heads
    assert large[0][1] == "a unit sees 108x108 pixels, less than its objects of 111 (object_size)"
    blurred = hits("conv4_3_norm_mbox_*: [30, 60]", "conv4_3_norm_mbox_*: 60")
    assert [name for name, _ in blurred] == heads
    assert "the effective field of a unit spans 58.6 pixels" in blurred[0][1]
    coarse = hits("conv7_2_mbox_*: [162, 213]", "conv7_2_mbox_*: {anchors: [[64, 213], 63]}")
    assert [(name[:7], message[:46]) for name, message in coarse] == [
        ("conv7_2", "the centres of units leave gaps of 64 pixels, ")
    ] * 2
    assert hits("conv7_2_mbox_*: [162, 213]", "conv7_2_mbox_*: {anchors: [[64, 213], 64]}") == []
    border = hits("conv9_2_mbox_*: [264, 315]", "conv9_2_mbox_*: [163, 315]")
    assert [name[:7] for name, _ in border] == ["conv9_2"] * 2
    assert hits("conv9_2_mbox_*: [264, 315]", "conv9_2_mbox_*: [164, 315]") == []


FIRES = {
    "RF203: a last row outside every window": "input: 3x33x33\nlayers:\n  - maxpool: 2\n  - conv: {out: 8, k: 3}\n",
    **{
        f"RF301: a bias before {norm}": f"input: 8x8x8\nlayers:\n  - {layer}\n  - {norm}\n  - relu\n"
        for layer, norm in (
            ("conv: {out: 8, k: 3}", "instancenorm"),
            ("conv: {out: 8, k: 3}", "gn: 8"),
            ("maskedconv: {out: 8, k: 3}", "bn"),
            ("upconv: {out: 8, k: 2, s: 2}", "instancenorm: {affine: true}"),
            ("dwconv: 3", "gn: 8"),
            ("linear: 8", "bn"),
            ("bias", "bn: {affine: false}"),
        )
    },
    "RF302: an instance norm behind a batch norm": "input: 8x8x8\nlayers: [bn, dropout, instancenorm]\n",
    "RF302: lengths that are 1 already": "input: 8x8x8\nlayers: [l2norm, rmsnorm]\n",
    "RF303: groups of one channel": "input: 8x8x8\nlayers:\n  - gap\n  - gn: 8\n",
    "RF303: a layer norm of one channel": "input: 1x8x8\nlayers:\n  - layernorm\n",
    "RF304: a masked convolution": "input: 8x32x32\nlayers:\n  - maskedconv: {out: 30, k: 3}\n  - relu\n",
    "RF401: arithmetic that nobody reads": (
        "input: 8x8x8\nlayers:\n  - {name: a, stored: {function: add}, from: input}\n  - {relu: {}, from: input}\n"
    ),
    "RF402: a part of a flattened map": "input: 3x32x32\nlayers:\n  - flatten\n  - {slice: {stop: 20}}\n  - linear: 10\n",
    "RF302: the one convolution without a norm": (
        "input: 3x32x32\ndefaults: {conv: {k: 3, norm: bn, act: relu, bias: false}}\nlayers:\n"
        + "  - conv: 16\n" * 9
        + "  - {name: bare, conv: {out: 16, norm: none}}\n  - conv: 16\n"
    ),
}


@pytest.mark.parametrize("what", FIRES)
def test_the_other_form_fires(what: str) -> None:
    assert list(rules()[what[:5]].find(analyze(load_spec(FIRES[what], "fires.yaml"))))


@pytest.mark.parametrize(
    ("code", "layers"),
    [
        (
            "RF101",
            "- residual: {main: [{conv: {out: 8, k: [1, 7]}}], skip: [{conv: {out: 8, k: [7, 1]}}]}",
        ),
        ("RF101", "- maskedconv: {out: 8, k: 3}"),
        ("RF206", "- {name: a, maxpool: 2}\n  - {name: b, upsample: {}, from: [a, input]}\n  - {add: {}, from: [b, input]}"),
    ],
)
def test_no_false_alarm(code: str, layers: str) -> None:
    assert not list(rules()[code].find(analyze(load_spec(f"input: 3x64x64\nlayers:\n  {layers}\n", "x.yaml"))))
