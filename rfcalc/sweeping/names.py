"""Which params the steps of a spec depend on, directly and through the blocks that they call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter

from rfcalc.errors import RuleError
from rfcalc.language.recipes import LayerRecipe
from rfcalc.language.steps import Block, BlockCall, Body, Branches, Step
from rfcalc.language.values import FREE, Value, names_in

Own = frozenset[str]
Getter = Callable[[Mapping[str, object]], object]


class Unfolded(Exception):  # noqa: N818 - no error: another way is taken
    """A spec, or a design, that cannot be folded."""


class Names:
    """The names of each step: those of the scope where it stands, and those of the spec that blocks below it see."""

    def __init__(self, params: Own) -> None:
        self.params = params
        self.known = params
        self.scoped: dict[int, tuple[Own, Own]] = {}
        self.optional: set[str] = set()
        self.getters: dict[int, tuple[Getter, Getter]] = {}

    def through(self, body: Body, blocks: Mapping[str, Block]) -> None:
        """Finds those of all steps; raises Unfolded where one reads another than the one above it."""
        self.blocks = blocks
        self.known = self.params.union({"i"}, *(block.params for block in blocks.values()))
        self.inside: dict[str, tuple[Own, Own]] = {}
        self._body(body)

    def counts(self, step: Step) -> bool:
        """Whether a step depends on the turn of its repeat."""
        return "i" in self.scoped[id(step)][0]

    def key(self, step: Step, params: Mapping[str, object], spec: Mapping[str, object]) -> tuple[object, object]:
        """The values that a step depends on; true and 1 are different things. Raises Unfolded for a value without a hash."""
        own, outer = self.getters[id(step)]
        return own(params), outer(spec)

    def of(self, raw: object) -> Own:
        """The names in a value."""
        try:
            return frozenset(names_in(raw, self.known, FREE))
        except RuleError:
            raise Unfolded from None

    def _body(self, body: Body) -> tuple[Own, Own]:
        found = [self._step(step) for step in body.steps]
        return _union(own for own, _ in found), _union(outer for _, outer in found)

    def _step(self, step: Step) -> tuple[Own, Own]:
        if step.sources is not None or step.weights is not None or step.counts is not None or step.does is None:
            raise Unfolded
        if step.named and step.when is not None:  # of two with one name, only one may be there
            if step.name in self.optional:
                raise Unfolded
            self.optional.add(step.name)
        own, outer = self._does(step.does)
        self.scoped[id(step)] = own, outer
        self.getters[id(step)] = _getter(own), _getter(outer)
        around = [value for value in (step.repeat, step.when) if value is not None]
        every = own.union(*(self.of(value.raw) for value in around))
        return (every - {"i"} if step.repeat is not None else every), outer

    def _does(self, does: LayerRecipe | BlockCall | Branches) -> tuple[Own, Own]:
        if isinstance(does, LayerRecipe):
            return frozenset(does.names), frozenset()
        if isinstance(does, BlockCall):
            return self._call(does)
        found = [self._body(body) for body in does.bodies]
        return _union([*(own for own, _ in found), frozenset(does.merge.recipe.names)]), _union(outer for _, outer in found)

    def _call(self, call: BlockCall) -> tuple[Own, Own]:
        block = self.blocks[call.block]
        if block.outputs:
            raise Unfolded
        if call.block not in self.inside:
            own, outer = self._body(block.body)
            own |= _union(self.of(default.raw) for default in _given(block.params.values()))
            self.inside[call.block] = own - {*block.params}, outer
        own, outer = self.inside[call.block]
        return _union(self.of(value.raw) for value in call.arguments.values()), own | outer


def _given(values: Iterable[Value]) -> Iterable[Value]:
    return (value for value in values if value.raw is not None)


def _union(names: Iterable[Own]) -> Own:
    return frozenset().union(*names)


def _getter(names: Own) -> Getter:
    """A function that gives the values of some names, with their kinds."""
    ordered = sorted(names)
    if not ordered:
        return lambda params: None
    if len(ordered) == 1:
        (name,) = ordered
        return lambda params: ((value := params[name]), value.__class__)
    pick = itemgetter(*ordered)

    def values(params: Mapping[str, object]) -> object:
        found = pick(params)
        return found, tuple([value.__class__ for value in found])

    return values
