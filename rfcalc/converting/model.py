"""What a text is made of before it is text: lines of layers, values that may depend on params, blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rfcalc.record import record


class Mismatch(Exception):  # noqa: N818 (it is no error: another way of writing is tried)
    """Two pieces of a network that cannot be one block."""


class _Any:
    """Stands for a value that no layer asks for."""

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = _Any()


@record
class Expr:
    """An expression over params."""

    text: str


@record
class First:
    """In a repeat: one value in the first turn, another in the later ones. Each is a constant or an Expr."""

    first: Any
    later: Any


@dataclass(eq=False)
class StepDraft:
    """One entry of a `layers` list. While blocks are being found its names are relative to its block, and its settings
    are complete; `reads` are names too. `previous`: it reads what the entry before it gives.

    outs: the graph's nodes that it stands for, in every place where it is used. `paths`: those of a residual or branches.
    fixed: settings that no param can stand for. needs: nodes that it refers to by name. weights: the step whose it uses.
    """

    name: str
    word: str
    settings: dict[str, Any]
    reads: tuple[str, ...] = ()
    previous: bool = True
    repeat: Any = None
    when: Any = None
    paths: dict[str, list[StepDraft]] = field(default_factory=dict)
    prefix: str = ""
    outs: frozenset[int] = frozenset()
    fixed: tuple[tuple[str, str], ...] = ()
    needs: frozenset[int] = frozenset()
    weights: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What steps have in common that can be one step of a block."""
        counted = tuple(name for name in self.settings if name.startswith(COUNTS))
        return self.name, self.word, self.fixed, self.prefix, tuple(self.paths), counted, self.repeat is None, self.weights


COUNTS = "counts."  # settings that are written as counts: {...}
FLAG = "when"  # the family of params that say whether a layer is there


@dataclass(eq=False)
class Param:
    """A param of a block. `default` is None if each use must say it."""

    name: str
    family: str
    default: Any = None


@dataclass(eq=False)
class BlockDraft:
    """A block: its params in order, and its layers."""

    name: str
    params: list[Param]
    steps: list[StepDraft]

    def default(self, name: str) -> Any:
        """The default of a param."""
        return next((param.default for param in self.params if param.name == name), None)


@dataclass(eq=False)
class Item:
    """A layer with its norm and activation, or a use of a block, in the graph: the nodes first ... last. `weights`: the first
    node of the item whose weights it uses."""

    name: str
    word: str
    settings: dict[str, Any]
    reads: tuple[int, ...]
    first: int
    last: int
    repeat: Any = None
    weights: int | None = None


@dataclass(eq=False)
class Scope:
    """The layers whose names have a common beginning, in one piece."""

    name: str
    kids: list[Scope | Item]

    @property
    def items(self) -> Iterator[Item]:
        """All that lies in it, in order."""
        for kid in self.kids:
            if isinstance(kid, Item):
                yield kid
            else:
                yield from kid.items

    @property
    def scopes(self) -> Iterator[Scope]:
        """The scopes in it, itself last."""
        for kid in self.kids:
            if isinstance(kid, Scope):
                yield from kid.scopes
        yield self


def walk(steps: list[StepDraft]) -> Iterator[StepDraft]:
    """All steps, those on paths included."""
    for step in steps:
        yield step
        for path in step.paths.values():
            yield from walk(path)


def length(steps: list[StepDraft]) -> int:
    """How many lines the steps take."""
    return sum(1 + len(step.paths) + (bool(step.paths)) for step in walk(steps))
