"""Designs as Parquet."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.sweeping import parquet
from tests.running import rfcalc
from tests.sweeping.spaces import spec


def test_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow", reason="--parquet needs rfcalc-cli[parquet]")
    from pyarrow.parquet import read_table

    monkeypatch.setattr(parquet, "GROUP", 3)
    monkeypatch.chdir(tmp_path)
    spec(tmp_path)
    (tmp_path / "mine.csv").write_text("design,accuracy\n3,0.5\n4,\n")
    words = ("sweep", "space.yaml", "-s", "g=1,8", "-s", "w=8,12", "-s", "d=1,2", "--store", "s.db", "--join", "mine.csv")
    run = rfcalc(*words, "--all", "--parquet", "all.parquet")
    assert (run.code, run.err.splitlines()[-1]) == (0, "wrote all.parquet: 8 designs"), run.err
    table = read_table("all.parquet").to_pylist()
    shown = rfcalc("sweep", "--show", "s.db", "--all", "--format", "json").data["designs"]
    assert [row["design"] for row in table] == [one["number"] for one in shown]
    for row, one in zip(table, shown, strict=True):
        assert {key: row[key] for key in one["figures"]} == one["figures"]
        assert {key: row[f"param.{key}"] for key in one["values"]} == one["values"]
        assert (row["state"], row["note"]) == (one["state"], one.get("error"))
    assert type(table[0]["macs"]) is int
    assert rfcalc("sweep", "--show", "s.db", "--parquet", "all.parquet").code == 2  # it is there already
    assert rfcalc("sweep", "--show", "s.db", "--parquet", "none/all.parquet").code == 2
