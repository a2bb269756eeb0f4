"""Matrix products of a program: linear layers, matmul, einsum, attention. A product is told by labels for the axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rfcalc.importers.programs.arithmetic import with_stored
from rfcalc.importers.programs.axes import axis_groups, digit_names, pattern_text, solid
from rfcalc.importers.programs.layout import BATCH, CHANNELS, REPEATED, Axis, Factor, Layout, common, full, merged, size_of
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.layers.words import make
from rfcalc.record import record

Labels = Sequence[str]


@record
class Digit:
    """A digit that one or several operands share: its factor in each operand that has it."""

    name: str
    label: str
    factors: dict[int, Factor]

    @property
    def size(self) -> int:
        """How many values it has."""
        return next(iter(self.factors.values())).size


def linear(program: Program, tensor: Tensor, weight: Const, bias: Const | None) -> Tensor:
    """A linear layer along the last axis; `weight` has the shape (out, in)."""
    out, tensor = weight.shape[0], solid(program, tensor)
    shape, last = program.shape(tensor), tensor.layout[-1]
    claim, has_bias = program.claim([weight, bias]), bias is not None
    rest = tensor.layout[:-1]
    if last == full(CHANNELS, shape.channels) and shape.positions > 1:
        op = make("conv", out=out, kernel=1, padding=0, bias=has_bias)
        return program.emit(op, [tensor], (*rest, full(CHANNELS, out)), claim)
    if size_of(last) == shape.elements:
        return program.emit(make("linear", out=out, bias=has_bias), [tensor], (*rest, full(CHANNELS, out)), claim)
    labels = [f"d{i}" for i in range(len(tensor.layout))]
    product = Product(program, [tensor], [labels], [*labels[:-1], "o"], {"o": out})
    op = make("contract", pattern=product.pattern([[(labels[-1],), ("o",)]]), learned=True, bias=has_bias)
    return program.emit(op, [tensor], product.layout, claim)


def contract(program: Program, operands: Sequence[Tensor], labels: Sequence[Labels], out: Labels) -> Tensor:
    """A sum of products over the labels that `out` lacks, as torch.einsum."""
    operands = _solid(program, operands, labels)
    product = Product(program, operands, labels, out)
    if len(operands) == 1:
        return program.add("rearrange", operands, product.layout, pattern=product.pattern(), function="sum")
    return program.add("contract", operands, product.layout, pattern=product.pattern())


def contract_stored(program: Program, tensor: Tensor, const: Const, labels: Labels, stored: Labels, out: Labels) -> Tensor:
    """A sum of products with a stored tensor; where an operand has size 1, the other one's size counts."""
    sizes = {label: n for label, n in zip(stored, const.shape, strict=True) if n > 1}
    if not sizes:
        tensor = with_stored(program, "mul", tensor, [Const((), const.stored, const.macs)])
        return contract(program, [tensor], [labels], out)
    for label, n in zip(labels, tensor.shape, strict=True):
        if n != sizes.get(label, n) and n != 1:
            raise UnfollowedError(f"axes of {n} and {sizes[label]} do not go together")
    single = {label for label, n in zip(labels, tensor.shape, strict=True) if n == 1}
    tensor = solid(program, tensor)
    product = Product(program, [tensor], [labels], out, {k: n for k, n in sizes.items() if k in single or k not in labels})
    claim = program.claim([const])
    op = make("contract", pattern=product.pattern([[(label,) for label in sizes]]), learned=True)
    return program.emit(op, [tensor], product.layout, claim)


def product(program: Program, first: Any, second: Any) -> Tensor:
    """A matrix product as torch.matmul, at least one of whose operands depends on the input."""
    (a, b), out = _matrices(len(first.shape), len(second.shape))
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return contract(program, [first, second], [a, b], out)
    if isinstance(first, Tensor):
        return contract_stored(program, first, second, a, b, out)
    return contract_stored(program, second, first, b, a, out)


def _matrices(first: int, second: int) -> tuple[tuple[list[str], list[str]], list[str]]:
    """The labels of a matrix product's operands, by how many axes they have, and of what it gives."""
    lead = _lead(max(first, second) - 2)
    rows, columns = ["m"] if first > 1 else [], ["n"] if second > 1 else []
    sides = [*_lead(first - 2), *rows, "k"], [*_lead(second - 2), "k", *columns]
    return sides, [*lead, *rows, *columns]


