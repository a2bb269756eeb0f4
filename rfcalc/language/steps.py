"""A list of layers as it is written: each entry is read and checked once, however often it is repeated."""

from __future__ import annotations

from collections.abc import Mapping

from rfcalc.errors import Span
from rfcalc.language.marked import Marked
from rfcalc.language.recipes import LayerRecipe
from rfcalc.language.values import Value
from rfcalc.record import draft, field, record


@draft
class Merge:
    """The layer that joins the paths of a residual or of branches; `name` is set where it has no prefix of its own."""

    word: str
    recipe: LayerRecipe
    name: str = ""


@record(eq=False)
class BlockCall:
    """A block with its arguments."""

    block: str
    arguments: Mapping[str, Value]


@record(eq=False)
class Branches:
    """A residual or branches: several bodies on one input, and their merge. `keys` prefix the names in each body."""

    keys: tuple[str, ...]
    bodies: tuple[Body, ...]
    merge: Merge


@draft
class Step:
    """One entry of a `layers` list. `does` is None if something in it is wrong (the problem is kept)."""

    word: str
    mark: Marked
    name: str = ""
    named: bool = False
    repeats: bool = False
    sources: tuple[tuple[str, Marked], ...] | None = None
    weights: tuple[str, Marked] | None = None
    repeat: Value | None = None
    when: Value | None = None
    counts: Mapping[str, Value] | None = None
    does: LayerRecipe | BlockCall | Branches | None = None
    _span: Span | None = None

    @property
    def span(self) -> Span:
        """The place of the op in the file."""
        if self._span is None:
            self._span = self.mark.span
        return self._span


@record(eq=False)
class Body:
    """A list of steps, and the explicit names that it gives."""

    steps: list[Step] = field(default_factory=list)
    names: frozenset[str] = frozenset()


@draft
class Block:
    """A block as it is defined: its params with their defaults (None: must be given), its layers, and the names of what it
    gives (the last layer if there are none)."""

    name: str
    mark: Marked
    params: Mapping[str, Value]
    outputs: tuple[tuple[str, Marked], ...] = ()
    body: Body = field(default_factory=Body)
    calls: dict[str, Marked] = field(default_factory=dict)


class Group:
    """The layers that share one prefix: no name twice, and a name for each unnamed layer."""

    def __init__(self) -> None:
        self.taken: dict[str, Marked] = {}
        self.optional: set[str] = set()
        self.unnamed: dict[str, list[Step | Merge]] = {}

    def wait(self, layer: Step | Merge) -> None:
        """A layer that gets its name once all the names of the group are known."""
        self.unnamed.setdefault(layer.word, []).append(layer)

    def assign(self) -> None:
        """Names the unnamed: the word if there is one of it, else word1, word2, ... without names that are taken."""
        for word, layers in self.unnamed.items():
            if len(layers) == 1 and word not in self.taken:
                layers[0].name = word
                continue
            number = 0
            for layer in layers:
                number += 1
                while f"{word}{number}" in self.taken:
                    number += 1
                layer.name = f"{word}{number}"
