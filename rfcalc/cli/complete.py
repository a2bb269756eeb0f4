"""What the shell offers when TAB is pressed: names of formats, codes, shipped networks, and of the layers of the named spec.

Nothing that is offered runs a program: a torch model or an ONNX file has no names here before it is analysed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from os.path import isdir

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
    from glob import escape, glob

    from rfcalc.importers import shipped

    files = sorted(glob(escape(incomplete) + "*"))
    here = [f"{path}/" if isdir(path) else path for path in files if isdir(path) or path.endswith(SUFFIXES)]
    return [*(name for name, _ in shipped() if name.startswith(incomplete)), *here]


def lessons(incomplete: str) -> list[str]:
    """The lessons that ship."""
    from rfcalc.language.lessons import lesson_names

    return [name for name in lesson_names() if name.startswith(incomplete)]


def layers(incomplete: str) -> list[str]:
    """The layers of the specs that the line names before; programs are left alone, since reading one runs its code."""
    from rfcalc.errors import SpecError
    from rfcalc.importers import is_program, load

    names: dict[str, None] = {}
    for word in _typed():
        if word.startswith("-") or is_program(word):
            continue
        try:
            names.update((node.name, None) for node in load(word).layers)
        except SpecError:  # the value of an option, most likely
            continue
    return [name for name in names if name.startswith(incomplete)]


def _typed() -> list[str]:
    """The words after the command. The shells' scripts hand the line over in one of two variables; an option that still
    lacks its value keeps the parser from reading the arguments before it."""
    line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    from shlex import split

    try:
        return split(line)[2:]
    except ValueError:  # an open quote
        return line.split()[2:]


def codes(incomplete: str) -> list[str]:
    """Codes of findings, after the last comma."""
    from rfcalc.checks.rules import rules

    return some_of(lambda: [*rules(), "ALL"])(incomplete)


def explained(incomplete: str) -> list[str]:
    """What `rfcalc explain` knows: codes, words of the language, settings."""
    from rfcalc.checks.codes import errors
    from rfcalc.checks.runner import explained as findings_explained
    from rfcalc.language.explained import keys, words

    return one_of(lambda: [*(one.code for one in findings_explained()), *errors(), *words(), *keys(), "settings"])(incomplete)


def optimizers(incomplete: str) -> list[str]:
    """The optimizers whose memory is known."""
    from rfcalc.analyses.training import OPTIMIZERS

    return one_of(lambda: OPTIMIZERS)(incomplete)


def findings(incomplete: str) -> list[str]:
    """The formats of `check` and `diff`."""
    from rfcalc.formats.findings import FORMATS

    return one_of(lambda: FORMATS)(incomplete)


def systems(incomplete: str) -> list[str]:
    """Where `init --ci` writes a job for."""
    from rfcalc.checks.templates import JOBS

    return one_of(lambda: JOBS)(incomplete)


def transforms(incomplete: str) -> list[str]:
    """The words of `transform --to`; a number follows some of them."""
    from rfcalc.transforms import TRANSFORMS

    return one_of(lambda: TRANSFORMS)(incomplete)


def conventions(incomplete: str) -> list[str]:
    """The tools whose way to count is known."""
    from rfcalc.analyses.cost import CONVENTIONS

    return one_of(lambda: CONVENTIONS)(incomplete)


def printed(incomplete: str) -> list[str]:
    """What `schema --of` has a schema of."""
    from rfcalc.reports.schema import COMMANDS

    return one_of(lambda: ("spec", *COMMANDS))(incomplete)


def networks(incomplete: str) -> list[str]:
    """Shipped networks."""
    from rfcalc.importers import shipped

    return one_of(lambda: (name for name, _ in shipped()))(incomplete)


def figures(incomplete: str) -> list[str]:
    """What a table of layers is sorted by."""
    from rfcalc.analyses.metrics import SORTED

    return one_of(lambda: SORTED)(incomplete)


def columns(incomplete: str) -> list[str]:
    """The columns of the layer table, after the last comma."""
    from rfcalc.reports.parts.columns import CHOICES

    return some_of(lambda: CHOICES)(incomplete)


def words(incomplete: str) -> list[str]:
    """The words of the spec language, and their families."""
    from rfcalc.language.explained import families

    return one_of(lambda: [*families(), *(word for members in families().values() for word in members)])(incomplete)


def swept(incomplete: str) -> list[str]:
    """The figures that a sweep keeps, after the last comma."""
    from rfcalc.sweeping.figures import FINDINGS, words

    return some_of(lambda: [*words(), FINDINGS])(incomplete)
