"""Arithmetic of a program: on one tensor, with a number, with a stored tensor, of two tensors with broadcasting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from math import prod
from typing import Any

from rfcalc.importers.programs.axes import arranged, solid
from rfcalc.importers.programs.constants import number
from rfcalc.importers.programs.layout import (
    BATCH,
    CHANNELS,
    REPEATED,
    Axis,
    Factor,
    Layout,
    common,
    merged,
    size_of,
)
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.importers.programs.views import expanded
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape

Pair = tuple[Factor | None, Factor | None]
CLIPS = {(0, 6): "relu6", (0, None): "relu"}
BEYOND = 1e38  # a limit beyond all numbers of a float is none
SWAPPED = {"sub": "rsub", "div": "rdiv", "pow": "rpow"}


def unary(program: Program, word: str, tensor: Tensor, **settings: Any) -> Tensor:
    """A function of each number by itself; `word` is a layer's word."""
    return program.add(word, [tensor], tensor.layout, **settings)


def binary(program: Program, function: str, first: Any, second: Any) -> Tensor:
    """add, sub, mul, div, max, min or pow of two operands, at least one of which depends on the input. A single number that is
    no weight is a setting of the layer."""
    first, second = _operand(first, second), _operand(second, first)
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        if function == "pow":
            return opaque(program, _two(program, "mul", first, second))
        return _two(program, function, first, second)
    tensor, other = (first, second) if isinstance(first, Tensor) else (second, first)
    if tensor is second:
        function = SWAPPED.get(function, function)
    if not isinstance(other, Const):
        return program.add("pointwise", [tensor], tensor.layout, function=function, value=other)
    return with_stored(program, function, tensor, [other])


def _operand(side: Any, other: Any) -> Any:
    """A constant that is a plain number as that number."""
    if not isinstance(side, Const) or not isinstance(other, Tensor) or len(side.shape) > len(other.layout):
        return side
    value = number(side)
    return side if value is None else value


def with_stored(program: Program, function: str, tensor: Tensor, consts: Sequence[Const]) -> Tensor:
    """A function of each number and of stored ones, which may repeat the tensor along axes of size 1."""
    for const in consts:
        tensor = _spread(program, tensor, const.shape)
    claim = program.claim(consts)
    return program.emit(
        make("stored", function=function, params=claim.params, buffers=claim.buffers), [tensor], tensor.layout, claim
    )


def opaque(program: Program, tensor: Tensor, consts: Sequence[Const] = ()) -> Tensor:
    """A function of each number, and of stored ones, that has no source of its own in torch: a comparison, the place of a
    maximum."""
    return with_stored(program, "where", tensor, consts)


def chosen(program: Program, operands: Iterable[Any], masked: bool = False) -> Tensor:
    """Whatever else is done number by number: comparing, choosing; `masked`: by a mask that is stored."""
    operands = list(operands)
    tensors = [value for value in operands if isinstance(value, Tensor)]
    found = tensors[0]
    for other in tensors[1:]:
        found = _two(program, "max", found, other)
    consts = [value for value in operands if isinstance(value, Const)]
    return with_stored(program, "mask", found, consts) if masked else opaque(program, found, consts)


def picked(program: Program, condition: Any, first: Any, second: Any) -> Tensor:
    """One of two operands for each number. A mask that is stored picks one of two tensors, which would be a third field."""
    if isinstance(condition, Const) and isinstance(first, Tensor) and isinstance(second, Tensor):
        raise UnfollowedError("it picks between two tensors by a mask")
    return chosen(program, (condition, first, second), isinstance(condition, Const))


def clipped(program: Program, value: Any, low: Any, high: Any) -> Any:
    """The numbers within limits: numbers, constants, tensors, or None."""
    low, high = _limit(low), _limit(high)
    plain = not isinstance(low, Tensor | Const) and not isinstance(high, Tensor | Const)
    if plain and (low, high) in CLIPS and isinstance(value, Tensor):
        return unary(program, CLIPS[low, high], value)
    for function, limit in sorted((("max", low), ("min", high)), key=lambda each: not isinstance(each[1], Tensor)):
        if isinstance(limit, Tensor | Const):
            value = binary(program, function, value, limit)
        elif limit is not None and abs(limit) < BEYOND:
            end = "min" if function == "max" else "max"  # as torch.clamp calls its limits
            value = unary(program, "pointwise", value, function=end, value=float(limit))
    return value


def _limit(limit: Any) -> Any:
    found = number(limit)
    return limit if found is None else found


def prelu(program: Program, tensor: Tensor, slope: Const) -> Tensor:
    """PReLU with one slope, or with one per channel: `slope` is spread from its last axis on."""
    count, channels = prod(slope.shape), program.shape(tensor).channels
    wide = [1] * (len(tensor.layout) - len(slope.shape)) + list(slope.shape)
    rest = wide[:1] + wide[2:]
    if count == 1 or (len(wide) > 1 and wide[1] == count == channels == size_of(tensor.layout[1]) and set(rest) <= {1}):
        return program.emit(make("prelu", parameters=count), [tensor], tensor.layout, program.claim([slope]))
    return with_stored(program, "mul", tensor, [slope])


