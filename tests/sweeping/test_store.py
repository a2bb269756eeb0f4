"""A store of another sweep, of another version, that is damaged, locked, or cannot be written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.sweeping.store import made, opened
from rfcalc.sweeping.task import Chunk
from tests.sweeping.spaces import SPEC, plan, rows, spec, swept

PLAIN = {"columns": "params", "front": "macs"}


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = str(tmp_path / "s.db")
    swept(plan(spec(tmp_path), **PLAIN), found).close()
    return found


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"values": {"w": "8,16"}}, "the values of the space differ"),
        ({"where": "macs > 3"}, "--where differs"),
        ({"front": "macs,memory"}, "other figures are kept"),
        ({"random": 3}, "not drawn in the same way"),
        ({"text": SPEC.replace("k: 3", "k: 5")}, "the spec is another one, or has changed"),
    ],
)
def test_another_sweep(tmp_path: Path, path: str, more: dict[str, object], message: str) -> None:
    before = Path(path).read_bytes()
    source = spec(tmp_path, str(more.pop("text", SPEC)))
    with pytest.raises(SpecError, match=message):
        swept(plan(source, **{**PLAIN, **more}), path)
    assert Path(path).read_bytes() == before


def test_another_version(path: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE told SET value = '0.0.1' WHERE key = 'version'")
    with pytest.raises(SpecError, match=r"written by rfcalc 0\.0\.1"):
        opened(path)


def test_other_files(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (a)")
    text = tmp_path / "notes.txt"
    text.write_text("no database")
    for path, message in ((other, "a database, and no store"), (text, "no store of a sweep"), (tmp_path / "none", "no file")):
        with pytest.raises(SpecError, match=message):
            opened(str(path))
    begun = plan(spec(tmp_path))
    for path in (other, text):
        with pytest.raises(SpecError, match="no store of a sweep"):
            made(str(path), begun.told)
    assert text.read_text() == "no database"


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.touch()
    assert len(rows(swept(plan(spec(tmp_path)), str(path)))) == 20


def test_a_damaged_store(tmp_path: Path, path: str) -> None:
    data = bytearray(Path(path).read_bytes())
    data[4096:] = b"\x07" * (len(data) - 4096)
    Path(path).write_bytes(data)
    with pytest.raises(SpecError, match=r"damaged|cannot"):
        rows(opened(path))


def test_two_sweeps_on_one_store(tmp_path: Path) -> None:
    path, begun = str(tmp_path / "s.db"), plan(spec(tmp_path))
    first = made(path, begun.told)
    with pytest.raises(SpecError, match="is written by another sweep"):
        made(path, begun.told)
    assert rows(opened(path)) == []  # looking is no writing
    first.connection.execute("BEGIN IMMEDIATE")
    reader = opened(path)
    reader.connection.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(SpecError, match="is written by another sweep"):
        reader.join(["accuracy"], [])
    first.connection.execute("ROLLBACK")
    first.close()
    made(path, begun.told).close()
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith("s.db"))[:1] == ["s.db"]
    assert not (tmp_path / "s.db-lock").exists()


def test_a_full_disk(tmp_path: Path) -> None:
    path, begun = str(tmp_path / "s.db"), plan(spec(tmp_path))
    store = made(path, begun.told)
    (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    row = (0, 1, "a note " * 9000, None, (1,) * len(store.columns))
    with pytest.raises(SpecError, match="disk is full"):
        store.add(Chunk(0, 1, (row,)))
    store.connection.execute("PRAGMA max_page_count = 100000")
    assert store.done() == {}
    store.add(Chunk(0, 1, (row,)))
    assert store.counts() == (1, 0, 0, 0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(tmp_path: Path, path: str) -> None:
    tmp_path.chmod(0o555)
    try:
        assert len(rows(opened(path))) == 20
        with pytest.raises(SpecError, match="cannot write"):
            made(str(tmp_path / "new.db"), plan(str(tmp_path / "space.yaml")).told)
    finally:
        tmp_path.chmod(0o755)


def test_bytes_of_a_design(tmp_path: Path) -> None:
    """At most 200, with the usual figures and a params that is drawn among many."""
    path = tmp_path / "s.db"
    store = swept(plan(spec(tmp_path), values={"w": "8:4000:8", "d": "1:3"}, random=400), str(path))
    store.settle()
    store.close()
    assert path.stat().st_size < 400 * 200
