"""docs/json.md: what each command's JSON holds, made from the schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rfcalc.reports.schema import COMMANDS, output_schema

INTRODUCTION = """\
# JSON

Every command that takes `--format` prints JSON for programs, in two forms:

| form | one network | several networks | what could not be read |
| --- | --- | --- | --- |
| `--format json` | one object | a list of such objects, even if only one could be read | standard error |
| `--format jsonl` | one line with that object | one line each | one line each, `{"error": {...}}`; standard error too |

A script that passes a glob takes `jsonl`, whose lines mean the same for one file and for a hundred:

```sh
rfcalc analyze models/*.yaml --format jsonl | jq -r 'select(.error | not) | [.name, .totals.macs, .totals.params] | @tsv'
```

The exit code says how it went: 0 fine, 1 findings, 2 something could not be read. `check`, `diff` and `time` print one object
about all networks. CSV has one shape too: of a command that takes several networks the first column is always `network`.

`schema_version` is {version}. New keys may come at any time; a key that goes, or gets another meaning, raises it. Lists have
one entry per spatial axis, in networks of one, two or three axes. `rfcalc schema --of COMMAND` prints the JSON Schema of the
version that is installed; it knows every key and every setting of every layer, and allows no others:

```sh
rfcalc schema --of analyze > analyze.schema.json
```
"""


def page() -> str:
    """The whole page."""
    schemas = {command: output_schema(command) for command in COMMANDS}
    version = next(iter(schemas["check"]["$defs"].values()))["properties"]["schema_version"]["const"]
    parts = [INTRODUCTION.replace("{version}", str(version))]
    done: set[str] = set()
    for command, schema in schemas.items():
        parts.append("\n".join(_command(command, schema["$defs"], done)) + "\n")
    return "\n".join(parts)


def _command(command: str, definitions: dict[str, Any], done: set[str]) -> Iterator[str]:
    yield f"## rfcalc {command}"
    for name, one in definitions.items():
        if name not in done:
            done.add(name)
            yield f"\n### {name}\n\n{one['description']}\n\n| key | value | meaning |\n| --- | --- | --- |"
            for key, value in one["properties"].items():
                optional = "" if key in one["required"] else "?"
                yield f"| `{key}`{optional} | {_type(value)} | {value.get('description', '').replace('|', chr(92) + '|')} |"
    roots = [name for name in COMMANDS[command].models if name in definitions]
    yield f"\nPrints {' or '.join(roots)}." if len(definitions) > len(roots) else ""


def _type(value: dict[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "anyOf" in value:
        return " or ".join(map(_type, value["anyOf"]))
    if "const" in value:
        return str(value["const"])
    if "prefixItems" in value:
        return f"list of {', '.join(map(_type, value['prefixItems']))}"
    if value.get("type") == "array":
        count = f"{value['minItems']} of " if "minItems" in value else ""
        return f"list of {count}{_type(value['items'])}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"object of {_type(inner)}" if isinstance(inner, dict) else "object"
    return str(value.get("type", "string"))
