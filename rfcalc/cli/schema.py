"""`rfcalc schema`: the JSON Schema of the spec language, and of what commands print."""

from __future__ import annotations

from typing import Annotated

from rfcalc.cli import complete
from rfcalc.cli.common import choice
from rfcalc.cli.declared import option


def schema(
    of: Annotated[
        str,
        option(
            "--of",
            metavar="COMMAND",
            autocompletion=complete.printed,
            help="Of the JSON that this command prints; spec: of specs.",
        ),
    ] = "spec",
) -> None:
    """Print the JSON Schema of specs, for editors (yaml-language-server) and validators, or of what a command prints with
    --format json.

    In a spec's first line: # yaml-language-server: $schema=rfcalc.schema.json

    Examples:

      rfcalc schema > rfcalc.schema.json

      rfcalc schema --of analyze
    """
    import json

    from rfcalc.language.schema import json_schema
    from rfcalc.reports.schema import COMMANDS, output_schema

    choice(of, ("spec", *COMMANDS), "--of")
    print(json.dumps(json_schema() if of == "spec" else output_schema(of), indent=2))
