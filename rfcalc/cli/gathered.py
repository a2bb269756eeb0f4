"""Options that several commands share, or that a table makes: a command gets them as one argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from rfcalc.cli.declared import parameter, parameters

Command = Callable[..., None]


def gathered(
    into: str, options: Mapping[str, tuple[object, object]], make: Callable[[dict[str, Any]], object]
) -> Callable[[Command], Command]:
    """A decorator that gives a command `options` (their annotation and default by the parameter's name). The command's own
    argument `into` becomes what `make` makes of their values; without a name it gets nothing, as `make` does all."""

    def decorated(command: Command) -> Command:
        @wraps(command)
        def run(**values: Any) -> None:
            taken = {name: values.pop(name) for name in options}
            made = make(taken)
            command(**values, **({into: made} if into else {}))

        more = [parameter(name, kind, default) for name, (kind, default) in options.items()]
        run.parameters = [*parameters(command, but=into), *more]  # type: ignore[attr-defined]
        return run

    return decorated
