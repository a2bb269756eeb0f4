"""The smallest changes to a design that give its receptive field a wanted size: each is applied and analysed again.

The field is followed along one number at a time: it is taken to grow evenly, the prediction is tried and corrected. Where
few single numbers reach the target, pairs are predicted from the growth of each and tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from fractions import Fraction
from itertools import combinations, permutations

from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.target import target as target_of
from rfcalc.design.knobs import DILATION, KERNEL, REPEAT, STRIDE, Knob, knobs
from rfcalc.design.patch import patched
from rfcalc.errors import RuleError, SpecError
from rfcalc.fields.forward import Support
from rfcalc.graph import Graph, Node, no_layer
from rfcalc.language.load import load_spec
from rfcalc.language.marked import MarkedMapping, read
from rfcalc.layers.contract import Op
from rfcalc.record import record
from rfcalc.relations.shape import Shape

MOST = {KERNEL: 31, DILATION: 64, REPEAT: 256}
MOST_VALUE, MOST_LAYERS = 1024, 20_000
STRIDES = (1, 2, 4)
Pair = tuple[tuple[Knob, int], tuple[Knob, int]]
ENOUGH, MOST_PAIRS, CORRECTIONS, MOST_NEIGHBOURS = 4, 40, 4, 16


@record
class DesignFigures:
    """A design as it is: the layer measured, its field (least axis) and stride in pixels and its shape; how many layers have
    holes in their field, and how many skip units of their input; costs; the layers by the part of the network that they
    belong to."""

    layer: str
    field: int
    stride: tuple[Fraction, ...]
    output: Shape
    holed: int
    skipping: int
    macs: int
    params: int
    parts: Mapping[str, tuple[tuple[str, Op], ...]]

    def changed(self, base: DesignFigures) -> list[str]:
        """The parts of the network (what comes before the first dot of a name) in which layers differ from another's."""
        return [key for key in {**base.parts, **self.parts} if self.parts.get(key) != base.parts.get(key)]


@record
class Edit:
    """A changed design: the numbers that were changed to which values, its text and its figures."""

    values: tuple[tuple[Knob, int], ...]
    text: str
    figures: DesignFigures


@record
class Task:
    """A spec, and what its field should be. `glob` chooses the layer that is meant; `tolerance` is a share of the target."""

    text: str
    source: str
    target: int
    tolerance: float = 0.1
    holes: bool = False
    glob: str | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)

    @property
    def slack(self) -> int:
        """The largest error in pixels."""
        return int(self.target * self.tolerance)

    def covered(self, field: int) -> bool:
        """Whether a field spans the target."""
        return field >= self.target

    def figures(self, text: str) -> DesignFigures:
        """Analyses a text; raises SpecError, or RuleError if it has no layer with a field of its own."""
        return measured(load_spec(text, self.source, self.overrides, MOST_LAYERS), self.glob)


def measured(graph: Graph, glob: str | None = None) -> DesignFigures:
    """The figures of a network; raises RuleError if no layer (that matches) has a field of its own."""
    chosen = [] if glob is None else [i for i, node in enumerate(graph.nodes) if fnmatchcase(node.name, glob)]
    if glob is not None and not chosen:
        raise no_layer(graph, glob)
    fields = Fields(graph)
    at = target_of(graph, fields, chosen)
    target_field = None if at is None else fields.of(at)
    if at is None or target_field is None or target_field.size is None or target_field.stride is None:
        raise RuleError("there is no layer whose field is less than the whole input")
    parts: dict[str, list[tuple[str, Op]]] = {}
    for node in graph.nodes:
        parts.setdefault(node.part_of.split(".")[0], []).append((node.name, node.op))
    return DesignFigures(
        layer=graph.nodes[at].name,
        field=min(target_field.size),
        stride=target_field.stride,
        output=graph.nodes[at].shape,
        holed=sum(map(_holed, fields.supports)),
        skipping=sum(map(_skips, graph.nodes)),
        macs=sum(node.cost.macs for node in graph.nodes),
        params=sum(node.cost.params for node in graph.nodes),
        parts={key: tuple(nodes) for key, nodes in parts.items()},
    )


