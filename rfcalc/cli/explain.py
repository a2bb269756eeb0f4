"""`rfcalc explain`: what a code, or a word of the spec language, means."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill
from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import printed_page, usage
from rfcalc.cli.declared import argument


def explain(
    what: Annotated[
        str | None,
        argument(
            metavar="[CODE|WORD]",
            autocompletion=complete.explained,
            help="RF201, E104, a rule's name, conv, repeat, settings; all of them if left out.",
        ),
    ] = None,
) -> None:
    """Print what a finding or an error means and how to mend it, or the settings of a word of the spec language.

    Examples:

      rfcalc explain RF201

      rfcalc explain E102

      rfcalc explain conv
    """
    from rfcalc.checks import keys, pages
    from rfcalc.errors import did_you_mean
    from rfcalc.language import explained as language
    from rfcalc.language.synonyms import op_hint

    if what is None:
        print("\n".join(_lines()))
        return
    codes = _codes()
    code = next((code for code, name in codes.items() if what.upper() == code or what.lower() == name), "")
    words = {**language.words(), **language.keys()}
    pages_of = [language.page(what)] if what in words else []
    pages_of += [pages.page(code)] if code else []
    pages_of += [keys.page()] if what == "settings" else []
    if not pages_of:
        hint = op_hint(what, [*words, *codes.values(), "settings"]) or did_you_mean(what.upper(), codes)
        raise usage(f"there is no code and no word {what!r}" + (f"; {hint}" if hint else ""))
    printed_page("\n\n".join(pages_of))


def _codes() -> dict[str, str]:
    """The names of all codes."""
    from rfcalc.checks.codes import errors
    from rfcalc.checks.runner import explained

    return {one.code: one.name for one in explained()} | {one.code: one.name for one in errors().values()}


def _lines() -> Iterator[str]:
    """A line for each code, and the words."""
    from rfcalc.checks.codes import errors
    from rfcalc.checks.rules import rules
    from rfcalc.checks.runner import explained
    from rfcalc.language.explained import keys, words

    opt_in = {rule.code for rule in rules().values() if not rule.default}
    for one in explained():
        yield f"{one.code}  {one.name:<24} {one.summary}{' (opt-in)' if one.code in opt_in else ''}"
    yield ""
    for error in errors().values():
        yield f"{error.code:<5}  {error.name:<24} {error.means[0].lower() + error.means[1:].rstrip('.')}"
    for title, entries in (("Words", words()), ("Keys", keys())):
        yield ""
        yield fill(f"{title}: {', '.join(sorted(entries))}", 100)
    yield ""
    yield "settings: what pyproject.toml and rfcalc.toml may say"