def _lead(count: int) -> list[str]:
    """Labels of the axes before a matrix, which are counted from the last one."""
    return [f"b{i}" for i in range(count, 0, -1)]


def einsum(program: Program, equation: str, operands: Sequence[Any]) -> Tensor:
    """torch.einsum of one or two operands."""
    sides, arrow, to = equation.partition("->")
    terms = sides.split(",")
    if len(operands) > 2 or len(terms) != len(operands):
        raise UnfollowedError(f"einsum {equation!r}")
    dots = [len(operand.shape) - len(term.replace("...", "")) for term, operand in zip(terms, operands, strict=True)]
    if not arrow:
        once = Counter(sides.replace(".", "").replace(",", ""))
        to = "..." + "".join(sorted(label for label, count in once.items() if count == 1))
    labels = [_labels(term, count) for term, count in zip(terms, dots, strict=True)]
    out = _labels(to, max(dots))
    if all(isinstance(operand, Tensor) for operand in operands):
        return contract(program, operands, labels, out)
    at = next(i for i, operand in enumerate(operands) if isinstance(operand, Tensor))
    return contract_stored(program, operands[at], operands[1 - at], labels[at], labels[1 - at], out)


def _labels(term: str, dots: int) -> list[str]:
    """The labels of one operand; "..." stands for `dots` axes, which are counted from the last one."""
    before, sign, after = term.partition("...")
    return [*before, *(f"dot{i}" for i in range(dots, 0, -1) if sign), *after]


def attend(program: Program, query: Tensor, key: Tensor, value: Tensor, extra: Sequence[Any] = ()) -> Tensor:
    """Scaled dot product attention of (..., queries, d), (..., keys, d) and (..., keys, e)."""
    ends = (("q", "d"), ("k", "d"), ("k", "e"))
    sides = (query, key, value)
    labels = [[*_lead(len(side.layout) - 2), *end] for side, end in zip(sides, ends, strict=True)]
    operands = _solid(program, sides, labels)
    product = Product(program, operands, labels, [*_lead(max(map(len, labels)) - 2), "q", "e"])
    return program.emit(make("attend", pattern=product.pattern()), operands, product.layout, program.claim(extra))


def _solid(program: Program, operands: Sequence[Tensor], labels: Sequence[Labels]) -> list[Tensor]:
    """The operands without repeated axes, but for those that another operand has in full."""
    held = [
        {label for label, axis in zip(dims, t.layout, strict=True) if axis and not _repeats(axis)}
        for t, dims in zip(operands, labels, strict=True)
    ]
    found = []
    for i, (tensor, dims) in enumerate(zip(operands, labels, strict=True)):
        others = set().union(*(names for j, names in enumerate(held) if j != i))
        keep = [dim for dim, label in enumerate(dims) if label in others and _repeats(tensor.layout[dim])]
        found.append(solid(program, tensor, keep))
    return found


def _repeats(axis: Axis) -> bool:
    """True for an axis whose values are all the same."""
    return bool(axis) and all(f.axis == REPEATED for f in axis)


