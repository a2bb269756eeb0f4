"""A block that is used in one place only is written there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rfcalc.converting.model import Block, Expr, First, Step, walk
from rfcalc.errors import RuleError
from rfcalc.importers.expressions import compiled


def inlined(root: list[Step], blocks: dict[str, Block], pinned: frozenset[int]) -> None:
    """Writes blocks that one step uses in its place, until there are none; drops those that nothing uses."""
    while True:
        sites: dict[str, list[tuple[list[Step], Step]]] = {name: [] for name in blocks}
        for body in (root, *(block.steps for block in blocks.values())):
            for steps in _lists(body):
                for step in steps:
                    if step.word in sites:
                        sites[step.word].append((steps, step))
        unused = [name for name, found in sites.items() if not found]
        for name in unused:
            del blocks[name]
        once = ((name, *found[0]) for name, found in sites.items() if len(found) == 1)
        bodies = [root, *(block.steps for block in blocks.values())]
        if not unused and not any(_inline(blocks, name, steps, step, bodies, pinned) for name, steps, step in once):
            return


def _lists(steps: list[Step]) -> Iterator[list[Step]]:
    yield steps
    for step in steps:
        for path in step.paths.values():
            yield from _lists(path)


def _inline(
    blocks: dict[str, Block], name: str, steps: list[Step], use: Step, bodies: list[list[Step]], pinned: frozenset[int]
) -> bool:
    """Puts the layers of a block in the place of its use; False if that cannot be said."""
    block = blocks[name]
    body = next(body for body in bodies if any(step is use for step in walk(body)))
    readers = [step for step in walk(body) if use.name in step.reads and not step.previous]
    last = block.steps[-1] if block.steps else use
    lost = bool(readers or use.outs & pinned) and (bool(last.paths) or last.when is not None)
    given = any(n == "in" or n.startswith("in.") for step in walk(block.steps) for n in step.reads if not step.previous)
    if use.repeat is not None or use.when is not None or lost or (given and use.previous) or not block.steps:
        return False
    if not use.previous and block.steps[0].when is not None:
        return False
    made = [_copy(step, use, use.settings) for step in block.steps]
    made = [step for step in made if step.when is not False]
    if not use.previous:
        made[0] = replace(made[0], previous=False, reads=use.reads)
    for step in readers:
        step.reads = tuple(made[-1].name if name == use.name else name for name in step.reads)
    place = next(i for i, step in enumerate(steps) if step is use)
    steps[place : place + 1] = made
    del blocks[name]
    return True


def _copy(step: Step, use: Step, values: Mapping[str, Any]) -> Step:
    """A step of a block with the arguments of its only use, under the name of that use."""

    def named(name: str) -> str:
        if name == "in" or name.startswith("in."):
            return use.reads[int(name[3:] or 0)]
        return f"{use.name}.{name}" if name else ""

    made = replace(step, name=f"{use.name}.{step.name}", reads=tuple(map(named, step.reads)))
    made.prefix = f"{use.name}.{step.prefix}" if step.prefix else ""
    made.settings = {key: substituted(value, values) for key, value in step.settings.items()}
    made.repeat = substituted(step.repeat, values)
    when = substituted(step.when, values)
    made.when = None if when is True else when
    made.paths = {}
    for key, path in step.paths.items():
        copies = [_copy(inner, use, values) for inner in path]
        made.paths[key] = [inner for inner in copies if inner.when is not False]
    return made


def substituted(value: Any, values: Mapping[str, Any]) -> Any:
    """A value with params replaced by arguments."""
    if isinstance(value, First):
        return First(substituted(value.first, values), substituted(value.later, values))
    if not isinstance(value, Expr):
        return value
    if value.text in values:
        return values[value.text]
    from rfcalc.converting.runs import code

    text = re.sub(r"(?<!')\b[A-Za-z_]\w*\b(?!')", lambda m: code(values[m[0]]) if m[0] in values else m[0], value.text)
    try:
        expression = compiled(text)
        return expression({}) if not expression.names else Expr(text)
    except RuleError:
        return Expr(text)
