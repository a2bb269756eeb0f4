"""JSON that other commands have printed, for the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rfcalc.errors import fail


def printed(path: str) -> Any:
    """What a file of JSON says; raises SpecError for one that cannot be read."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise fail("E504", f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise fail("E504", f"{path} is no JSON") from None
