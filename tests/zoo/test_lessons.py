"""Every lesson shows what it says: its claims are worked out by `rfcalc lesson`, and fail where the network is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.language.files import shipped_text
from rfcalc.language.lessons import lesson, lesson_names
from tests.running import rfcalc

# What is changed in a lesson's network, after which it no longer shows what it says.
BROKEN = {
    "alignment": ("avgpool: {k: 3, s: 2, p: 1}", "avgpool: {k: 4, s: 2, p: 1}"),
    "aspp": ("rates: [6, 12, 18]", "rates: [6, 12, 17]"),
    "attention": ("window: 7", "window: 2"),
    "bottleneck": ("squeeze: 4", "squeeze: 2"),
    "channel_shuffle": ("channelshuffle: 3", "channelshuffle: 1"),
    "checkerboard": ("k: 4, s: 2", "k: 6, s: 2"),
    "dilated": ("rates: [1, 2, 4, 8, 16]", "rates: [1, 2, 4, 8, 17]"),
    "dilated_by_phases": ("{out: 1, d: 2}", "{out: 1, d: 3}"),
    "downsampling": ("{name: early_pool, maxpool: 2}", "{name: early_pool, maxpool: {k: 2, s: 1, p: [[0, 1], [0, 1]]}}"),
    "effective_field": ("k: 3", "k: 5"),
    "factorized": ("k: [7, 1]", "k: [5, 1]"),
    "fc_as_convolution": ("k: 7, p: 0", "k: 5, p: 0"),
    "gridding": ("k: 3, d: 1", "k: 3, d: 2"),
    "group_convolution": ("groups: 4", "groups: 8"),
    "supervision": ("k: 7", "k: 5"),
    "lost_pixels": ("{name: shortcut, conv: {s: 2}}", "{name: shortcut, conv: {s: 2, k: 3}}"),
    "masked": ("mask: B", "mask: A"),
    "multi_output": ("{name: up3, upsample: 2}", "{name: up3, upsample: {scale: 2, mode: bilinear}}"),
    "normalization": ("instancenorm: {}", "bn: {}"),
    "patchgan": ("k: 4", "k: 3"),
    "res2net": ("from: [x1, y2, y3, y4]", "from: [y2, x1, y3, y4]"),
    "residual_ensemble": ("k: 3", "k: 5"),
    "resize_convolution": ("{out: 16, k: 3}", "{out: 16, k: 5}"),
    "scales_and_boxes": ("coarse: [80, 128]", "coarse: [80, 256]"),
    "separable": ("conv: {out: 256, k: 1}", "conv: {out: 256, k: 3}"),
    "shift_and_stitch": ("k: 5, d: 2", "k: 5, d: 3"),
    "skip_connections": ("{name: conv2, conv: 16}", "{name: conv2, conv: {out: 16, k: 5}}"),
    "small_batch": ("batch: 2", "batch: 9"),
    "squeeze_excitation": ("ratio: 16", "ratio: 8"),
    "stacks_of_3x3": ("{name: conv2, conv: {k: 3,", "{name: conv2, conv: {k: 5,"),
    "subpixel": ("k: 6, s: 2, p: 2", "k: 8, s: 2, p: 3"),
    "unproductive": ("input: 3x32x32", "input: 3x64x64"),
    "zero_insertion": ("k: 4, p: 2", "k: 5, p: 2"),
}


@pytest.mark.parametrize("name", lesson_names())
def test_every_claim_holds(name: str) -> None:
    claims = [claim for run in lesson(name).runs for claim in run.claims]
    run = rfcalc("lesson", name)
    assert (run.code, "does not hold" in run.err) == (0, False)
    assert run.out.count("\n✓ ") == len(claims)
    assert all(f"✓ {claim.say}" in " ".join(run.out.split()) for claim in claims)
    assert run.out.count("\n> rfcalc ") == len(lesson(name).runs)


@pytest.mark.parametrize("name", lesson_names())
def test_a_claim_fails_where_the_network_is_another(name: str, tmp_path: Path) -> None:
    old, new = BROKEN[name]
    head, body = shipped_text(f"lessons/{name}").split("\nlesson:\n")
    assert old in head
    (tmp_path / f"{name}.yaml").write_text(f"{head.replace(old, new)}\nlesson:\n{body}")
    run = rfcalc("lesson", str(tmp_path / f"{name}.yaml"))
    assert run.code == 1
    assert "\n✗ " in run.out
    assert f"{name}.yaml:" in run.err
    assert "does not hold: " in run.err


@pytest.mark.parametrize("name", lesson_names())
def test_a_lesson_makes_claims(name: str) -> None:
    found = lesson(name)
    assert 20 <= len(found.title) <= 92
    assert len(found.text) > 60
    assert all(run.claims for run in found.runs)
    assert sum(len(run.claims) for run in found.runs) >= 2
    assert all(
        claim.say[0].isupper() or claim.say[0].isdigit() or claim.say.startswith(("rfcalc ", "layer4"))
        for run in found.runs
        for claim in run.claims
    )
