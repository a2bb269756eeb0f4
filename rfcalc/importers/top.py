"""The top level of a spec: its keys, what it extends, params, defaults, blocks, inputs."""

from __future__ import annotations

import keyword
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rfcalc.errors import RuleError, SpecError, did_you_mean, fail
from rfcalc.importers.checking import Checker
from rfcalc.importers.expressions import FUNCTIONS, LITERALS, WORD
from rfcalc.importers.files import find, read_bytes, text_of
from rfcalc.importers.marked import Items, Marked, Scalar, Table, read
from rfcalc.importers.problems import Problems
from rfcalc.importers.reading import CONSTRUCTS, LAYER_KEYS, Reader
from rfcalc.importers.recipes import Defaults, lookup, unknown_setting
from rfcalc.importers.steps import Block
from rfcalc.importers.values import BROKEN, FREE, Value, evaluate, names_in, words_of
from rfcalc.op import Shape
from rfcalc.ops import WORDS
from rfcalc.settings import Int, ListOf, name_of

KEYS = (
    "name", "input", "inputs", "params", "defaults", "blocks", "layers", "outputs", "budget", "object_size", "extends",
)  # fmt: skip
MERGED = ("params", "defaults", "blocks")
MOST_FILES = 10
SHAPE = re.compile(r"[0-9]+(x[0-9]+)*")
DIMENSIONS = ListOf(Int())
MOST_AXES = 4


@dataclass
class Top:
    """The top-level keys of a spec and of what it extends, put together."""

    root: Marked
    nodes: dict[str, Marked] = field(default_factory=dict)
    params: dict[str, tuple[Scalar, Marked]] = field(default_factory=dict)
    defaults: dict[str, dict[str, tuple[Scalar, Marked]]] = field(default_factory=dict)
    blocks: dict[str, tuple[Scalar, Marked]] = field(default_factory=dict)


def merged(text: str, source: str, problems: Problems, most_nodes: int) -> Top:
    """The spec and all that it extends, nearest file last; raises SpecError if one of them cannot be read."""
    tables = [_table(text, source, problems, most_nodes)]
    seen = [os.path.realpath(source)]
    while (node := tables[-1].get("extends")) is not None:
        name, beside = node.plain(), os.path.dirname(source)
        if not isinstance(name, str) or not name:
            problems.add("E117", f"extends takes the name of a spec, not {name_of(name)}", node)
            break
        try:
            path = find(name, beside)
            source = str(path)
            if os.path.realpath(source) in seen or len(seen) > MOST_FILES:
                problems.add("E117", f"{name} extends itself, through {len(seen)} files", node)
                break
            seen.append(os.path.realpath(source))
            tables.append(_table(text_of(read_bytes(path, source), source), source, problems, most_nodes))
        except SpecError as error:
            if error.problems[0].span is None:
                problems.add("E117", error.problems[0].message, node, error.problems[0].hint)
                break
            raise
    return _together(tables, problems)


def _table(text: str, source: str, problems: Problems, most_nodes: int) -> Table:
    document, root = read(text, source, most_nodes)
    for problem in document.problems:
        problems.add(problem.code, problem.message, problem.span, problem.hint)
    if not isinstance(root, Table):
        what = name_of(root.plain()) if isinstance(root, Scalar) else "a list"
        raise fail("E006", f"a spec is a mapping of keys such as input and layers, not {what}", root.span)
    return root


def _together(tables: list[Table], problems: Problems) -> Top:
    top = Top(tables[0])
    for table in reversed(tables):
        mine = table is tables[0]
        if "input" in table.entries or "inputs" in table.entries:
            top.nodes.pop("input", None)
            top.nodes.pop("inputs", None)
        for key, (mark, node) in table.entries.items():
            if key not in KEYS:
                problems.add("E101", f'unknown key "{mark.text[:60]}"', mark, _key_hint(mark.text))
            elif key in MERGED:
                _merge(top, key, node, problems)
            elif key != "name" or mine:
                top.nodes[key] = node
    for key in ("input", "layers"):
        if key not in top.nodes and not (key == "input" and "inputs" in top.nodes):
            example = "input: 3x224x224" if key == "input" else "layers: a list"
            problems.add("E105", f"a spec needs {key}", tables[0], example)
    return top


def _key_hint(word: str) -> str:
    return did_you_mean(word, KEYS) or "the keys are " + ", ".join(KEYS)


def _merge(top: Top, key: str, node: Marked, problems: Problems) -> None:
    if isinstance(node, Scalar) and node.value is None:
        return
    if not isinstance(node, Table):
        problems.add("E101", f"{key} is a mapping, not {name_of(node.plain())}", node)
        return
    if key != "defaults":
        getattr(top, key).update(node.entries)
        return
    for word, (mark, settings) in node.entries.items():
        if word not in WORDS and word not in ("sepconv", "residual"):
            hint = did_you_mean(mark.text, [*WORDS, "sepconv", "residual"])
            problems.add("E102", f'defaults for an unknown op "{mark.text[:60]}"', mark, hint)
        elif not isinstance(settings, Table):
            problems.add("E104", f"defaults of {word} are a mapping of settings, not {name_of(settings.plain())}", settings)
        else:
            own = top.defaults.setdefault(word, {})
            for entry in settings.entries.values():
                setting = lookup(word).get(entry[0].value)
                if setting is None:
                    problems.add("E103", unknown_setting(word, entry[0].value), entry[0])
                else:
                    own[setting.name] = entry


