"""Options and arguments as commands declare them: plain records, which the lane reads, and typer where a line needs it.

A command is a function; its parameters are `Annotated[kind, option(...)]` or `argument(...)`, in typer's own words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from rfcalc.record import record

Value: TypeAlias = Any  # of a parameter: what its kind says
NEEDED: Value = ...  # in the place of a default: without a value there is no call


class UsageError(Exception):
    """A command line that means nothing; typer words it, and the exit code is 2."""


class Context:
    """How a command was called: all words of the line (`obj`), and by name the values that are read so far. typer gives its
    own, which has both."""

    def __init__(self, obj: tuple[str, ...], params: dict[str, Value]) -> None:
        self.obj, self.params = obj, params
        self.resilient_parsing = False


@record(eq=False)
class Said:
    """How a value is said on the command line: an option by its names, an argument by its place; `how` is for typer."""

    names: tuple[str, ...]
    how: Mapping[str, Value]
    argument: bool = False

    @property
    def eager(self) -> bool:
        """Whether its callback comes before those of the others."""
        return bool(self.how.get("is_eager"))

    @property
    def callback(self) -> Callable[[Context, Value], Value] | None:
        """What is done with the value as soon as it is read."""
        return self.how.get("callback")

    def holds(self, number: int) -> bool:
        """Whether a number is within the limits."""
        low, high = self.how.get("min"), self.how.get("max")
        return (low is None or number >= low) and (high is None or number <= high)


def option(*names: str, **how: Value) -> Said:
    """An option; without names that of its parameter."""
    return Said(names, how)


def argument(**how: Value) -> Said:
    """An argument, which is required unless it has a default."""
    return Said((), how, argument=True)


@record(eq=False)
class Parameter:
    """A parameter of a command; `said` is None for its context."""

    name: str
    kind: Value
    said: Said | None
    default: Value

    @property
    def words(self) -> tuple[str, ...]:
        """The words that name it on the command line; none for an argument, or for a flag with an opposite (--x/--no-x)."""
        if self.said is None or self.said.argument:
            return ()
        names = self.said.names or (f"--{self.name.replace('_', '-')}",)
        return () if self.kind is bool and ("/" in names[0] or not self.said.names) else names


def parameter(name: str, annotation: Value, default: Value) -> Parameter:
    """A parameter by its annotation."""
    said = next((more for more in getattr(annotation, "__metadata__", ()) if isinstance(more, Said)), None)
    return Parameter(name, annotation.__origin__ if said else annotation, said, default)


def parameters(command: Callable[..., None], but: str = "") -> list[Parameter]:
    """The parameters of a command in their order, one left out (without `inspect`, which takes long to import)."""
    known: list[Parameter] | None = getattr(command, "parameters", None)
    if known is not None:
        return [one for one in known if one.name != but]
    code, world = command.__code__, command.__globals__
    placed = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(reversed(placed), reversed(command.__defaults__ or ()), strict=False)) | (command.__kwdefaults__ or {})
    names = [name for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if name != but]
    return [parameter(name, eval(command.__annotations__[name], world), defaults.get(name, NEEDED)) for name in names]  # noqa: S307
