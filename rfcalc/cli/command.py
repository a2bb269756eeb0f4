"""A command as typer runs it, with two things of our own: how its options are shown in its help (in panels, with the words that
people type, and nothing of Python's types), and that words are read without loading pydantic."""

from __future__ import annotations

from inspect import cleandoc
from itertools import pairwise
from typing import Any, TypeAlias

from typer.core import TyperCommand

# Options of one name mean the same in every command. Those that are not named here stand in "Options".
PANELS: dict[str, tuple[str, ...]] = {
    "Input": ("set", "input", "max_layers", "dataset", "resize", "base", "baseline"),
    "Imported programs": ("arg", "unknown", "declare"),
    "Budget": (
        *("min_rf", "max_rf", "max_params", "max_buffers", "max_macs", "max_flops", "max_memory", "max_saved"),
        *("max_training", "max_downsampling", "max_depth"),
    ),
    "Table": ("full", "depth", "sort", "top", "columns", "summary"),
    "Output": (*("format", "output", "force", "every", "pick", "png", "mask_png", "erf_map", "exit_code", "color"),),
}
Param: TypeAlias = Any  # a parameter as typer makes it, and a context: their classes are private, and change between versions
Context: TypeAlias = Any
PANEL = {name: panel for panel, names in PANELS.items() for name in names}


class Command(TyperCommand):
    """A command whose help says what to type."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **{**named, "help": _unwrapped(named.get("help") or "")})

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        return ["[OPTIONS]", *(str(p.metavar) for p in self.params if p.param_type_name == "argument")]

    def get_params(self, ctx: Context) -> list[Param]:
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


class _Read:
    """Reads the words of one option. Text, flags and numbers within their limits are themselves; the rest, with its errors, is
    typer's to read, through pydantic, which takes longer to load than most analyses take (benchmarks/speed.py)."""

    def __init__(self, param: Param) -> None:
        self.kind, self.info = param.type_descriptor.annotation, param.type_descriptor.parameter_info
        self.typer = param.get_runtime_param

    def coerce(self, value: object, param: Param, ctx: Context) -> object:
        """As typer's own `RuntimeParam.coerce`."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if self.info.parser or self.info.clamp:
            return self.typer().coerce(value, param=param, ctx=ctx)
        if self.kind == list[str] and isinstance(value, list | tuple) and all(type(one) is str for one in value):
            return list(value)
        if self.kind is int and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
            value = int(value)
        if type(value) is self.kind and self.kind in (str, bool, int, float) and self._within(value):
            return value
        return self.typer().coerce(value, param=param, ctx=ctx)

    def _within(self, value: object) -> bool:
        low, high = self.info.min, self.info.max
        return not isinstance(value, int | float) or ((low is None or value >= low) and (high is None or value <= high))


def light(param: Param) -> Param:
    """An option whose words are read without pydantic, where that is possible. (Before typer 0.26 they always were.)"""
    if hasattr(param, "get_runtime_param") and "get_runtime_param" not in vars(param):
        read = _Read(param)
        param.get_runtime_param = lambda: read
    return param


def _dressed(param: Param) -> Param:
    light(param)
    if param.param_type_name == "argument":
        param.display_type_rich = lambda ctx: None
        return param
    if param.metavar is None and param.is_flag:
        param.metavar = ""
    param.rich_help_panel = PANEL.get(param.name)
    return param
