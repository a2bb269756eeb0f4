"""What people write in Python as the command line has it, and what the command line would say as people write it in Python."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import index
from typing import TYPE_CHECKING, TypeAlias

from rfcalc.errors import Problem, SpecError, did_you_mean
from rfcalc.record import replace

if TYPE_CHECKING:
    from torch import Tensor

    OneSize: TypeAlias = int | str | Sequence[int] | Tensor
    Size: TypeAlias = OneSize | Mapping[str, OneSize]

# What a hint may say of options, in the order in which they are looked for.
SIZE = re.compile(r"--input ((?:[\w.]+=)?\d+(?:x\d+)*(?:,[\w.]+=\d+(?:x\d+)*)*)")
SETTING = re.compile(r"-s ([\w.*]+)=([\w.*]+)")
VALUE = re.compile(r"--(unknown|declare(?= [\w.]+=\w)|arg|device) ([\w.:]+(?:=\w+)?)")
NUMBER = re.compile(r"--([a-z]+(?:-[a-z]+)*) (\d[\w.]*)")
FLAG = re.compile(r"--(full|all|holes|force|effective|rebuilt)(?![\w-])")
OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?= |$|,|:|\))")


def size_text(value: Size) -> str:
    """The size of an input, or those of several, as `--input` has them; a tensor stands for its shape without the batch.
    Raises TypeError."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ",".join(f"{name}={size_text(each)}" for name, each in value.items())
    shape = getattr(value, "shape", None)
    numbers = value if shape is None else shape[1:]
    if isinstance(numbers, int):
        raise TypeError(f"input={numbers} leaves out the channels: input=(3, {numbers}, {numbers})")
    whole = [index(n) for n in numbers if hasattr(n, "__index__")] if isinstance(numbers, list | tuple) else []
    if not whole or len(whole) < len(numbers) or min(whole) < 1:
        raise TypeError(f'input takes channels and sizes, such as (3, 224, 224) or "3x224x224", not {value!r:.60}')
    return "x".join(map(str, whole))


def texts(given: str | Iterable[str], what: str) -> tuple[str, ...]:
    """One text or several; raises TypeError for anything else."""
    if isinstance(given, str):
        return (given,)
    found = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(text, str) for text in found):
        raise TypeError(f"{what} takes a text, or several, not {given!r:.60}")
    return found


def yaml_text(value: object) -> str:
    """A value as the command line would write it: JSON, which is YAML; a text stays as it is. Raises TypeError."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(list(value) if isinstance(value, tuple) else value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{value!r:.60} is nothing that a spec can hold: {error}") from None


def one_of(word: str, known: Mapping[str, int], what: str) -> int:
    """The value of a word; raises ValueError with the nearest one."""
    if word not in known:
        hint = did_you_mean(str(word), known) or f"one of {', '.join(known)}"
        raise ValueError(f"{what} is not {word!r}; {hint}")
    return known[word]


@contextmanager
def in_python() -> Iterator[None]:
    """Problems that were raised inside say what to type in Python."""
    try:
        yield
    except SpecError as error:
        raise SpecError([_said(problem) for problem in error.problems]) from None


def _said(problem: Problem) -> Problem:
    typed = problem.span is not None and problem.span.source == "command line"
    message, hint = translated(problem.message), translated(problem.hint)
    return replace(problem, message=message, hint=hint, span=None if typed else problem.span)


def translated(text: str) -> str:
    """A text about options as one about arguments."""
    text = SIZE.sub(lambda match: f"input={_size(match[1])}", text)
    text = SETTING.sub(_setting, text)
    text = VALUE.sub(lambda match: match[2] if match[1] == "arg" else f'{match[1]}="{match[2]}"', text)
    text = NUMBER.sub(lambda match: f"{match[1].replace('-', '_')}={match[2]}", text)
    text = FLAG.sub(lambda match: f"{match[1]}=True", text)
    return OPTION.sub(lambda match: f"{match[1].replace('-', '_')}=", text)


def _setting(match: re.Match[str]) -> str:
    key, value = match.groups()
    return f"{key}={value}" if key.isidentifier() and key != "input" else f'overrides={{"{key}": "{value}"}}'


def _size(text: str) -> str:
    parts = [part.rpartition("=") for part in text.split(",")]
    sizes = [(name, f"({', '.join(size.split('x'))}{',' * ('x' not in size)})") for name, _, size in parts]
    return sizes[0][1] if sizes[0][0] == "" else "{" + ", ".join(f'"{name}": {size}' for name, size in sizes) + "}"
