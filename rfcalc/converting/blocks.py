"""Finds what is repeated: scopes with nearly the same layers become uses of one block, the inner ones first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rfcalc.converting.merging import merged, skeleton
from rfcalc.converting.model import BlockDraft, Item, Mismatch, Scope, StepDraft, length
from rfcalc.converting.params import MOST_PARAMS, parametrized
from rfcalc.converting.runs import repeated
from rfcalc.converting.structure import Shaper
from rfcalc.language.reading import CONSTRUCTS, LAYER_KEYS
from rfcalc.layers.words import WORDS

ALIKE = 0.6  # share of layers that two scopes must have in common
GENERIC = frozenset(("", "Sequential", "ModuleList", "ModuleDict", "Module"))


@dataclass(eq=False)
class Cluster:
    """Scopes that may be one block, and the sets of layers that they have."""

    kind: str
    members: list[Scope] = field(default_factory=list)
    features: dict[frozenset[tuple[str, str]], None] = field(default_factory=dict)

    def takes(self, features: frozenset[tuple[str, str]]) -> bool:
        """Whether a scope is like those in here."""
        return features in self.features or any(
            len(features & other) >= ALIKE * len(features | other) for other in self.features
        )


class Finder:
    """Replaces scopes of a tree by uses of blocks. `banned`: scopes that shall stay as they are; `hopeless`: scopes that
    were found to be no use of a block, so that what lies in them is not counted on to be written once."""

    def __init__(
        self, root: Scope, shaper: Shaper, kinds: Mapping[str, str], banned: frozenset[str], hopeless: frozenset[str]
    ) -> None:
        self.root, self.shaper, self.kinds, self.banned = root, shaper, kinds, banned
        self.blocks: dict[str, BlockDraft] = {}
        self.uses: dict[str, list[str]] = {}
        self.clusters = self._clusters()
        self.hoped = {
            scope.name: cluster
            for cluster in self.clusters
            if len(cluster.members) > 1
            for scope in cluster.members
            if scope.name not in hopeless
        }

    def run(self) -> frozenset[str]:
        """Finds all blocks; gives the scopes that had been hoped to be uses of one and are not."""
        self._fold(self.root)
        several = [cluster for cluster in self.clusters if len(cluster.members) > 1]
        for cluster in sorted(several, key=lambda c: max(len(features) for features in c.features)):
            there = {id(scope) for scope in self.root.scopes}
            members = [scope for scope in cluster.members if id(scope) in there and scope.name not in self.banned]
            while members:  # those within others first
                outer = {name for scope in members for name in _around(scope.name)[1:]}
                self._factor([scope for scope in members if scope.name not in outer], cluster.kind)
                self._fold(self.root)
                members = [scope for scope in members if scope.name in outer]
        used = {name for names in self.uses.values() for name in names}
        return frozenset(name for name in self.hoped if not used.intersection(_around(name)))

    def family(self, word: str, setting: str) -> str:
        """Which values may share a param with those of a setting."""
        block = self.blocks.get(word)
        return setting if block is None else next(p.family for p in block.params if p.name == setting)

    def _clusters(self) -> list[Cluster]:
        clusters: list[Cluster] = []
        having: dict[tuple[str, str, str], dict[int, None]] = {}  # the clusters that know a layer, by kind, name and word
        for scope in self.root.scopes:
            features = frozenset((item.name[len(scope.name) :], item.word) for item in scope.items)
            if scope is self.root or len(features) < 2:
                continue
            kind = _kind(self.kinds.get(scope.name, ""))
            near = sorted({i for feature in features for i in having.get((kind, *feature), ())})
            number = next((i for i in near if clusters[i].takes(features)), len(clusters))
            if number == len(clusters):
                clusters.append(Cluster(kind))
            clusters[number].members.append(scope)
            clusters[number].features[features] = None
            for feature in features:
                having.setdefault((kind, *feature), {})[number] = None
        return clusters

    def _factor(self, members: list[Scope], kind: str) -> None:
        """Makes one block, or several, of the members that fit together."""
        while len(members) > 1:
            group, rest = self._fitting(members, kind)
            if len(group) > 1:
                self._block(group, kind)
            members = rest

    def _fitting(self, members: list[Scope], kind: str) -> tuple[list[tuple[Scope, list[StepDraft]]], list[Scope]]:
        """Members that merge, each with its steps, and the others."""
        best: list[tuple[Scope, list[StepDraft]]] = []
        for flat in (False, True):
            shaped = []
            for scope in members:
                try:
                    given = externals(scope.items)
                    shaped.append((scope, self.shaper.steps(list(scope.items), given, f"{scope.name}.", flat)))
                except Mismatch:
                    continue
            fitting = _compatible(shaped, kind)
            if len(fitting) > len(best):
                best = fitting
            if len(best) == len(members):
                break
        chosen = {id(scope) for scope, _ in best}
        rest = [scope for scope in members if id(scope) not in chosen]
        return best, rest if best else []

    def _block(self, group: list[tuple[Scope, list[StepDraft]]], kind: str) -> None:
        """Replaces the members of a group by uses of a block, if that is shorter."""
        steps = merged([shape for _, shape in group])
        counted = self._counted(group)
        sites = {_site(scope.name) for scope, _ in counted}
        if len(steps) < 2 and not steps[0].paths:
            return
        if sum(length(shape) for _, shape in counted) <= length(steps) + 2 + len(sites):
            return
        params, arguments = parametrized(steps, self.family)
        if len(params) > MOST_PARAMS:
            return
        name = self._name(kind, [scope.name for scope, _ in group])
        self.blocks[name] = BlockDraft(name, params, steps)
        self.uses[name] = [scope.name for scope, _ in group]
        uses = {}
        for number, (scope, _) in enumerate(group):
            items = list(scope.items)
            settings = arguments[number] if arguments else {}
            given = externals(items)
            uses[id(scope)] = Item(scope.name, name, settings, given, items[0].first, items[-1].last)
        _replace(self.root, uses)

    def _counted(self, group: list[tuple[Scope, list[StepDraft]]]) -> list[tuple[Scope, list[StepDraft]]]:
        """The members that will be written: of those in scopes that will be one block, those in one of these."""
        counted: list[tuple[Scope, list[StepDraft]]] = []
        within: dict[int, dict[str, list[tuple[Scope, list[StepDraft]]]]] = {}
        for scope, steps in group:
            outer = next((name for name in _around(scope.name)[1:] if name in self.hoped), None)
            if outer is None:
                counted.append((scope, steps))
            else:
                within.setdefault(id(self.hoped[outer]), {}).setdefault(outer, []).append((scope, steps))
        return counted + [pair for inner in within.values() for pair in max(inner.values(), key=len)]

    def _name(self, kind: str, names: Sequence[str]) -> str:
        """A name for a block: its class, or what its uses are called."""
        stems = Counter(_stem(name) for name in names)
        stem = _snake(kind) if kind else stems.most_common(1)[0][0]
        if stem in WORDS or stem in CONSTRUCTS or stem in LAYER_KEYS or not stem or stem[0].isdigit():
            stem = f"{stem}_block".lstrip("_") if stem[:1].isalpha() else f"block{stem}"
        name, number = stem, 1
        while name in self.blocks:
            number += 1
            name = f"{stem}{number}"
        return name

    def _fold(self, scope: Scope) -> None:
        """Makes a repeat of each scope that is one."""
        for i, kid in enumerate(scope.kids):
            if isinstance(kid, Scope):
                self._fold(kid)
                run = None if kid.name in self.banned else repeated(kid, self.blocks.__contains__)
                if run is not None:
                    scope.kids[i] = run


def externals(items: Iterable[Item]) -> tuple[int, ...]:
    """The nodes before some items in one piece that they read, in the order in which they do."""
    items = list(items)
    return tuple(dict.fromkeys(node for item in items for node in item.reads if node < items[0].first))


def _around(name: str) -> list[str]:
    """A scope and those around it, the innermost first."""
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(len(parts), 0, -1)]


def _site(name: str) -> str:
    """Numbered members are written together."""
    scope, _, last = name.rpartition(".")
    return scope if last.isdigit() else name


def _compatible(shaped: list[tuple[Scope, list[StepDraft]]], kind: str) -> list[tuple[Scope, list[StepDraft]]]:
    """The largest group that merges, taking one kind of skeleton after the other, the frequent ones first."""
    kinds: dict[Any, list[tuple[Scope, list[StepDraft]]]] = {}
    for scope, steps in shaped:
        kinds.setdefault(skeleton(steps), []).append((scope, steps))
    chosen: list[tuple[Scope, list[StepDraft]]] = []
    for group in sorted(kinds.values(), key=len, reverse=True):
        try:
            steps = merged([steps for _, steps in [*chosen, *group]])
        except Mismatch:
            continue
        optional = [step.name for step in steps if step.when is not None]
        if len(optional) > 0.5 * len(steps) + 1 or (not kind and any(name.split(".")[0].isdigit() for name in optional)):
            continue  # members of a list are no parts of one thing, of which some may be missing
        chosen += group
    order = {id(scope): i for i, (scope, _) in enumerate(shaped)}
    return sorted(chosen, key=lambda pair: order[id(pair[0])])


def _replace(scope: Scope, uses: Mapping[int, Item]) -> None:
    for i, kid in enumerate(scope.kids):
        if isinstance(kid, Scope):
            if id(kid) in uses:
                scope.kids[i] = uses[id(kid)]
            else:
                _replace(kid, uses)


def _kind(kind: str) -> str:
    name = kind.rpartition(".")[2].lstrip("_")
    return "" if name in GENERIC else name


def _snake(name: str) -> str:
    """InvertedResidual as inverted_residual."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return re.sub(r"\W+", "_", parted)


def _stem(name: str) -> str:
    """What a scope is called, without numbers."""
    parts = [part for part in re.split(r"[./:-]", name) if not part.isdigit()]
    return re.sub(r"_?\d+[a-z]?$", "", parts[-1]).lower() if parts else "block"
