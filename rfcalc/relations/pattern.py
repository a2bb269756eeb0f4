"""Named axes: how a layer that reshapes, permutes, sums or multiplies tensors reads them, from one line of text.

    (g c) y x -> (c g) y x                                   a channel shuffle
    c (y i) (x j) -> (c i j) y x                             blocks of positions become channels
    (h d) y x, (h d) u v -> (h u v) y x                      the product of queries with all keys, per head

The first group of each tensor is its channels, the others are its spatial axes. A name in a group of several is a digit of
that axis, most significant first; `i:2` gives a size that cannot be told from the inputs. A name that the output lacks is
summed over, one that only the output has is repeated. The batch is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from math import prod

from rfcalc.errors import RuleError
from rfcalc.record import record
from rfcalc.relations.digits import Axes, Group, Sizes, moved, reads
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)(?::(\d{1,9}))?|([()1,])|(->))")


@record
class Pattern:
    """The groups of each input and of the output, and the sizes that the text gives."""

    inputs: tuple[Axes, ...]
    out: Axes
    given: tuple[tuple[str, int], ...]

    def sizes(self, shapes: Shapes) -> Sizes:
        """The size of each name; raises RuleError where the shapes do not fit the pattern."""
        if len(shapes) > len(self.inputs):
            raise RuleError(f"the pattern has {len(self.inputs)} inputs, not {len(shapes)}")
        sizes = dict(self.given)
        waiting = [(group, n) for axes, shape in zip(self.inputs, shapes, strict=False) for group, n in _groups(axes, shape)]
        while waiting:
            left = [entry for entry in waiting if not _settle(*entry, sizes)]
            if len(left) == len(waiting):
                raise RuleError(f"the size of one of {', '.join(left[0][0])} must be given, as in {left[0][0][0]}:2")
            waiting = left
        missing = [name for group in self.out for name in group if name not in sizes]
        if missing:
            raise RuleError(f"the size of {missing[0]} must be given, as in {missing[0]}:2")
        return sizes

    def shape(self, sizes: Sizes) -> Shape:
        """The output's shape."""
        channels, *axes = (prod(sizes[name] for name in group) for group in self.out)
        return Shape(channels, tuple(axes))

    def reads(self, sizes: Sizes) -> tuple[Read, ...]:
        """How an output unit reads each input."""
        return tuple(read for i, axes in enumerate(self.inputs) for read in reads(i, axes, self.out, sizes))

    def follows(self, index: int) -> bool:
        """False if input `index` is read as a whole because its positions move to other axes."""
        return not moved(self.inputs[index], self.out)


def _groups(axes: Axes, shape: Shape) -> Iterable[tuple[Group, int]]:
    if len(axes) != shape.rank + 1:
        raise RuleError(f"the pattern has {len(axes)} axes for an input of {shape}")
    return zip(axes, (shape.channels, *shape.size), strict=True)


def _settle(group: Group, n: int, found: Sizes) -> bool:
    """Finds the one unknown size of a group; False if there are several."""
    unknown = [name for name in group if name not in found]
    known = prod(found[name] for name in group if name in found)
    if len(unknown) > 1:
        return False
    if n % known or (not unknown and n != known):
        raise RuleError(f"{n} units do not split into ({' '.join(group)})")
    for name in unknown:
        found[name] = n // known
    return True


@lru_cache(maxsize=4096)
def parse(text: str) -> Pattern:
    """The pattern of a text; raises RuleError for one that makes no sense."""
    if len(text) > 1000:
        raise RuleError(f"a pattern of {len(text):,} characters; at most 1,000 are allowed")
    parts, given = _tokens(text)
    if len(parts) < 2:
        raise RuleError(f'"{text}" has no "->" between inputs and output')
    *inputs, out = parts
    for axes in parts:
        names = [name for group in axes for name in group]
        if len(set(names)) < len(names) or not axes:
            raise RuleError(f'"{text}": an input or output is empty, or has a name twice')
    return Pattern(tuple(inputs), out, tuple(given.items()))


def _tokens(text: str) -> tuple[list[Axes], Sizes]:
    parts: list[list[Group]] = [[]]
    given: Sizes = {}
    inner: list[str] | None = None
    at, arrow = 0, False
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise RuleError(f'"{text}" makes no sense at "{text[at : at + 10]}"')
        at = match.end()
        name, size, sign, to = match.groups()
        if size:
            given[name] = max(1, int(size))
        if name and inner is not None:
            inner.append(name)
        elif name or sign == "1":
            parts[-1].append((name,) if name else ())
        elif sign == "(" and inner is None:
            inner = []
        elif sign == ")" and inner is not None:
            parts[-1].append(tuple(inner))
            inner = None
        elif inner is None and not arrow and (sign == "," or to):
            parts.append([])
            arrow = bool(to)
        else:
            raise RuleError(f'"{text}" makes no sense before "{text[at : at + 10]}"')
    if inner is not None or not arrow:
        raise RuleError(f'"{text}" is not finished')
    return [tuple(part) for part in parts], given
