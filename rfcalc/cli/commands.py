"""The commands: each is a module that is imported when its name is typed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from rfcalc.cli.color import colored

# command: (module, function)
COMMANDS: dict[str, tuple[str, str]] = {
    "analyze": ("rfcalc.cli.analyze", "analyze"),
    "compare": ("rfcalc.cli.compare", "compare"),
    "report": ("rfcalc.cli.report", "report"),
    "sizes": ("rfcalc.cli.sizes", "sizes"),
    "design": ("rfcalc.cli.design", "design"),
    "resize": ("rfcalc.cli.resize", "resize"),
    "sweep": ("rfcalc.cli.sweep", "sweep"),
    "convert": ("rfcalc.cli.convert", "convert"),
    "transform": ("rfcalc.cli.transform", "transform"),
    "paths": ("rfcalc.cli.paths", "paths"),
    "check": ("rfcalc.cli.check", "check"),
    "diff": ("rfcalc.cli.diff", "diff"),
    "init": ("rfcalc.cli.init", "init"),
    "explain-cost": ("rfcalc.cli.explain_cost", "explain_cost"),
    "explain": ("rfcalc.cli.explain", "explain"),
    "layers": ("rfcalc.cli.layers", "layers"),
    "configs": ("rfcalc.cli.configs", "configs"),
    "lesson": ("rfcalc.cli.lesson", "lesson"),
    "show": ("rfcalc.cli.export", "show"),
    "schema": ("rfcalc.cli.schema", "schema"),
    "verify": ("rfcalc.cli.verify", "verify"),
    "time": ("rfcalc.cli.timing", "time"),
    "profile": ("rfcalc.cli.profile", "profile"),
    "erf": ("rfcalc.cli.erf", "erf"),
    "export": ("rfcalc.cli.export", "export"),
    "max-batch": ("rfcalc.cli.maxbatch", "max_batch"),
}


def command(name: str) -> Callable[..., None]:
    """The function of a command, with the options that every command has."""
    module, function = COMMANDS[name]
    return colored(getattr(import_module(module), function))
