"""Networks that ship with rfcalc; a graph in another form: as a module of torch, as the text of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from rfcalc.api.sources import load

if TYPE_CHECKING:
    from torch import nn

    from rfcalc.api.sources import Source
    from rfcalc.api.words import Size
    from rfcalc.language.lessons import Lesson


@overload
def configs() -> dict[str, str]: ...


@overload
def configs(name: str) -> str: ...


def configs(name: str | None = None) -> dict[str, str] | str:
    """The networks that ship with rfcalc, each with what it is; with a name that network's own text: `rfcalc configs`.

    Raises SpecError for a name that is not among them.
    """
    if name is None:
        from rfcalc.importers import shipped

        return dict(shipped())
    from rfcalc.language.files import shipped_text

    return shipped_text(name)


def lesson(name: str) -> Lesson:
    """What the spec of a lesson teaches: its `title`, its `text`, and its `runs`, commands with what each of them shows:
    `rfcalc lesson`, which also runs them and works out what they claim.

    `name`: a lesson that ships, or a spec with one. Raises SpecError.
    """
    from rfcalc.language.lessons import lesson

    return lesson(name)


def to_yaml(source: Source, input: Size | None = None) -> str:
    """The network as the text of a spec in which what repeats is a block: `rfcalc convert`. Raises SpecError."""
    from rfcalc.converting import written

    graph = load(source, input)
    return written(graph.source, {}, graph)


def to_torch(source: Source, *, seed: int | None = None) -> nn.Module:
    """The network as an nn.Module in training mode, with torch's own initialization (repeatable with a `seed`).

    Raises SpecError if torch is not installed, or if a layer has no form in torch.
    """
    from rfcalc.backends.optional import require

    require("torch", "torch")
    from rfcalc.backends.torch.build import to_torch as build

    return build(load(source), seed=seed)
