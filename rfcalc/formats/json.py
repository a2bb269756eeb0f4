"""JSON: one object where one network was named, a list of them where several were; one line per layer, so that it reads and
diffs well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quoted

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Answer
from rfcalc.version import HEAD


def render(answer: Answer, screen: Screen) -> str:
    """The data of the reports."""
    texts = [_object({**HEAD, **report.data}) for report in answer.reports]
    return "[\n" + ",\n".join(texts) + "\n]" if answer.many else "".join(texts)


def _object(data: Mapping[str, object]) -> str:
    kept: dict[int, str] = {}
    return "{\n" + ",\n".join(f"  {quoted(key)}: {_value(value, kept)}" for key, value in data.items()) + "\n}"


def _value(value: object, kept: dict[int, str]) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join([f"    {_text(item, kept)}" for item in value]) + "\n  ]"
    return json.dumps(value)


def _text(item: dict[str, object], kept: dict[int, str]) -> str:
    """As `json.dumps`, but that a mapping in several items is written once; `kept`: by the identity of those."""
    parts = []
    for key, value in item.items():
        kind = value.__class__
        if isinstance(value, str):
            text = quoted(value)
        elif kind is int:
            text = str(value)
        elif kind is dict or kind is list:
            text = kept.get(id(value)) or kept.setdefault(id(value), json.dumps(value))
        else:
            text = json.dumps(value)
        parts.append(f"{quoted(key)}: {text}")
    return "{" + ", ".join(parts) + "}"
