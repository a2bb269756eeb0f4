"""From layouts to layers: where a program needs its axes in another order, a layer that rearranges them is added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import prod

from rfcalc.importers.programs.layout import (
    BATCH,
    CHANNELS,
    REPEATED,
    Axis,
    Factor,
    Layout,
    full,
    merged,
    of_axis,
    size_of,
    standard,
)
from rfcalc.importers.programs.program import Program, Tensor, UnfollowedError
from rfcalc.record import record
from rfcalc.relations.digits import MOST_READS
from rfcalc.relations.shape import Shape

Groups = Sequence[Sequence[str]]
LETTERS = {0: (), 1: ("x",), 2: ("y", "x"), 3: ("z", "y", "x")}


def letter(axis: int, rank: int) -> str:
    """How a pattern calls an axis of a layer: c, and x, y, z from the last spatial axis on."""
    return "c" if axis == CHANNELS else LETTERS[rank][axis - 1] if rank in LETTERS else f"a{axis}"


def digit_names(factors: Iterable[Factor], rank: int, mark: str = "") -> dict[Factor, str]:
    """A name for each factor: that of its axis, numbered where the axis has several."""
    by_axis: dict[int, list[Factor]] = {}
    for factor in factors:
        if factor.axis >= 0:
            by_axis.setdefault(factor.axis, []).append(factor)
    names = {}
    for axis, members in by_axis.items():
        for i, factor in enumerate(sorted(members, key=lambda f: -f.stride)):
            names[factor] = mark + letter(axis, rank) + (str(i) if len(members) > 1 else "")
    return names


def pattern_text(inputs: Sequence[Groups], out: Groups, sizes: dict[str, int], untold: Iterable[str] = ()) -> str:
    """A pattern (see rfcalc/pattern.py) from named groups, with those sizes that the inputs' shapes do not tell (`untold`:
    names that no input has)."""
    placed: set[str] = set()
    hidden = set(untold)
    shown = []
    for groups in (*inputs, out):
        words = []
        for group in groups:
            parts = []
            for i, name in enumerate(group):
                known = name in placed or (i == 0 and groups is not out and name not in hidden)
                parts.append(name if known else f"{name}:{sizes[name]}")
                placed.add(name)
            words.append(parts[0] if len(parts) == 1 else f"({' '.join(parts)})" if parts else "1")
        shown.append(" ".join(words))
    return f"{', '.join(shown[:-1])} -> {shown[-1]}"


def axis_groups(names: dict[Factor, str], rank: int) -> list[list[str]]:
    """The names of each axis of a layer, most significant first."""
    ordered = sorted(names, key=lambda f: -f.stride)
    return [[names[f] for f in ordered if f.axis == axis] for axis in range(rank + 1)]


def arranged(program: Program, tensor: Tensor, axes: Sequence[Axis]) -> Tensor:
    """A layer whose channels and spatial axes are the given ones; the tensor's own layer where they are so already."""
    shape = program.shape(tensor)
    if len(axes) == shape.rank + 1 and all(
        axis == full(k, n) for k, (axis, n) in enumerate(zip(axes, (shape.channels, *shape.size), strict=True))
    ):
        return Tensor(tensor.node, standard(shape))
    if (known := _shuffle(program, tensor, axes)) is not None:
        return known
    names = digit_names((f for axis in axes for f in axis), shape.rank)
    groups = axis_groups(names, shape.rank)
    for factor_axis, n in zip(range(shape.rank + 1), (shape.channels, *shape.size), strict=True):
        if size_of(tuple(f for f in names if f.axis == factor_axis)) != n:
            raise UnfollowedError("an axis is used only in part")
    sizes = {name: factor.size for factor, name in names.items()}
    out: list[list[str]] = []
    for axis in axes:
        out.append([])
        for factor in axis:
            name = names.get(factor) or f"r{sum(n.startswith('r') for n in sizes)}"
            sizes.setdefault(name, factor.size)
            out[-1].append(name)
    return program.helper("rearrange", tensor, pattern=pattern_text([groups], out, sizes))


