"""Options that several commands share, or that a table makes: a command gets them as one argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, get_type_hints

Command = Callable[..., None]


def gathered(
    into: str, options: Mapping[str, tuple[object, object]], make: Callable[[dict[str, Any]], object]
) -> Callable[[Command], Command]:
    """A decorator that gives a command `options` (their annotation and default by the parameter's name). The command's own
    argument `into` becomes what `make` makes of their values; without a name it gets nothing, as `make` does all."""

    def decorated(command: Command) -> Command:
        written = SimpleNamespace(__annotations__={k: v for k, v in command.__annotations__.items() if k != into})
        hints = get_type_hints(written, command.__globals__, include_extras=True)
        own = [p.replace(annotation=hints[p.name]) for p in signature(command).parameters.values() if p.name != into]
        more = [Parameter(name, Parameter.KEYWORD_ONLY, default=d, annotation=kind) for name, (kind, d) in options.items()]

        @wraps(command)
        def run(**values: Any) -> None:
            taken = {name: values.pop(name) for name in options}
            made = make(taken)
            command(**values, **({into: made} if into else {}))

        run.__signature__ = signature(command).replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in (*own, *more)}
        return run

    return decorated
