"""`rfcalc explain`: what a code means."""

from __future__ import annotations

from typing import Annotated

import typer

from rfcalc.cli.common import usage


def explain(
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="A code such as RF201; all codes if left out.")] = None,
) -> None:
    """Print what a finding means, why it matters, an example, how to mend it, and where to read more.

    Example:

      rfcalc explain RF201
    """
    from rfcalc.checks.pages import page
    from rfcalc.checks.rules import rules
    from rfcalc.checks.runner import BUDGETS
    from rfcalc.errors import did_you_mean

    known = {**{rule.code: rule.name for rule in rules().values()}, **{b.code: b.name for b in BUDGETS}}
    if code is None:
        for rule in rules().values():
            print(f"{rule.code}  {rule.name:<24} {rule.summary}{'' if rule.default else ' (opt-in)'}")
        for one in BUDGETS:
            print(f"{one.code}  {one.name:<24} {one.summary}")
        return
    wanted = code.upper()
    wanted = next((c for c, name in known.items() if name == code.lower()), wanted)
    if wanted not in known:
        hint = did_you_mean(wanted, known)
        raise usage(f"there is no code {code!r}" + (f"; {hint}" if hint else ""))
    print(page(wanted))