def params(top: Top, given: Mapping[str, Marked], problems: Problems) -> dict[str, Any]:
    """The values of the params; each may use those above it."""
    found: dict[str, Any] = {}
    for name, (mark, default) in top.params.items():
        if not _usable(name, mark, problems):
            continue
        node = given.get(name, default)
        try:
            found[name] = evaluate(_checked(node.plain(), found), found, FREE)
        except RuleError as error:
            problems.rule("E106", f"{mark.text}: ", error, node)
            found[name] = BROKEN
    return found


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
    found: dict[str, dict[str, Any]] = {}
    for word, entries in top.defaults.items():
        values = found.setdefault(word, {})
        for name, (_, node) in entries.items():
            kind = lookup(word)[name].kind
            try:
                names_in(node.plain(), params, words_of(kind))
                values[name] = kind.parse(evaluate(node.plain(), params, words_of(kind)))
            except RuleError as error:
                problems.rule("E104", f"{word}: {name} ", error, node)
    return found


def blocks(top: Top, known: frozenset[str], problems: Problems, defaults: Defaults) -> Checker:
    """A checker with the blocks, which are read and checked; one that contains itself is a problem and stays empty."""
    found: dict[str, Block] = {}
    for name, (mark, node) in top.blocks.items():
        if not isinstance(name, str) or not WORD.fullmatch(name):
            problems.add("E111", f"{name_of(name)} is no name of a block", mark, "a letter, then letters, digits and _")
        elif name in WORDS or name in CONSTRUCTS or name in LAYER_KEYS:
            problems.add("E111", f"{name} is a word of the language and cannot be a block", mark)
        elif not isinstance(node, Table) or not isinstance(node.get("layers"), Items):
            problems.add("E105", f'the block "{name}" needs layers, a list', mark, "params: {...} and layers: [...]")
            found[name] = Block(name, mark, {})
        else:
            found[name] = Block(name, mark, dict(_block_params(node, known, problems)))
    checker = Checker(problems, found, defaults)
    for name, block in found.items():
        node = top.blocks[name][1]
        if isinstance(node, Table) and isinstance(node.get("layers"), Items):
            reader = Reader(checker)
            block.body = reader.body(node.get("layers"), known | block.params.keys())
            block.calls = reader.calls
    _refuse_recursion(found, problems)
    return checker


def _block_params(node: Table, known: frozenset[str], problems: Problems) -> Iterator[tuple[str, Value]]:
    for key, (mark, _) in node.entries.items():
        if key not in ("params", "layers"):
            hint = did_you_mean(mark.text, ("params", "layers"))
            problems.add("E103", f'a block has params and layers, not "{mark.text[:40]}"', mark, hint)
    table = node.get("params")
    if table is None or (isinstance(table, Scalar) and table.value is None):
        return
    if not isinstance(table, Table):
        problems.add("E104", f"params of a block are a mapping of names to defaults, not {name_of(table.plain())}", table)
        return
    for name, (mark, value) in table.entries.items():
        if _usable(name, mark, problems):
            default = Checker(problems, {}, {}).value(value, known, str(name), FREE)
            yield name, default or Value(BROKEN, value)
            known |= {name}


def _refuse_recursion(found: dict[str, Block], problems: Problems) -> None:
    """Reports each circle of blocks once and empties the blocks on it."""
    done: set[str] = set()
    for start in found:
        path: list[str] = []
        waiting: list[tuple[str, int]] = [(start, 0)]
        while waiting:
            name, depth = waiting.pop()
            del path[depth:]
            if name in path:
                circle = [*path[path.index(name) :], name]
                mark = found[path[-1]].calls[name]
                problems.add("E114", f"the block {name} contains itself: {' -> '.join(circle[:8])}", mark)
                for member in circle:
                    found[member].body.steps.clear()
                continue
            if name in done:
                continue
            path.append(name)
            done.add(name)
            waiting += [(called, len(path)) for called in found[name].calls if called in found]


def inputs(
    top: Top, override: Marked | None, params: Mapping[str, Any], problems: Problems
) -> Iterator[tuple[str, Shape | None, Marked]]:
    """Name, shape (None if it is wrong) and place of each input."""
    several = top.nodes.get("inputs")
    if several is not None and "input" in top.nodes:
        problems.add("E118", "a spec has input or inputs, not both", several)
    if override is not None and several is not None:
        problems.add("E118", "this spec has several inputs; -s input=... sets the one input of a spec", override)
    if several is None:
        node = override or top.nodes.get("input")
        if node is not None:
            yield "input", _shape(node, params, problems), node
    elif not isinstance(several, Table) or not several.entries:
        problems.add("E118", "inputs is a mapping of names to shapes", several, "inputs: {left: 3x64x64, right: 3x64x64}")
    else:
        for name, (mark, node) in several.entries.items():
            if not isinstance(name, str) or not WORD.fullmatch(name) or name == "in":
                problems.add("E111", f"{name_of(name)} is no name of an input", mark)
            yield str(name), _shape(node, params, problems), mark


def _shape(node: Marked, params: Mapping[str, Any], problems: Problems) -> Shape | None:
    """Channels, then the size of each axis: 3x224x224, or a list that may hold expressions."""
    raw = node.plain()
    try:
        if not (isinstance(raw, str) and SHAPE.fullmatch(raw)):
            names_in(raw, params)
            raw = evaluate(raw, params)
        if isinstance(raw, str) and SHAPE.fullmatch(raw):
            raw = tuple(int(part[:30]) for part in raw.split("x")[: MOST_AXES + 2])
        sizes = DIMENSIONS.parse(raw if isinstance(raw, tuple) else (raw,))
        if len(sizes) > MOST_AXES:
            raise RuleError(f"has {len(sizes) - 1} axes; at most {MOST_AXES - 1} are possible")
    except RuleError as error:
        hint = "channels, then the size of each axis: 3x224x224"
        if not isinstance(error.args[0] if error.args else None, str):
            return None
        problems.add("E118", f"input: {error}", node, hint)
        return None
    return Shape(sizes[0], tuple(sizes[1:]))
