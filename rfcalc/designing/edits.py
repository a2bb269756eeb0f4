"""The cheapest changes of one or two numbers that give a design's field a wanted size: each is applied and analysed again.

The field is followed along one number at a time: it is taken to grow evenly, the prediction is tried and corrected. Pairs of
numbers that should cost less than any single one (pairs.py) are tried and corrected too. The cheapest change comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction
from itertools import islice
from math import inf

from rfcalc.analyses.receptive_field import Fields
from rfcalc.analyses.target import target as target_of
from rfcalc.designing.knobs import HIGHEST, KERNEL, STRIDE, Knob, knobs
from rfcalc.designing.pairs import Course, Point, predicted
from rfcalc.designing.patch import patched, without
from rfcalc.errors import RuleError, SpecError
from rfcalc.fields.forward import Support
from rfcalc.graph import Graph, Node, no_layer
from rfcalc.language.load import load_spec
from rfcalc.language.marked import MarkedMapping, read
from rfcalc.language.top import SAID
from rfcalc.layers.contract import Op
from rfcalc.progress import each
from rfcalc.record import field, record, replace
from rfcalc.relations.shape import Shape

MOST_LAYERS = 20_000
MOST_PIXELS = 1 << 20
STRIDES = (1, 2, 4)
MOST_PAIRS, MOST_WORK, CORRECTIONS, MOST_NEIGHBOURS = 400, 20_000, 4, 16  # work: layers that are analysed for pairs


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

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return sum(map(len, self.parts.values()))

    def changed(self, base: DesignFigures) -> list[str]:
        """The parts of the network (what comes before the first dot of a name) in which layers differ from another's."""
        return [key for key in {**base.parts, **self.parts} if self.parts.get(key) != base.parts.get(key)]

    def moved(self, base: DesignFigures) -> bool:
        """Whether the layer has another stride or shape than another design's."""
        return (self.stride, self.output) != (base.stride, base.output)


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

    def __post_init__(self) -> None:
        if not 1 <= self.target <= MOST_PIXELS:
            raise RuleError(f"the target is 1 to {MOST_PIXELS:,} pixels, not {self.target}")

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
        """The changes that come within the tolerance, in the order of `rank`; else the nearest few. Their texts no longer say
        what was published of the design as it was.

        Raises RuleError if no number of the spec moves the field.
        """
        courses: list[Course] = []
        for knob in each("trying changes", list(knobs(self.root))):
            if knob.role == STRIDE:
                for value in STRIDES:
                    if value != knob.value:
                        self.attempt(((knob, value),))
                continue
            course = self.along(knob)
            courses += [course] if course else []
        for counts in (range(1, 16), range(-8, 0)):
            if counts[0] < 0 and self.reaching():
                break
            below = min((cost(change, self.base) for change in self.reaching() if self.fits(change)), default=inf)
            pairs = predicted(courses, self.task.target, self.task.slack, counts, below)
            for pair in islice(pairs, min(MOST_PAIRS, MOST_WORK // self.base.layers)):
                self.together(*pair)
        if not self.found:
            raise RuleError(self.nothing())
        nearest = sorted(self.found.values(), key=lambda change: (self.off(change.figures), self.rank(change)))
        return [replace(change, text=without(change.text, SAID)) for change in self.reaching() or nearest[:3]]

    def nothing(self) -> str:
        """Why no change was found."""
        parent = self.root.get("extends") if isinstance(self.root, MarkedMapping) else None
        message = "no number of this spec moves the field where it should go"
        return f"{message}; its layers are in {parent.plain()}, which can be sized with -s" if parent else message

    def reaching(self) -> list[Edit]:
        """For each set of numbers its best change within the tolerance: one that covers the target, if there is one. A second
        number must pay: a pair costs less than every single one that does as well."""
        best: dict[tuple[object, ...], Edit] = {}
        near = [change for change in self.found.values() if self.off(change.figures) <= self.task.slack]
        for change in sorted(near, key=self.preferred):
            best.setdefault(tuple(knob.place for knob, _ in change.values), change)
        alone = [change for change in best.values() if len(change.values) == 1]
        return sorted(
            (change for change in best.values() if not any(self.as_good(one, change) for one in alone)), key=self.rank
        )

    def as_good(self, alone: Edit, pair: Edit) -> bool:
        """Whether a change of one number makes one of two idle."""
        worse = self.task.covered(pair.figures.field) and not self.task.covered(alone.figures.field)
        return len(pair.values) > 1 and not worse and self.rank(alone)[:2] <= self.rank(pair)[:2]

    def preferred(self, change: Edit) -> tuple[float, tuple[float, ...]]:
        """For one set of numbers: those that cover the target by rank, then the others from the nearest on."""
        return (0 if self.task.covered(change.figures.field) else self.off(change.figures)), self.rank(change)

    def fits(self, change: Edit) -> bool:
        """Whether a change covers the target and keeps the stride and the shape."""
        return self.task.covered(change.figures.field) and not change.figures.moved(self.base)

    def rank(self, change: Edit) -> tuple[float, ...]:
        """Those that keep stride and shape first, then by cost, the fewest numbers, by error, by how far they go."""
        far = max(value / max(1, knob.value) for knob, value in change.values)
        return change.figures.moved(self.base), cost(change, self.base), len(change.values), self.off(change.figures), far

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

    def along(self, knob: Knob) -> Course | None:
        """Follows one number to the target; gives its steps and what is known of them, None if it does nothing."""
        up = self.task.target > self.base.field
        for size in (2,) if knob.role == KERNEL else (1,) if knob.role in HIGHEST else (1, 2):
            step = size if up else -size
            first = self.attempt(((knob, knob.value + step),)) if 1 <= knob.value + step <= knob.highest else None
            if first is not None and (first.field - self.base.field) * step > 0:
                break
        else:
            return None
        known = {0: point(self.base), 1: point(first)}
        for _ in range(CORRECTIONS):
            count = min(self.predicted(known), self.most(knob, step))
            if count in known:
                break
            tried = self.attempt(((knob, knob.value + count * step),))
            if tried is None:
                break
            known[count] = point(tried)
        self.beside(knob, step, known)
        return Course(knob, step, self.most(knob, step), known)

    def together(self, a: Course, n: int, b: Course, m: int) -> None:
        """Tries two changes at once; where they do more or less than each alone, the second one is corrected."""
        due, target = self.base.field + n * a.growth + m * b.growth, self.task.target
        for _ in range(CORRECTIONS):
            tried, alone = self.attempt(in_order(a.value(n), b.value(m))), None
            if tried is None or tried.field == due or (alone := self.attempt((a.value(n),))) is None:
                return
            grown = tried.field - alone.field
            rest = Fraction((target - alone.field) * m, grown) if grown else Fraction(0)
            better = rest.__ceil__() if grown > 0 else rest.__floor__()
            if better == m or not 1 <= better <= b.most:
                return
            m, due = better, target

    def beside(self, knob: Knob, step: int, known: Mapping[int, Point]) -> None:
        """Tries the values beside the nearest one, by turns and within the tolerance, until one that covers the target is
        kept: a value may be out of question (it opens holes) where another one is not."""
        middle = min(known, key=lambda count: abs(known[count][0] - self.task.target))
        growth = max(1, abs(known[1][0] - known[0][0]))
        offsets = range(min(MOST_NEIGHBOURS, self.task.slack // growth + 1) + 1)
        for count in (middle + n for off in offsets for n in ((off, -off) if off else (0,))):
            if not 1 <= count <= self.most(knob, step):
                continue
            values = ((knob, knob.value + count * step),)
            tried = self.attempt(values)
            if tried is not None and self.sound(values, tried) and 0 <= tried.field - self.task.target <= self.task.slack:
                return

    def predicted(self, known: Mapping[int, Point]) -> int:
        """The number of steps after which the field reaches the target, by the line through the two nearest known points."""
        fields = sorted((abs(field - self.task.target), count, field) for count, (field, *_) in known.items())
        (_, a, fa), (_, b, fb) = sorted(fields[:2], key=lambda one: one[1])
        if fa == fb:
            return b
        return max(1, a + -(-(self.task.target - fa) * (b - a) // (fb - fa)))

    @staticmethod
    def most(knob: Knob, step: int) -> int:
        """How many steps a number may be moved."""
        return (knob.highest - knob.value) // step if step > 0 else (knob.value - 1) // -step


def searched(task: Task) -> tuple[DesignFigures, list[Edit]]:
    """A design as it is, and the changes that reach the target, none where it has it already. Raises SpecError or RuleError."""
    search = Search(task)
    return search.base, search.run() if search.base.field != task.target else []


def in_order(*values: tuple[Knob, int]) -> tuple[tuple[Knob, int], ...]:
    """Changes in the order of the spec's text."""
    return tuple(sorted(values, key=lambda value: (value[0].place.line, value[0].place.column, value[0].what)))


def point(figures: DesignFigures) -> Point:
    """What the search follows along a number."""
    return figures.field, figures.macs, figures.params


def cost(change: Edit, base: DesignFigures) -> float:
    """MACs x parameters, as a multiple of the unchanged design's."""
    return (change.figures.macs / max(1, base.macs)) * (change.figures.params / max(1, base.params))
