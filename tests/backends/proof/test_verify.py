"""`rfcalc verify`: honest specs pass, and each kind of claim, made wrong, ends with exit code 1 and names the layer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from rfcalc.analyses import cost as cost_analysis
from rfcalc.layers.contract import Cost
from rfcalc.layers.vocabulary import conv, norm, pool
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape
from tests.running import rfcalc

Corrupt = Callable[[type, str, Any], None]


def changed(kind: type, **by: int) -> Callable[[Any, Any], Cost]:
    """A cost that is wrong by a little."""
    honest = kind.cost  # type: ignore[attr-defined]

    def wrong(self: Any, inputs: Any) -> Cost:
        found = honest(self, inputs)
        values = {f.name: getattr(found, f.name) for f in fields(Cost)}
        return Cost(**{name: value + by.get(name, 0) if name in by else value for name, value in values.items()})

    return wrong


def wrong_claims(data: dict[str, Any]) -> dict[str, str]:
    return {claim["what"]: claim["detail"] for claim in data["claims"] if claim["ok"] is False}


def test_an_honest_spec(tiny: str) -> None:
    run = rfcalc("verify", tiny, columns=140)
    assert run.code == 0, run.out
    for text in (
        "output shapes",
        "parameters",
        "MACs of each layer",
        "fvcore's total",
        "field of fc",
        "box of pool",
        "claims hold",
    ):
        assert text in run.out


def test_json_of_several_specs(tiny: str) -> None:
    run = rfcalc("verify", tiny, "espcn", "--format", "json", "--units", "3")
    assert [entry["verified"] for entry in run.data] == [True, True]
    claims = run.data[0]["claims"]
    assert {"what", "stated", "measured", "ok", "detail", "how"} == set(claims[0])
    assert claims[1] == {**claims[1], "what": "parameters", "stated": claims[1]["measured"], "ok": True}


def test_layers_by_glob_and_number_of_units(tiny: str) -> None:
    run = rfcalc("verify", tiny, "--layer", "stem*", "--units", "9", "--seed", "4", "--format", "json")
    found = {claim["what"]: claim["how"] for claim in run.data["claims"]}
    assert found["field of stem_relu, centre"].startswith("9 of 9 units equal")


def test_wrong_macs_of_one_layer(tiny: str, corrupt: Corrupt) -> None:
    corrupt(conv.Conv, "cost", changed(conv.Conv, macs=1))
    run = rfcalc("verify", tiny, "--format", "json")
    assert run.code == 1
    found = wrong_claims(run.data)
    assert {"MACs", "MACs of each layer", "fvcore's total"} <= set(found)
    assert "conv stem" in found["MACs of each layer"]
    assert "torch has 3 fewer" in found["MACs"]


def test_wrong_parameters(tiny: str, corrupt: Corrupt) -> None:
    corrupt(norm.BatchNorm, "cost", changed(norm.BatchNorm, params=1))
    run = rfcalc("verify", tiny)
    assert run.code == 1
    assert "✗  parameters" in run.out
    assert "the first of 2: bn stem_bn" in " ".join(run.out.split())


def test_wrong_buffers(tiny: str, corrupt: Corrupt) -> None:
    corrupt(norm.BatchNorm, "cost", changed(norm.BatchNorm, buffers=-1))
    assert set(wrong_claims(rfcalc("verify", tiny, "--format", "json").data)) == {"buffers", "buffers of each layer"}


def test_wrong_shapes(tiny: str, corrupt: Corrupt) -> None:
    corrupt(pool.MaxPool, "shape", lambda self, inputs: Shape(inputs[0].channels, (5, 6)))
    run = rfcalc("verify", tiny, "--format", "json")
    assert run.code == 1
    assert "maxpool pool" in wrong_claims(run.data)["output shapes"]
    assert "stated 1x8x5x6, torch has 1x8x6x6" in wrong_claims(run.data)["output shapes"]


def test_wrong_fields(tiny: str, corrupt: Corrupt) -> None:
    honest = pool.MaxPool.reach
    corrupt(pool.MaxPool, "reach", lambda self, inputs: (Read(0, honest(pool.MaxPool(3, 2, 1), inputs)[0].axes),))
    run = rfcalc("verify", tiny, "--format", "json")
    assert run.code == 1
    assert any(what.startswith("field of pool") for what in wrong_claims(run.data))


def test_a_wrong_convention(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cost_analysis.CONVENTIONS["fvcore"], "batch_norm", 3)
    run = rfcalc("verify", tiny, "--format", "json")
    assert run.code == 1
    assert set(wrong_claims(run.data)) == {"fvcore's total"}


def test_without_fvcore_its_claim_is_left_open(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fvcore.nn", None)
    run = rfcalc("verify", tiny)
    assert run.code == 0
    assert "fvcore is not installed" in run.out


def test_a_layer_that_no_output_reads(tmp_path: Path) -> None:
    spec = tmp_path / "dead.yaml"
    layers = ["{name: a, conv: 8}", "{name: dead, conv: 8}", "{name: b, conv: 4, from: a}"]
    spec.write_text("input: 3x16x16\ndefaults: {conv: {k: 3}}\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers))
    run = rfcalc("verify", str(spec), columns=140)
    assert run.code == 0, run.out
    assert "without dead layers" in run.out


def test_bad_input(tiny: str) -> None:
    run = rfcalc("verify", tiny, "--layer", "stam")
    assert (run.code, run.out) == (2, "")
    assert 'no layer matches stam; did you mean "stem"?' in " ".join(run.err.split()) or "stem" in run.err
    assert rfcalc("verify", tiny, "--units", "0").code == 2
    assert rfcalc("verify", tiny, "--format", "pdf").code == 2
    assert rfcalc("verify", "no-such-file.yaml").code == 2


def test_without_torch(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for command in (["verify"], ["time"], ["profile"], ["erf"], ["max-batch"], ["export", "--to", "onnx", "-o", "x.onnx"]):
        run = rfcalc(command[0], tiny, *command[1:])
        assert run.code == 2
        assert run.err.splitlines()[:2] == ["error E400: this needs torch, which is not installed", "  hint: pip install torch"]