def _holed(support: Support) -> bool:
    """Whether some unit of a layer leaves out pixels between those that it reads."""
    spans = (span for term in support.terms for axis in term.axes for span in axis.spans)
    return any(span is not None and span[2] is not None for span in spans)


def _skips(node: Node) -> bool:
    """Whether a dilated window moves so that it never reads some units that its kernel would reach without dilation."""
    window = node.op.sliding
    if window is None or window.transposed:
        return False
    axes = window.on(node.shapes[0].size)
    return any(len({w.dilation * t % w.stride for t in range(w.kernel)}) < min(w.kernel, w.stride) for w in axes)


class Search:
    """Tries changes of one task; `base` is the design as it is. Raises SpecError or RuleError if it cannot be analysed."""

    def __init__(self, task: Task) -> None:
        self.task = task
        document, self.root = read(task.text, task.source)
        self.text = document.text
        self.base = task.figures(self.text)
        self.tried: dict[str, DesignFigures | None] = {}
        self.found: dict[str, Edit] = {}

    def run(self) -> list[Edit]:
        """The changes that come within the tolerance, fewest numbers first, then by cost; else the nearest few.

        Raises RuleError if no number of the spec moves the field.
        """
        growth: list[tuple[Knob, int, DesignFigures]] = []
        for knob in knobs(self.root):
            if knob.role == STRIDE:
                for value in STRIDES:
                    if value != knob.value:
                        self.attempt(((knob, value),))
                continue
            step = self.along(knob)
            if step:
                growth.append(step)
        if len(self.reaching()) < ENOUGH:
            for counts in (range(1, 9), range(-8, 0)):
                if counts[0] < 0 and self.reaching():
                    break
                for pair in self.pairs(growth, counts):
                    self.attempt(pair)
        if not self.found:
            raise RuleError(self.nothing())
        nearest = sorted(self.found.values(), key=lambda change: (self.off(change.figures), self.rank(change)))
        return self.reaching() or nearest[:3]

    def nothing(self) -> str:
        """Why no change was found."""
        parent = self.root.get("extends") if isinstance(self.root, MarkedMapping) else None
        message = "no number of this spec moves the field where it should go"
        return f"{message}; its layers are in {parent.plain()}, which can be sized with -s" if parent else message

    def reaching(self) -> list[Edit]:
        """For each set of numbers its best change within the tolerance: one that covers the target, if there is one."""
        best: dict[tuple[object, ...], Edit] = {}
        near = [change for change in self.found.values() if self.off(change.figures) <= self.task.slack]
        for change in sorted(near, key=self.preferred):
            best.setdefault(tuple(knob.place for knob, _ in change.values), change)
        return sorted(best.values(), key=self.rank)

    def preferred(self, change: Edit) -> tuple[float, tuple[float, ...]]:
        """For one set of numbers: those that cover the target by rank, then the others from the nearest on."""
        return (0 if self.task.covered(change.figures.field) else self.off(change.figures)), self.rank(change)

    def rank(self, change: Edit) -> tuple[float, ...]:
        """Fewest numbers first, then those that keep stride and shape, then by cost, by error, by how far they go."""
        moved = (change.figures.stride, change.figures.output) != (self.base.stride, self.base.output)
        far = max(value / max(1, knob.value) for knob, value in change.values)
        return len(change.values), moved, cost(change, self.base), self.off(change.figures), far

    def off(self, figures: DesignFigures) -> int:
        """The error in pixels."""
        return abs(figures.field - self.task.target)

    def attempt(self, values: Sequence[tuple[Knob, int]]) -> DesignFigures | None:
        """The figures of a change; it is kept if it moves the field and breaks nothing. None if it is no network."""
        text = patched(self.text, [(knob.place, value) for knob, value in values])
        if text not in self.tried:
            try:
                self.tried[text] = self.task.figures(text)
            except (SpecError, RuleError):
                self.tried[text] = None
        tried = self.tried[text]
        if tried is not None and tried.field != self.base.field and self.sound(values, tried):
            self.found.setdefault(text, Edit(tuple(values), text, tried))
        return tried

    def sound(self, values: Sequence[tuple[Knob, int]], found: DesignFigures) -> bool:
        """Whether a change keeps the stride (unless it sets one), opens no holes and skips no units."""
        if found.stride != self.base.stride and not any(knob.role == STRIDE for knob, _ in values):
            return False
        return found.skipping <= self.base.skipping and (self.task.holes or found.holed <= self.base.holed)

    def along(self, knob: Knob) -> tuple[Knob, int, DesignFigures] | None:
        """Follows one number to the target; gives its smallest step and what that step does, None if it does nothing."""
        up = self.task.target > self.base.field
        for size in (2,) if knob.role == KERNEL else (1,) if knob.role in MOST else (1, 2):
            step = size if up else -size
            first = self.attempt(((knob, knob.value + step),)) if self.allowed(knob, knob.value + step) else None
            if first is not None and (first.field - self.base.field) * step > 0:
                break
        else:
            return None
        known = {0: self.base.field, 1: first.field}
        for _ in range(CORRECTIONS):
            count = min(self.predicted(known), self.most(knob, step))
            if count in known:
                break
            tried = self.attempt(((knob, knob.value + count * step),))
            if tried is None:
                break
            known[count] = tried.field
        self.beside(knob, step, known)
        return knob, step, first

    def beside(self, knob: Knob, step: int, known: Mapping[int, int]) -> None:
        """Tries the values beside the nearest one, by turns and within the tolerance, until one that covers the target is
        kept: a value may be out of question (it opens holes) where another one is not."""
        middle = min(known, key=lambda count: abs(known[count] - self.task.target))
        growth = max(1, abs(known[1] - known[0]))
        offsets = range(min(MOST_NEIGHBOURS, self.task.slack // growth + 1) + 1)
        for count in (middle + n for off in offsets for n in ((off, -off) if off else (0,))):
            if not 1 <= count <= self.most(knob, step):
                continue
            values = ((knob, knob.value + count * step),)
            tried = self.attempt(values)
            if tried is not None and self.sound(values, tried) and 0 <= tried.field - self.task.target <= self.task.slack:
                return

    def predicted(self, known: Mapping[int, int]) -> int:
        """The number of steps after which the field reaches the target, by the line through the two nearest known points."""
        (a, fa), (b, fb) = sorted(sorted(known.items(), key=lambda point: abs(point[1] - self.task.target))[:2])
        if fa == fb:
            return b
        return max(1, a + -(-(self.task.target - fa) * (b - a) // (fb - fa)))

    @staticmethod
    def allowed(knob: Knob, value: int) -> bool:
        """Whether a number may have a value."""
        return 1 <= value <= MOST.get(knob.role, MOST_VALUE)

    @staticmethod
    def most(knob: Knob, step: int) -> int:
        """How many steps a number may be moved."""
        return (MOST.get(knob.role, MOST_VALUE) - knob.value) // step if step > 0 else (knob.value - 1) // -step

    def pairs(self, growth: Sequence[tuple[Knob, int, DesignFigures]], counts: Sequence[int]) -> Iterator[Pair]:
        """Pairs of changes that are predicted to come near the target, the cheapest first; one of each goes `counts` steps
        towards the target (away from it, if negative)."""
        base = self.base
        pairs: list[tuple[int, int, int, Pair]] = []
        turns = combinations(growth, 2) if counts[0] > 0 else permutations(growth, 2)
        for (a, step_a, one), (b, step_b, other) in turns:
            per_a, per_b = one.field - base.field, other.field - base.field
            for n in counts:
                rest = Fraction(self.task.target - base.field - n * per_a, per_b)
                for m in {rest.__floor__(), rest.__ceil__()}:
                    values = ((a, a.value + n * step_a), (b, b.value + m * step_b))
                    off = abs(base.field + n * per_a + m * per_b - self.task.target)
                    if m < 1 or off > self.task.slack or not all(self.allowed(*value) for value in values):
                        continue
                    macs = base.macs + n * (one.macs - base.macs) + m * (other.macs - base.macs)
                    params = base.params + n * (one.params - base.params) + m * (other.params - base.params)
                    pairs.append((macs * params, off, len(pairs), values))
        for *_, values in sorted(pairs, key=lambda entry: entry[:3])[:MOST_PAIRS]:
            yield values


def cost(change: Edit, base: DesignFigures) -> float:
    """MACs x parameters, as a multiple of the unchanged design's."""
    return (change.figures.macs / max(1, base.macs)) * (change.figures.params / max(1, base.params))
