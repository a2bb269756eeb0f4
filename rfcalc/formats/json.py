"""JSON: one object for one report, a list for several; one line per layer, so that it reads and diffs well."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Json, Report


def render(reports: Sequence[Report], screen: Screen) -> str:
    """The data of the reports."""
    texts = [_object(report.data) for report in reports]
    return texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "\n]"


def _object(data: Mapping[str, Json]) -> str:
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {_value(value)}" for key, value in data.items()) + "\n}"


def _value(value: Json) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join("    " + json.dumps(item) for item in value) + "\n  ]"
    return json.dumps(value)
