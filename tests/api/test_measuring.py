"""Networks in torch from Python: small ones, and what is told of wrong words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

import rfcalc
from rfcalc.api.measuring import Proof
from rfcalc.backends.proof.claims import Claim

SIZE = (3, 12, 12)


def module() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))


def test_a_proof() -> None:
    proof = rfcalc.verify(module(), SIZE, layers="0", units=2)
    assert proof.ok
    assert len(proof) == len(list(proof)) > 5
    assert repr(proof) == f"<Proof of Sequential: {len(proof)} claims, all hold that could be checked>"
    assert str(proof).startswith("Sequential: the analysis against torch")
    assert [claim["ok"] for claim in proof.to_dict()["claims"]] == [claim.ok for claim in proof]


def test_a_proof_that_fails_says_what() -> None:
    wrong = Proof(rfcalc.load("espcn"), (Claim("MACs", "3", "4", False), Claim("buffers", "0", "", None)))
    assert not wrong.ok
    assert repr(wrong) == "<Proof of espcn: 2 claims, MACs: 3, torch says 4>"


def test_times() -> None:
    timing = rfcalc.time(module(), SIZE, device="cpu", batch=[1, 2], seconds=0.01, warm_up=0)
    assert [(run.network, run.case.batch, run.status) for run in timing.runs] == [
        ("Sequential", 1, "ok"),
        ("Sequential", 2, "ok"),
    ]
    assert all(run.latency and run.latency.median > 0 for run in timing.runs)


def test_a_profile() -> None:
    found = rfcalc.profile(module(), SIZE, device="cpu", seconds=0.01)
    assert [layer.node.name for layer in found.layers] == ["0", "1", "2"]


def test_an_effective_field() -> None:
    found = rfcalc.erf(module(), SIZE, layer="0", samples=2, device="cpu")
    assert (found.graph.nodes[found.layer].name, found.samples) == ("0", 2)
    assert found.energy.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("wrong", "error", "hint"),
    [
        (lambda: rfcalc.time(module(), SIZE, dtype="float32"), ValueError, "fp32"),
        (lambda: rfcalc.time(module(), SIZE, mode=["eager", "grph"]), ValueError, 'did you mean "graph"'),
        (lambda: rfcalc.time(module(), SIZE, batch=0), ValueError, "batch is a whole number"),
        (lambda: rfcalc.time(module(), SIZE, device="gpu"), rfcalc.SpecError, "E701"),
        (lambda: rfcalc.profile(module(), SIZE, memory_format="nhwc"), ValueError, "channels_last"),
        (lambda: rfcalc.erf("resnet18", layer="lyer*"), rfcalc.SpecError, "no layer matches"),
        (lambda: rfcalc.verify("resnet18", layers="lyer*"), rfcalc.SpecError, "no layer matches"),
        (lambda: rfcalc.verify(module()), rfcalc.SpecError, r"input=\(3, 224, 224\)"),
    ],
)
def test_wrong_words(wrong: Callable[[], Any], error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        wrong()


@pytest.mark.parametrize("name", ["verify", "time", "profile", "erf", "to_torch"])
def test_without_torch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(rfcalc.SpecError, match="this needs torch"):
        getattr(rfcalc, name)("espcn")


def test_what_was_measured_shows_itself() -> None:
    timing = rfcalc.time(module(), SIZE, device="cpu", seconds=0.01, warm_up=0)
    profile = rfcalc.profile(module(), SIZE, device="cpu", seconds=0.01)
    field = rfcalc.erf(module(), SIZE, layer="0", samples=2, device="cpu")
    for found, key, title in (
        (timing, "runs", "Latency of one forward pass"),
        (profile, "layers", "where the time goes"),
        (field, "sigma", "Sigma"),
    ):
        assert len(repr(found).splitlines()) == 1
        assert len(repr(found)) < 200
        assert title in str(found)
        assert key in json.dumps(found.to_dict())
        assert "<table" in found._repr_html_()
    assert repr(timing).startswith("<Timing: ")
    assert " ms" in repr(timing)
    assert repr(field).startswith("<Effective field of 0 of ")