def _spread(program: Program, tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The tensor, repeated along axes of size 1 as the other operand asks."""
    sizes = [1] * (len(shape) - len(tensor.layout)) + list(tensor.shape)
    wanted = [1] * (len(sizes) - len(shape)) + list(shape)
    if all(a == b or b == 1 for a, b in zip(sizes, wanted, strict=True)):
        return Tensor(tensor.node, ((),) * (len(sizes) - len(tensor.layout)) + tensor.layout)
    for a, b in zip(sizes, wanted, strict=True):
        if 1 not in (a, b) and a != b:
            raise UnfollowedError(f"axes of {a} and {b} do not go together")
    return solid(program, expanded(tensor, [max(a, b) for a, b in zip(sizes, wanted, strict=True)]))


def _two(program: Program, function: str, first: Tensor, second: Tensor) -> Tensor:
    pairs = _pairs(first.layout, second.layout)
    flat = [pair for axis in pairs for pair in axis]
    a, b = program.shape(first), program.shape(second)
    if _aligned(flat, a, b):
        layout = tuple(merged(_either(pair) for pair in axis) for axis in pairs)
        return program.add(function, [first, second], layout)
    rank, sizes = max(a.rank, b.rank), []
    base = 0 if a.rank >= b.rank else 1
    homes = _homes(flat, base, rank)
    for axis in range(rank + 1):
        ordered = homes[axis]
        sizes.append([pair for pair in ordered if pair[0] or pair[1]])
    sides = [arranged(program, tensor, [_side(axis, i) for axis in sizes]) for i, tensor in enumerate((first, second))]
    places = {id(pair): place for axis, members in enumerate(sizes) for pair, place in _places(axis, members)}
    layout = tuple(merged(places.get(id(pair)) or _either(pair) for pair in axis) for axis in pairs)
    return program.add(function, sides, layout)


def _pairs(first: Layout, second: Layout) -> list[list[Pair]]:
    """For each axis of the result, its digits as they lie in either operand; None where an operand is repeated."""
    pairs: list[list[Pair]] = []
    for x, y in zip_longest(reversed(first), reversed(second), fillvalue=()):
        if size_of(x) == size_of(y):
            pairs.append([(p, q) for p, q in zip(*common(x, y), strict=True)])
        elif not x or not y:
            pairs.append([(p, None) for p in x] + [(None, q) for q in y])
        else:
            raise UnfollowedError(f"axes of {size_of(x)} and {size_of(y)} do not go together")
    pairs.reverse()
    return [[(_real(p), _real(q)) if _real(p) or _real(q) else (p, q) for p, q in axis] for axis in pairs]


def _real(factor: Factor | None) -> Factor | None:
    return None if factor is None or factor.axis == REPEATED else factor


def _either(pair: Pair) -> Factor:
    found = pair[0] or pair[1]
    assert found is not None
    return found


def _aligned(pairs: Sequence[Pair], first: Shape, second: Shape) -> bool:
    """True if equal digits lie at equal places of two layers, and where one has none its whole axis has size 1."""
    if first.rank != second.rank:
        return False
    sizes = [(shape.channels, *shape.size) for shape in (first, second)]
    for p, q in pairs:
        if p is not None and q is not None:
            if p != q:
                return False
            continue
        for factor, other in ((p, sizes[1]), (q, sizes[0])):
            if factor is not None and factor.axis >= 0 and other[factor.axis] != 1:
                return False
    return all(n in (m, 1) or m == 1 for n, m in zip(*sizes, strict=True))


def _homes(pairs: Sequence[Pair], base: int, rank: int) -> list[list[Pair]]:
    """The digits of each axis of the result: where the base operand has them, the others where their own layer has them."""
    homes: list[list[tuple[int, Pair]]] = [[] for _ in range(rank + 1)]
    for pair in pairs:
        factor = pair[base] or pair[1 - base]
        if factor is None or factor.axis in (BATCH, REPEATED):
            continue
        axis = factor.axis if factor.axis <= rank else CHANNELS
        homes[axis].append((factor.stride, pair))
    return [[pair for _, pair in sorted(axis, key=lambda entry: -entry[0])] for axis in homes]


def _side(members: Sequence[Pair], side: int) -> Axis:
    """One axis as one operand must have it: digits that it lacks are repeated, unless it lacks them all."""
    own = [pair[side] for pair in members]
    if not any(own):
        return ()
    axis = [f or Factor(REPEATED, 0, _either(pair).size) for f, pair in zip(own, members, strict=True)]
    return merged(axis)


def _places(axis: int, members: Sequence[Pair]) -> list[tuple[Pair, Factor]]:
    places, stride = [], 1
    for pair in reversed(members):
        size = _either(pair).size
        places.append((pair, Factor(axis, stride, size)))
        stride *= size
    return places
