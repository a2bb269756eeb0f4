"""`rfcalc layers`: the words of the spec language, by family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import printed_page, usage
from rfcalc.cli.declared import argument


def layers(
    glob: Annotated[
        str | None,
        argument(metavar="[GLOB]", help="Only words that match: '*pool*', or a family: norm.", autocompletion=complete.words),
    ] = None,
) -> None:
    """The words that a layer can be, by family, with one line each; the page of a word where only one matches.

    Examples:

      rfcalc layers

      rfcalc layers '*pool'

      rfcalc layers norm
    """
    from rfcalc.errors import did_you_mean
    from rfcalc.language.explained import families, page, words

    found = {
        family: chosen
        for family, members in families().items()
        if (chosen := [word for word in members if glob is None or glob == family or fnmatchcase(word, glob)])
    }
    if not found:
        hint = did_you_mean(glob or "", [*words(), *families()])
        raise usage(f"there is no word and no family {glob!r}" + (f"; {hint}" if hint else ""))
    every = [word for members in found.values() for word in members]
    if len(every) == 1:
        printed_page(page(every[0]))
        return
    print("\n".join(_lines(found)))


def _lines(found: dict[str, list[str]]) -> Iterator[str]:
    from rfcalc.language.explained import words

    room = max(len(word) for members in found.values() for word in members) + 2
    for number, (family, members) in enumerate(found.items()):
        yield f"\n{family.capitalize()}" if number else family.capitalize()
        for word in members:
            first = re.split(r"(?<=[^.])\. |; ", words()[word])[0].rstrip(".")
            yield f"  {word:<{room}}{first}"
