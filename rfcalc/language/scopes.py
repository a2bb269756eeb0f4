"""Where a name is looked up while steps are expanded, and what it means there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from rfcalc.errors import did_you_mean
from rfcalc.graph import Builder
from rfcalc.language.marked import Marked
from rfcalc.language.problems import Problems
from rfcalc.language.steps import Body
from rfcalc.record import record, replace

Sources = tuple[int | None, ...]  # nodes that a layer reads; None for a broken one, whose problem is reported
POISONED: Sources = (None,)
MOST_LOOKS = 2_000_000


@record(eq=False)
class Frame:
    """Where steps are expanded: the params they see, the prefix of their names, what `in` means, the enclosing frame.

    hidden: length of the longest prefix that ends in an automatic name; names behind it are not seen from outside it.
    weights: the beginning of names in here, and that of the layers whose weights they use, and where
    that is said; None for weights of their own.
    """

    params: Mapping[str, Any]
    body: Body
    prefix: str = ""
    hidden: int = 0
    given: Sources | None = None
    outer: Frame | None = None
    repeat: tuple[tuple[str, int, int], ...] = ()
    depth: int = 0
    weights: tuple[str, str, Marked] | None = None

    def turn(self, params: Mapping[str, Any], hidden: int, repeat: tuple[str, int, int]) -> Frame:
        """The frame of one turn of a repeat."""
        turns = (*self.repeat, repeat)
        return replace(self, params=params, hidden=hidden, repeat=turns)

    def path(self, body: Body, prefix: str) -> Frame:
        """The frame of one path of a residual or of branches."""
        return replace(self, body=body, prefix=prefix, outer=self, depth=self.depth + 1)


class Names:
    """The explicit names of the layers so far: what each one gives (None: it is left out), and how much of it is hidden."""

    def __init__(self, builder: Builder, problems: Problems) -> None:
        self.builder, self.problems = builder, problems
        self.named: dict[str, tuple[Sources | None, int]] = {}
        self.looked = 0

    def find(self, name: str, mark: Marked, frame: Frame) -> Sources:
        """What a name means in a frame: first there, then in the frames around it."""
        if name == "" or ((name == "in" or name.startswith("in.")) and frame.given is not None):
            return self._given(name, mark, frame)
        if "*" in name or "?" in name:
            return self._all(name, mark, frame)
        full = self.full(name, mark, frame)
        return (full and self.named[full][0]) or POISONED

    def full(self, name: str, mark: Marked, frame: Frame) -> str:
        """The full name of the layer that is meant; the empty string for none, which is a problem."""
        for place in _around(frame):
            found = self.named.get(place.prefix + name)
            if found is not None and found[1] <= len(place.prefix):
                if found[0] is None:
                    self.problems.add("E109", f'the layer "{name}" is left out here, by its when or repeat', mark)
                    return ""
                return place.prefix + name
        self._unknown(name, mark, frame)
        return ""

    def left_out(self, name: object, frame: Frame) -> bool:
        """Whether a name is that of a layer that its `when` or `repeat` leaves out."""
        found = self.named.get(frame.prefix + name) if isinstance(name, str) else None
        return found is not None and found[0] is None

    def _all(self, pattern: str, mark: Marked, frame: Frame) -> Sources:
        """The layers above whose names match a glob, in their order, in the nearest frame that has one."""
        for place in _around(frame):
            self.looked += len(self.named)
            if self.looked > MOST_LOOKS:
                self.problems.add("E115", "too many names to compare with globs", mark)
                self.problems.stop()
            size = len(place.prefix)
            found = [
                sources
                for name, (sources, hidden) in self.named.items()
                if hidden <= size
                and sources is not None
                and name.startswith(place.prefix)
                and fnmatchcase(name[size:], pattern)
            ]
            if found:
                return tuple(dict.fromkeys(index for sources in found for index in sources))
        self.problems.add("E109", f'no layer above has a name that matches "{pattern[:60]}"', mark)
        return POISONED

    def _given(self, name: str, mark: Marked, frame: Frame) -> Sources:
        given = frame.given or POISONED
        if name in ("in", ""):
            return given if name else POISONED
        number = name[3:]
        if number.isdecimal() and len(number) < 4 and int(number) < len(given):
            return (given[int(number)],)
        count = "one input, called in" if len(given) == 1 else f"{len(given)} inputs, in.0 to in.{len(given) - 1}"
        self.problems.add("E109", f'there is no "{name[:40]}": the block has {count}', mark)
        return POISONED

    def _unknown(self, name: str, mark: Marked, frame: Frame) -> None:
        head = name.split(".")[0]
        for place in _around(frame):
            if head in place.body.names and place.prefix + head not in self.named:
                self.problems.add("E121", f'"{name}" is defined later: a layer reads only layers above it', mark)
                return
            if place.prefix + name in self.builder.names:
                hint = "give the layer a name of its own to refer to it"
                self.problems.add("E109", f'"{name}" is an automatic name, which may change', mark, hint)
                return
        known = [key[len(place.prefix) :] for place in _around(frame) for key in self._near(place.prefix)]
        hint = did_you_mean(name, ["in", *known] if frame.given is not None else known)
        if any(f"{place.prefix}{name}1" in self.builder.names for place in _around(frame)):
            hint = f"there are several {name} without a name: give the one that is meant a name"
        elif "," in name:
            hint = f"several layers are a list: from: [{name}]"
        if name == "in" and frame.given is None:
            hint = 'in is the input of a block; that of the network is called "input"'
        elif not hint and frame.given is not None:
            hint = "inside a block, from sees the block's own names, and in, its input"
        self.problems.add("E109", f'there is no layer "{name[:60]}"', mark, hint)

    def _near(self, prefix: str) -> list[str]:
        return [key for key in self.named if key.startswith(prefix)][:500]


def _around(frame: Frame) -> Iterator[Frame]:
    place: Frame | None = frame
    while place is not None:
        yield place
        place = place.outer
