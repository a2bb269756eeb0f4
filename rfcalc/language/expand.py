"""Expands steps into the graph: blocks, repeats, paths, names; every layer is counted before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.graph import Builder
from rfcalc.language.limits import LONGEST_NAME, MOST_BLOCKS
from rfcalc.language.marked import Marked
from rfcalc.language.overrides import LayerOverrides
from rfcalc.language.problems import Problems
from rfcalc.language.recipes import Chain, LayerRecipe
from rfcalc.language.scopes import POISONED, Frame, Names, Sources
from rfcalc.language.sharing import Owner, Owners
from rfcalc.language.steps import Block, BlockCall, Body, Branches, Step
from rfcalc.language.values import BROKEN, FREE, evaluate
from rfcalc.layers.contract import Op
from rfcalc.layers.counted import Counted
from rfcalc.layers.settings import Bool, Int
from rfcalc.record import replace

EDGES = 2  # connections for each layer that is allowed
TIMES, TRUTH, COUNT = Int(0, 10**12), Bool(), Int(0, 10**15)


class Expansion:
    """Adds the layers of a spec to a Builder."""

    def __init__(
        self,
        builder: Builder,
        problems: Problems,
        blocks: Mapping[str, Block],
        params: Mapping[str, Any],
        overrides: LayerOverrides,
        most: int,
    ) -> None:
        self.builder, self.problems, self.blocks = builder, problems, blocks
        self.params, self.overrides, self.most = params, overrides, most
        self.names = Names(builder, problems)
        self.owners = Owners(self.names)
        self.layers = self.edges = self.turns = 0

    def run(self, body: Body, frame: Frame, current: Sources) -> Sources:
        """Expands the steps one after the other and gives what the last one made."""
        for step in body.steps:
            current = self._step(step, frame, current)
        return current

    def _step(self, step: Step, frame: Frame, current: Sources) -> Sources:
        name = frame.prefix + step.name
        made: Sources | None
        if step.repeat is None and not self._wanted(step, frame.params):
            made = None
        elif step.repeat is None and self._taken(step, name):
            return POISONED
        else:
            if step.sources is not None:
                current = self._sources(step.sources, frame)
            made = self._once(step, frame, name, current) if step.repeat is None else self._repeated(step, frame, name, current)
        if step.named and (made is not None or name not in self.names.named):
            self.names.named[name] = (made, frame.hidden)
        return current if made is None else made

    def _taken(self, step: Step, name: str) -> bool:
        """Whether another layer has this name; that is a problem."""
        if not step.named or self.names.named.get(name, (None, 0))[0] is None:
            return False
        self.problems.add("E110", f'the name "{name}" is used twice', step.mark)
        return True

    def _wanted(self, step: Step, params: Mapping[str, Any]) -> bool:
        if step.when is None:
            return True
        try:
            return bool(step.when.at(params, TRUTH, "when"))
        except RuleError as error:
            self.problems.rule("E113", "", error, step.when.mark)
            return True

    def _repeated(self, step: Step, frame: Frame, name: str, current: Sources) -> Sources | None:
        """All items of a repeated step; None if there is none."""
        assert step.repeat is not None
        try:
            times = step.repeat.at(frame.params, TIMES, "repeat")
        except RuleError as error:
            self.problems.rule("E113", "", error, step.repeat.mark)
            return POISONED
        if times > self.most:
            self._too_many(step.repeat.mark)
        made = None
        hidden = frame.hidden if step.named else len(name) + 1
        for k in range(times):
            self.turns += 1
            if self.turns > 2 * self.most:  # turns that make no layer must end too
                self._too_many(step.repeat.mark)
            params = {**frame.params, "i": k}
            if not self._wanted(step, params):
                continue
            if made is None and self._taken(step, name):
                return POISONED
            inner = frame.turn(params, hidden, (name, k, times))
            made = current = self._once(step, inner, f"{name}.{k}", current)
            if step.named:
                self.names.named[f"{name}.{k}"] = (made, frame.hidden)
        return made

    def _once(self, step: Step, frame: Frame, name: str, current: Sources) -> Sources:
        does = step.does
        if isinstance(does, LayerRecipe):
            return self._chain(step, does, frame, name, current)
        if does is None:
            return POISONED
        if len(name) > LONGEST_NAME or frame.depth >= MOST_BLOCKS:
            what = "blocks and paths nested too deeply" if frame.depth >= MOST_BLOCKS else f"a name of {len(name)} characters"
            self.problems.add("E114", what, step.mark)
            return POISONED
        if isinstance(does, BlockCall):
            return self._call(step, does, frame, name, current)
        return self._paths(step, does, frame, name, current)

    def _chain(self, step: Step, recipe: LayerRecipe, frame: Frame, name: str, current: Sources) -> Sources:
        """A layer, its norm and its activation."""
        changed = self.overrides.of(name, recipe) if self.overrides.patterns else ()
        chain = recipe.chain(frame.params, self.problems, changed)
        if chain is None:
            return POISONED
        if None in current:
            return POISONED
        if step.counts is not None:
            chain = self._counted(step, chain, frame.params)
        if recipe.most == 0:
            current = ()
        if not recipe.least <= len(current) <= (recipe.most or len(current)):
            self._arity(step, recipe, name, len(current))
            return POISONED
        self.layers += len(chain)
        self.edges += len(current)
        if self.layers > self.most:
            self._too_many(step.mark)
        if self.edges > EDGES * self.most:
            self._too_many(step.mark, EDGES * self.most, "connections between layers")
        try:
            owner = self.owners.layer(step, frame, name)
        except RuleError as error:
            self._unowned(step, name, error)
            return POISONED
        for suffix, op in chain:
            current = self._link(step, name, suffix, op, owner, frame, current)
        return current

    def _link(self, step: Step, name: str, suffix: str, op: Op, owner: Owner | None, frame: Frame, current: Sources) -> Sources:
        """One layer of a chain."""
        try:
            weights = self.owners.index(owner, suffix, op, current) if owner and None not in current else None
        except RuleError as error:
            self._unowned(step, name, error, owner)
            return POISONED
        made = self.builder.add(name + suffix, op, current, step.span, name, frame.repeat, weights)
        if made is None and weights is not None and owner:
            problems = self.builder.problems
            problems[-1] = replace(problems[-1], span=owner.mark.span) if problems[-1].code == "E126" else problems[-1]
        try:
            _ = None if made is None else self.builder.nodes[made].facts.reads
        except RuleError as error:  # a relation that cannot be written down is known here, not in an analysis
            self.builder.problem("E201", f'{op.word} "{name + suffix}": {error}', step.span)
            return POISONED
        return (made,)

    def _unowned(self, step: Step, name: str, error: RuleError, owner: Owner | None = None) -> None:
        mark = owner.mark if owner else step.weights and step.weights[1]
        self.problems.rule("E126", f'weights of "{name}": ', error, mark)

    def _counted(self, step: Step, chain: Chain, params: Mapping[str, Any]) -> Chain:
        """The chain, with the counts that its layer is given."""
        given: dict[str, int] = {}
        for key, value in (step.counts or {}).items():
            try:
                given[key] = value.at(params, COUNT, key)
            except RuleError as error:
                self.problems.rule("E104", "counts: ", error, value.mark)
        (suffix, op), *after = chain
        return ((suffix, Counted(op, **given)), *after)

    def _arity(self, step: Step, recipe: LayerRecipe, name: str, given: int) -> None:
        if recipe.most is None:
            message, hint = f"joins at least {recipe.least} inputs, not {given}", "say which: from: [a, b]"
        else:
            takes = "one input" if recipe.most == 1 else f"{recipe.least} to {recipe.most} inputs"
            message, hint = f"takes {takes}, not {given}", "say which: from: NAME; inside a block in.0, in.1"
        self.problems.add("E112", f'{step.word} "{name}" {message}', step.mark, hint)

    def _call(self, step: Step, call: BlockCall, frame: Frame, name: str, current: Sources) -> Sources:
        """A block instance."""
        block = self.blocks[call.block]
        self.builder.kinds[name] = call.block
        params = dict(self.params)
        for key, default in block.params.items():
            given = call.arguments.get(key)
            value, scope = (default, params) if given is None else (given, frame.params)
            try:
                params[key] = evaluate(value.raw, scope, FREE)
            except RuleError as error:
                self.problems.rule("E106", f"{call.block}: {key}: ", error, value.mark)
                params[key] = BROKEN
        try:
            weights = self.owners.block(step, call, frame, name)
        except RuleError as error:
            self._unowned(step, name, error)
            return POISONED
        hidden = frame.hidden if step.named or step.repeat else len(name) + 1
        inner = Frame(params, block.body, f"{name}.", hidden, current, None, frame.repeat, frame.depth + 1, weights)
        made = self.run(block.body, inner, current)
        return self._sources(block.outputs, inner) or made

    def _paths(self, step: Step, paths: Branches, frame: Frame, name: str, current: Sources) -> Sources:
        """A residual or branches: each body on the same input, then the merge."""
        own = step.named or step.repeat is not None
        prefix = f"{name}." if own else frame.prefix
        ends: list[int | None] = []
        empty = []
        for number, (key, body) in enumerate(zip(paths.keys, paths.bodies, strict=True)):
            made_before = self.layers
            ends += self.run(body, frame.path(body, prefix + key), current)
            if body.steps and self.layers == made_before:
                empty.append(f"the path {key.rstrip('.')}" if key else ("main", "skip")[number])
        merge, before = paths.merge, len(self.builder.problems)
        made = self._chain(step, merge.recipe, frame, prefix + merge.name, tuple(ends))
        if empty and len(self.builder.problems) > before:
            problem = self.builder.problems.pop()
            hint = f"{' and '.join(empty)}: left out here by a when, so that the input itself is joined"
            self.builder.problems.append(replace(problem, hint=hint))
        return made

    def _too_many(self, mark: Marked, most: int = 0, what: str = "layers") -> None:
        message = f"the spec expands to more than {most or self.most:,} {what}"
        self.problems.add("E115", message, mark, "--max-layers raises the limit")
        self.problems.stop()

    def _sources(self, names: Sequence[tuple[str, Marked]], frame: Frame) -> Sources:
        return tuple(index for name, mark in names for index in self.names.find(name, mark, frame))
