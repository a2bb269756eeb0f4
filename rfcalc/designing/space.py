"""The space of designs: a stem, then stages of blocks; the first stages begin with a block that halves the map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from rfcalc.analyses.metrics import SIGMAS
from rfcalc.designing.blocks import KINDS, BlockChoice, Move, place
from rfcalc.errors import RuleError
from rfcalc.record import record
from rfcalc.relations.shape import Shape

WIDEST = 512


def usual_widths(stages: int) -> tuple[int, ...]:
    """The channels of each stage where nothing is said: doubling from 64 up to 512."""
    return tuple(min(64 << i, WIDEST) for i in range(stages))


def usual_stages(stride: int) -> int:
    """How many stages follow the stem where nothing is said."""
    return max(4, stride.bit_length() - 2)


def usual_stem(widths: Sequence[int]) -> int:
    """The channels of the stem where nothing is said: half of those of the first stage."""
    return max(1, widths[0] // 2)


@record
class Limits:
    """The most that a design may cost; None for no limit. `depth` counts convolutions on the main path."""

    macs: int | None = None
    params: int | None = None
    depth: int | None = None


PHOTO = Shape(3, (512, 512))
NO_LIMITS = Limits()


@record
class Space:
    """What may be built, and for what.

    target: pixels that the field should span. input: the image. stride: input pixels per unit of the last map, a power
    of two; the stem halves first, then one stage after the other until it is reached, and later stages keep the size.
    widths: output channels of each stage; stem: those of the stem. layers: least and most blocks of a stage.
    tolerance: largest error, as a share of the target. holes: whether the support may have gaps; without them it has
    none after any layer. effective: whether the target is that of the effective field, 4 sigma.
    """

    target: int
    input: Shape = PHOTO
    stride: int = 32
    widths: tuple[int, ...] = (64, 128, 256, 512)
    stem: int = 32
    kernels: tuple[int, ...] = (3, 5, 7)
    dilations: tuple[int, ...] = (1, 2, 4)
    kinds: tuple[str, ...] = ("plain",)
    layers: tuple[int, int] = (1, 8)
    tolerance: float = 0.1
    holes: bool = False
    effective: bool = False
    limits: Limits = NO_LIMITS

    def __post_init__(self) -> None:
        for what, values, most in (
            ("the target", (self.target,), 1 << 14),
            ("a kernel", self.kernels, 63),
            ("a dilation", self.dilations, 256),
            ("a width", (*self.widths, self.stem), 1 << 16),
            ("the layers of a stage", self.layers, 64),
            ("a size of the image", (self.input.channels, *self.input.size), 1 << 16),
        ):
            for value in values:
                if not 1 <= value <= most:
                    raise RuleError(f"{what} must be from 1 to {most:,}, not {value}")
        if self.stride < 2 or self.stride & (self.stride - 1):
            raise RuleError(f"the output stride must be a power of two from 2 on, not {self.stride}")
        if self.halvings > len(self.widths):
            needs = f"{self.halvings} stages, not {len(self.widths)}"
            raise RuleError(f"an output stride of {self.stride} needs {needs}: the stem and each stage halve once")
        if len(self.widths) > 8 or max(len(self.kernels), len(self.dilations)) > 8:
            raise RuleError("at most 8 stages, 8 kernels and 8 dilations can be searched")
        if even := [kernel for kernel in self.kernels if kernel % 2 == 0]:
            raise RuleError(f"kernels must be odd, so that a unit looks at its centre, not {even[0]}")
        if unknown := [kind for kind in self.kinds if kind not in KINDS]:
            raise RuleError(f"blocks are {', '.join(KINDS)}, not {unknown[0]!r}")
        if not 0 <= self.tolerance <= 1 or self.layers[0] > self.layers[1]:
            raise RuleError("the tolerance must be from 0 to 1, and the least layers of a stage at most the most")
        if not (self.halving and self.kinds):
            raise RuleError("at least one kernel above 1, dilation 1, and one kind of block must be allowed")

    @property
    def slack(self) -> int:
        """The largest error, in pixels."""
        return int(self.target * self.tolerance)

    @property
    def step(self) -> int:
        """Pixels by which errors are told apart: 1; for the effective field, a statistical notion, 1 % of the target."""
        return max(1, self.target // 100) if self.effective else 1

    @property
    def halvings(self) -> int:
        """How many stages begin with stride 2."""
        return self.stride.bit_length() - 2

    @property
    def units(self) -> tuple[BlockChoice, ...]:
        """Every block that a stage may hold, of all kinds, by ascending dilation."""
        units = {BlockChoice(d if k > 1 else 1, k, kind) for k, d, kind in product(self.kernels, self.dilations, self.kinds)}
        return tuple(sorted(units))

    @property
    def halving(self) -> tuple[BlockChoice, ...]:
        """The blocks that may begin a stage with stride 2: not dilated, and wider than 1, so that every unit is read."""
        return tuple(unit for unit in self.units if unit.dilation == 1 and unit.kernel > 1)

    def size(self) -> int:
        """How many designs there are: all sequences of blocks, before any limit."""
        least, most = self.layers
        designs = len({unit.kernel for unit in self.halving})
        for number in range(len(self.widths)):
            starts = self.halving if number < self.halvings else self.units
            later = len(self.units) // len(set(self.kinds))
            designs *= len(starts) * sum(later ** (count - 1) for count in range(least, most + 1))
        return designs


@record
class Stage:
    """The moves of one stage, one entry per kind of block: those of its first block, and those of each later one."""

    first: tuple[tuple[Move, ...], ...]
    later: tuple[tuple[Move, ...], ...]
    least: int
    most: int


def stages(space: Space) -> list[Stage]:
    """The stem (a stage of one convolution) and the stages, each with its moves and their costs."""
    stems = [BlockChoice(1, kernel) for kernel in sorted({unit.kernel for unit in space.halving})]
    moves = tuple(place(unit, space.input, space.stem, 2, 1)[0] for unit in stems)
    shape = place(stems[0], space.input, space.stem, 2, 1)[1]
    stages, pixels = [Stage((moves,), ((),), 1, 1)], 2
    for number, width in enumerate(space.widths):
        stride = 2 if number < space.halvings else 1
        after = place(space.units[0], shape, width, stride, pixels)[1]
        starts = space.halving if stride > 1 else space.units
        kinds = sorted(set(space.kinds))
        first = tuple(_moves(kind, starts, shape, width, stride, pixels) for kind in kinds)
        pixels *= stride
        later = tuple(_moves(kind, space.units, after, width, 1, pixels) for kind in kinds)
        stages.append(Stage(first, later, *space.layers))
        shape = after
    return stages


def _moves(kind: str, units: Sequence[BlockChoice], source: Shape, width: int, stride: int, pixels: int) -> tuple[Move, ...]:
    return tuple(place(unit, source, width, stride, pixels)[0] for unit in units if unit.kind == kind)


@record
class Design:
    """One design: the blocks of the stem and of each stage, and what they add up to."""

    stages: tuple[tuple[BlockChoice, ...], ...]
    field: int
    sigma: float
    macs: int
    params: int
    depth: int

    @property
    def effective(self) -> float:
        """Width of the effective field: 4 sigma, in pixels."""
        return SIGMAS * self.sigma


def measure(space: Space, chosen: tuple[tuple[BlockChoice, ...], ...]) -> Design:
    """Adds up the blocks of a design, one after the other."""
    shape, pixels, moves = space.input, 1, []
    for number, units in enumerate(chosen):
        width = space.stem if number == 0 else space.widths[number - 1]
        for position, unit in enumerate(units):
            stride = 2 if position == 0 and number <= space.halvings else 1
            move, shape = place(unit, shape, width, stride, pixels)
            moves.append(move)
            pixels *= stride
    spread = sum(move.spread for move in moves)
    return Design(
        stages=chosen,
        field=1 + sum(move.growth for move in moves),
        sigma=(spread / 24) ** 0.5,
        macs=sum(move.macs for move in moves),
        params=sum(move.params for move in moves),
        depth=sum(move.depth for move in moves),
    )


def width(space: Space, aim: int) -> int:
    """The field in pixels; with `effective`, 4 sigma of a spread, to the nearest pixel."""
    return round(SIGMAS * (aim / 24) ** 0.5) if space.effective else aim


def aim(space: Space, move: Move) -> int:
    """What a move adds to the quantity that is aimed at: to the field, or to the spread of the effective field."""
    return move.spread if space.effective else move.growth


def least_aim(space: Space, pixels: int) -> int:
    """The smallest aim whose width is at least `pixels`."""
    if not space.effective or pixels <= 0:
        return max(0, pixels)
    least = max(0, int(24 * ((pixels - 0.5) / SIGMAS) ** 2) - 1)
    while width(space, least) < pixels:
        least += 1
    return least


def error(space: Space, aim: int) -> int:
    """How far an aim is from the target, in whole steps, rounded down."""
    return abs(width(space, aim) - space.target) // space.step


def aims(space: Space, error: int) -> tuple[int, int]:
    """The smallest and the largest aim with at most this error, in steps."""
    off = min((error + 1) * space.step - 1, space.slack)
    return least_aim(space, space.target - off), least_aim(space, space.target + off + 1) - 1
