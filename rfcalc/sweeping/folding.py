"""Figures of many designs of one spec without their graphs: what a step of the spec adds on an input of some shape is worked
out once for equal params, and a design is the sum of its steps.

Only for what adds up over layers, and for the field of the last map, and only where each step reads the one above it. Anything
else, and a design that cannot be made, is `Unfolded`: its graph says what there is to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property
from typing import Generic, TypeVar, cast

from rfcalc.analyses.layer import Found, Layer
from rfcalc.analyses.metrics import Metric
from rfcalc.analyses.receptive_field import Fields
from rfcalc.errors import RuleError, SpecError
from rfcalc.graph import Graph, Node, check_limits
from rfcalc.language.definitions import blocks, defaults
from rfcalc.language.expand import TIMES, TRUTH
from rfcalc.language.load import Template
from rfcalc.language.marked import Marked
from rfcalc.language.problems import Problems
from rfcalc.language.reading import Reader
from rfcalc.language.recipes import LayerRecipe
from rfcalc.language.shapes import inputs
from rfcalc.language.steps import Block, BlockCall, Body, Branches, Step
from rfcalc.language.values import FREE, evaluate
from rfcalc.layers.contract import Op
from rfcalc.layers.facts import Facts
from rfcalc.record import record
from rfcalc.relations.geometry import PaddingMode, Reach
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape
from rfcalc.sweeping.condition import SMALL, arithmetic
from rfcalc.sweeping.figures import foldable
from rfcalc.sweeping.names import Names, Unfolded

KNOWN = ("name", "input", "params", "defaults", "blocks", "layers", "budget", "object_size", "published", "lesson", "extends")
MOST_KEPT = 40_000
ENOUGH, SELDOM = 3000, 8  # tries of a step, of which one in so many must be known
ALONE = (0,)  # the only input of a layer
Thing = TypeVar("Thing")
Params = Mapping[str, object]
Work = Callable[[Params], object]
Seen = tuple[tuple[int, int, int], ...]  # per axis: unit i reads the units i * stride + first to i * stride + last
Map = tuple[Shape, Seen | None]


@record(eq=False)
class Part:
    """What some layers do on an input: the shape that they give; the sums of figures; how many they are; what a unit of the
    last one reads of the input, None where every path is global; and the last of them that is a map, with what it reads."""

    shape: Shape
    sums: tuple[float, ...]
    count: int
    seen: Seen | None
    last: Map | None


class Kept(Generic[Thing]):
    """What was worked out, by its key: what was asked for lately, and some of what was not."""

    def __init__(self) -> None:
        self.new: dict[object, Thing] = {}
        self.old: dict[object, Thing] = {}

    def get(self, key: object) -> Thing | None:
        """What is kept, if it is; raises TypeError for a key without a hash."""
        found = self.new.get(key)
        if found is None and (found := self.old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: object, found: Thing) -> Thing:
        """Keeps a thing, and gives it."""
        if len(self.new) >= MOST_KEPT:
            self.new, self.old = {}, self.new
        self.new[key] = found
        return found


class Folding:
    """Folds designs of a spec. Raises Unfolded for a spec that cannot be folded."""

    def __init__(self, template: Template, metrics: Sequence[Metric]) -> None:
        top = template.top
        if not set(top.nodes) <= set(KNOWN) or not all(map(foldable, metrics)):
            raise Unfolded
        self.template, self.metrics, self.most = template, metrics, template.max_layers
        self.sums = [metric for metric in metrics if metric.axes is None]
        self.kept: Kept[Part] = Kept()
        self.tried: dict[int, list[int]] = {}  # how often a step was asked for, and how often it was known
        self.units: Kept[Unit] = Kept()
        self.arguments: dict[int, Sequence[tuple[str, bool, Work]]] = {}
        self.powers: Kept[tuple[Part, Part]] = Kept()
        self.body: Body | None = None
        self.image: Shape | None = None

    def figures(self, nodes: Mapping[str, Marked], params: Params) -> list[float | None]:
        """The figures of the design that sets `nodes`, which gives the params their values; raises Unfolded, also for one that
        cannot be made."""
        if any("." in key for key in nodes):
            raise Unfolded
        problems = Problems()
        if self.body is None:
            self._read(params, problems)
        assert self.body is not None, "it was read"
        shape = self.image
        if shape is None or "input" in nodes:
            ((_, shape, _),) = inputs(self.template.top, nodes.get("input"), params, problems)
            if problems.found or shape is None:
                raise Unfolded
            if "input" not in nodes and not self.names.of(self.template.top.nodes["input"].plain()):
                self.image = shape
        self.params, self.problems = params, problems
        try:
            part = self._body(self.body, params, shape, self._nothing(shape))
        except (RuleError, SpecError):
            raise Unfolded from None
        if problems.found or not 0 < part.count <= self.most:
            raise Unfolded
        return self._told(part, shape)

    def _read(self, params: Params, problems: Problems) -> None:
        """Reads the body, which is the same for all designs: no default depends on a param."""
        top = self.template.top
        known = frozenset(params)
        self.names = Names(known)
        for entries in top.defaults.values():
            for _, node in entries.values():
                if self.names.of(node.plain()):
                    raise Unfolded
        checker = blocks(top, known, problems, defaults(top, params, problems))
        body = Reader(checker).body(top.nodes.get("layers"), known)
        if problems.found:
            raise Unfolded
        self.blocks: Mapping[str, Block] = checker.blocks
        self.names.through(body, self.blocks)
        self.body = body

    def _told(self, part: Part, image: Shape) -> list[float | None]:
        """The figures, as the table of metrics has them."""
        sums = iter(part.sums)
        found = _LastMap(image, part.last) if part.last else None
        values: list[float | None] = []
        for metric in self.metrics:
            if metric.axes is None:
                values.append(next(sums))
            else:
                axes = metric.axes(cast(Layer, found)) if found else ()
                values.append(metric.worst(axes) if axes else None)
        return values

    def _nothing(self, shape: Shape) -> Part:
        return Part(shape, (0,) * len(self.sums), 0, _same(shape.rank), None)

    def _body(self, body: Body, params: Params, shape: Shape, part: Part) -> Part:
        """The steps one after the other, behind those of a part."""
        for step in body.steps:
            part = self._step(step, params, part)
        return part

    def _step(self, step: Step, params: Params, before: Part) -> Part:
        if step.repeat is None:
            if step.when is not None and not step.when.at(params, TRUTH, "when"):
                return before
            return _after(before, self._once(step, params, before.shape))
        times = step.repeat.at(params, TIMES, "repeat")
        if times > self.most:
            raise Unfolded
        if step.when is None and not self.names.counts(step):
            return self._alike(step, params, before, times)
        for turn in range(times):
            inner = {**params, "i": turn}
            if step.when is None or step.when.at(inner, TRUTH, "when"):
                before = _after(before, self._once(step, inner, before.shape))
        return before

    def _alike(self, step: Step, params: Params, before: Part, times: int) -> Part:
        """Turns that differ in what they read only: once they read what the one before read, the rest is a power."""
        while times:
            part = self._once(step, params, before.shape)
            if part.shape == before.shape:
                return _after(before, self._power(part, times))
            before, times = _after(before, part), times - 1
        return before

    def _power(self, part: Part, times: int) -> Part:
        """A part behind itself, some times."""
        if times == 1:
            return part
        key = (id(part), times)
        found = self.powers.get(key)
        if found is None or found[0] is not part:
            half = self._power(part, times // 2)
            twice = _after(half, half)
            found = self.powers.put(key, (part, _after(twice, part) if times % 2 else twice))
        return found[1]

    def _once(self, step: Step, params: Params, shape: Shape) -> Part:
        """One turn of a step, kept for equal params, unless those seldom come again."""
        tried = self.tried.setdefault(id(step), [0, 0])
        tried[0] += 1
        if tried[0] > ENOUGH and tried[1] * SELDOM < tried[0]:
            return self._made(step, params, shape)
        key = (id(step), shape, *self.names.key(step, params, self.params))
        try:
            found = self.kept.get(key)
        except TypeError:  # a mapping among the params
            return self._made(step, params, shape)
        if found is not None:
            tried[1] += 1
            return found
        return self.kept.put(key, self._made(step, params, shape))

    def _made(self, step: Step, params: Params, shape: Shape) -> Part:
        does = step.does
        if isinstance(does, LayerRecipe):
            return self._layers(does, params, (shape,), ALONE)
        if isinstance(does, BlockCall):
            return self._call(does, params, shape)
        if isinstance(does, Branches):
            return self._paths(does, params, shape)
        raise Unfolded

    def _call(self, call: BlockCall, params: Params, shape: Shape) -> Part:
        own = dict(self.params)
        for key, of_block, value in self._arguments(call):
            own[key] = value(own if of_block else params)
        return self._body(self.blocks[call.block].body, own, shape, self._nothing(shape))

    def _arguments(self, call: BlockCall) -> Sequence[tuple[str, bool, Work]]:
        """The params of a block, whether each has its default, and how it is worked out."""
        found = self.arguments.get(id(call))
        if found is None:
            every = [(key, call.arguments.get(key), default) for key, default in self.blocks[call.block].params.items()]
            found = [(key, given is None, self._value((given or default).raw)) for key, given, default in every]
            self.arguments[id(call)] = found
        return found

    def _value(self, raw: object) -> Work:
        """How a value is worked out from params."""
        if isinstance(raw, str) and raw in self.names.known:
            return lambda params: evaluate(raw, params, FREE) if params.get(raw) is None else params[raw]
        if isinstance(raw, str) and (names := self.names.of(raw)) and (quick := arithmetic(raw)):
            return _quick(quick, names, lambda params: evaluate(raw, params, FREE))
        return (
            (lambda params: raw) if raw is None or isinstance(raw, int | float) else lambda params: evaluate(raw, params, FREE)
        )

    def _paths(self, paths: Branches, params: Params, shape: Shape) -> Part:
        """Every path on the same input, then the merge."""
        parts = [self._body(body, params, shape, self._nothing(shape)) for body in paths.bodies]
        sources = tuple([k if part.count else -1 for k, part in enumerate(parts)])  # paths without layers are the input itself
        shapes, seen = tuple([part.shape for part in parts]), [part.seen for part in parts]
        merge = self._layers(paths.merge.recipe, params, shapes, sources, seen)
        last = merge.last
        for part in reversed(parts):
            last = last or part.last
        sums = tuple(map(sum, zip(merge.sums, *(part.sums for part in parts), strict=True)))
        return Part(merge.shape, sums, merge.count + sum(part.count for part in parts), merge.seen, last)

    def _layers(
        self,
        recipe: LayerRecipe,
        params: Params,
        shapes: tuple[Shape, ...],
        sources: tuple[int, ...],
        seen: Sequence[Seen | None] | None = None,
    ) -> Part:
        """A layer, its norm and its activation. `sources` tell apart what is read; `seen`: what its units read."""
        chain = recipe.chain(params, self.problems)
        if chain is None or not recipe.least <= len(shapes) <= (recipe.most or len(shapes)) or recipe.most == 0:
            raise Unfolded
        (_, op), *after = chain
        part = self._unit(op, shapes, sources).behind(shapes if seen is None else seen)
        for _, op in after:
            part = _after(part, self._unit(op, (part.shape,), ALONE).alone)
        return part

    def _unit(self, op: Op, shapes: tuple[Shape, ...], sources: tuple[int, ...]) -> Unit:
        """One layer, kept for equal inputs."""
        key = (id(op), shapes, sources)
        return self.units.get(key) or self.units.put(key, self._worked_out(op, shapes, sources))

    def _worked_out(self, op: Op, shapes: tuple[Shape, ...], sources: tuple[int, ...]) -> Unit:
        facts = Facts(op, shapes, op.shape(shapes))
        check_limits(facts)
        facts.__dict__.update(reads=op.reach(shapes), cost=op.cost(shapes))  # not to be looked for among those of other layers
        node = Node("", facts, sources)
        found = Found(cast(Graph, None), cast(Fields, None))
        layer = Layer(node, 0, found)
        sums = tuple([metric.each(layer) for metric in self.sums if metric.each])
        return Unit(op, node.shape, sums, tuple(_reads(node)), node.shape.positions > 1 and node.shape.rank > 0)


@record(eq=False)
class Unit:
    """One layer on inputs of some shapes: the shape that it gives, its figures, how it reads which of its inputs, and whether
    it is a map. `op` is kept so that no other one has its id."""

    op: Op
    shape: Shape
    sums: tuple[float, ...]
    reads: tuple[tuple[int, Seen], ...]
    is_map: bool

    @cached_property
    def alone(self) -> Part:
        """It as a part that has one input."""
        return self.behind([_same(len(self.reads[0][1]) if self.reads else 0)])

    def behind(self, given: Sequence[Seen | Shape | None]) -> Part:
        """It as a part, behind what its inputs read, or on inputs of some shapes."""
        found: Seen | None = None
        for source, axes in self.reads:
            there = given[source]
            here = axes if isinstance(there, Shape) else _through(there, axes)
            found = here if found is None else found if here is None else _union(found, here)
        return Part(self.shape, self.sums, 1, found, (self.shape, found) if self.is_map else None)


def folding(template: Template, metrics: Sequence[Metric]) -> Folding | None:
    """What folds the designs of a spec; None for a spec, or for figures, that cannot be folded."""
    try:
        return Folding(template, metrics)
    except Unfolded:
        return None


class _LastMap:
    """The last map of a network, as the table of metrics asks a layer."""

    def __init__(self, image: Shape, last: Map) -> None:
        shape, seen = last
        self.field = self
        self.size = None if seen is None else tuple([end - begin + 1 for _, begin, end in seen])
        self.stride = None if seen is None else tuple([Fraction(stride) for stride, _, _ in seen])
        self.downsampling = tuple([Fraction(n, m) for n, m in zip(image.size, shape.size, strict=False)])


def _after(before: Part, part: Part) -> Part:
    """A part behind another one."""
    if not before.count:
        return part
    last = before.last if part.last is None else (part.last[0], _through(before.seen, part.last[1]))
    sums = tuple([a + b for a, b in zip(before.sums, part.sums, strict=True)])
    return Part(part.shape, sums, before.count + part.count, _through(before.seen, part.seen), last)


def _through(first: Seen | None, then: Seen | None) -> Seen | None:
    """What a unit reads through another layer."""
    if first is None or then is None:
        return None
    if then is _same(len(first)):
        return first
    if len(first) != len(then):
        raise Unfolded
    return tuple([(a * s, b * s + x, c * s + y) for (s, x, y), (a, b, c) in zip(first, then, strict=True)])


def _quick(quick: Work, names: Iterable[str], slow: Work) -> Work:
    """Arithmetic on small whole numbers; of anything else the reader of expressions says what it is, or what is wrong."""
    ordered = sorted(names)

    def value(params: Params) -> object:
        for name in ordered:
            given = params.get(name)
            if given.__class__ is not int or not -SMALL < given < SMALL:
                return slow(params)
        found = quick(params)
        return slow(params) if found is None else found

    return value


@cache
def _same(rank: int) -> Seen:
    """Each unit itself."""
    return ((1, 0, 0),) * rank


def _union(one: Seen, other: Seen) -> Seen:
    """What two paths read, around both."""
    if any(a[0] != b[0] for a, b in zip(one, other, strict=True)):
        raise Unfolded
    return tuple([(a[0], min(a[1], b[1]), max(a[2], b[2])) for a, b in zip(one, other, strict=True)])


def _reads(node: Node) -> Iterator[tuple[int, Seen]]:
    """How a layer reads its inputs, those left out of which it reads all."""
    if node.op.bound or node.facts.picks:
        raise Unfolded
    for read in node.reads:
        if not read.axes or any(axis is not None for axis in read.axes):
            yield read.source, _axes(read, node)


def _axes(read: Read, node: Node) -> Seen:
    """What a unit reads of one input; raises Unfolded for what is no window of one place."""
    rank = node.shapes[read.source].rank
    if read.phases or read.together or node.shape.rank != rank:
        raise Unfolded
    found = tuple([_axis(axis) for axis in read.axes])
    return found if found and found != _same(rank) else _same(rank)


def _axis(reach: object) -> tuple[int, int, int]:
    if not isinstance(reach, Reach) or reach.period != 1 or reach.advance < 1:
        raise Unfolded
    if reach.sized or reach.fold is not PaddingMode.ZERO:
        raise Unfolded
    (taps,) = reach.taps
    if not len(taps):
        raise Unfolded
    return reach.advance, taps[0], taps[-1]
