"""`rfcalc report`: a page in one file."""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.running import rfcalc

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"

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
    assert len(page) <= 60_000


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
    assert (data["title"], data["source"]) == (HOSTILE, spec.name)
    assert spec.name in {found["place"].rsplit(":", 2)[0] for found in data["findings"]}
    assert "<img" not in run.out
    assert len(re.findall("</script", run.out)) == 2


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("report", "resnet18", "--format", "htm"), "did you mean"),
        (("report", "resnet81"), "resnet"),
        (("report", "resnet18", "-o", "/no/such/folder/a.html"), "there is no folder"),
        (("report",), "SPEC"),
        (("report", "resnet18", "resnet34", "resnet50"), "of one network or of two"),
        (("report", "resnet18", "resnet34", "--image", "a.png"), "--image is for the page of one network"),
        (("report", "resnet18", "--image", "none.png"), "cannot read none.png"),
        (("report", "resnet18", "--image-limit", "big"), "--image-limit takes"),
        (("report", "resnet18", "--time", "none.json"), "cannot read none.json"),
        (("report", "resnet18", "--resize", "stretch"), "--resize is for the images of a --dataset"),
        (("report", "none.json"), "cannot read none.json"),
        (("report", "none.json", "--format", "svg"), "--format svg draws one network"),
        (("report", "resnet18", "resnet34", "--base", "HEAD"), "its own past"),
        (("report", "resnet18", "--depth", "1"), "--depth is for --format svg"),
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


def data_of(*words: str) -> Any:
    run = rfcalc("report", *words, "--format", "json")
    assert run.code == 0, run.err
    return run.data


def test_a_picture_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(PNG)
    assert data_of("resnet18", "--image", str(path))["image"] == f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert "image" not in data_of("resnet18")
    large = rfcalc("report", "resnet18", "--image", str(path), "--image-limit", "3")
    assert (large.code, "--image-limit" in large.err) == (2, True)
    path.write_bytes(b"<svg onload=alert(1)>")
    assert "is no PNG, JPEG or GIF" in rfcalc("report", "resnet18", "--image", str(path)).err


def test_measured_times(tmp_path: Path) -> None:
    profile = {"network": "resnet18", "runs": "built", "device": "cpu", "batch": 4, "dtype": "fp32", "latency_ms": 12.5}
    rows = [{"name": "conv1 ... conv1_relu", "layers": ["conv1", "conv1_bn", "conv1_relu"], "ms": 1.25}]
    path = tmp_path / "profile.json"
    path.write_text(json.dumps({**profile, "layers": rows}))
    data = data_of("resnet18", "--time", str(path))
    assert data["layers"]["time"][:3] == [None, 1.25, 0]
    assert data["cards"][-1] == {"label": "measured", "text": "12.5 ms", "note": "batch 4, cpu, fp32"}
    assert "is of resnet18, not of resnet34" in rfcalc("report", "resnet34", "--time", str(path)).err
    path.write_text(
        json.dumps({"runs": [{"network": "resnet18", "latency_ms": {"median": 3}, "batch": 1, "device": "cuda:0"}]})
    )
    data = data_of("resnet18", "--time", str(path))
    assert data["cards"][-1]["text"] == "3 ms"
    assert "time" not in data["layers"]
    for wrong in ("[]", "{", '{"runs": []}', json.dumps({**profile, "layers": [{"layers": ["none"], "ms": 1}]})):
        path.write_text(wrong)
        run = rfcalc("report", "resnet18", "--time", str(path))
        assert (run.code, "E504" in run.err) == (2, True), wrong


