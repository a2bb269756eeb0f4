"""Designs of a sweep as Parquet, a group of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from rfcalc.errors import fail
from rfcalc.sweeping.view import Design, View

GROUP = 50_000


def write(view: View, designs: Iterable[Design], path: str) -> int:
    """Writes them to a file, whole numbers as such; gives how many there are. Raises SpecError."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise fail("E505", "--parquet needs pyarrow", None, 'pip install "rfcalc-cli[parquet]"') from None
    texts = ["spec", "state", "note", *(f"param.{key}" for key in view.keys)]
    kinds = {key: pyarrow.float64() if view.has_fractions(key) else pyarrow.int64() for key in view.columns}
    schema = pyarrow.schema(
        [("design", pyarrow.int64()), *((name, pyarrow.string()) for name in texts), *((key, kinds[key]) for key in kinds)]
    )
    left, count = iter(designs), 0
    try:
        with ParquetWriter(path, schema) as writer:
            while rows := list(islice(left, GROUP)):
                columns = [[one.number for one in rows], [one.source for one in rows], [one.state for one in rows]]
                columns += [[one.note for one in rows], *([one.values.get(key) for one in rows] for key in view.keys)]
                columns += [[one.figures[key] for one in rows] for key in view.columns]
                writer.write_table(pyarrow.table(columns, schema=schema))
                count += len(rows)
    except OSError as error:
        raise fail("E302", f"cannot write {path}: {error}") from None
    return count
