"""Layers that select, join or turn units along one axis; axis 0 are the channels, 1 the first spatial axis."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, Kind, Optional, PerAxis, forms, name_of, setting
from rfcalc.layers.strides import narrowed
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record
from rfcalc.relations.channels import SAME, Band, Route
from rfcalc.relations.geometry import IDENTITY, PaddingMode, Reach, per_axis, shift, window
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

if TYPE_CHECKING:
    from rfcalc.report.tables import Json

AXIS = "0 for the channels, 1 for the first spatial axis"


@record
class Units(Kind):
    """Units of an axis: numbers, and pairs [first, stop] for those from the first up to one before the stop."""

    most: int = 1 << 20

    def parse(self, value: object) -> tuple[int, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise RuleError(f"must be a list, not {name_of(value)}")
        runs = [self._run(entry) for entry in value]
        if sum(map(len, runs)) > self.most:
            raise RuleError(f"names more than {self.most:,} units")
        return tuple(unit for run in runs for unit in run)

    def _run(self, entry: object) -> range:
        if not isinstance(entry, list | tuple):
            first = Int(0).parse(entry)
            return range(first, first + 1)
        if len(entry) != 2:
            raise RuleError(f"an entry is a number or a pair [first, stop], not {name_of(entry)}")
        first, stop = Int(0).parse(entry[0]), Int(0).parse(entry[1])
        if stop <= first:
            raise RuleError(f"[{first}, {stop}] is empty: the stop is beyond the first")
        return range(first, stop)

    def written(self, value: object) -> object:
        assert isinstance(value, tuple)
        runs: list[list[int]] = []
        for unit in value:
            if runs and runs[-1][1] == unit:
                runs[-1][1] += 1
            else:
                runs.append([unit, unit + 1])
        shown = ([tuple(run)] if run[1] - run[0] > 2 else range(*run) for run in runs)
        return tuple(entry for run in shown for entry in run)

    def schema(self) -> dict[str, Json]:
        one = Int(0).schema()
        pair: Json = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": {"anyOf": [*forms(one), pair]}, "minItems": 1}


@record
class Take(Op):
    """Some units of one axis: `count` of them from `start` in steps of `step`, or those listed in `index`."""

    word: ClassVar[str] = "take"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "count"
    example: ClassVar[tuple[str, ...]] = ("{axis: 1, start: 1, step: 2, count: 8}", "16x32x32")

    count: int | None = setting(Optional(Int()), default=None, help="how many")
    axis: int = setting(Int(0, 8), default=0, help=AXIS)
    start: int = setting(Int(0), default=0, help="the first one")
    step: int = setting(Int(), default=1, help="distance between them")
    index: tuple[int, ...] | None = setting(Optional(Units()), default=None, help="which ones: numbers, and [first, stop]")

    def shape(self, inputs: Shapes) -> Shape:
        source, taken = inputs[0], self._taken()
        if self.axis > source.rank:
            raise RuleError(f"there is no axis {self.axis} in an input of {source}")
        n = (source.channels, *source.size)[self.axis]
        last = taken[-1] if isinstance(taken, range) else max(taken)
        if last >= n:
            raise RuleError(f"there is no unit {last} on an axis of {n}")
        return replaced(source, self.axis, len(taken))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        source, taken = inputs[0], self._taken()
        if self.axis == 0:
            return (Read(0, (), Route(range(len(taken)), taken)),)
        relation = _listed(taken, source.size[self.axis - 1])
        return (Read(0, _only(source.rank, self.axis, relation), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        if self.index is None:
            source, out = inputs[0], self.shape(inputs)
            steps = tuple(self.step if axis == self.axis else 1 for axis in range(source.rank + 1))
            cut = narrowed((source.channels, *source.size), (out.channels, *out.size), steps)
            return Cost(macs=0, params=0, buffers=0, elements=(), keeps=Keeps.NOTHING, storage=Storage.VIEW, scattered=cut)
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=(("copy", self.shape(inputs).elements),),
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        before = ":, " * (self.axis + 1)
        if self.index is not None:
            return Torch("", f"{{0}}[{before}{list(self.index)}]")
        stop = self.start + ((self.count or 1) - 1) * self.step + 1
        return Torch("", f"{{0}}[{before}{self.start}:{stop}{f':{self.step}' if self.step > 1 else ''}]")

    def _taken(self) -> range | tuple[int, ...]:
        if (self.index is None) == (self.count is None):
            raise RuleError("needs one of count and index")
        if self.index is not None:
            return self.index
        return range(self.start, self.start + ((self.count or 1) - 1) * self.step + 1, self.step)


@record
class Join(Op):
    """The inputs one after the other along a spatial axis."""

    word: ClassVar[str] = "join"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    arity: ClassVar[tuple[int, int | None]] = (2, None)
    main: ClassVar[str] = "axis"
    example: ClassVar[tuple[str, ...]] = ("{axis: 2}", "16x32x32", "16x32x8")

    axis: int = setting(Int(1, 8), default=1, help="1 for the first spatial axis")

    def shape(self, inputs: Shapes) -> Shape:
        if min(s.rank for s in inputs) < self.axis or len({replaced(s, self.axis, 1) for s in inputs}) != 1:
            raise RuleError(f"inputs do not fit along axis {self.axis}: {', '.join(map(str, inputs))}")
        return replaced(inputs[0], self.axis, sum(shape.size[self.axis - 1] for shape in inputs))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        sizes = [shape.size[self.axis - 1] for shape in inputs]
        rank, total = inputs[0].rank, sum(sizes)
        places = enumerate(zip(accumulate(sizes, initial=0), sizes, strict=False))
        return tuple(Read(i, _only(rank, self.axis, _part(at, n, total)), SAME) for i, (at, n) in places)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=(("copy", self.shape(inputs).elements),),
            keeps=Keeps.NOTHING,
            storage=Storage.NEW,
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch("", f"torch.cat([{{all}}], {self.axis + 1})")


@record
class Roll(Op):
    """Moves the map in a circle: what leaves at one end comes back at the other (shifted windows)."""

    word: ClassVar[str] = "roll"
    kind: ClassVar[LayerKind] = LayerKind.VIEW
    main: ClassVar[str] = "shift"
    example: ClassVar[tuple[str, ...]] = ("-3", "16x32x32")

    shift: int | tuple[int, ...] = setting(PerAxis(Int(-(10**6), 10**6)), help="units to move, per axis")

    def shape(self, inputs: Shapes) -> Shape:
        per_axis(self.shift, inputs[0].rank, "shift")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        moves = zip(per_axis(self.shift, inputs[0].rank, "shift"), inputs[0].size, strict=True)
        return (Read(0, tuple(shift(-by, PaddingMode.WRAP) if by % n else IDENTITY for by, n in moves), SAME),)

    def cost(self, inputs: Shapes) -> Cost:
        return Cost(
            macs=0, params=0, buffers=0, elements=(("copy", inputs[0].elements),), keeps=Keeps.NOTHING, storage=Storage.NEW
        )

    def torch(self, inputs: Shapes) -> Torch:
        moves = per_axis(self.shift, inputs[0].rank, "shift")
        return Torch("", f"{{0}}.roll({moves}, {tuple(range(2, 2 + len(moves)))})")


@record
class ChannelConv(Op):
    """A convolution along the channels, the same at each position (efficient channel attention); keeps their number."""

    word: ClassVar[str] = "channelconv"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "kernel"
    example: ClassVar[tuple[str, ...]] = ("{k: 3}", "16x1x1")

    kernel: int = setting(Int(), "k", help="how many neighbouring channels")
    bias: bool = setting(Bool(), default=False, help="add one learned number")

    def shape(self, inputs: Shapes) -> Shape:
        if self.kernel % 2 == 0:
            raise RuleError(f"needs an odd kernel, not {self.kernel}")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), Band(self.kernel // 2, self.kernel // 2, inputs[0].channels)),)

    def cost(self, inputs: Shapes) -> Cost:
        elements = (("bias", inputs[0].elements),) if self.bias else ()
        return Cost(
            macs=inputs[0].elements * self.kernel,
            params=self.kernel + self.bias,
            buffers=0,
            elements=elements,
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            scattered=inputs[0].channels > 1 < inputs[0].positions,
            last=True,
            packs=True,
        )

    def torch(self, inputs: Shapes) -> Torch:
        bias = "" if self.bias else ", bias=False"
        module = f"nn.Conv1d(1, 1, {self.kernel}, padding={self.kernel // 2}{bias})"
        shape = (-1, 1, inputs[0].channels)
        rows = f"{{0}}.flatten(2).transpose(1, 2).reshape{shape}" if inputs[0].rank else f"{{0}}.reshape{shape}"
        back = f".reshape(-1, {inputs[0].positions}, {inputs[0].channels}).transpose(1, 2)" if inputs[0].rank else ""
        return Torch(module, f"{{self}}({rows}){back}.reshape{(-1, inputs[0].channels, *inputs[0].size)}")


def replaced(shape: Shape, axis: int, n: int) -> Shape:
    """A shape with another size on one axis (0: another number of channels)."""
    if axis == 0:
        return Shape(n, shape.size)
    return Shape(shape.channels, (*shape.size[: axis - 1], n, *shape.size[axis:]))


def _only(rank: int, axis: int, relation: Reach) -> tuple[Reach, ...]:
    return tuple(relation if k == axis else IDENTITY for k in range(1, rank + 1))


def _listed(taken: range | tuple[int, ...], n: int) -> Reach:
    """Unit i reads taken[i]."""
    if isinstance(taken, range):
        return shift(taken.start) if taken.step == 1 or len(taken) == 1 else window(1, taken.step, 1, -taken.start)
    return Reach(len(taken), n, tuple((i,) for i in taken))


@lru_cache(maxsize=1024)
def _part(offset: int, n: int, total: int) -> Reach:
    """Of `total` units, n from `offset` on read one unit each, the others none."""
    return Reach(total, total, tuple((i - offset,) if 0 <= i - offset < n else () for i in range(total)))