def test_objects_of_the_spec_and_of_a_data_set(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("input: 3x64x64\nobject_size: 20\nbudget: {params: <= 1, macs: <= 1 G}\nlayers: [{conv: {out: 8, k: 3}}]\n")
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("width,height\n" + "".join(f"{i},5\n" for i in range(10, 21)))
    data = data_of(str(spec), "--dataset", str(boxes))
    assert data["objects"][0] == {"name": "object", "size": [20, 20]}
    assert {one["name"].split()[0]: one["size"] for one in data["objects"][1:]} == {
        "median": [15, 15],
        "p90": [19, 19],
        "largest": [20, 20],
    }
    assert [(one["name"], one["ok"]) for one in data["budgets"]] == [("params", False), ("macs", True)]
    assert "RF501" in {found["code"] for found in data["findings"]}
    assert data["pages"]["RF501"].startswith("# RF501")


def test_paths(tmp_path: Path) -> None:
    paths = data_of("resnet18", "--paths")["paths"]
    assert paths["count"] == "256"
    assert abs(sum(share for _, _, share, _ in paths["lengths"]) - 1) < 1e-4
    assert abs(sum(share for _, _, share, _ in paths["fields"]) - 1) < 1e-4


def test_two_networks_are_merged_by_name(tmp_path: Path) -> None:
    data = data_of("resnet18", "resnet34")
    assert (data["kind"], data["before"], data["after"]) == ("compare", "resnet18", "resnet34")
    states = {row["name"]: row["state"] for row in data["rows"]}
    assert states["conv1"] == "same"
    assert states["layer1.2.conv1"] == "added"
    assert {row["name"]: row["state"] for row in data_of("resnet34", "resnet18")["rows"]}["layer1.2.conv1"] == "removed"
    changed = {row["name"]: row for row in data["rows"]}["layer2.0.conv1"]
    assert changed["state"] == "changed"
    assert (changed["before"]["field"], changed["after"]["field"]) == ("51", "67")
    page = rfcalc("report", "resnet18", "resnet34")
    assert embedded(page.out)["cards"] == data["cards"]


def test_a_spec_and_its_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = Path("net.yaml")
    spec.write_text("input: 3x64x64\nlayers: [{name: a, conv: {out: 8, k: 3}}, relu]\n")
    commit("init", "-q")
    commit("add", "net.yaml")
    commit("commit", "-qm", "one")
    spec.write_text("input: 3x64x64\nlayers: [{name: a, conv: {out: 8, k: 5}}, relu]\n")
    data = data_of("net.yaml", "--base", "HEAD")
    assert data["before"].endswith("at HEAD")
    assert [row["state"] for row in data["rows"]] == ["changed", "changed"]
    assert data["rows"][0]["before"]["field"] == "3"
    assert "no revision" in rfcalc("report", "net.yaml", "--base", "nowhere").err
    Path("new.yaml").write_text(spec.read_text())
    assert "is new since HEAD" in rfcalc("report", "new.yaml", "--base", "HEAD").err


def commit(*words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", *who, *words], check=True)


def test_a_front(tmp_path: Path) -> None:
    path = tmp_path / "front.json"
    path.write_text(rfcalc("compare", "resnet18", "resnet34", "vgg16", "--format", "json").out)
    data = data_of(str(path))
    assert data["kind"] == "front"
    columns = {column["key"]: column for column in data["columns"]}
    assert columns["params"]["better"] == "low"
    assert [row[0] for row in data["rows"]] == ["resnet18", "resnet34", "vgg16"]
    assert len(data["front"]) == len(data["commands"]) == 3
    assert all(len(row) == len(columns) for row in data["rows"])
    assert embedded(rfcalc("report", str(path)).out)["rows"] == data["rows"]
    for wrong in ("[]", "{}", '{"front": [1]}', '{"networks": [{"figures": 1}]}', "{"):
        path.write_text(wrong)
        run = rfcalc("report", str(path))
        assert (run.code, "E504" in run.err) == (2, True), wrong


def test_designs_are_a_front(tmp_path: Path) -> None:
    path = tmp_path / "designs.json"
    path.write_text(rfcalc("design", "--target", "90", "--format", "json").out)
    data = data_of(str(path))
    assert data["title"] == "designs for a field of 90 pixels"
    assert all(data["front"])
    assert data["commands"][0].startswith("rfcalc design --target 90 --pick 1")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[1]",
        '{"runs": 3}',
        '{"network": "resnet18", "runs": "x", "latency_ms": "abc", "layers": []}',
        "NaN",
        '{"a": 1e999}',
    ],
)
def test_other_files_of_times_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    run = rfcalc("report", "resnet18", "--time", str(path))
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(f"error E504: {path}")


def test_a_device_is_not_read_to_its_end() -> None:
    for option in ("--time", "--image"):
        run = rfcalc("report", "resnet18", option, "/dev/zero")
        assert (run.code, run.out) == (2, "")
        assert "error E504: /dev/zero has more than" in run.err
