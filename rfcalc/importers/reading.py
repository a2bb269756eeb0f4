"""Reads `layers` lists into steps: the form of each entry, its settings, its names. Nothing is expanded here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.importers.marked import Items, Marked, Scalar, Table
from rfcalc.importers.problems import Problems
from rfcalc.importers.recipes import Defaults, Entry, Recipe, lookup, main_of, required, unknown_setting
from rfcalc.importers.steps import Block, Body, Call, Group, Merge, Paths, Step, plain
from rfcalc.importers.values import FREE, NUMBERS, Value, Words, names_in, words_of
from rfcalc.ops import WORDS
from rfcalc.settings import name_of

NAME = re.compile(r"\w[\w./:-]{0,299}")
LAYER_KEYS = ("name", "from", "repeat", "when", "merge")
CONSTRUCTS = ("residual", "branches", "sepconv")
MERGES = ("add", "concat", "mul", "max")
SYNONYMS = {
    "convolution": "conv",
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "depthwise": "dwconv",
    "deconv": "upconv",
    "convtranspose": "upconv",
    "convtranspose2d": "upconv",
    "batchnorm": "bn",
    "batchnorm2d": "bn",
    "globalavgpool": "gap",
    "fc": "linear",
    "dense": "linear",
    "cat": "concat",
    "concatenate": "concat",
    "sum": "add",
    "interpolate": "upsample",
    "pool": "maxpool",
}
Known = frozenset[str]


class Reader:
    """Reads lists of layers; `known` names are the params that their expressions may use."""

    def __init__(self, problems: Problems, blocks: Mapping[str, Block], defaults: Defaults) -> None:
        self.problems, self.blocks, self.defaults = problems, blocks, defaults
        self.calls: dict[str, Marked] = {}

    def body(self, node: Marked | None, known: Known, what: str = "layers") -> Body:
        """The steps of a list with a prefix of its own."""
        group = Group()
        body = self.inner(node, known, group, what)
        group.assign()
        return body

    def inner(self, node: Marked | None, known: Known, group: Group, what: str) -> Body:
        """The steps of a list whose names belong to `group`."""
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return Body()
        if not isinstance(node, Items):
            self.problems.add("E108", f"{what} is a list of layers, not {name_of(node.plain())}", node, "begin each with -")
            return Body([Step("", node)])
        before = set(group.taken)
        steps = [self.step(item, known, group) for item in node.items]
        return Body(steps, frozenset(group.taken.keys() - before))

    def step(self, item: Marked, known: Known, group: Group) -> Step:
        """One entry of a list."""
        if isinstance(item, Scalar):
            return self._bare(item, known, group)
        if not isinstance(item, Table):
            self.problems.add("E108", "a layer is a word or a mapping, not a list", item)
            return Step("", item)
        ops = [entry for key, entry in item.entries.items() if key not in LAYER_KEYS]
        if len(ops) != 1:
            self._not_one(item, [key for key, _ in ops])
            step = Step("", item)
        else:
            (key, settings) = ops[0]
            step = Step(str(key.value), key)
        self._name(step, item.get("name"), group, item.get("when") is not None)
        if step.word:
            repeats = item.get("repeat") is not None
            inside = known | {"i"} if repeats and "i" not in known else known
            step.does = self._does(step, self._with_merge(step, item, settings), inside, group, repeats)
            step.repeat = self._value(item.get("repeat"), known, NUMBERS, "repeat")
            step.when = self._value(item.get("when"), inside, NUMBERS, "when")
            step.sources = self._sources(item.get("from"))
        return step

    def _with_merge(self, step: Step, item: Table, settings: Marked) -> Marked:
        """The settings of a residual or of branches, with a `merge` that is written beside them."""
        beside = item.entries.get("merge")
        if beside is None:
            return settings
        if step.word not in ("residual", "branches"):
            self.problems.add("E103", f"merge goes with residual and branches, not with {step.word}", beside[0])
        elif isinstance(settings, Table):
            if "merge" in settings.entries:
                self.problems.add("E008", "merge is given twice", beside[0])
            else:
                settings.entries["merge"] = beside
        return settings

    def _bare(self, item: Scalar, known: Known, group: Group) -> Step:
        step = Step(item.text, item)
        if isinstance(item.value, str):
            step.does = self._does(step, None, known, group, False)
        else:
            self.problems.add("E108", f"a layer is a word or a mapping, not {name_of(item.value)}", item)
        return step

    def _not_one(self, item: Table, keys: list[Scalar]) -> None:
        if not keys:
            self.problems.add("E108", "a layer without an op", item, "such as conv: {out: 64, k: 3}")
            return
        first = str(keys[0].value)
        names = ", ".join(str(key.value)[:30] for key in keys[:6])
        inside = first in self._words() and all(key.value in lookup_any(first) for key in keys[1:])
        hint = f"the settings of {first} go inside it: {first}: {{...}}" if inside else "begin each layer with -"
        self.problems.add("E108", f"a layer is one op; here are {len(keys)}: {names}", keys[1], hint)

    def _name(self, step: Step, node: Marked | None, group: Group, optional: bool) -> None:
        if node is None:
            return
        name = node.plain()
        if not isinstance(name, str) or not NAME.fullmatch(name) or name == "in" or name.startswith("in."):
            self.problems.add(
                "E111", f"{name_of(name)} is no name", node, "letters, digits, _ - . / and :, at most 300; not in, not a number"
            )
            return
        if name in group.taken and not (optional and name in group.optional):  # those decided by `when` are seen later
            self.problems.add("E110", f'the name "{name}" is used twice, first in line {group.taken[name].line + 1}', node)
            return
        step.name, step.named = name, True
        group.taken[name] = node
        if optional:
            group.optional.add(name)

    def _value(self, node: Marked | None, known: Known, words: Words, what: str) -> Value | None:
        if node is None:
            return None
        raw = node.plain()
        try:
            names_in(raw, known, words)
        except RuleError as error:
            self.problems.rule("E106", f"{what}: ", error, node)
        return Value(raw, node)

    def _sources(self, node: Marked | None) -> tuple[tuple[str, Marked], ...] | None:
        if node is None:
            return None
        entries = node.items if isinstance(node, Items) else [node]
        found = []
        for entry in entries:
            name = entry.plain()
            if isinstance(name, str):
                found.append((name, entry))
            else:
                self.problems.add("E109", f"from takes names of layers, not {name_of(name)}", entry)
                found.append(("", entry))
        if not found:
            self.problems.add("E109", "from names no layer", node)
            found.append(("", node))
        return tuple(found)

    def _words(self) -> tuple[str, ...]:
        return (*WORDS, *CONSTRUCTS, *self.blocks)

    def _does(
        self, step: Step, settings: Marked | None, known: Known, group: Group, repeats: bool
    ) -> Recipe | Call | Paths | None:
        """What the op of a step is; None if that is wrong. An unnamed step that needs a name waits for it."""
        word = step.word
        paths = {"residual": self._residual, "branches": self._branches}.get(word)
        if not step.named and (repeats or paths is None):
            group.wait(step)
        if paths is not None:
            own = Group() if step.named or repeats else group
            found = paths(step, settings, known, own)
            if own is not group:
                own.assign()
            return found
        if word in self.blocks:
            return self._call(step, settings, known)
        if word in WORDS or word == "sepconv":
            return self._recipe(word, step.mark, settings, known)
        meant = SYNONYMS.get(word.lower(), "")
        hint = f'did you mean "{meant}"?' if meant else did_you_mean(word, self._words())
        self.problems.add("E102", f'unknown op "{word[:60]}"', step.mark, hint)
        return None

    def _recipe(self, word: str, mark: Marked, node: Marked | None, known: Known) -> Recipe | None:
        given = self._settings(word, mark, node)
        if given is None:
            return None
        return self._checked(word, word, mark, given, known)

    def _checked(self, word: str, kind: str, mark: Marked, given: list[tuple[Scalar, Marked]], known: Known) -> Recipe | None:
        """The recipe of operation `word`, whose settings are those of `kind`."""
        entries: dict[str, Entry] = {}
        names: list[str] = []
        whole = True
        for key, node in given:
            setting = lookup(kind).get(key.value)
            if setting is None:
                self.problems.add("E103", unknown_setting(kind, key.value), key)
                whole = False
                continue
            if setting.name in entries:
                self.problems.add("E008", f"{setting.name} is given twice, as {setting.name} and {setting.alias}", key)
                continue
            raw = node.plain()
            try:
                names += names_in(raw, known, words_of(setting.kind))
            except RuleError as error:
                self.problems.rule("E106", f"{kind}: {setting.name}: ", error, node)
                whole = False
            entries[setting.name] = Entry(setting, raw, node)
        base = self.defaults.get(kind, {})
        missing = [s for s in required(kind) if s.name not in entries and s.name not in base] if whole else []
        if missing:
            names_text = ", ".join(f"{s.name} ({s.alias})" if s.alias else s.name for s in missing)
            self.problems.add("E105", f"{kind} needs {names_text}", mark)
            whole = False
        return Recipe(word, kind, entries, tuple(names), self.defaults) if whole else None

    def _settings(self, word: str, mark: Marked, node: Marked | None) -> list[tuple[Scalar, Marked]] | None:
        """The settings as (key, value); a scalar or a list is the main setting."""
        if isinstance(node, Table):
            return list(node.entries.values())
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return []
        main = main_of(word)
        if not main:
            hint = f"with from: {{{word}: {{}}, from: [a, b]}}" if word in MERGES else ""
            self.problems.add("E104", f"{word} takes its settings as a mapping, not {name_of(node.plain())}", node, hint)
            return None
        return [(Scalar(node.document, node.line, node.column, main, main), node)]

    def _call(self, step: Step, node: Marked | None, known: Known) -> Call | None:
        block, arguments, whole = self.blocks[step.word], {}, True
        self.calls.setdefault(block.name, step.mark)
        if isinstance(node, Table):
            given = list(node.entries.values())
        elif node is None or (isinstance(node, Scalar) and node.value is None):
            given = []
        elif block.params:
            first = next(iter(block.params))
            given = [(Scalar(node.document, node.line, node.column, first, first), node)]
        else:
            self.problems.add("E103", f'the block "{block.name}" has no params', node)
            return None
        for key, value in given:
            if key.value not in block.params:
                there = f"it has {', '.join(block.params)}" if block.params else "it has none"
                hint = did_you_mean(str(key.value), block.params) or there
                self.problems.add("E103", f'the block "{block.name}" has no param "{key.text[:40]}"', key, hint)
                whole = False
                continue
            found = self._value(value, known, FREE, f"{block.name}: {key.value}")
            if found is not None:
                arguments[key.value] = found
        missing = [name for name, value in block.params.items() if value.raw is None and name not in arguments]
        if missing and whole:
            self.problems.add("E105", f'the block "{block.name}" needs {", ".join(missing)}', step.mark)
        return Call(block.name, arguments) if whole and not missing else None

    def _residual(self, step: Step, node: Marked | None, known: Known, group: Group) -> Paths | None:
        if not isinstance(node, Table) or not isinstance(node.get("main"), Items):
            self.problems.add(
                "E105", "residual needs main, a list of layers", step.mark, "residual: {main: [...], skip: [...]}"
            )
            return None
        for key, _ in node.entries.values():
            if key.value not in ("main", "skip", "merge", "norm", "act"):
                hint = did_you_mean(key.text, ("main", "skip", "merge", "norm", "act"))
                self.problems.add("E103", f'residual has no setting "{key.text[:40]}"', key, hint)
        bodies = tuple(self.inner(node.get(key), known, group, key) for key in ("main", "skip"))
        after = [entry for key in ("norm", "act") if (entry := node.entries.get(key))]
        merge = self._merge(step, node.get("merge"), "add", after, known, group)
        return Paths(("", ""), bodies, merge) if merge else None

    def _branches(self, step: Step, node: Marked | None, known: Known, group: Group) -> Paths | None:
        if not isinstance(node, Table) or not node.entries.keys() - {"merge"}:
            hint = "branches: {a: [...], b: [...], merge: concat}"
            self.problems.add("E105", "branches needs a mapping of lists of layers", step.mark, hint)
            return None
        keys, bodies = [], []
        for key, value in node.entries.values():
            if key.value == "merge":
                continue
            if not NAME.fullmatch(key.text):
                self.problems.add("E111", f"{name_of(key.value)} is no name of a branch", key)
            keys.append(key.text + ".")
            bodies.append(self.body(value, known, f'the branch "{key.text[:40]}"'))
        merge = self._merge(step, node.get("merge"), "concat", [], known, group)
        return Paths(tuple(keys), tuple(bodies), merge) if merge else None

    def _merge(
        self, step: Step, node: Marked | None, usual: str, after: list[tuple[Scalar, Marked]], known: Known, group: Group
    ) -> Merge | None:
        word = usual if node is None else plain(node)
        if word not in MERGES:
            hint = did_you_mean(word, MERGES) if isinstance(word, str) else ""
            self.problems.add("E104", f"merge must be one of {', '.join(MERGES)}, not {name_of(word)}", node, hint)
            return None
        recipe = self._checked(word, "residual", step.mark, after, known) if step.word == "residual" else None
        recipe = recipe or Recipe(word, word, {}, (), {})
        merge = Merge(word, recipe)
        group.wait(merge)
        return merge


def lookup_any(word: str) -> Mapping[str, Any]:
    """The settings of a word, if it is an operation's."""
    return lookup(word) if word in WORDS or word in ("sepconv", "residual") else {}
