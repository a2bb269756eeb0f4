"""`rfcalc sweep`: what a user types and sees."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from rfcalc.sweeping import run as running
from rfcalc.sweeping import task
from tests.running import Run, rfcalc
from tests.sweeping.spaces import SPEC, spec


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    spec(tmp_path)
    return tmp_path


def table(run: Run) -> list[dict[str, str]]:
    assert run.code == 0, run.err
    return list(csv.DictReader(io.StringIO(run.out)))


def test_what_is_seen() -> None:
    run = rfcalc("sweep", "space.yaml", "--front", "macs,receptive_field", "--columns", "macs")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("4 designs that no other one beats, of 20\n")
    assert "     0  w=8 d=1   221 k      3\n" in run.out
    assert "How the figures of 20 designs are distributed" in run.out
    assert "(less MACs, more Field)" in run.out.replace("\n" + " " * 9, " ")


def test_no_graph_is_made_unless_a_figure_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default it is what folds; memory is asked for."""

    def analyzed(*_: object) -> None:
        raise AssertionError("a graph")

    monkeypatch.setattr(task, "analyze", analyzed)
    rows = table(rfcalc("sweep", "space.yaml", "--all", "-f", "csv"))
    assert list(rows[0])[-4:] == ["params", "macs", "receptive_field", "stride"]
    for words in (("--columns", "memory"), ("--front", "memory"), ("--where", "memory > 0")):
        with pytest.raises(AssertionError, match="a graph"):
            rfcalc("sweep", "space.yaml", *words)


def test_a_design_has_the_figures_that_analyze_prints(folder: Path) -> None:
    (folder / "space.yaml").write_text(SPEC.replace("bias: false", "bias: true, norm: bn"))
    rows = table(rfcalc("sweep", "space.yaml", "--columns", "params,memory,training_memory,findings", "--all", "-f", "csv"))
    assert len(rows) == 20
    for row in rows[::7]:
        totals = rfcalc("analyze", "space.yaml", "-s", f"w={row['w']}", "-s", f"d={row['d']}", "-f", "json").data["totals"]
        for key in ("params", "macs", "peak_activation_bytes", "training_memory_bytes"):
            assert int(row[key]) == totals[key]
        found = rfcalc("check", "space.yaml", "-s", f"w={row['w']}", "-s", f"d={row['d']}", "-f", "json").data["findings"]
        assert int(row["findings"]) == len(found) > 0


def test_a_design_that_cannot_be_made_is_a_row() -> None:
    run = rfcalc("sweep", "space.yaml", "-s", "w=8,12", "-s", "g=8", "-s", "d=1,2", "--all", "--format", "csv")
    states = [(row["w"], row["d"], row["state"], row["note"]) for row in table(run)]
    assert states[:3] == [("8", "1", "kept", ""), ("8", "2", "kept", ""), ("12", "1", "kept", "")]
    assert states[3][2] == "error"
    assert states[3][3].startswith('E201: conv "body.1": groups (8)')
    told = rfcalc("sweep", "space.yaml", "-s", "w=8,12", "-s", "g=8", "-s", "d=1,2")
    assert "Impossible" in told.out
    assert "1 design; E201: conv" in told.out


def test_dependent_values_and_several_specs(folder: Path) -> None:
    (folder / "wide.yaml").write_text(SPEC.replace("params: {w: 16, d: 2, g: 1}", "params: {w: 16, d: 2, g: w//8}"))
    rows = table(rfcalc("sweep", "space.yaml", "wide.yaml", "-s", "w=16,32", "-s", "d=2", "--all", "-f", "csv"))
    assert [(row["spec"], row["w"]) for row in rows] == [
        ("space.yaml", "16"), ("space.yaml", "32"), ("wide.yaml", "16"), ("wide.yaml", "32"),
    ]  # fmt: skip
    assert int(rows[0]["params"]) - int(rows[2]["params"]) == 16 * 9 * 8
    again = table(rfcalc("sweep", "space.yaml", "-s", "w=16,32", "-s", "d=2", "-s", "g=w//8", "--all", "-f", "csv"))
    assert [row["params"] for row in again] == [row["params"] for row in rows[2:]]


