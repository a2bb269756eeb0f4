"""`rfcalc configs`: the shipped networks, and the text of one of them."""

from __future__ import annotations

import sys
from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.declared import argument


def configs(
    name: Annotated[
        str | None, argument(metavar="[NAME]", autocompletion=complete.networks, help="Print this one's own text.")
    ] = None,
) -> None:
    """List the networks that ship with rfcalc, one line each; with a NAME print the spec as it is written.

    Examples:

      rfcalc configs

      rfcalc configs resnet50
    """
    from rfcalc.importers import shipped
    from rfcalc.language.files import shipped_text

    if name is not None:
        sys.stdout.write(shipped_text(name))
        return
    rows = shipped()
    width = max((len(name) for name, _ in rows), default=0)
    for each, description in rows:
        print(f"{each:<{width}}  {description}".rstrip())
