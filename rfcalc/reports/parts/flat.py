"""The tables for programs of commands that take several networks: each row says which one it is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rfcalc.report.tables import Column, Table


def flat_table(network: str, keys: Sequence[str], rows: Iterable[tuple[object, ...]]) -> Table:
    """A table with one column per key, after that of the network."""
    return Table(network, tuple(Column(key, key) for key in ("network", *keys)), tuple((network, *row) for row in rows))