def test_store_show_join_take(folder: Path) -> None:
    words = ("sweep", "space.yaml", "--random", "9", "--seed", "2", "--where", "params <= 20 k", "--store", "s.db")
    first = rfcalc(*words)
    assert first.code == 0, first.err
    assert rfcalc(*words).out == first.out == rfcalc("sweep", "--show", "s.db").out
    every = table(rfcalc("sweep", "--show", "s.db", "--all", "-f", "csv"))
    assert len(every) == 9
    assert {row["state"] for row in every} == {"kept", "left out"}
    number = next(row["design"] for row in every if row["state"] == "kept")
    (folder / "mine.csv").write_text(f"design,accuracy\n{number},0.93\n")
    joined = rfcalc("sweep", "--show", "s.db", "--join", "mine.csv", "--front", "accuracy,macs", "-f", "json").data
    assert joined["front"] == [int(number)]
    assert joined["designs"][0]["figures"]["accuracy"] == 0.93
    within = rfcalc("sweep", "--show", "s.db", "--where", "accuracy > 0.9 and w >= 8", "-f", "json").data
    assert within["front"] == [int(number)]
    assert rfcalc("sweep", "--show", "s.db", "--take", number, "-o", "best.yaml").code == 0
    row = next(row for row in every if row["design"] == number)
    totals = rfcalc("analyze", "best.yaml", "-f", "json").data["totals"]
    assert (totals["params"], totals["macs"]) == (int(row["params"]), int(row["macs"]))


def test_the_spec_has_changed_since() -> None:
    rfcalc("sweep", "space.yaml", "--store", "s.db")
    Path("space.yaml").write_text(SPEC.replace("k: 3", "k: 5"))
    run = rfcalc("sweep", "--show", "s.db", "--take", "3")
    assert run.code == 2
    assert "space.yaml has changed since the sweep" in run.err


def test_a_layer_that_is_swept_is_written_out() -> None:
    run = rfcalc("sweep", "space.yaml", "-s", "body.0.kernel=3,5", "-s", "w=8", "-s", "d=1", "--take", "1", "-o", "best.yaml")
    assert run.code == 0, run.err
    assert "extends" not in Path("best.yaml").read_text()
    assert rfcalc("analyze", "best.yaml", "-f", "json").data["layers"][0]["params"] == 3 * 25 * 8


def test_designs_of_a_file(folder: Path) -> None:
    (folder / "designs.csv").write_text("w,d\n8,1\n24,3\n8,nope\n")
    rows = table(rfcalc("sweep", "space.yaml", "--designs", "designs.csv", "--all", "-f", "csv"))
    assert [(row["w"], row["d"], row["state"]) for row in rows] == [
        ("8", "1", "kept"), ("24", "3", "kept"), ("8", "nope", "error"),
    ]  # fmt: skip


def test_a_page_of_a_store() -> None:
    rfcalc("sweep", "space.yaml", "--store", "s.db", "--front", "macs,rf")
    page = rfcalc("report", "s.db", "--format", "json").data
    assert page["kind"] == "front"
    assert sum(page["front"]) == 4
    assert page["rows"][0][0] == "0 w=8 d=1"
    assert page["commands"][0] == "rfcalc sweep --show s.db --take 0 -o FILE.yaml"
    assert {column["key"]: column["better"] for column in page["columns"]}["receptive_field"] == "high"
    assert rfcalc("report", "s.db", "-o", "page.html").code == 0


