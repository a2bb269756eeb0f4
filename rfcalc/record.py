"""Records: dataclasses that cost little to define.

`dataclasses.dataclass(frozen=True)` compiles six methods for each class and imports `inspect`; rfcalc defines over a hundred
records whenever it starts. A record compiles its `__init__` when the first one is made; equality, hash and repr are shared
functions over its fields. It is a dataclass to everybody who asks (`dataclasses.fields`, `replace`), and frozen to the type
checker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)
R = TypeVar("R")
Thing: TypeAlias = Any  # a class, an instance or a value, of which nothing is known here
MISSING: Thing = object()
FEW = 16  # of which a record is made without compiling


class Field:
    """A field that is declared by more than its default."""

    def __init__(self, default: object, factory: Thing, metadata: Mapping[str, Thing]) -> None:
        self.default, self.factory, self.metadata = default, factory, metadata


def field(*, default: Thing = MISSING, default_factory: Thing = MISSING, metadata: Mapping[str, Thing] | None = None) -> Thing:
    """As `dataclasses.field`."""
    return Field(default, default_factory, metadata or {})


def fields(one: object) -> dict[str, Field]:
    """The fields of a record or of its class, by their names."""
    return one._fields  # type: ignore[attr-defined, no-any-return]


def replace(one: R, **changes: object) -> R:
    """As `dataclasses.replace`."""
    return type(one)(**{name: getattr(one, name) for name in fields(one)} | changes)


@overload
def record(cls: C, /) -> C: ...


@overload
def record(*, eq: bool = True) -> Callable[[C], C]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: Thing = None, /, *, eq: bool = True) -> Thing:
    """Class decorator. `eq=False`: instances are compared by identity."""
    if cls is None:
        return lambda one: _made(one, eq)
    return _made(cls, eq)


@dataclass_transform(field_specifiers=(field,))
def draft(cls: C) -> C:
    """A record that is filled in after it was made, and compared by identity."""
    _made(cls, eq=False)
    return cls


def _made(cls: Thing, eq: bool) -> Thing:
    own = cls.__dict__
    known: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        known |= base.__dict__.get("_fields", {})
    cls._fields, cls._own = known, [name for name, kind in own.get("__annotations__", {}).items() if kind[:8] != "ClassVar"]
    for name in cls._own:
        known[name] = one = _field(own.get(name, MISSING))
        if one.default is not MISSING:
            setattr(cls, name, one.default)
        elif name in own:
            delattr(cls, name)
    cls.__dataclass_fields__ = _Asked(cls)
    if "__init__" not in own:
        cls.__init__ = _first(cls)
    if "__repr__" not in own:
        cls.__repr__ = _repr
    if eq:
        cls._values = staticmethod(attrgetter(*known) if known else _nothing)
        cls.__eq__ = _eq
        cls.__hash__ = _hash
    return cls


def _field(given: object) -> Field:
    return given if isinstance(given, Field) else Field(given, MISSING, {})


def _first(cls: Thing) -> Callable[..., None]:
    """An `__init__` that puts the compiled one in its place."""

    known, left = fields(cls), FEW
    usual = {name: one.default for name, one in known.items() if one.default is not MISSING}
    plain = not hasattr(cls, "__post_init__") and all(one.factory is MISSING for one in known.values())

    def init(self: Thing, *values: object, **named: object) -> None:
        nonlocal left
        left -= 1
        given = dict(zip(known, values, strict=False))
        if plain and left > 0 and len(values) <= len(known) and not given.keys() & named:
            given = {**usual, **given, **named}
            if given.keys() == known.keys():
                self.__dict__.update({name: given[name] for name in known})
                return
        if cls.__init__ is init:
            cls.__init__ = _compiled(cls)
        cls.__init__(self, *values, **named)

    return init


def _compiled(cls: Thing) -> Thing:
    world: dict[str, Thing] = {"MISSING": MISSING}
    head, body = "self", ""
    for name, one in fields(cls).items():
        head += f", {name}"
        if one.factory is not MISSING:
            head += "=MISSING"
            world[f"_{name}"] = one.factory
            body += f"\n if {name} is MISSING: {name} = _{name}()"
        elif one.default is not MISSING:
            head += f"=_{name}"
            world[f"_{name}"] = one.default
        body += f"\n self.{name} = {name}"
    if hasattr(cls, "__post_init__"):
        body += "\n self.__post_init__()"
    exec(f"def __init__({head}):{body or ' pass'}", world)  # noqa: S102
    world["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return world["__init__"]


class _Asked:
    """The fields as the `dataclasses` module has them, made when it asks."""

    def __init__(self, cls: Thing) -> None:
        self.cls = cls

    def __get__(self, one: object, owner: object = None) -> object:
        import dataclasses

        cls = self.cls
        del cls.__dataclass_fields__
        for name in cls._own:
            said = fields(cls)[name]
            how = {"default": said.default, "default_factory": said.factory, "metadata": said.metadata}
            setattr(cls, name, dataclasses.field(**{key: value for key, value in how.items() if value is not MISSING}))
        dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        return cls.__dataclass_fields__


def _nothing(_: Thing) -> tuple[()]:
    return ()


def _eq(self: Thing, other: Thing) -> Thing:
    if self.__class__ is other.__class__:
        return self._values(self) == self._values(other)
    return NotImplemented


def _hash(self: Thing) -> int:
    return hash((self.__class__, self._values(self)))


def _repr(self: Thing) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in fields(self))
    return f"{self.__class__.__qualname__}({shown})"
