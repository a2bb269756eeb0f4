"""JSON: one object where one network was named, a list of them where several were; one line per layer, so that it reads and
diffs well."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer
from rfcalc.version import HEAD


def render(answer: Answer, screen: Screen) -> str:
    """The data of the reports."""
    texts = [_object({**HEAD, **report.data}) for report in answer.reports]
    return "[\n" + ",\n".join(texts) + "\n]" if answer.many else "".join(texts)


def _object(data: Mapping[str, object]) -> str:
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {_value(value)}" for key, value in data.items()) + "\n}"


def _value(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join("    " + json.dumps(item) for item in value) + "\n  ]"
    return json.dumps(value)
