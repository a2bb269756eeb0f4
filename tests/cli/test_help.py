"""What `--help` prints is what was written: nothing in brackets is taken for markup and lost."""

from __future__ import annotations

from importlib import import_module
from inspect import getdoc
from typing import Any, get_type_hints

import pytest
from rich.text import Text

from rfcalc.cli import COMMANDS


def texts(command: Any) -> list[str]:
    """The help of a command and of each of its options."""
    hints = get_type_hints(command, include_extras=True).values()
    found = [getattr(part, "help", "") for hint in hints for part in getattr(hint, "__metadata__", ())]
    return [getdoc(command) or "", *(text for text in found if text)]


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_lost(name: str) -> None:
    module, function = COMMANDS[name]
    command = getattr(import_module(module), function)
    assert len(texts(command)) > 1 or name in ("configs", "schema")
    for text in texts(command):
        shown = Text.from_markup(text).plain
        assert shown == text.replace("\\[", "[").replace("\b", "")
