"""Which design is recommended, and what is said of it."""

from __future__ import annotations

from rfcalc.designing.designs import front
from rfcalc.designing.space import Space
from rfcalc.relations.shape import Shape
from rfcalc.reports.designs import designs_report, recommended, seen


def test_the_cheapest_that_covers_the_target() -> None:
    for space in (Space(224), Space(91, stride=16), Space(120, stride=16, effective=True)):
        designs = front(space)
        choice = recommended(space, designs)
        covering = [design for design in designs if seen(space, design) >= space.target]
        assert len(covering) not in (0, len(designs))
        assert designs[choice.index] == min(covering, key=lambda design: design.macs * design.params)
        assert "covers the target" in choice.why


def test_where_none_covers_it_the_nearest_and_what_to_ask_for() -> None:
    """97 and 99 are equally near to 98; the smaller one costs less, and so the front holds no design that covers 98."""
    space = Space(98, Shape(3, (640, 640)))
    designs = front(space)
    choice = recommended(space, designs)
    assert max(design.field for design in designs) == designs[choice.index].field == 97
    assert "none of these covers 98 pixels" in choice.why
    assert "--target 99" in choice.why
    above = front(Space(99, Shape(3, (640, 640))))
    assert max(design.field for design in above) >= 99


def test_the_table_holds_the_recommended_design_and_says_how_far_off_it_is() -> None:
    space = Space(90, stride=16)
    designs = front(space)
    choice = recommended(space, designs)
    report = designs_report(space, designs, choice)
    shown = [
        [column.show(value) for column, value in zip(report.tables[0].columns, row, strict=True)]
        for row in report.tables[0].rows
    ]
    (row,) = (row for row in shown if row[0].endswith("*"))
    off = designs[choice.index].field - 90
    assert row[:4] == [f"{choice.index + 1} *", str(90 + off), f"{designs[choice.index].effective:.0f}", f"{off:+d} px"]
    assert report.data["recommended"]["number"] == choice.index + 1
