"""One layer and what the analyses say of it, each when it is asked for: totals need few of them, a comparison fewer still."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from math import prod
from typing import TYPE_CHECKING, NoReturn

from rfcalc.analyses.memory import Peak, bytes_moved, peak
from rfcalc.analyses.receptive_field import Fields, ReceptiveField, UnitField
from rfcalc.analyses.unproductive import unproductive
from rfcalc.errors import no_attribute
from rfcalc.graph import Graph, Node
from rfcalc.record import record
from rfcalc.relations.shape import Shape

if TYPE_CHECKING:
    from rfcalc.analyses.cost import Convention
    from rfcalc.analyses.why import CriticalPaths

# What people look for at a layer, and what it is called.
CALLED = {
    "receptive_field": "field.size",
    "stride": "field.stride of the field, node.op.stride of the layer",
    "kernel": "node.op.kernel",
    "kernel_size": "node.op.kernel",
    "output": "shape",
    "size": "shape.size",
    "channels": "shape.channels",
    "flops": "2 * macs",
    "type": "op",
}


@record(eq=False)
class Found:
    """What the layers of one network say themselves from. `units`: those to be traced in the layers of `traced`; the others
    are there where they were asked for."""

    graph: Graph
    fields: Fields
    dtype_bytes: int = 4
    units: Sequence[tuple[int, ...]] = ()
    traced: frozenset[int] = frozenset()
    why: CriticalPaths | None = None
    sigmas: Sequence[tuple[float, ...]] = ()
    convention: Convention | None = None

    @cached_property
    def ruled(self) -> Peak:
        """The peak of memory by the layers' rules."""
        return peak(self.graph, self.dtype_bytes)

    @cached_property
    def unproductive(self) -> set[int]:
        """The unproductive layers."""
        smallest = [self.fields.of(i).size_min for i in range(len(self.graph.nodes))]
        return unproductive(self.graph, smallest, self.fields.image)

    @cached_property
    def ends(self) -> frozenset[int | None]:
        """The outputs and the last map."""
        return frozenset((*self.graph.outputs, self.graph.last_spatial))


@record(eq=False)
class Layer:
    """One layer and what the analyses say of it.

    index: its node's. What is said only where it was asked for: units, adds, sigma, cost."""

    node: Node
    index: int
    found: Found

    @property
    def kind(self) -> Hashable:
        """What its figures depend on, but for those that depend on its place: equal for layers that are alike."""
        node = self.node
        return node.facts, node.weights is None, len(node.inputs) < 2 or tuple(map(node.inputs.index, node.inputs))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what it reads."""
        nodes = self.found.graph.nodes
        return tuple([nodes[i].name for i in self.node.inputs])

    @property
    def field(self) -> ReceptiveField:
        """Its receptive field."""
        return self.found.fields.of(self.index)

    @property
    def downsampling(self) -> tuple[Fraction, ...]:
        """The image's size over the map's, per axis."""
        return _downsampling(self.found.fields.image, self.node.shape.size)

    @property
    def dtype_bytes(self) -> int:
        """Bytes of a number, in the memory figures."""
        return self.found.dtype_bytes

    @property
    def live_bytes(self) -> int:
        """Bytes of the activations that are alive while it runs."""
        return self.found.ruled.during[self.index]

    @property
    def live_about(self) -> bool:
        """Whether that is not certain."""
        return self.index in self.found.ruled.unsure

    @property
    def weights(self) -> str:
        """The layer whose weights it uses; empty for its own."""
        return "" if self.node.weights is None else self.found.graph.nodes[self.node.weights].name

    @property
    def unproductive(self) -> bool:
        """Whether it widens a field that is larger than the image already."""
        return self.index in self.found.unproductive

    @property
    def bounded(self) -> bool:
        """Whether the field is an upper bound, because of this layer or of one before it."""
        return self.found.fields.bounded(self.index)

    @property
    def bound(self) -> str:
        """Why it is one, where that is this layer."""
        return self.found.fields.bound(self.index)

    @cached_property
    def units(self) -> tuple[UnitField, ...]:
        """The units that were traced."""
        if self.index not in self.found.traced:
            return ()
        size, fields = self.node.shape.size, self.found.fields
        there = (u for u in self.found.units if len(u) == len(size) and all(0 <= i < n for i, n in zip(u, size, strict=True)))
        return tuple(fields.unit(self.index, unit) for unit in there)

    @property
    def adds(self) -> tuple[Fraction, ...]:
        """What it adds to the field on the critical path, per axis."""
        return self.found.why.adds(self.index) if self.found.why else ()

    @property
    def sigma(self) -> tuple[float, ...]:
        """Sigma of its effective field, per axis."""
        return self.found.sigmas[self.index] if self.found.sigmas else ()

    @property
    def cost(self) -> int | None:
        """Its cost by the convention of another tool."""
        return self.found.convention.amounts[self.index] if self.found.convention else None

    @cached_property
    def unread(self) -> int:
        """Of an output or the last map: the pixels that its middle unit does not read, where a global layer lets it see all."""
        fields = self.found.fields
        if self.index not in self.found.ends or not self.field.whole_input:
            return 0
        unit = [n // 2 for n in self.node.shape.size]
        return prod(fields.image) - fields.seen(self.index, unit).pixels()

    @property
    def name(self) -> str:
        """The layer's full name."""
        return self.node.name

    @property
    def op(self) -> str:
        """What it is, as a spec calls it."""
        return self.node.op.word

    @property
    def shape(self) -> Shape:
        """Shape of its output, batch 1."""
        return self.node.shape

    @property
    def macs(self) -> int:
        """Multiply-accumulates, batch 1."""
        return self.node.cost.macs

    @property
    def params(self) -> int:
        """Learned numbers."""
        return self.node.cost.params

    @property
    def output_bytes(self) -> int:
        """Bytes of the output, batch 1."""
        return self.node.shape.elements * self.dtype_bytes

    @property
    def bytes_moved(self) -> int:
        """Bytes that it reads and writes at least, batch 1."""
        return bytes_moved(self.node, self.dtype_bytes)

    @property
    def uncounted(self) -> str:
        """Why its MACs are missing from the totals; empty where they are counted."""
        return self.node.op.uncounted

    @property
    def seen(self) -> str:
        """Its field in a few words."""
        size = self.field.size
        if size is None:
            return "of the whole input" if self.field.whole_input else "of no pixel"
        return "at most " * self.bounded + "x".join(map(str, size))

    def __repr__(self) -> str:
        figures = f"{self.params:,} parameters, {'? ' if self.uncounted else f'{self.macs:,} '}MACs"
        return f"<Layer {self.name}: {self.op}, {self.shape}, {figures}, receptive field {self.seen}>"

    if not TYPE_CHECKING:  # type checkers know what there is

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, name, CALLED)


@lru_cache(maxsize=4096)
def _downsampling(image: tuple[int, ...], size: tuple[int, ...]) -> tuple[Fraction, ...]:
    if len(size) != len(image):
        return ()
    return tuple(Fraction(n, m) for n, m in zip(image, size, strict=True))
