"""Networks side by side, as a user asks for them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.running import rfcalc

NET = "input: 3x32x32\nparams: {w: 8, d: 2}\nlayers:\n  - {name: c, conv: {out: w, k: 3}, repeat: d}\n"


def rows(*words: str) -> dict[str, dict[str, str]]:
    found = csv.DictReader(io.StringIO(rfcalc("compare", *words, "-f", "csv").out))
    return {row["network"]: row for row in found}


def test_a_row_for_each() -> None:
    run = rfcalc("compare", "resnet50", "resnet18", "mobilenet_v2", "--sort", "params", columns=200)
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert lines[0] == "3 networks"
    assert [line.split()[0] for line in lines[3:6]] == ["mobilenet_v2", "resnet18", "resnet50"]
    assert lines[1].split() == ["Network", "Input", "Params", "MACs", "Memory", "Field", "Stride"]


def test_params_of_one_design_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    found = rows("net.yaml", "net.yaml@w=16", "net.yaml@w=4,d=5", "-s", "d=3")
    assert list(found) == ["net", "net@w=16", "net@w=4,d=5"]
    assert [row["receptive_field"] for row in found.values()] == ["7", "7", "11"]
    assert int(found["net@w=16"]["params"]) == 3 * 16 * 9 + 16 + 2 * (16 * 16 * 9 + 16)


def test_changes_against_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    for word in ("net.yaml", "net"):
        data = rfcalc("compare", "net.yaml", "net.yaml@w=16", "--against", word, "-f", "json").data
        assert data["against"] == "net"
        assert data["networks"][0]["change_percent"]["params"] == 0
        assert data["networks"][1]["change_percent"]["params"] > 0


def test_a_folder_is_all_its_specs(tmp_path: Path) -> None:
    for width in range(20):
        (tmp_path / f"net{width:02}.yaml").write_text(NET.replace("w: 8", f"w: {width + 1}"))
    assert len(rows(str(tmp_path))) == 20
    best = [row for row in rows(str(tmp_path)).values() if row["best"] == "true"]
    assert [row["network"] for row in best] == ["net00"]


def test_the_latency_is_measured_when_asked_for() -> None:
    pytest.importorskip("torch")
    words = ("resnet18", "mobilenet_v2", "--input", "3x65x65", "--time", "--device", "cpu", "--seconds", "0.05")
    run = rfcalc("compare", *words, "--sort", "time", "-f", "json")
    assert (run.code, run.err) == (0, "")
    measured = [row["figures"]["latency_ms"] for row in run.data["networks"]]
    assert 0 < measured[0] <= measured[1]
    table = rfcalc("compare", *words, columns=200).out
    assert "Latency  median of forward passes, batch 1, float32, eager, on " in table
    assert " ms" in table
    assert "latency" not in rfcalc("compare", *words[:4]).out.lower()


def test_times_that_were_not_measured_sort_nothing() -> None:
    for words in (("compare", "espcn", "srresnet"), ("analyze", "espcn")):
        run = rfcalc(*words, "--sort", "time", columns=200)
        assert run.code == 2
        assert ("needs --time" in run.err) or ("rfcalc profile measures each layer" in run.err)


def test_what_cannot_be_timed_says_so() -> None:
    pytest.importorskip("torch")
    run = rfcalc("compare", "espcn", "--time", "--device", "tpu")
    assert run.code == 2
    assert 'there is no device "tpu"' in run.err


def test_a_broken_spec_of_a_folder_hides_no_other(tmp_path: Path) -> None:
    for name in ("a", "c"):
        (tmp_path / f"{name}.yaml").write_text(NET)
    (tmp_path / "b.yaml").write_text("layers: [conv]\n")
    run = rfcalc("compare", str(tmp_path), "-f", "csv")
    assert run.code == 2
    assert [row["network"] for row in csv.DictReader(io.StringIO(run.out))] == ["a", "c"]
    assert "b.yaml:1:" in run.err


def test_the_effective_field_is_asked_for() -> None:
    assert "effective_field" not in rows("espcn", "srresnet")["espcn"]
    assert float(rows("espcn", "srresnet", "--erf")["espcn"]["effective_field"]) > 3


def test_what_cannot_be_read_is_told_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("input: 3x8x8\nlayers:\n  - cnv: 3\n")
    run = rfcalc("compare", "espcn", str(tmp_path / "broken.yaml"), "espcn@factor=x")
    assert run.code == 2
    assert "espcn" in run.out
    assert 'did you mean "conv"' in run.err
    assert rfcalc("compare", str(tmp_path / "broken.yaml")).code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sort", "mac"), 'did you mean "macs"?'),
        (("--against", "resnet5"), 'did you mean "resnet50"?'),
        (("resnet18@depht=34",), "depth"),
        (("nothing.yaml@a=1",), "nothing.yaml"),
    ],
)
def test_mistakes(words: tuple[str, ...], says: str) -> None:
    run = rfcalc("compare", "resnet50", "resnet18", *words, columns=200)
    assert run.code == 2
    assert says in run.err


def test_a_file_may_have_the_sign_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "net@w=3.yaml"
    path.write_text(NET)
    assert list(rows(str(path))) == ["net@w=3"]


def test_analyze_says_that_it_exists() -> None:
    assert "rfcalc compare" in rfcalc("analyze", "espcn", "espcn", "espcn", "espcn").err
    assert rfcalc("analyze", "espcn", "espcn", "espcn").err == ""
