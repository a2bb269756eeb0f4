"""Golden tables: each figure of each shipped network, layer by layer, whose columns are added up again.

`make accept` writes the tables anew; read the difference before you commit it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.analyses.receptive_field import Fields
from rfcalc.graph import Graph, Node
from rfcalc.importers import load, shipped
from tests.golden import Golden

FOLDER = Path(__file__).parent / "golden"
NAMES = [name for name, _ in shipped()]
COLUMNS = ("layer", "op", "output", "field", "smallest", "stride", "start", "read", "whole", "macs", "params", "buffers")


def table(graph: Graph) -> str:
    """One row per layer as the spec wrote it: a convolution, its norm and its activation are one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    fields = Fields(graph)
    for part in parts(graph):
        field = fields.of(graph.by_name[part[-1].name])
        costs = [node.cost for node in part]
        writer.writerow(
            (
                part[0].part_of,
                part[0].op.word,
                part[-1].shape,
                joined(field.size),
                joined(field.size_min),
                joined(field.stride),
                joined(field.start, ","),
                "" if field.coverage is None else f"{field.coverage:.6g}",
                "whole" if field.whole_input else "",
                sum(cost.macs for cost in costs),
                sum(cost.params for cost in costs),
                sum(cost.buffers for cost in costs),
            )
        )
    return text.getvalue()


def parts(graph: Graph) -> Iterator[list[Node]]:
    part: list[Node] = []
    for node in graph.layers:
        if part and node.part_of != part[0].part_of:
            yield part
            part = []
        part.append(node)
    yield part


def joined(values: Sequence[int | Fraction] | None, mark: str = "x") -> str:
    return "" if values is None else mark.join(map(str, values))


@pytest.mark.parametrize("name", NAMES)
def test_table(name: str, golden: Golden) -> None:
    golden.check(FOLDER / f"{name}.csv", table(load(name)))


@pytest.mark.parametrize("name", NAMES)
def test_columns_add_up(name: str) -> None:
    with (FOLDER / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    analysis = analyze(load(name))
    assert sum(int(row["macs"]) for row in rows) == analysis.macs
    assert sum(int(row["params"]) for row in rows) == analysis.params


def test_no_table_is_left_over() -> None:
    assert {str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.csv")} == set(NAMES)
