"""How a command's options are shown in its help: in panels, with the words that people type, and nothing of Python's types."""

from __future__ import annotations

from inspect import cleandoc
from itertools import pairwise
from typing import Any

from typer.core import TyperCommand

# Options of one name mean the same in every command. Those that are not named here stand in "Options".
PANELS: dict[str, tuple[str, ...]] = {
    "Input": ("set", "input", "max_layers", "dataset", "resize", "base", "baseline"),
    "Imported programs": ("arg", "unknown", "declare"),
    "Budget": (
        *("min_rf", "max_rf", "max_params", "max_buffers", "max_macs", "max_flops", "max_memory", "max_saved"),
        *("max_downsampling", "max_depth"),
    ),
    "Output": ("format", "output", "force", "full", "every", "pick", "top", "png", "mask_png", "erf_map", "exit_code"),
}
PANEL = {name: panel for panel, names in PANELS.items() for name in names}


class Command(TyperCommand):
    """A command whose help says what to type."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **{**named, "help": _unwrapped(named.get("help") or "")})

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS]", *(str(p.metavar) for p in self.params if p.param_type_name == "argument")]

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, in the order of their panels."""
        params = [_dressed(param) for param in super().get_params(ctx)]
        order = ["", *PANELS]
        return sorted(params, key=lambda param: order.index(PANEL.get(param.name, "")))


def _unwrapped(text: str) -> str:
    """A docstring as paragraphs to be wrapped anew: a blank line ends one; examples and indented lines keep their lines."""
    parts = [part.removeprefix("\b\n") for part in cleandoc(text).split("\n\n") if part]
    lines = [part if part.startswith(" ") else " ".join(part.split("\n")) for part in parts]
    shown = lines[:1]
    for before, line in pairwise(lines):
        listed = line.startswith(" ")
        shown.append(("\n" if listed and before.startswith(" ") else "\n\n\b" if listed else "\n\n") + line)
    return "".join(shown)


def _dressed(param: Any) -> Any:
    if param.param_type_name == "argument":
        param.display_type_rich = lambda ctx: None
        return param
    if param.metavar is None and param.is_flag:
        param.metavar = ""
    param.rich_help_panel = PANEL.get(param.name)
    return param