def test_no_cell_is_a_formula(folder: Path) -> None:
    (folder / "=cmd.yaml").write_text(SPEC)
    rows = table(rfcalc("sweep", "=cmd.yaml", "-s", "w=8,-9", "-s", "d=1", "--all", "-f", "csv"))
    assert [row["spec"] for row in rows] == ["'=cmd.yaml"] * 2
    assert rows[1]["w"] == "'-9"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-s", "w=8:8"), "command line:1:3: error E128: w: 8:8 has no values"),
        (("-s", "w=8:16:0"), "a step of 0 never ends"),
        (("-s", "ww=8,9"), 'there is no param "ww"'),
        (("-s", "ww=8,9"), 'did you mean "w"?'),
        (("-s", "w=1:1000000000", "-s", "d=1:1000"), "draw some, --random 10000"),
        (("--where", "mac <= 3"), 'did you mean "macs"?'),
        (("--where", "macs = 3"), "a comparison is =="),
        (("--where", "macs ** 9 > 1"), "the power ** cannot be used"),
        (("--front", "mcas"), 'did you mean "macs"?'),
        (("--front", "macs:most"), "after the colon is less or more"),
        (("--columns", "fields"), "there is no figure"),
        (("--executor", "ray:x"), "--executor takes dask:ADDRESS"),
        (("--designs", "none.csv"), "cannot read none.csv"),
        (("--designs", "none.csv", "--random", "3"), "no --random"),
        (("-o", "x.yaml"), "-o writes the design that --take names"),
        (("--store", "none/s.db"), "cannot write none/s.db"),
    ],
)
def test_bad_input(words: tuple[str, ...], message: str) -> None:
    run = rfcalc("sweep", "space.yaml", *words, columns=200)
    assert run.code == 2
    assert message in " ".join(run.err.replace("\u2502", " ").split())
    assert "Traceback" not in run.err


def test_other_rules_are_another_sweep(folder: Path) -> None:
    (folder / "space.yaml").write_text(SPEC.replace("bias: false", "bias: true, norm: bn"))
    words = ("sweep", "space.yaml", "--columns", "findings", "--store", "s.db", "--all", "--format", "csv")
    first = table(rfcalc(*words))
    assert any(row["findings"] != "0" for row in first)
    assert table(rfcalc(*words)) == first
    codes = sorted({code for row in first for code in row["note"].split()})
    (folder / "pyproject.toml").write_text(f"[tool.rfcalc]\nignore = {codes}\n")
    run = rfcalc(*words)
    assert (run.code, "the settings of the rules differ" in run.err) == (2, True)
    assert {row["findings"] for row in table(rfcalc(*words[:4], "--all", "-f", "csv"))} == {"0"}


def test_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []

    def work(*given: object) -> object:
        if len(computed) == 7:
            raise KeyboardInterrupt
        computed.append(given)
        return running_work(*given)

    running_work = running.work
    with monkeypatch.context() as patched:
        patched.setattr(running, "work", work)
        run = rfcalc("sweep", "space.yaml", "--store", "s.db")
    assert (run.code, run.err) == (130, "interrupted; what is done is in s.db: the same command goes on\n")
    assert "7 of 20; the same command goes on" in run.out
    assert rfcalc("sweep", "space.yaml", "--store", "s.db").out == rfcalc("sweep", "--show", "s.db").out
    assert rfcalc("sweep", "--show", "s.db", "-f", "json").data["complete"] is True


def test_what_is_no_spec() -> None:
    Path("model.py").write_text("")
    run = rfcalc("sweep", "model.py", "-s", "w=1,2", columns=200)
    assert run.code == 2
    assert "model.py is no spec, and sweep gives the params of one many values" in run.err


def test_a_spec_of_which_no_design_can_be_made_is_an_error() -> None:
    Path("bad.yaml").write_text(SPEC.replace("k: 3", "kk: 3"))
    run = rfcalc("sweep", "bad.yaml")
    assert run.code == 2
    assert "bad.yaml:8:" in run.err


@pytest.mark.parametrize(("words", "message"), [((), "which spec?"), (("--show", "none.db"), "there is no file none.db")])
def test_without_a_spec(words: tuple[str, ...], message: str) -> None:
    run = rfcalc("sweep", *words, columns=200)
    assert run.code == 2
    assert message in run.err
