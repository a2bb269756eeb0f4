"""Packages that only an extra installs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rfcalc.errors import fail
from rfcalc.version import to_install

PACKAGES = {"PIL": "pillow"}  # where a module is not called as its package is


def require(module: str, extra: str) -> Any:
    """An optional package; raises SpecError with the line that installs it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        package = PACKAGES.get(error.name, error.name)
        hint = to_install(extra, package)
        raise fail("E400", f"this needs {package}, which is not installed", hint=hint) from None
