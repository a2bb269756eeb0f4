"""Design spaces in Python: what the command says, and every form in which people have specs, values and designs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import rfcalc
from tests.cli.run import run
from tests.sweeping.spaces import SPEC, spec

DICT = {"input": "3x32x32", "params": {"w": 8, "k": 3}, "layers": [{"name": "a", "conv": {"out": "w", "k": "k"}}]}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a command prints as JSON."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return lambda *words: json.loads(run(capsys, monkeypatch, *words, "--format", "json").out)


def test_designs_are_those_of_the_command(said: Any, tmp_path: Path) -> None:
    path = spec(tmp_path)
    found = rfcalc.sweep(path, w=range(8, 41, 16), d=[1, 2], where="macs <= 4 M", front=["macs", "receptive_field:more"])
    words = ("-s", "w=8:41:16", "-s", "d=1,2", "--where", "macs <= 4 M", "--front", "macs,receptive_field:more")
    assert found.to_dict() == said("sweep", path, *words)
    assert [one.number for one in found.front] == found.to_dict()["front"]
    assert [one.number for one in found] == list(range(6))
    assert (len(found), found.columns, found[1].values) == (6, ("macs", "receptive_field"), {"w": "8", "d": "2"})
    assert repr(found) == f"<Sweep: {len(found.front)} designs that no other one beats, of 6>"
    assert str(found).startswith(f"{len(found.front)} designs that no other one beats")
    drawn = rfcalc.sweep(path, random=5, seed=2, columns="params")
    assert drawn.to_dict() == said("sweep", path, "--random", "5", "--seed", "2", "--columns", "params")


def test_a_design_is_a_network(tmp_path: Path) -> None:
    for source in (spec(tmp_path), Path(spec(tmp_path)), SPEC, {**DICT, "params": {"w": 8, "d": 2, "k": 3}}):
        found = rfcalc.sweep(source, w=[8, 16], d=2, columns=("params", "memory"))
        for one in found:
            analysis = rfcalc.analyze(found.graph(one))
            assert (analysis.params, analysis.peak.bytes) == (one.figures["params"], one.figures["peak_activation_bytes"])


def test_forms_of_values() -> None:
    keys = [one.values for one in rfcalc.sweep(DICT, w="8:33:*2", k="w//8*2+1")]
    assert [one["w"] for one in keys] == ["8", "16", "32"]
    assert [one.figures["params"] for one in rfcalc.sweep(DICT, w="8:33:*2", k="w//8*2+1")][:2] == [8 * 28, 16 * 76]
    assert [one.figures["params"] for one in rfcalc.sweep(DICT, k=["w//2+1", "max(w//4, 3)"])] == [8 * 76, 8 * 28]
    assert [one.figures["params"] for one in rfcalc.sweep(DICT, k=[3, "w+1,5"])] == [8 * 28, 8 * (3 * 9 * 5 + 1)]
    sizes = rfcalc.sweep(DICT, [(3, 32, 32), "3x64x64"], overrides={"a.stride": (1, 2)}, columns="macs")
    assert [one.values["input"].strip('"') for one in sizes] == ["3x32x32", "3x32x32", "3x64x64", "3x64x64"]
    assert rfcalc.sweep(DICT, (3, 64, 64), w=[8, 9])[0].figures["macs"] == sizes[2].figures["macs"]


def test_several_specs_and_designs_that_cannot_be_made() -> None:
    found = rfcalc.sweep([DICT, "resnet18"])
    assert [one.source.rpartition("/")[2] for one in found] == ["<spec 1>", "resnet18.yaml"]
    assert len(rfcalc.analyze(found.graph(found[1])).every) > 50
    broken = rfcalc.sweep(DICT, k=[3, 64])[1]
    assert (broken.state, (broken.note or "")[:5]) == ("error", "E201:")


def test_designs_that_the_caller_chooses(tmp_path: Path) -> None:
    chosen = ({"w": w, "k": 3} for w in (8, 24))
    found = rfcalc.sweep(DICT, designs=chosen)
    assert [one.figures["params"] for one in found] == [224, 672]
    (tmp_path / "d.csv").write_text("w,k\n8,3\n24,3\n")
    assert [one.figures for one in rfcalc.sweep(DICT, designs=tmp_path / "d.csv")] == [one.figures for one in found]
    with pytest.raises(rfcalc.SpecError, match="designs:2:1: error E505"):
        rfcalc.sweep(DICT, designs=[{"w": 8}, {"v": 8}])
    with pytest.raises(rfcalc.SpecError, match="holds no designs"):
        rfcalc.sweep(DICT, designs=[])


def test_a_store_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first = rfcalc.sweep(DICT, w="8:41:8", random=2, store=path)
    numbers = [one.number for one in first]
    more = rfcalc.sweep(DICT, w="8:41:8", random=4, store=path)
    assert [one.number for one in more] == [*numbers, 2, 3]
    with pytest.raises(rfcalc.SpecError, match="holds another sweep"):
        rfcalc.sweep(DICT, w="8:41:8", store=path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["s.db"]


def test_an_executor() -> None:
    with ThreadPoolExecutor(2) as threads:
        found = rfcalc.sweep(DICT, w="8:41:8", executor=threads)
    assert [one.figures for one in found] == [one.figures for one in rfcalc.sweep(DICT, w="8:41:8")]


@pytest.mark.parametrize(
    ("given", "error", "hint"),
    [
        ({"front": "mcs"}, rfcalc.SpecError, 'did you mean "macs"'),
        ({"where": "macz < 3"}, rfcalc.SpecError, 'did you mean "macs"'),
        ({"width": [3]}, rfcalc.SpecError, 'no param "width"'),
        ({"w": []}, rfcalc.SpecError, "leaves no design"),
        ({"w": range(3, 3)}, rfcalc.SpecError, "has no values"),
        ({"w": "1:1000000000", "k": "1:1000000000"}, rfcalc.SpecError, "random=10000"),
        ({"w": nn}, TypeError, "nothing that a spec can hold"),
        ({"input": 224}, TypeError, r"input=\(3, 224, 224\)"),
        ({"random": 3, "designs": [{"w": 3}]}, TypeError, "no random"),
        ({"executor": "dsk"}, ValueError, "dask:ADDRESS"),
        ({"random": 0}, ValueError, "random takes"),
        ({"workers": -1}, ValueError, "workers takes"),
    ],
)
def test_what_is_no_sweep(given: dict[str, Any], error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        rfcalc.sweep(DICT, **given)


@pytest.mark.parametrize("source", [nn.ReLU(), [], 3, ["a", 3]])
def test_what_is_no_space(source: Any) -> None:
    with pytest.raises(TypeError, match="sweep takes"):
        rfcalc.sweep(source)
