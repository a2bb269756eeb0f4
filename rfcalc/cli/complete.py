"""What the shell offers when TAB is pressed: names of formats, codes, shipped networks, and of the layers of the named spec.

Nothing that is offered runs a program: a torch model or an ONNX file has no names here before it is analysed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from glob import escape, glob
from os.path import isdir
from typing import Any

Offer = Callable[[str], list[str]]
SUFFIXES = (".yaml", ".yml", ".onnx", ".cfg", ".pt2", ".py")


def one_of(words: Callable[[], Iterable[str]]) -> Offer:
    """Offers those of the words that begin as what was typed; they are asked for when TAB is pressed."""

    def offer(incomplete: str) -> list[str]:
        return [word for word in words() if word.startswith(incomplete)]

    return offer


def some_of(words: Callable[[], Iterable[str]]) -> Offer:
    """The same for a list with commas: what is offered is the list with its last word completed."""

    def offer(incomplete: str) -> list[str]:
        done, comma, last = incomplete.rpartition(",")
        chosen = done.split(",")
        return [done + comma + word for word in words() if word.startswith(last) and word not in chosen]

    return offer


def specs(incomplete: str) -> list[str]:
    """Shipped networks, and the files and folders that begin so."""
    from rfcalc.importers import shipped

    files = sorted(glob(escape(incomplete) + "*"))
    here = [f"{path}/" if isdir(path) else path for path in files if isdir(path) or path.endswith(SUFFIXES)]
    return [*(name for name, _ in shipped() if name.startswith(incomplete)), *here]


def layers(ctx: Any, incomplete: str) -> list[str]:
    """The layers of the spec that was named before."""
    from rfcalc.errors import SpecError
    from rfcalc.importers import is_program, load

    named = ctx.params.get("spec") or ctx.params.get("specs") or ()
    names: dict[str, None] = {}
    for spec in [named] if isinstance(named, str) else named:
        if spec == "-" or is_program(spec):
            continue
        try:
            names.update((node.name, None) for node in load(spec).layers)
        except SpecError:
            continue
    return [name for name in names if name.startswith(incomplete)]


def codes(incomplete: str) -> list[str]:
    """Codes of findings, after the last comma."""
    from rfcalc.checks.rules import rules

    return some_of(lambda: [*rules(), "ALL"])(incomplete)


def explained(incomplete: str) -> list[str]:
    """What `rfcalc explain` knows: codes, names of rules, words of the language."""
    from rfcalc.cli.explain import known

    return one_of(known)(incomplete)
