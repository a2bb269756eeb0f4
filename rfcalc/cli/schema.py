"""`rfcalc schema`: the JSON Schema of the spec language."""

from __future__ import annotations


def schema() -> None:
    """Print the JSON Schema of specs, for editors (yaml-language-server) and validators.

    In a spec's first line: # yaml-language-server: $schema=rfcalc.schema.json
    """
    import json

    from rfcalc.language.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
