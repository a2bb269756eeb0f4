"""Records: what they cost nothing for, and that they are dataclasses to everybody who asks."""

from __future__ import annotations

import dataclasses
import pickle
from typing import ClassVar

import pytest

from rfcalc.record import draft, field, fields, record, replace


@record
class Base:
    kind: ClassVar[str] = "base"
    a: int
    b: str = "x"


@record
class Point(Base):
    b: str = "y"
    more: dict[str, int] = field(default_factory=dict)
    told: int = field(default=3, metadata={"help": "a number"})


@record(eq=False)
class Alone:
    value: int

    def __post_init__(self) -> None:
        self.twice = 2 * self.value


@draft
class Open:
    steps: list[int] = field(default_factory=list)


def test_fields_are_those_of_the_bases_and_its_own() -> None:
    assert list(fields(Base)) == ["a", "b"]
    assert list(fields(Point)) == ["a", "b", "more", "told"]
    assert fields(Point)["told"].metadata == {"help": "a number"}


def test_made_compared_shown() -> None:
    one = Point(1)
    assert (one.a, one.b, one.more, one.told) == (1, "y", {}, 3)
    assert one.more is not Point(1).more
    assert one == Point(a=1, b="y", more={}, told=3) != Point(2)
    assert Base(1) != Point(1)
    assert hash(Base(1, "x")) == hash(Base(1))
    assert Base(1) in {Base(1)}
    assert repr(one) == "Point(a=1, b='y', more={}, told=3)"
    assert Alone(1) != Alone(1)
    assert Alone(2).twice == 4
    assert Open().steps is not Open().steps
    assert pickle.loads(pickle.dumps(one)) == one


def test_changed() -> None:
    assert replace(Point(1), a=5) == Point(5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'c'"):
        replace(Point(1), c=5)


@pytest.mark.parametrize("wrong", [(), (1, 2, 3, 4, 5)])
def test_a_wrong_call_says_what_is_wrong(wrong: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match=r"Base.__init__\(\)"):
        Base(*wrong)


def test_dataclasses_know_them() -> None:
    assert dataclasses.is_dataclass(Point)
    assert [(f.name, f.default, dict(f.metadata)) for f in dataclasses.fields(Point)] == [
        ("a", dataclasses.MISSING, {}),
        ("b", "y", {}),
        ("more", dataclasses.MISSING, {}),
        ("told", 3, {"help": "a number"}),
    ]
    assert dataclasses.replace(Point(1), b="z") == Point(1, "z")
    assert dataclasses.asdict(Point(1)) == {"a": 1, "b": "y", "more": {}, "told": 3}
    assert Point(1) == Point(1) != Point(2)
    assert [f.name for f in dataclasses.fields(Base(1))] == ["a", "b"]


def test_a_dataclass_can_be_made_of_one() -> None:
    @dataclasses.dataclass
    class Wider(Base):
        c: int = 4

    assert Wider(1, "b", 2).c == 2
    assert dataclasses.asdict(Wider(1)) == {"a": 1, "b": "x", "c": 4}
