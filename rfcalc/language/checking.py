"""What one layer says, checked against the vocabulary: settings of an op, arguments of a block, single values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping, MarkedScalar
from rfcalc.language.problems import Problems
from rfcalc.language.recipes import (
    Defaults,
    GivenSetting,
    LayerRecipe,
    lookup,
    main_of,
    required,
    settings_for,
    unknown_setting,
)
from rfcalc.language.steps import Block, BlockCall
from rfcalc.language.values import FREE, NUMBERS, Value, Words, names_in, words_of
from rfcalc.layers.settings import Bool, Int, Number, Word, name_of
from rfcalc.layers.words import class_of

Known = frozenset[str]
Given = list[tuple[MarkedScalar, Marked]]


class Checker:
    """Checks against the vocabulary and the blocks of a spec; `known` names are the params that an expression may use."""

    def __init__(self, problems: Problems, blocks: Mapping[str, Block], defaults: Defaults) -> None:
        self.problems, self.blocks, self.defaults = problems, blocks, defaults
        self.shared: dict[Any, LayerRecipe] = {}  # a network repeats itself: equal settings without params are one recipe

    def value(self, node: Marked, known: Known, what: str, words: Words = NUMBERS) -> Value | None:
        """A value with its names checked; None if they are wrong."""
        raw = node.plain()
        try:
            names_in(raw, known, words)
        except RuleError as error:
            self.problems.rule("E106", f"{what}: ", error, node)
            return None
        return Value(raw, node)

    def recipe(self, word: str, mark: Marked, node: Marked | None, known: Known) -> LayerRecipe | None:
        """The recipe of an op; a scalar or a list is its main setting."""
        given = self._given(node, main_of(word))
        if given is None:
            what = name_of(node.plain()) if node else ""
            hint = f"to say what it reads: {{{word}: {{}}, from: [a, b]}}" if class_of(word).arity[1] != 1 else ""
            self.problems.add("E104", f"{word} takes its settings as a mapping, not {what}", node, hint)
            return None
        if isinstance(node, MarkedList) and isinstance(lookup(word)[main_of(word)].kind, Int | Number | Bool | Word):
            hint = f"{word}: {{{', '.join(_spelled(word, node))}}}"
            self.problems.add("E104", f"{word} takes its settings as a mapping, not a list of {len(node.items)}", node, hint)
            return None
        return self.settings(word, word, mark, given, known)

    def settings(self, word: str, kind: str, mark: Marked, given: Given, known: Known) -> LayerRecipe | None:
        """The recipe of operation `word` with the settings of `kind`; None if one of them is wrong."""
        key = (word, kind, known, tuple((k.value, (raw := v.plain()).__class__, raw) for k, v in given))
        try:
            if key in self.shared:
                return self.shared[key]
        except TypeError:  # a mapping among the settings
            return self._recipe(word, kind, mark, given, known)
        checked = self._recipe(word, kind, mark, given, known)
        if checked is not None and not checked.names:
            self.shared[key] = checked
        return checked

    def _recipe(self, word: str, kind: str, mark: Marked, given: Given, known: Known) -> LayerRecipe | None:
        entries: dict[str, GivenSetting] = {}
        names: list[str] = []
        before = len(self.problems.found)
        for key, node in given:
            setting = lookup(kind).get(key.value)
            if setting is None:
                self.problems.add("E103", unknown_setting(kind, key.value), key)
            elif setting.name in entries:
                self.problems.add(
                    "E008", f"{setting.name} is given twice: {setting.name} and {setting.alias} are the same", key
                )
            else:
                entries[setting.name] = GivenSetting(setting, node.plain(), node)
                try:
                    names += names_in(node.plain(), known, words_of(setting.kind))
                except RuleError as error:
                    self.problems.rule("E106", f"{kind}: {setting.name}: ", error, node)
        if len(self.problems.found) > before:
            return None
        base = self.defaults.get(kind, {})
        missing = [s for s in required(kind) if s.name not in entries and s.name not in base]
        if missing:
            text = ", ".join(f"{s.name} ({s.alias})" if s.alias else s.name for s in missing)
            self.problems.add("E105", f"{kind} needs {text}", mark)
            return None
        recipe = LayerRecipe(word, kind, entries, tuple(names), self.defaults)
        whole = recipe.names or recipe.chain({}, self.problems) is not None  # without params all is known now
        return recipe if whole else None

    def call(self, name: str, mark: Marked, node: Marked | None, known: Known) -> BlockCall | None:
        """A block with its arguments; a scalar or a list is its first param."""
        block, arguments = self.blocks[name], {}
        given = self._given(node, next(iter(block.params), ""))
        if given is None:
            self.problems.add("E103", f'the block "{name}" has no params', node)
            return None
        whole = True
        for key, argument in given:
            value = None
            if key.value in block.params:
                value = self.value(argument, known, f"{name}: {key.value}", FREE)
            else:
                there = f"it has {', '.join(block.params)}" if block.params else "it has none"
                hint = did_you_mean(key.text, block.params) or there
                self.problems.add("E103", f'the block "{name}" has no param "{key.text[:40]}"', key, hint)
            if value is None:
                whole = False
            else:
                arguments[key.value] = value
        missing = [param for param, default in block.params.items() if default.raw is None and param not in arguments]
        if missing and whole:
            self.problems.add("E105", f'the block "{name}" needs {", ".join(missing)}', mark)
        return BlockCall(name, arguments) if whole and not missing else None

    def _given(self, node: Marked | None, main: str) -> Given | None:
        """The settings as (key, value); None where a value has no main setting to go to."""
        if isinstance(node, MarkedMapping):
            return list(node.entries.values())
        if node is None or (isinstance(node, MarkedScalar) and node.value is None):
            return []
        return [(MarkedScalar(node.document, node.line, node.column, main, main), node)] if main else None


def _spelled(word: str, values: MarkedList) -> Iterator[str]:
    """The values of a list as the settings of a word, in their order."""
    for setting, value in zip(settings_for(word), values.items, strict=False):
        text = value.text if isinstance(value, MarkedScalar) else "..."
        yield f"{setting.alias or setting.name}: {text}"
