"""What a plain word of a YAML file means: the core schema of YAML 1.2 (section 10.3 of its specification)."""

from __future__ import annotations

import re
from typing import Any

WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
WORDS |= {sign + dot: float(f"{sign}inf") for sign in ("", "+", "-") for dot in (".inf", ".Inf", ".INF")}
WORDS |= {word: float("nan") for word in (".nan", ".NaN", ".NAN")}
INT = re.compile(r"[-+]?[0-9]+")
BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NUMERIC = frozenset("+-.0123456789")
MOST_DIGITS = 200


def resolve(text: str) -> Any:
    """The value of a plain scalar: None, a bool, an int, a float or the text itself.

    `no`, `on` and `yes` are strings, `010` is ten. Raises ValueError for a number of more than MOST_DIGITS digits.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMERIC:
        return text
    if len(text) > MOST_DIGITS and (INT.fullmatch(text) or BASED.fullmatch(text) or FLOAT.fullmatch(text)):
        raise ValueError(f"a number of {len(text):,} digits")
    if INT.fullmatch(text):
        return int(text)
    if BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if FLOAT.fullmatch(text) else text