def _shuffle(program: Program, tensor: Tensor, axes: Sequence[Axis]) -> Tensor | None:
    """Pixel shuffle and unshuffle, channel shuffle, by their own words."""
    shape = program.shape(tensor)
    rank, minor = shape.rank, axes[-1][-1] if axes[-1] else None
    if rank not in (1, 2, 3) or len(axes) != rank + 1:
        return None
    r = minor.size if minor else 0
    if minor and minor.axis == CHANNELS and shape.channels % r**rank == 0:
        expected = [merged([Factor(CHANNELS, r**rank, shape.channels // r**rank)])]
        expected += [merged([Factor(k, 1, n), Factor(CHANNELS, r ** (rank - k), r)]) for k, n in enumerate(shape.size, 1)]
        if list(axes) == expected:
            return program.helper("pixelshuffle", tensor, ratio=r)
    if list(axes[1:]) == [full(k, n) for k, n in enumerate(shape.size, 1)] and len(axes[0]) == 2:
        wide, groups = axes[0][0].size, axes[0][1].size
        if axes[0] == (Factor(CHANNELS, 1, wide), Factor(CHANNELS, wide, groups)) and wide * groups == shape.channels:
            return program.helper("channelshuffle", tensor, groups=groups)
    last = axes[0][-1] if axes[0] else None
    if last is not None and last.axis == rank and all(n % last.size == 0 for n in shape.size):
        r = last.size
        expected = [merged([Factor(CHANNELS, 1, shape.channels), *(Factor(k, 1, r) for k in range(1, rank + 1))])]
        expected += [merged([Factor(k, r, n // r)]) for k, n in enumerate(shape.size, 1)]
        if list(axes) == expected and r**rank <= MOST_READS:  # beyond it a pattern says it for all channels together
            return program.helper("pixelunshuffle", tensor, ratio=r)
    return None


def as_output(program: Program, tensor: Tensor) -> Tensor:
    """A map that the program gives back, with its channels and positions in the program's order: shuffled channels or pixels
    become a layer. Tokens, channels that come last and flat vectors stay the layer that they are."""
    rank, axes = program.shape(tensor).rank, tensor.layout[1:]
    ordered = len(axes) == rank + 1 and all(f.axis == CHANNELS for f in axes[0])
    if ordered and all(not axis or axis[0].axis == k for k, axis in enumerate(axes[1:], 1)):
        return arranged(program, tensor, axes)
    return tensor


def unified(program: Program, tensor: Tensor, dim: int) -> Tensor:
    """The tensor with one axis as a single digit of its layer, the most significant one; the layer is rearranged for that."""
    shape, axis = program.shape(tensor), tensor.layout[dim]
    if any(f.axis == BATCH for f in axis):
        raise UnfollowedError("takes apart an axis that holds the batch")
    others = [f for i, other in enumerate(tensor.layout) if i != dim for f in other]
    axes = [sorted((f for f in others if f.axis == k), key=lambda f: -f.stride) for k in range(shape.rank + 1)]
    home = next((f.axis for f in axis if f.axis >= 0), CHANNELS)
    rest, axes[home] = axes[home], [*axis, *axes[home]]
    found = arranged(program, tensor, [merged(factors) for factors in axes])
    places = {}
    for k, factors in enumerate([rest if k == home else factors for k, factors in enumerate(axes)]):
        stride = 1
        for factor in reversed(factors):
            places[factor] = Factor(k, stride, factor.size)
            stride *= factor.size
    whole = Factor(home, size_of(tuple(rest)), size_of(axis))
    layout = [merged(places.get(f, f) for f in other) for other in tensor.layout]
    layout[dim] = (whole,)
    return Tensor(found.node, tuple(layout))


@record
class MapView:
    """A tensor as a convolution reads it: a layer with its axes in order. `lead` are the axes before the channels: `extra` of
    the layer's spatial axes lie there (frames of a video in the batch), and `heads` groups of its channels."""

    tensor: Tensor
    lead: Layout
    extra: int
    heads: int

    def layout(self, shape: Shape) -> Layout:
        """The layout of a layer of this shape that takes the map's place."""
        own = shape.channels // self.heads
        stride, lead = shape.channels, []
        for axis in self.lead:
            factors = []
            for factor in axis:
                stride //= factor.size if factor.axis == CHANNELS else 1
                factors.append(Factor(CHANNELS, stride, factor.size) if factor.axis == CHANNELS else factor)
            lead.append(merged(factors))
        return (*lead, full(CHANNELS, own), *(full(k, n) for k, n in list(enumerate(shape.size, 1))[self.extra :]))


def as_map(program: Program, tensor: Tensor, rank: int) -> MapView:
    """The tensor as a map of `rank` spatial axes, which come last, after the channels."""
    if len(tensor.layout) not in (rank + 1, rank + 2):
        raise UnfollowedError(f"a tensor of {len(tensor.layout)} axes is no map of {rank}")
    lead, axes = tensor.layout[: -rank - 1], list(tensor.layout[-rank - 1 :])
    heads = [f for axis in lead for f in axis if f.axis == CHANNELS]
    frames = [f for axis in lead for f in axis if f.axis not in (BATCH, CHANNELS)]
    axes[0] = merged([*heads, *axes[0]])
    axes[1:1] = [(frame,) for frame in frames]
    found = arranged(program, tensor, axes)
    places = {frame: Factor(k, 1, frame.size) for k, frame in enumerate(frames, 1)}
    lead = tuple(tuple(places.get(f, f) for f in axis) for axis in lead)
    return MapView(Tensor(found.node, ()), lead, len(frames), prod(f.size for f in heads))


def solid(program: Program, tensor: Tensor, keep: Collection[int] = ()) -> Tensor:
    """The tensor without repeated axes, but for those in `keep`: what repeats becomes channels of a layer of its own."""
    repeated = [f for dim, axis in enumerate(tensor.layout) if dim not in keep for f in axis if f.axis == REPEATED]
    if not repeated:
        return tensor
    shape = program.shape(tensor)
    axes: list[Axis] = [(*repeated, *of_axis(tensor.layout, CHANNELS))]
    axes += [tuple(of_axis(tensor.layout, k)) for k in range(1, shape.rank + 1)]
    found = arranged(program, tensor, axes)
    stride, places = program.shape(found).channels, []
    for factor in repeated:
        stride //= factor.size
        places.append(Factor(CHANNELS, stride, factor.size))
    it = iter(places)
    layout = []
    for dim, axis in enumerate(tensor.layout):
        layout.append(axis if dim in keep else merged(next(it) if f.axis == REPEATED else f for f in axis))
    return Tensor(found.node, tuple(layout))
