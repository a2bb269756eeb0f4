"""What a spec defines before its layers: params, defaults and blocks."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.checking import Checker
from rfcalc.language.expressions import FUNCTIONS, LITERALS, WORD
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping, MarkedScalar
from rfcalc.language.problems import Problems
from rfcalc.language.reading import CONSTRUCTS, LAYER_KEYS, Reader
from rfcalc.language.recipes import Defaults, lookup
from rfcalc.language.steps import Block
from rfcalc.language.top import Top
from rfcalc.language.values import BROKEN, FREE, Value, evaluate, names_in, parsed, words_of
from rfcalc.layers.settings import name_of
from rfcalc.layers.words import WORDS

BLOCK_KEYS = ("params", "layers", "outputs")


def params(top: Top, given: Mapping[str, Marked], problems: Problems) -> dict[str, Any]:
    """The values of the params; each may use those above it."""
    params: dict[str, Any] = {}
    for name, (mark, default) in top.params.items():
        if not _usable(name, mark, problems):
            continue
        node = given.get(name, default)
        try:
            params[name] = evaluate(_checked(node.plain(), params), params, FREE)
        except RuleError as error:
            problems.rule("E106", f"{mark.text}: ", error, node)
            params[name] = BROKEN
    return params


def _checked(raw: Any, known: Mapping[str, Any]) -> Any:
    names_in(raw, known, FREE)
    return raw


def _usable(name: Any, mark: Marked, problems: Problems) -> bool:
    """Whether a param may have this name."""
    if not isinstance(name, str) or not WORD.fullmatch(name) or len(name) > 60:
        problems.add("E111", f"{name_of(name)} is no name of a param", mark, "a letter, then letters, digits and _")
    elif name in FUNCTIONS or name in LITERALS or keyword.iskeyword(name) or name in ("i", "input", "inputs"):
        problems.add("E111", f"{name} has a meaning of its own and cannot be a param", mark)
    else:
        return True
    return False


def defaults(top: Top, params: Mapping[str, Any], problems: Problems) -> Defaults:
    """The parsed settings that hold where a layer says nothing; they see the spec's params, not those of a block."""
    defaults: dict[str, dict[str, Any]] = {}
    for word, entries in top.defaults.items():
        values = defaults.setdefault(word, {})
        for name, (_, node) in entries.items():
            kind = lookup(word)[name].kind
            values[name] = BROKEN
            given = Checker(problems, {}, {}).value(node, frozenset(params), f"{word}: {name}", words_of(kind))
            if given is None:
                continue
            try:
                values[name] = parsed(name, kind, given.raw, params)
            except RuleError as error:
                problems.rule("E104", f"{word}: ", error, node)
    return defaults


def blocks(top: Top, known: frozenset[str], problems: Problems, defaults: Defaults) -> Checker:
    """A checker with the blocks, which are read and checked; one that contains itself is a problem and stays empty."""
    blocks: dict[str, Block] = {}
    for name, (mark, node) in top.blocks.items():
        if not isinstance(name, str) or not WORD.fullmatch(name):
            problems.add("E111", f"{name_of(name)} is no name of a block", mark, "a letter, then letters, digits and _")
        elif name in WORDS or name in CONSTRUCTS or name in LAYER_KEYS:
            problems.add("E111", f"{name} is a word of the language and cannot be a block", mark)
        elif not isinstance(node, MarkedMapping) or not isinstance(node.get("layers"), MarkedList):
            problems.add("E105", f'the block "{name}" needs layers, a list', mark, "params: {...} and layers: [...]")
            blocks[name] = Block(name, mark, {})
        else:
            blocks[name] = Block(name, mark, dict(_block_params(node, known, problems)), tuple(_outputs(node, problems)))
    checker = Checker(problems, blocks, defaults)
    for name, block in blocks.items():
        node = top.blocks[name][1]
        if isinstance(node, MarkedMapping) and isinstance(node.get("layers"), MarkedList):
            reader = Reader(checker)
            block.body = reader.body(node.get("layers"), known.union(block.params))
            block.calls = reader.calls
    _refuse_recursion(blocks, problems)
    return checker


def _block_params(node: MarkedMapping, known: frozenset[str], problems: Problems) -> Iterator[tuple[str, Value]]:
    for key, (mark, _) in node.entries.items():
        if key not in BLOCK_KEYS:
            hint = did_you_mean(mark.text, BLOCK_KEYS)
            problems.add("E103", f'a block has params, layers and outputs, not "{mark.text[:40]}"', mark, hint)
    table = node.get("params")
    if table is None or (isinstance(table, MarkedScalar) and table.value is None):
        return
    if not isinstance(table, MarkedMapping):
        problems.add("E104", f"params of a block are a mapping of names to defaults, not {name_of(table.plain())}", table)
        return
    for name, (mark, value) in table.entries.items():
        if _usable(name, mark, problems):
            default = Checker(problems, {}, {}).value(value, known, str(name), FREE)
            yield name, default or Value(BROKEN, value)
            known |= {name}


def _outputs(node: MarkedMapping, problems: Problems) -> Iterator[tuple[str, Marked]]:
    """The names of what a block gives."""
    given = node.get("outputs")
    if given is None:
        return
    entries = given.items if isinstance(given, MarkedList) else [given]
    for entry in entries or [given]:
        name = entry.plain() if isinstance(entry, MarkedScalar) else None
        if isinstance(name, str) and name:
            yield name, entry
        else:
            problems.add("E119", "outputs of a block is a list of names of its layers", entry)


def _refuse_recursion(found: dict[str, Block], problems: Problems) -> None:
    """Reports each circle of blocks once and empties the blocks on it."""
    done: set[str] = set()
    for start in found:
        path: dict[str, None] = {}
        waiting = [start]
        while waiting:
            name = waiting[-1]
            if name in path or name in done:
                waiting.pop()
                path.pop(name, None)
                done.add(name)
                continue
            path[name] = None
            for called, mark in found[name].calls.items():
                if called in path:
                    circle = [*list(path)[list(path).index(called) :], called]
                    problems.add("E114", f"the block {called} contains itself: {' -> '.join(circle[:8])}", mark)
                    for member in circle:
                        found[member].body.steps.clear()
                elif called not in done:
                    waiting.append(called)
