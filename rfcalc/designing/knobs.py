"""The numbers of a spec that may be changed to move its receptive field, each with its place in the text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rfcalc.designing.patch import TextPlace, added, instead, is_flow, quoted
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping, MarkedScalar
from rfcalc.language.reading import LAYER_KEYS
from rfcalc.language.recipes import kind_of, lookup, main_of
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record

KERNEL, STRIDE, DILATION, REPEAT, OTHER = "kernel", "stride", "dilation", "repeat", ""
ALIASES = {"k": KERNEL, "s": STRIDE, "d": DILATION}
BODIES = ("main", "skip")
MOST = 400
HIGHEST, HIGHEST_OTHER = {KERNEL: 31, DILATION: 64, REPEAT: 256}, 1024


@record
class Knob:
    """A number that may be changed. `what`: kernel, stride, dilation, repeat or the name of a param; `where`: the layer,
    block or param that it belongs to; `value`: what it is now; `line`: from 1."""

    what: str
    where: str
    value: int
    place: TextPlace
    line: int

    @property
    def role(self) -> str:
        """Which of the four kinds of number it is, or OTHER."""
        what = self.what.split("[")[0]
        word = ALIASES.get(what, what)
        return word if word in (KERNEL, STRIDE, DILATION, REPEAT) else OTHER

    @property
    def highest(self) -> int:
        """The largest value that is tried; 1 is the smallest."""
        return HIGHEST.get(self.role, HIGHEST_OTHER)


def knobs(root: Marked) -> list[Knob]:
    """Every such number of a spec, in the order of its lines; a number that an alias shows twice is one."""
    if not isinstance(root, MarkedMapping):
        return []
    by_place = {(knob.place.line, knob.place.column, knob.what): knob for knob in _Walk(root).run()}
    return sorted(by_place.values(), key=lambda knob: (knob.place.line, knob.place.column))[:MOST]


class _Walk:
    def __init__(self, root: MarkedMapping) -> None:
        self.root = root
        blocks = root.get("blocks")
        self.blocks = (
            {str(name): node for name, (_, node) in blocks.entries.items()} if isinstance(blocks, MarkedMapping) else {}
        )

    def run(self) -> Iterator[Knob]:
        params, defaults = self.root.get("params"), self.root.get("defaults")
        if isinstance(params, MarkedMapping):
            for name, (_, value) in params.entries.items():
                yield from _numbers(value, str(name), "params")
        for word, (_, settings) in defaults.entries.items() if isinstance(defaults, MarkedMapping) else ():
            if isinstance(settings, MarkedMapping):
                yield from self._settings(settings, f"defaults of {word}")
        for name, block in self.blocks.items():
            if isinstance(block, MarkedMapping):
                yield from self._body(block.get("layers"), f"block {name}")
        yield from self._body(self.root.get("layers"), "")

    def _body(self, node: Marked | None, scope: str) -> Iterator[Knob]:
        for item in node.items if isinstance(node, MarkedList) else ():
            if isinstance(item, MarkedMapping):
                yield from self._layer(item, scope, node is not None and is_flow(node))

    def _layer(self, item: MarkedMapping, scope: str, flow: bool) -> Iterator[Knob]:
        ops = [(str(key), entry) for key, entry in item.entries.items() if key not in LAYER_KEYS]
        if len(ops) != 1:
            return
        word, (_, value) = ops[0]
        name = item.get("name")
        where = str(name.plain()) if isinstance(name, MarkedScalar) else f"{word} in line {item.line + 1}"
        where = f"{scope}: {where}" if scope else where
        repeat = item.get("repeat")
        if repeat is not None:
            yield from _numbers(repeat, REPEAT, where)
        elif kind_of(word) is LayerKind.CONVOLUTION or word in self.blocks or word == "residual":
            yield from _knob(REPEAT, where, 1, added(item, "repeat", "@", flow), item)
        if word in ("residual", "branches") and isinstance(value, MarkedMapping):
            for key, (_, body) in value.entries.items():
                if word == "branches" or key in BODIES:
                    yield from self._body(body, f"{where}.{key}" if word == "branches" else scope)
        elif word in self.blocks:
            yield from self._call(value, self.blocks[word], where, repeat is not None)
        else:
            yield from self._op(word, value, where)

    def _op(self, word: str, value: Marked, where: str) -> Iterator[Knob]:
        convolution = kind_of(word) is LayerKind.CONVOLUTION
        if isinstance(value, MarkedMapping):
            yield from self._settings(value, where)
            if convolution and not {"d", "dilation", "s", "stride"} & value.entries.keys():
                yield from _knob(DILATION, where, 1, added(value, "d", "@", is_flow(value)), value)
        elif convolution and isinstance(value, MarkedScalar) and not quoted(value):
            main = lookup(word)[main_of(word)]
            text = f"{{{main.alias or main.name}: {value.text}, d: @}}"
            yield from _knob(DILATION, where, 1, instead(value, text), value)
        elif isinstance(value, MarkedScalar):
            yield from _numbers(value, "", where)

    def _settings(self, table: MarkedMapping, where: str) -> Iterator[Knob]:
        for key, (_, value) in table.entries.items():
            role = ALIASES.get(str(key), str(key))
            if role in (KERNEL, STRIDE, DILATION):
                yield from _numbers(value, role, where)

    def _call(self, value: Marked, block: Marked, where: str, repeated: bool) -> Iterator[Knob]:
        params = block.get("params") if isinstance(block, MarkedMapping) else None
        given = value.entries if isinstance(value, MarkedMapping) else {}
        for key, (_, argument) in given.items():
            yield from _numbers(argument, str(key), where)
        for key, (_, default) in params.entries.items() if isinstance(params, MarkedMapping) else ():
            plain = default.plain()
            if key in given or isinstance(plain, bool) or not isinstance(plain, int) or not isinstance(value, MarkedMapping):
                continue
            # The first block of a stage that halves the map stays undilated, so that every unit before it is read.
            halves = repeated and bool({"s", "stride"} & given.keys()) and ALIASES.get(str(key), key) == DILATION
            template = f'"{plain} if i == 0 else @"' if halves else "@"
            yield from _knob(str(key), where, plain, added(value, str(key), template, is_flow(value)), value)


def _knob(what: str, where: str, value: int, place: TextPlace | None, mark: Marked) -> Iterator[Knob]:
    if place is not None:
        yield Knob(ALIASES.get(what, what), where, value, place, mark.line + 1)


def _numbers(node: Marked, what: str, where: str) -> Iterator[Knob]:
    """The whole numbers of a value: itself, those of a list or mapping, or those that an expression may give."""
    if isinstance(node, MarkedList):
        for number, item in enumerate(node.items):
            yield from _numbers(item, f"{what}[{number}]", where)
    elif isinstance(node, MarkedMapping):
        for key, (_, value) in node.entries.items():
            yield from _numbers(value, f"{what}[{key}]", where)
    elif not isinstance(node, MarkedScalar):
        return
    elif isinstance(node.value, int) and not isinstance(node.value, bool):
        yield from _knob(what, where, node.value, instead(node, "@"), node)
    elif isinstance(node.value, str) and len(node.text) < 200:
        for number, offset, text in _results(node.text):
            yield from _knob(what, where, number, instead(node, "@", text, offset), node)


def _results(text: str) -> Iterator[tuple[int, int, str]]:
    """The whole numbers that an expression may have as its value, or add to it: (number, offset, text)."""
    try:
        waiting = [ast.parse(text, mode="eval").body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.IfExp):
            waiting += [node.body, node.orelse]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            waiting += [node.left, node.right]
        elif isinstance(node, ast.Constant) and type(node.value) is int and node.end_col_offset is not None:
            yield node.value, node.col_offset, text[node.col_offset : node.end_col_offset]
