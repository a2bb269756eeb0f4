"""What works says how far it is; whoever listens hears it, and nobody else pays for it."""

from __future__ import annotations

import pytest

from rfcalc.analyses.sizes import ShapesAtSize, fitting
from rfcalc.language.load import load_spec
from rfcalc.progress import each, heard, say

NET = "name: net\ninput: 3x16x16\nlayers: [conv: {out: 4, k: 3}, relu]\n"


def listened(work: object) -> list[tuple[str, float, float]]:
    said: list[tuple[str, float, float]] = []
    with heard(lambda *told: said.append(told)):
        assert callable(work)
        work()
    return said


def test_what_is_said_is_heard() -> None:
    say("nobody listens")
    assert listened(lambda: say("tracing")) == [("tracing", 0, 0)]
    assert listened(lambda: list(each("counting", "ab"))) == [("counting", 0, 2), ("counting", 1, 2)]
    with pytest.raises(KeyboardInterrupt), heard(lambda *told: None):
        raise KeyboardInterrupt
    assert listened(lambda: None) == []


def test_sizes_say_how_many_are_tried() -> None:
    said = listened(lambda: fitting(ShapesAtSize(load_spec(NET, "net.yaml")), 0, 20))
    assert said == [("trying sizes of axis 1", n, 20) for n in range(20)]


def test_verify_says_claim_by_claim() -> None:
    pytest.importorskip("torch")
    from rfcalc.backends.proof.verify import verify_network
    from rfcalc.backends.torch.subject import subject

    said = [what for what, _, _ in listened(lambda: verify_network(subject(load_spec(NET, "net.yaml"))))]
    assert said == ["net: parameters, shapes and FLOPs of what is built of its layers", "net: gradients of units"]


def test_measurements_say_how_far_they_are() -> None:
    pytest.importorskip("torch")
    from rfcalc.backends.proof.effective import effective_field
    from rfcalc.backends.timing.cases import Case
    from rfcalc.backends.timing.latency import time_all
    from rfcalc.backends.torch.subject import subject

    network = subject(load_spec(NET, "net.yaml"))
    said = listened(lambda: time_all([network], [Case("cpu", 1, "fp32", "contiguous", "eager")], 0.02, 0.02))
    assert said[-1] == ("timing", 0.02, 0.02)
    done = [done for _, done, _ in said]
    assert done == sorted(done)
    assert listened(lambda: effective_field(network, 1, 3, 0))[-1] == ("gradients of random samples", 2, 3)


def test_an_import_says_what_takes_long() -> None:
    pytest.importorskip("torch")
    from rfcalc.importers import load

    said = [what for what, _, _ in listened(lambda: load("torch.nn:Conv2d", {"input": "3x8x8"}, arguments=ARGUMENTS))]
    assert said == ["loading torch", *(f"{word} torch.nn:Conv2d" for word in ("making", "tracing", "following"))]


ARGUMENTS = {"in_channels": "3", "out_channels": "4", "kernel_size": "3"}
