"""Reads `layers` lists into steps: the form of each entry, its name, what it reads. Nothing is expanded here."""

from __future__ import annotations

import re

from rfcalc.errors import did_you_mean
from rfcalc.language import synonyms
from rfcalc.language.checking import Checker, Given, Known
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping, MarkedScalar
from rfcalc.language.recipes import ACTS, NORMS, LayerRecipe, followed, lookup
from rfcalc.language.steps import BlockCall, Body, Branches, Group, Merge, Step
from rfcalc.language.synonyms import op_hint
from rfcalc.language.values import Value
from rfcalc.layers.counted import COMPUTED, COSTS
from rfcalc.layers.settings import name_of
from rfcalc.layers.words import WORDS

NAME = re.compile(r"\w[\w./:-]{0,299}")
LAYER_KEYS = ("name", "from", "repeat", "when", "merge", "counts", "weights")
COUNTS = (*COSTS, *COMPUTED)
CONSTRUCTS = ("residual", "branches", "sepconv")
MERGES = ("add", "concat", "mul", "max")
JOINED = {"residual": "add", "branches": "concat"}  # how their paths are joined where nothing is said
RESIDUAL_KEYS = ("main", "skip", "merge", "norm", "act")


class Reader:
    """Reads lists of layers; `calls` collects the blocks that they use."""

    def __init__(self, checker: Checker) -> None:
        self.checker, self.problems = checker, checker.problems
        self.calls: dict[str, Marked] = {}

    def body(self, node: Marked | None, known: Known, what: str = "layers") -> Body:
        """The steps of a list whose names have a prefix of their own."""
        group = Group()
        body = self._inner(node, known, group, what)
        group.assign()
        return body

    def _inner(self, node: Marked | None, known: Known, group: Group, what: str) -> Body:
        """The steps of a list whose names belong to `group`."""
        if node is None or (isinstance(node, MarkedScalar) and node.value is None):
            return Body()
        if not isinstance(node, MarkedList):
            hint = "begin each with -, with a name inside: - {name: a, conv: {out: 64, k: 3}}"
            self.problems.add("E108", f"{what} is a list of layers, not {name_of(node.plain())}", node, hint)
            return Body([Step("", node)])
        before = set(group.taken)
        steps = [self._step(item, known, group) for item in node.items]
        return Body(steps, frozenset(group.taken.keys() - before))

    def _step(self, item: Marked, known: Known, group: Group) -> Step:
        """One entry of a list; what is wrong with it is kept, and its layers are not made."""
        if isinstance(item, MarkedMapping):
            return self._mapping(item, known, group)
        if isinstance(item, MarkedScalar) and isinstance(item.value, str):
            step = Step(item.value, item)
            step.does = self._does(step, None, known, group)
            return step
        self.problems.add("E108", f"a layer is a word or a mapping, not {name_of(item.plain())}", item)
        return Step("", item)

    def _mapping(self, item: MarkedMapping, known: Known, group: Group) -> Step:
        ops = [entry for key, entry in item.entries.items() if key not in LAYER_KEYS]
        step = Step("", item)
        if len(ops) == 1:
            step = Step(ops[0][0].text, ops[0][0])
        else:
            self._not_one(item, [key for key, _ in ops])
        self._name(step, item.get("name"), group, item.get("when") is not None)
        if not step.word:
            return step
        step.repeats = item.get("repeat") is not None
        inside = known | {"i"} if step.repeats and "i" not in known else known
        step.does = self._does(step, self._with_merge(step, item, ops[0][1]), inside, group)
        for key, names in (("repeat", known), ("when", inside)):
            node = item.get(key)
            if node is not None:
                value = self.checker.value(node, names, key)
                setattr(step, key, value)
                step.does = step.does if value else None
        step.sources = self._sources(item.get("from"))
        if item.get("counts") is not None:
            step.counts = self._counts(step, item.get("counts"), inside)
        step.weights = self._owner(step, item.get("weights"))
        return step

    def _owner(self, step: Step, node: Marked | None) -> tuple[str, Marked] | None:
        """The name after `weights`."""
        if node is None:
            return None
        if step.word in JOINED or step.counts is not None:
            other = "counts and weights exclude each other"
            mixed = f"weights go with a layer or a block, not with {step.word}" if step.word in JOINED else other
            self.problems.add("E103", mixed, node)
            return None
        name = node.plain()
        if not isinstance(name, str) or not is_name(name):
            hint = "weights: NAME, a layer above whose weights this one uses too"
            self.problems.add("E109", f"weights takes the name of a layer, not {name_of(name)}", node, hint)
            name = ""
        return name, node

    def _counts(self, step: Step, node: Marked | None, known: Known) -> dict[str, Value] | None:
        """What a layer counts instead of what its op says."""
        if not isinstance(step.does, LayerRecipe):
            if step.does is not None:
                self.problems.add("E103", f"counts go with a layer, not with {step.word}", node)
            return None
        if not isinstance(node, MarkedMapping):
            self.problems.add("E104", f"counts are a mapping such as {{params: 0}}, not {name_of(node and node.plain())}", node)
            return None
        counts = {}
        for key, entry in node.entries.values():
            if key.value not in COUNTS:
                self.problems.add("E103", f'counts has no "{key.text[:40]}"; it has {", ".join(COUNTS)}', key)
                continue
            value = self.checker.value(entry, known, f"counts: {key.value}")
            if value is not None:
                counts[key.value] = value
        return counts

    def _not_one(self, item: MarkedMapping, keys: list[MarkedScalar]) -> None:
        """A mapping without an op, or with several."""
        if not keys:
            self.problems.add("E108", "a layer without an op", item, "such as conv: {out: 64, k: 3}")
            return
        first = keys[0].text
        names = ", ".join(key.text[:30] for key in keys[:6])
        settings = lookup(first) if first in (*WORDS, "sepconv", "residual") else {}
        inside = all(key.value in settings for key in keys[1:])
        hint = f"the settings of {first} go inside it: {first}: {{...}}" if inside else "begin each layer with -"
        if len(keys) == 2 and (meant := _layer_key(keys[1].text)):
            hint = f'did you mean "{meant}"?'
        if first in ("type", "op", "layer", "module"):
            hint = "the op is the key, with its settings inside: conv: {out: 64, k: 3}"
        for kind, known in (("norm", NORMS), ("act", ACTS)):
            if followed(first) and keys[1].value in known:
                hint = f"{first}: {{..., {kind}: {keys[1].value}}}"
        self.problems.add("E108", f"a layer is one op; here are {len(keys)}: {names}", keys[1], hint)

    def _with_merge(self, step: Step, item: MarkedMapping, settings: Marked) -> Marked:
        """The settings of a residual or of branches, with a `merge` that is written beside them."""
        beside = item.entries.get("merge")
        if beside is None:
            return settings
        if step.word not in JOINED:
            self.problems.add("E103", f"merge goes with residual and branches, not with {step.word}", beside[0])
        elif isinstance(settings, MarkedMapping):
            if "merge" in settings.entries:
                self.problems.add("E008", "merge is given twice", beside[0])
            else:
                joined = MarkedMapping(settings.document, settings.line, settings.column)
                joined.entries = {**settings.entries, "merge": beside}  # the table itself may stand elsewhere, by an alias
                return joined
        return settings

    def _name(self, step: Step, node: Marked | None, group: Group, optional: bool) -> None:
        if node is None:
            return
        name = node.plain()
        if not isinstance(name, str) or not is_name(name):
            hint = "letters, digits, _ - . / and :, at most 300, no number, and not in"
            self.problems.add("E111", f"{name_of(name)} is no name", node, hint)
        elif name in group.taken and not (optional and name in group.optional):  # `when` decides later between those
            self.problems.add("E110", f'the name "{name}" is used twice, first in line {group.taken[name].line + 1}', node)
        else:
            step.name, step.named = name, True
            group.taken[name] = node
            if optional:
                group.optional.add(name)

    def _sources(self, node: Marked | None) -> tuple[tuple[str, Marked], ...] | None:
        """The names after `from`; the empty one stands for one that is wrong."""
        if node is None:
            return None
        sources = []
        for entry in (node.items or [node]) if isinstance(node, MarkedList) else [node]:
            name = entry.plain()
            if not isinstance(name, str) or not name:
                what = "nothing" if name == () else name_of(name)
                hint = "leave from out to read the layer above, or give the layer that is meant a name"
                self.problems.add("E109", f"from takes names of layers, not {what}", entry, hint)
                name = ""
            sources.append((name, entry))
        return tuple(sources)

    def _does(self, step: Step, node: Marked | None, known: Known, group: Group) -> LayerRecipe | BlockCall | Branches | None:
        """What the op of a step is. An unnamed step that needs a name waits for it."""
        word = step.word
        paths = {"residual": self._residual, "branches": self._branches}.get(word)
        if not step.named and (step.repeats or paths is None):
            group.wait(step)
        if paths is not None:
            own = Group() if step.named or step.repeats else group
            found = paths(step, node, known, own)
            if own is not group:
                own.assign()
            return found
        if word in self.checker.blocks:
            self.calls.setdefault(word, step.mark)
            return self.checker.call(word, step.mark, node, known)
        if word in WORDS or word == "sepconv":
            return self.checker.recipe(word, step.mark, node, known)
        hint = op_hint(word, (*WORDS, *CONSTRUCTS, *self.checker.blocks))
        self.problems.add("E102", f'unknown op "{word[:60]}"', step.mark, hint)
        return None

    def _residual(self, step: Step, node: Marked | None, known: Known, group: Group) -> Branches | None:
        if not isinstance(node, MarkedMapping) or not isinstance(node.get("main"), MarkedList):
            self.problems.add(
                "E105", "residual needs main, a list of layers", step.mark, "residual: {main: [...], skip: [...]}"
            )
            return None
        for key, _ in node.entries.values():
            if key.value not in RESIDUAL_KEYS:
                hint = did_you_mean(key.text, RESIDUAL_KEYS)
                self.problems.add("E103", f'residual has no setting "{key.text[:40]}"', key, hint)
        bodies = tuple(self._inner(node.get(key), known, group, key) for key in ("main", "skip"))
        after = [entry for key in ("norm", "act") if (entry := node.entries.get(key))]
        merge = self._merge(step, node, after, known, group)
        return Branches(("", ""), bodies, merge) if merge else None

    def _branches(self, step: Step, node: Marked | None, known: Known, group: Group) -> Branches | None:
        if not isinstance(node, MarkedMapping) or not node.entries.keys() - {"merge"}:
            hint = "branches: {a: [...], b: [...], merge: concat}"
            self.problems.add("E105", "branches needs a mapping of names to lists of layers", step.mark, hint)
            return None
        bodies = {}
        for key, value in node.entries.values():
            if key.value == "merge":
                continue
            if not is_name(key.text):
                self.problems.add("E111", f"{name_of(key.value)} is no name of a branch", key)
            bodies[f"{key.text}."] = self.body(value, known, f'the branch "{key.text[:40]}"')
        merge = self._merge(step, node, [], known, group)
        return Branches(tuple(bodies), tuple(bodies.values()), merge) if merge else None

    def _merge(self, step: Step, table: MarkedMapping, after: Given, known: Known, group: Group) -> Merge | None:
        """The layer that joins the paths."""
        node = table.get("merge")
        word = JOINED[step.word] if node is None else node.plain()
        if word not in MERGES:
            hint = did_you_mean(word, MERGES) if isinstance(word, str) else ""
            self.problems.add("E104", f"merge must be one of {', '.join(MERGES)}, not {name_of(word)}", node, hint)
            return None
        recipe = self.checker.settings(word, step.word, step.mark, after, known)
        if recipe is None:
            return None
        merge = Merge(word, recipe)
        group.wait(merge)
        return merge


def is_name(name: str) -> bool:
    """Whether a layer may be called so."""
    return bool(NAME.fullmatch(name)) and name != "in" and not name.startswith("in.")


def _layer_key(word: str) -> str:
    """The key of a layer (from, when, ...) that was meant by a word; the empty string if none was."""
    if meant := synonyms.LAYER_KEYS.get(word.lower()):
        return meant
    near = did_you_mean(word, LAYER_KEYS) if word.lower() not in WORDS else ""
    return near.split('"')[1] if near else ""
