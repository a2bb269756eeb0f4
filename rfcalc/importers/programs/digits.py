"""The digits of a product of matrices: which operand has them, and where they lie in what it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rfcalc.importers.programs.axes import axis_groups, digit_names, pattern_text
from rfcalc.importers.programs.layout import BATCH, CHANNELS, REPEATED, Axis, Factor, Layout, common, merged, size_of
from rfcalc.importers.programs.program import Program, Tensor, UnfollowedError
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


def repeats(axis: Axis) -> bool:
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
                elif axis and not repeats(axis):
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
