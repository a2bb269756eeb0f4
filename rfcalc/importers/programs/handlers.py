"""The operators that rfcalc knows in one kind of program: what follows each, and what its operands are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Generic, TypeVar

from rfcalc.record import record

# The rooms of each kind of program, cut as the tools that they use (programs/views.py, ...).
FAMILIES = ("arithmetic", "joining", "maps", "moving", "norms", "products", "reductions", "resizing", "selection", "views")
C = TypeVar("C")
Keys = tuple[int | str, ...]


@record(eq=False)
class Known(Generic[C]):
    """One operator. `follow` gives its outputs: a tensor or constant, a tuple for several, None for one that is not followed;
    it is None where only shapes count and so nothing depends on the input.

    Operands by their numbers or names: `shapes` are those of which only the shape or the type counts; `learned` are weights,
    `kept` stand in the model and are not learned, `settings` are part of neither.
    """

    follow: Callable[[C], Any] | None
    shapes: Keys = ()
    learned: Keys = ()
    kept: Keys = ()
    settings: Keys = ()


class Handlers(Generic[C]):
    """The table of operators, filled by the modules of their families, which are imported when somebody asks."""

    def __init__(self, package: str, families: Sequence[str]) -> None:
        self.package, self.families = package, families
        self.known: dict[str, Known[C]] = {}
        self.full = False

    def __call__(
        self, *names: str, shapes: Keys = (), learned: Keys = (), kept: Keys = (), settings: Keys = ()
    ) -> Callable[[Callable[[C], Any]], Callable[[C], Any]]:
        """Decorates what follows some operators."""

        def register(follow: Callable[[C], Any]) -> Callable[[C], Any]:
            self._add(names, Known(follow, shapes, learned, kept, settings))
            return follow

        return register

    def shapes_only(self, *names: str, operands: Keys) -> None:
        """Operators that take nothing but the shapes of some operands: what they give does not depend on the input."""
        self._add(names, Known(None, operands))

    def _add(self, names: Sequence[str], known: Known[C]) -> None:
        for name in names:
            if name in self.known:
                raise ValueError(f"the operator {name} is registered twice")
            self.known[name] = known

    def find(self, name: str) -> Known[C] | None:
        """What is known of an operator; None for an unknown one."""
        if not self.full:
            self.full = True
            for family in self.families:
                import_module(f"{self.package}.{family}")
        return self.known.get(name)