class Product:
    """The digits of a product, and where they lie in the output. `fresh` are labels that only a stored operand has."""

    def __init__(
        self,
        program: Program,
        operands: Sequence[Tensor],
        labels: Sequence[Labels],
        out: Labels,
        fresh: dict[str, int] | None = None,
    ) -> None:
        self.ranks = [program.shape(operand).rank for operand in operands]
        self.fresh = fresh or {}
        self.batch: dict[str, Axis] = {}
        self.uses = Counter(label for dims in labels for label in dims)
        self.digits = self._digits(operands, labels)
        self.out = list(out)
        self.homes = self._homes()
        self.layout = self._layout()

    def _digits(self, operands: Sequence[Tensor], labels: Sequence[Labels]) -> list[Digit]:
        """The digits of all labels, cut so that every operand has each of them whole."""
        axes: dict[str, dict[int, Axis]] = {}
        for i, (tensor, dims) in enumerate(zip(operands, labels, strict=True)):
            if len(set(dims)) < len(dims):
                raise UnfollowedError("a product takes the diagonal of an operand")
            for label, axis in zip(dims, tensor.layout, strict=True):
                if axis and all(f.axis == BATCH for f in axis):
                    self.batch[label] = axis
                elif axis and not _repeats(axis):
                    axes.setdefault(label, {})[i] = axis
        cut = {label: _cut(sides) for label, sides in axes.items()}
        names: dict[tuple[int, Factor], str] = {}
        for i in range(len(operands)):
            factors = [f for sides in cut.values() for f in sides.get(i, ())]
            named = digit_names(factors, self.ranks[i], "" if i == 0 else "kvw"[i - 1])
            names.update({(i, factor): name for factor, name in named.items()})
        found = []
        for label, sides in cut.items():
            for column in zip(*sides.values(), strict=True):
                shared = dict(zip(sides, column, strict=True))
                operand, factor = min(shared.items())
                if factor.axis == BATCH:
                    self.batch[label] = (factor,)
                else:
                    found.append(Digit(names[operand, factor], label, shared))
        return found

    def _homes(self) -> list[list[tuple[str, int]]]:
        """(name, size) of the digits of each axis of the output. Rows keep their places; columns become channels if the rows
        are positions."""
        kept = [d for d in self.digits if d.label in self.out]
        rows = any(d.factors[0].axis > CHANNELS for d in kept if list(d.factors) == [0] and self.uses[d.label] == 1)
        spatial = [min(d.factors) for d in kept if d.factors[min(d.factors)].axis > CHANNELS]
        self.rank = self.ranks[min(spatial, default=0)]
        homes: list[list[tuple[int, int, Digit]]] = [[] for _ in range(self.rank + 1)]
        for digit in kept:
            operand, factor = min(digit.factors.items())
            column = rows and operand > 0 and not self._shared(digit.label)
            axis = CHANNELS if column or factor.axis > self.rank else factor.axis
            order = self.out.index(digit.label) if axis == CHANNELS else 0
            homes[axis].append((order, -factor.stride, digit))
        found = [[(d.name, d.size) for _, _, d in sorted(axis, key=lambda e: e[:2])] for axis in homes]
        return self._with_fresh(found)

    def _shared(self, label: str) -> bool:
        """True for a label of several operands, one of which repeats itself along it."""
        return self.uses[label] > 1

    def _with_fresh(self, homes: list[list[tuple[str, int]]]) -> list[list[tuple[str, int]]]:
        """Adds the labels that only a stored operand has: in the place of positions that are summed, or as channels."""
        gone = [d.factors[0] for d in self.digits if 0 in d.factors and d.label not in self.out]
        axes = {f.axis for f in gone}
        for label, size in self.fresh.items():
            if label not in self.out:
                continue
            entry = (label, size)
            if len(axes) == 1 and (axis := next(iter(axes))) > CHANNELS and not homes[axis]:
                homes[axis].append(entry)
            elif axes and CHANNELS not in axes and not any(homes[1:]):
                homes = [homes[0], [entry]]
            else:
                at = sum(self._order(name) < self.out.index(label) for name, _ in homes[CHANNELS] if name not in self.fresh)
                homes[CHANNELS].insert(at, entry)
        return homes

    def _order(self, name: str) -> int:
        return next(self.out.index(d.label) for d in self.digits if d.name == name)

    def _layout(self) -> Layout:
        places: dict[str, Factor] = {}
        for axis, members in enumerate(self.homes):
            stride = 1
            for name, size in reversed(members):
                places[name] = Factor(axis, stride, size)
                stride *= size
        found = []
        for label in self.out:
            factors = [places[d.name] for d in self.digits if d.label == label]
            factors += [places[label]] if label in self.fresh else []
            found.append((*self.batch.get(label, ()), *merged(factors)))
        return tuple(found)

    def pattern(self, stored: Sequence[Sequence[Labels]] = ()) -> str:
        """The product as a pattern; `stored` gives the labels of operands that are weights."""
        sizes = {d.name: d.size for d in self.digits} | self.fresh
        inputs: list[list[list[str]]] = []
        for i, rank in enumerate(self.ranks):
            names = {d.factors[i]: d.name for d in self.digits if i in d.factors}
            inputs.append(axis_groups(names, rank))
        for groups in stored:
            inputs.append([[d.name for d in self.digits if d.label == label] or [label] for (label,) in groups])
        return pattern_text(inputs, [[name for name, _ in group] for group in self.homes], sizes, self.fresh)


def _cut(sides: dict[int, Axis]) -> dict[int, Axis]:
    """The axes of one label in several operands, in factors of the same sizes."""
    operands = list(sides)
    for _ in operands:
        for i, j in zip(operands, operands[1:], strict=False):
            if size_of(sides[i]) != size_of(sides[j]):
                raise UnfollowedError(f"axes of {size_of(sides[i])} and {size_of(sides[j])} do not go together")
            sides[i], sides[j] = common(sides[i], sides[j])
    return sides
