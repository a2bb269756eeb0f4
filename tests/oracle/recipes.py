"""A recipe is a graph as plain data, which hypothesis draws and shrinks; `build` makes the graph.

A step that does not fit where it stands (groups, sizes, padding) is adapted or left out, so that every recipe is a graph
and a recipe without some of its steps is one too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.graph import Builder, Graph, unsharable
from rfcalc.layers.contract import Op
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape

MOST_ELEMENTS = {1: 2000, 2: 6000, 3: 6000}
LONGEST = {1: 120, 2: 48, 3: 20}
Settings = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A layer, or a short pattern of layers; it reads the node `back` places before the last one that is still a map."""

    word: str
    back: int = 0
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """A random graph as data."""

    channels: int
    size: tuple[int, ...]
    steps: tuple[Step, ...]


class Kitchen:
    """Builds a recipe's graph."""

    def __init__(self, recipe: Recipe) -> None:
        self.builder = Builder("random", "random")
        self.rank = len(recipe.size)
        self.add(Input(Shape(recipe.channels, recipe.size)))
        for step in recipe.steps:
            self.cook(step)

    def cook(self, step: Step) -> None:
        """Adds what a step says, if it fits."""
        getattr(self, f"cook_{step.word}", self.cook_plain)(step)

    def add(self, op: Op, *inputs: int, weights: int | None = None) -> int | None:
        """Adds a layer if it fits and stays small."""
        try:
            shape = op.shape([self.shape(i) for i in inputs])
        except RuleError:
            return None
        if shape.elements > MOST_ELEMENTS[self.rank] or max(shape.size, default=0) > LONGEST[self.rank]:
            return None
        return self.builder.add(f"{op.word}{len(self.builder.nodes)}", op, inputs, weights=weights)

    def put(self, word: str, *inputs: int, **settings: Any) -> int | None:
        return self.add(make(word, **settings), *inputs)

    def shape(self, index: int) -> Shape:
        return self.builder.nodes[index].shape

    def source(self, back: int) -> int:
        """The map `back` places before the last one."""
        maps = [i for i, node in enumerate(self.builder.nodes) if node.shape.rank]
        return maps[-1 - back % len(maps)]

    def cook_plain(self, step: Step) -> None:
        self.put(step.word, self.source(step.back), **step.settings)

    def cook_conv(self, step: Step) -> None:
        source, settings = self.source(step.back), dict(step.settings)
        groups = gcd(settings.pop("groups", 1), self.shape(source).channels)
        out = -(-settings.pop("out") // groups) * groups
        self.put(step.word, source, out=out, groups=groups, **settings)

    cook_upconv = cook_conv

    def cook_prelu(self, step: Step) -> None:
        source = self.source(step.back)
        self.put("prelu", source, parameters=self.shape(source).channels)

    def cook_pixelshuffle(self, step: Step) -> None:
        """Channels are first made a multiple of what is needed, with or without mixing them."""
        settings = dict(step.settings)
        mix, ratio = settings.pop("mix"), settings["ratio"]
        at: int | None = self.source(step.back)
        if step.word in ("pixelunshuffle", "spacetodepth", "reorg"):
            at = self.trimmed(self.source(step.back), ratio)
        if at is not None and step.word in ("pixelshuffle", "depthtospace", "reorg"):
            at = self.widened(at, ratio**self.rank, mix)
        if at is not None:
            self.put(step.word, at, **settings)

    cook_pixelunshuffle = cook_spacetodepth = cook_depthtospace = cook_reorg = cook_pixelshuffle

    def trimmed(self, source: int, ratio: int) -> int | None:
        size = self.shape(source).size
        fitting = tuple(n // ratio * ratio for n in size)
        return source if fitting == size else self.put("crop", source, size=fitting) if min(fitting) else None

    def widened(self, source: int, needed: int, mix: bool) -> int | None:
        channels = self.shape(source).channels
        if channels % needed == 0:
            return source
        if mix:
            return self.put("conv", source, out=needed, kernel=1)
        return self.put("dwconv", source, kernel=1, multiplier=needed // gcd(needed, channels))

    def cook_split(self, step: Step) -> None:
        source = self.source(step.back)
        channels = self.shape(source).channels
        first = step.settings["first"]
        if first < channels:
            self.put("split", source, sizes=(first, channels - first), index=step.settings["index"])

    def cook_channelshuffle(self, step: Step) -> None:
        source = self.source(step.back)
        self.put("channelshuffle", source, groups=gcd(step.settings["groups"], self.shape(source).channels))

    def cook_gn(self, step: Step) -> None:
        source = self.source(step.back)
        self.put("gn", source, groups=self.shape(source).channels)

    def cook_join(self, step: Step) -> None:
        """One after the other: a map, and an earlier one that fits or itself."""
        source, axis = self.source(step.back), step.settings["axis"]
        here = self.shape(source)
        others = [i for i, node in enumerate(self.builder.nodes[: source + 1]) if node.shape.channels == here.channels]
        fitting = [i for i in others if across(self.shape(i).size, axis) == across(here.size, axis)]
        self.put("join", source, fitting[-1 - step.settings["which"] % len(fitting)], axis=axis)

    def cook_patches(self, step: Step) -> None:
        """Windows as channels, and from there back to the map."""
        source, settings = self.source(step.back), dict(step.settings)
        back = settings.pop("back")
        found = self.put("patches", source, **settings)
        if found is not None and back:
            self.put("fold", found, size=self.shape(source).size, **settings)

    def cook_contract(self, step: Step) -> None:
        """The last map with an earlier one that fits."""
        source = self.source(step.back)
        maps = [i for i, node in enumerate(self.builder.nodes[: source + 1]) if node.shape.rank]
        next((i for i in reversed(maps) if self.put("contract", source, i, **step.settings) is not None), None)

    def cook_roll(self, step: Step) -> None:
        source = self.source(step.back)
        by = step.settings["shift"]
        self.put(
            "roll", source, shift=tuple(max(1 - n, min(n - 1, s)) for n, s in zip(self.shape(source).size, by, strict=True))
        )

    def cook_se(self, step: Step) -> None:
        self.put("se", self.source(step.back), channels=1)

    def cook_merge(self, step: Step) -> None:
        """Joins the last map with an earlier one, by preference one of the same size; else one of them is fitted."""
        first, settings = self.source(0), step.settings
        earlier = [i for i, node in enumerate(self.builder.nodes[:first]) if node.shape.rank]
        same = [i for i in earlier if self.shape(i).size == self.shape(first).size]
        choice = same if same and not settings["any_size"] else earlier
        if not choice:
            return
        inputs: list[int | None] = [first, choice[-1 - step.back % len(choice)]]
        inputs = list(self.fitted(*inputs, settings["fit"]))  # type: ignore[arg-type]
        if None not in inputs and settings["kind"] != "concat":
            inputs = list(self.same_channels(*inputs))  # type: ignore[arg-type]
        found = [i for i in inputs if i is not None]
        if len(found) == 2:
            self.put(settings["kind"], *(reversed(found) if settings["swap"] else found))

    def fitted(self, a: int, b: int, how: str) -> tuple[int | None, int | None]:
        """Two maps of one size."""
        left, right = self.shape(a).size, self.shape(b).size
        if left == right:
            return a, b
        if how in ("nearest", "bilinear"):
            return a, self.put("upsample", b, a, mode=how)
        wanted = tuple(map(min if how == "crop" else max, left, right))
        return self.resized(a, wanted, how), self.resized(b, wanted, how)

    def resized(self, index: int, wanted: tuple[int, ...], how: str) -> int | None:
        size = self.shape(index).size
        if size == wanted:
            return index
        if how == "crop":
            return self.put("crop", index, size=wanted)
        sides = tuple(((m - n) // 2, m - n - (m - n) // 2) for n, m in zip(size, wanted, strict=True))
        return self.put("pad", index, padding=sides)

    def same_channels(self, a: int, b: int) -> tuple[int | None, int | None]:
        left, right = self.shape(a).channels, self.shape(b).channels
        if left == right or 1 in (left, right):
            return a, b
        return a, self.put("conv", b, out=left, kernel=1)

    def cook_again(self, step: Step) -> None:
        """A map through a layer that is there already, with the same weights."""
        at = self.source(step.back)
        fitting = [i for i in range(len(self.builder.nodes)) if self.shares(at, i)]
        if fitting:
            owner = fitting[step.settings["which"] % len(fitting)]
            self.add(self.builder.nodes[owner].op, at, weights=owner)

    def shares(self, at: int, owner: int) -> bool:
        """Whether a map can go through a layer that is there."""
        node, shapes = self.builder.nodes[owner], [self.shape(at)]
        try:
            node.op.shape(shapes)
        except RuleError:
            return False
        return not node.is_input and not unsharable(node.op, shapes, node)

    def cook_gate(self, step: Step) -> None:
        """Squeeze and excitation, or another way to give a map what a global layer sees."""
        source = self.source(step.back)
        pooled = self.put("gap", source)
        if pooled is None:
            return
        if step.settings["pad"]:
            pooled = self.put("pad", pooled, padding=step.settings["pad"])
        if pooled is not None and step.settings["conv"]:
            pooled = self.put("conv", pooled, out=self.shape(source).channels, kernel=step.settings["conv"], padding="half")
        if pooled is None:
            return
        how = step.settings["how"]
        if how == "mul":
            self.put("mul", source, pooled)
        elif (grown := self.put("upsample", pooled, source, mode=how)) is not None:
            self.put("concat", source, grown)


def across(size: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """The size without one axis, counted from 1."""
    return (*size[: axis - 1], *size[axis:]) if size else (0,) * 9


def build(recipe: Recipe) -> Graph:
    """The recipe's graph; its output is its last node."""
    builder = Kitchen(recipe).builder
    return builder.graph([len(builder.nodes) - 1])
