"""The facts of a layer on inputs of given shapes, each found once: layers that are alike share them, in all networks."""

from __future__ import annotations

from functools import cached_property, lru_cache

from rfcalc.layers.contract import Cost, Op
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record, replace
from rfcalc.relations.channels import Band, Grouped, Mix, Same
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape

MOST_KEPT = 1 << 14


@record(eq=False)
class Facts:
    """A layer, the shapes of its inputs and of its output, and what follows from them."""

    op: Op
    shapes: tuple[Shape, ...]
    shape: Shape

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """How it reads its inputs; raises RuleError where that cannot be written down."""
        return _reads(self.op, self.shapes)

    @cached_property
    def cost(self) -> Cost:
        """What it costs, with weights of its own."""
        return _cost(self.op, self.shapes)

    @cached_property
    def cost_elsewhere(self) -> Cost:
        """What it costs where its weights are another layer's, and counted there."""
        return replace(self.cost, params=0, buffers=0)

    @cached_property
    def written(self) -> dict[str, object]:
        """All settings of the layer as a spec says them, also those that have their default."""
        return self.op.written

    @cached_property
    def is_input(self) -> bool:
        """Whether it is an input of the network, which is no layer."""
        return self.op.kind is LayerKind.INPUT

    @cached_property
    def still(self) -> bool:
        """Whether each unit reads the same unit of the only input, and nothing else."""
        if len(self.reads) != 1:
            return False
        (read,) = self.reads
        return read.pointwise and self.shape.size == self.shapes[read.source].size

    @cached_property
    def picks(self) -> bool:
        """Whether it leaves channels out, at least at some positions."""
        return any(_leaves_out(read, self.shapes[read.source], self.shape) for read in self.reads)

    @cached_property
    def paths(self) -> tuple[object, ...]:
        """All that positions depend on: how it reads its inputs, and their sizes and its own, but no channels."""
        reads = tuple([(read.source, read.axes) for read in self.reads])
        return self.shape.size, tuple([shape.size for shape in self.shapes]), reads


def _leaves_out(read: Read, source: Shape, out: Shape) -> bool:
    if isinstance(read.channels, Same | Grouped | Band) or type(read.channels) is Mix:
        return False
    every = (1 << source.channels) - 1
    return read.channels.pull((1 << out.channels) - 1) & every != every


_kept: dict[tuple[int, tuple[Shape, ...]], Facts] = {}  # by the record's id, which stays its own: the facts hold the record


def facts_of(op: Op, shapes: tuple[Shape, ...]) -> Facts:
    """The facts of a layer; raises RuleError for inputs that do not fit."""
    key = (id(op), shapes)
    found = _kept.get(key)
    if found is None:
        found = Facts(op, shapes, op.shape(shapes))
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[key] = found
    return found


def forget() -> None:
    """Forgets what is kept, where a rule of some layer has changed."""
    for kept in (_kept.clear, _reads.cache_clear, _cost.cache_clear):
        kept()


@lru_cache(maxsize=4096)
def _reads(op: Op, shapes: tuple[Shape, ...]) -> tuple[Read, ...]:
    return op.reach(shapes)


@lru_cache(maxsize=4096)
def _cost(op: Op, shapes: tuple[Shape, ...]) -> Cost:
    return op.cost(shapes)
