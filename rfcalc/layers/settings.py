"""How a layer declares what can be set: each field of its record names a Kind, which parses one value of a spec.

A Kind raises RuleError with a plain message; whoever reads the spec adds the place. The same declarations give the JSON
Schema. Strings in numeric kinds are expressions, which the spec's reader evaluates before a Kind sees them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.record import MISSING, field, fields, record

if TYPE_CHECKING:
    from rfcalc.report.tables import Json

LARGEST = 10**9


def name_of(value: object) -> str:
    """A value as an error message shows it: short, and in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a mapping"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


class Kind:
    """What a setting accepts. `numeric`: a string is an expression, except the `words` it names."""

    numeric: bool = True
    words: tuple[str, ...] = ()

    def parse(self, value: object) -> Any:
        """The setting's value in the layer's record; raises RuleError."""
        raise NotImplementedError

    def written(self, value: object) -> object:
        """A setting's value as a spec says it; `parse` makes the value of it again."""
        return value

    def schema(self) -> dict[str, Json]:
        """The JSON Schema of this setting."""
        raise NotImplementedError


def forms(schema: dict[str, Json]) -> list[Json]:
    """The alternatives that a schema allows."""
    found = schema.get("anyOf")
    return found if isinstance(found, list) else [schema]


EXPRESSION: dict[str, Json] = {"type": "string", "description": "an expression over the params"}


@record
class Int(Kind):
    """A whole number between `low` and `high`, inclusive."""

    low: int = 1
    high: int = LARGEST

    def parse(self, value: object) -> int:
        if isinstance(value, float) and value == value and abs(value) < 1e15 and value == int(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise RuleError(f"must be a whole number, not {name_of(value)}")
        if value < self.low:
            raise RuleError(f"must be at least {self.low}, not {value if value > -LARGEST else 'so small'}")
        if value > self.high:
            raise RuleError(f"must be at most {self.high:,}" + (f", not {value:,}" if value < 10**20 else ""))
        return value

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [{"type": "integer", "minimum": self.low, "maximum": self.high}, EXPRESSION]}


@record
class Number(Kind):
    """A finite number, greater than or equal to `low` if that is given."""

    low: float | None = None
    high: float | None = None

    def parse(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e300:
            raise RuleError(f"must be a finite number, not {name_of(value)}")
        if self.low is not None and value < self.low:
            raise RuleError(f"must be at least {self.low:g}, not {value}")
        if self.high is not None and value > self.high:
            raise RuleError(f"must be at most {self.high:g}, not {value}")
        return value

    def schema(self) -> dict[str, Json]:
        limits = {"minimum": self.low} if self.low is not None else {}
        return {"anyOf": [{"type": "number", **limits}, EXPRESSION]}


@record
class Bool(Kind):
    """true or false (an expression may compute it)."""

    def parse(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise RuleError(f"must be true or false, not {name_of(value)}")
        return value

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [{"type": "boolean"}, EXPRESSION]}


@record
class Word(Kind):
    """One of a few words, or the name of a string parameter of the enclosing block."""

    words: tuple[str, ...]
    numeric: bool = True

    def parse(self, value: object) -> str:
        if value is None and "none" in self.words:
            return "none"
        if not isinstance(value, str) or value not in self.words:
            hint = did_you_mean(value, self.words) if isinstance(value, str) else ""
            raise RuleError(f"must be one of {', '.join(self.words)}, not {name_of(value)}" + (f"; {hint}" if hint else ""))
        return value

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [{"enum": list(self.words)}, EXPRESSION]}


@record
class Text(Kind):
    """Words as they are written, never an expression."""

    longest: int = 1000
    numeric: bool = False

    def parse(self, value: object) -> str:
        if not isinstance(value, str):
            raise RuleError(f"must be words, not {name_of(value)}")
        if len(value) > self.longest:
            raise RuleError(f"has {len(value):,} characters; at most {self.longest:,} are allowed")
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "maxLength": self.longest}


@record
class PerAxis(Kind):
    """One value for all axes, or a list with one per axis; kept as written until the rank of the input is known."""

    item: Kind

    def parse(self, value: object) -> Any:
        if not isinstance(value, list | tuple):
            return self.item.parse(value)
        if not 1 <= len(value) <= 8:
            raise RuleError("must be one value, or one per axis")
        return tuple(self.item.parse(entry) for entry in value)

    def schema(self) -> dict[str, Json]:
        one = self.item.schema()
        return {"anyOf": [*forms(one), {"type": "array", "items": one, "minItems": 1, "maxItems": 8}]}


@record
class PerSide(PerAxis):
    """As PerAxis, where an entry may be a pair [before, after]; and the words, if any, that name a rule."""

    words: tuple[str, ...] = ()

    def parse(self, value: object) -> Any:
        if isinstance(value, str):
            return Word(self.words).parse(value) if self.words else self.item.parse(value)
        if not isinstance(value, list | tuple):
            return self.item.parse(value)
        if not 1 <= len(value) <= 8:
            raise RuleError("must be one number, one per axis, or one pair [before, after] per axis")
        return tuple(self._side(entry) for entry in value)

    def _side(self, entry: object) -> object:
        if isinstance(entry, list | tuple):
            if len(entry) != 2:
                raise RuleError(f"a pair is [before, after], not {name_of(entry)}")
            return (self.item.parse(entry[0]), self.item.parse(entry[1]))
        return self.item.parse(entry)

    def schema(self) -> dict[str, Json]:
        one = self.item.schema()
        pair: Json = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        entry: Json = {"anyOf": [*forms(one), pair]}
        words = [{"enum": list(self.words)}] if self.words else []
        return {"anyOf": [*words, *forms(one), {"type": "array", "items": entry, "minItems": 1, "maxItems": 8}]}


@record
class ListOf(Kind):
    """A list of at least one value."""

    item: Kind

    def parse(self, value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise RuleError(f"must be a list, not {name_of(value)}")
        return tuple(self.item.parse(entry) for entry in value)

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": self.item.schema(), "minItems": 1}


@record
class Optional(Kind):
    """Another kind, or nothing (`null`, `none`)."""

    item: Kind

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        """The words of the inner kind, and "none"."""
        return (*self.item.words, "none")

    def parse(self, value: object) -> Any:
        return None if value is None or value == "none" else self.item.parse(value)

    def written(self, value: object) -> object:
        return None if value is None else self.item.written(value)

    def schema(self) -> dict[str, Json]:
        one = self.item.schema()
        return {"anyOf": [*forms(one), {"type": "null"}, {"const": "none"}]}


@record
class Setting:
    """One setting of a layer: its long name, short alias, kind, default (MISSING if it must be given) and meaning."""

    name: str
    alias: str
    kind: Kind
    default: Any
    help: str


def setting(kind: Kind, alias: str = "", *, default: Any = MISSING, help: str = "") -> Any:
    """A dataclass field that is a setting of a layer."""
    return field(default=default, metadata={"kind": kind, "alias": alias, "help": help})


def settings_of(cls: type) -> tuple[Setting, ...]:
    """The settings of a layer's record, in the order of its fields."""
    return _settings_of(cls)


@cache
def _settings_of(cls: type) -> tuple[Setting, ...]:
    return tuple(
        Setting(name, f.metadata["alias"], f.metadata["kind"], f.default, f.metadata["help"])
        for name, f in fields(cls).items()
        if "kind" in f.metadata
    )
