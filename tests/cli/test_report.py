"""`rfcalc report`: a page in one file."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.running import rfcalc

HOSTILE = "</script><img src=x onerror=alert(1)>\"' \u202e\u2028\u2029&amp;<!--"


def embedded(page: str) -> Any:
    """The data of a page."""
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def test_a_page_holds_the_data(tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    run = rfcalc("report", "resnet50", "-o", str(path))
    assert (run.code, run.out) == (0, "")
    page = path.read_text(encoding="utf-8")
    data = embedded(page)
    printed = rfcalc("report", "resnet50", "--format", "json").data
    assert {**data, "command": ""} == {**printed, "command": ""}
    assert data["title"] == "resnet50"
    assert data["layers"]["name"][-1] == "fc"
    assert len(page) <= 69_000


def test_a_page_asks_for_nothing_and_runs_only_its_own_script(tmp_path: Path) -> None:
    page = rfcalc("report", "unet").out
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert len(policy) == 1
    assert policy[0].startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        inner = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(inner) == 1
        assert f"{tag}-src 'sha256-{b64encode(sha256(inner[0].encode()).digest()).decode()}'" in policy[0]
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def test_hostile_names_are_text(tmp_path: Path) -> None:
    spec = tmp_path / "a<b>&'.yaml"
    layers = "[{conv: {out: 8, k: 4, p: 1, s: 3}}, {conv: {out: 7, k: 3, s: 4}}, relu, relu]"
    spec.write_text(f"name: {json.dumps(HOSTILE)}\ninput: 3x64x64\nlayers: {layers}\n", encoding="utf-8")
    run = rfcalc("report", str(spec))
    assert run.code == 0, run.err
    data = embedded(run.out)
    assert (data["title"], data["source"]) == (HOSTILE, str(spec))
    assert str(spec) in {found["place"].rsplit(":", 2)[0] for found in data["findings"]}
    assert "<img" not in run.out
    assert len(re.findall("</script", run.out)) == 2


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("report", "resnet18", "--format", "htm"), "did you mean"),
        (("report", "resnet81"), "resnet"),
        (("report", "resnet18", "-o", "/no/such/folder/a.html"), "there is no folder"),
        (("report",), "SPEC"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], wrong: str) -> None:
    run = rfcalc(*words)
    assert (run.code, run.out) == (2, "")
    assert wrong in " ".join(run.err.split())
    assert "Traceback" not in run.err


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    path.write_text("mine")
    assert rfcalc("report", "resnet18", "-o", str(path)).code == 2
    assert path.read_text() == "mine"
    assert rfcalc("report", "resnet18", "-o", str(path), "--force").code == 0
