"""Records: dataclasses that cost little to define.

`dataclasses.dataclass(frozen=True)` compiles six methods for each class, and rfcalc defines some eighty of them whenever it
starts. A record compiles its `__init__` only; equality, hash and repr are shared functions over its fields. It is a
dataclass to everybody who asks (`fields`, `replace`), and frozen to the type checker.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)


@overload
def record(cls: C, /) -> C: ...


@overload
def record(*, eq: bool = True) -> Callable[[C], C]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: Any = None, /, *, eq: bool = True) -> Any:
    """Class decorator. `eq=False`: instances are compared by identity."""
    if cls is None:
        return lambda one: _made(one, eq)
    return _made(cls, eq)


def _made(cls: type, eq: bool) -> type:
    made: Any = dataclass(eq=False, repr=False)(cls)
    names = [f.name for f in fields(made)]
    if "__repr__" not in cls.__dict__:
        made.__repr__ = _repr
    if eq:
        made._values = staticmethod(attrgetter(*names) if names else _nothing)
        made.__eq__ = _eq
        made.__hash__ = _hash
    return made  # type: ignore[no-any-return]


def _nothing(_: Any) -> tuple[()]:
    return ()


def _eq(self: Any, other: Any) -> Any:
    if self.__class__ is other.__class__:
        return self._values(self) == self._values(other)
    return NotImplemented


def _hash(self: Any) -> int:
    return hash((self.__class__, self._values(self)))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))
    return f"{self.__class__.__qualname__}({shown})"
