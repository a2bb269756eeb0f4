"""Options that many commands share: --layer takes globs and says how one was meant, --at says which units there are."""

from __future__ import annotations

import pytest

from tests.running import rfcalc

LAYER = {
    "analyze": (),
    "sizes": (),
    "paths": (),
    "verify": (),
    "erf": ("--device", "cpu", "--samples", "1"),
    "transform": ("--to", "separable"),
    "resize": ("--target", "300"),
}


@pytest.mark.parametrize("command", LAYER)
@pytest.mark.parametrize(("given", "meant"), [("layer4", "did you mean 'layer4.*'?"), ("layer4.0.conv3", "layer4.0.conv2")])
def test_a_layer_that_is_a_part_of_names(command: str, given: str, meant: str) -> None:
    run = rfcalc(command, "resnet18", *LAYER[command], "--layer", given)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error E120: ")
    assert f"no layer matches {given}\n" in run.err
    assert meant in run.err.splitlines()[1]


def test_an_override_of_a_part_of_names() -> None:
    run = rfcalc("analyze", "resnet18", "-s", "layer4.dilation=2")
    assert run.code == 2
    assert "did you mean 'layer4.*.dilation'?" in run.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layer", "layer4.*", "--at", "100,100"), "layer4.0.conv1 is 7x7: its units are 0,0 to 6,6"),
        (("--layer", "layer4.1.relu", "--at", "7,6"), "layer4.1.relu is 7x7: its units are 0,0 to 6,6"),
        (("--layer", "layer4.1.relu", "--at=-1,3"), "layer4.1.relu is 7x7: its units are 0,0 to 6,6"),
        (("--layer", "layer[34].1.relu", "--at", "14,3"), "layer3.1.relu is 14x14: its units are 0,0 to 13,13"),
        (("--at", "3"), "one number per axis, such as --at 0,0: conv1 is 112x112: its units are 0,0 to 111,111"),
        (("--at", "1,2,3"), "one number per axis, such as --at 0,0: conv1 is 112x112"),
        (("--at", "500,0"), "conv1 is 112x112: its units are 0,0 to 111,111"),
        (("--at", "0,0", "--at", "500,0"), "conv1 is 112x112: its units are 0,0 to 111,111"),
        (("--layer", "fc", "--at", "3"), "fc is a vector: it has no units"),
    ],
)
def test_a_unit_that_no_layer_has(words: tuple[str, ...], said: str) -> None:
    run = rfcalc("analyze", "resnet18", *words)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error E122: resnet18: no selected layer has a unit ")
    assert said in run.err


def test_units_of_some_of_the_layers() -> None:
    run = rfcalc("analyze", "resnet18", "--layer", "layer[34].1.relu", "--at", "13,13", "--at", "6,6", "--format", "json")
    assert run.code == 0
    assert [len(layer.get("units", ())) for layer in run.data["layers"]] == [2, 1]
    both = rfcalc("analyze", "resnet18", "espcn", "--at", "300,500", "--format", "json")
    assert both.code == 2
    assert "resnet18: no selected layer has a unit 300,500" in both.err
    assert '"name": "espcn"' in both.out
    assert '"name": "resnet18"' not in both.out
