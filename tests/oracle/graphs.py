"""Random graphs over every layer: a recipe is plain data that hypothesis draws and shrinks; `build` makes the graph.

A step that does not fit where it stands (groups, sizes, padding) is adapted or left out, so that every recipe is a graph
and a recipe without some of its steps is one too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rfcalc.errors import RuleError
from rfcalc.graph import Builder, Graph
from rfcalc.op import Op, Shape
from rfcalc.ops import make
from rfcalc.ops.source import Input

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
            getattr(self, f"cook_{step.word}", self.cook_plain)(step)

    def add(self, op: Op, *inputs: int) -> int | None:
        """Adds a layer if it fits and stays small."""
        try:
            shape = op.shape([self.shape(i) for i in inputs])
        except RuleError:
            return None
        if shape.elements > MOST_ELEMENTS[self.rank] or max(shape.size, default=0) > LONGEST[self.rank]:
            return None
        return self.builder.add(f"{op.word}{len(self.builder.nodes)}", op, inputs)

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
        source, settings = self.source(step.back), dict(step.settings)
        mix, needed = settings.pop("mix"), settings["ratio"] ** self.rank
        at: int | None = source
        if self.shape(source).channels % needed and mix:
            at = self.put("conv", source, out=needed, kernel=1)
        elif self.shape(source).channels % needed:
            at = self.put("dwconv", source, kernel=1, multiplier=needed // gcd(needed, self.shape(source).channels))
        if at is not None:
            self.put("pixelshuffle", at, **settings)

    def cook_pixelunshuffle(self, step: Step) -> None:
        source, ratio = self.source(step.back), step.settings["ratio"]
        fitting = tuple(n // ratio * ratio for n in self.shape(source).size)
        at = source if fitting == self.shape(source).size else min(fitting) and self.put("crop", source, size=fitting)
        if at is not None and min(fitting):
            self.put("pixelunshuffle", at, ratio=ratio)

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


def build(recipe: Recipe) -> Graph:
    """The recipe's graph; its output is its last node."""
    builder = Kitchen(recipe).builder
    return builder.graph([len(builder.nodes) - 1])


def per_axis(rank: int, values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """One value for all axes, or one for each."""
    return values | st.tuples(*[values] * rank)


def sides(rank: int, most: int) -> SearchStrategy[Any]:
    side = st.integers(0, most)
    return side | st.tuples(*[side | st.tuples(side, side)] * rank)


def settings_of(rank: int) -> dict[str, SearchStrategy[Settings]]:
    """What each kind of step may be set to."""
    k, s, d = per_axis(rank, st.integers(1, 4)), per_axis(rank, st.integers(1, 3)), per_axis(rank, st.integers(1, 3))
    fold = st.sampled_from(("zeros", "zeros", "replicate", "reflect", "circular"))
    named = st.sampled_from(("half", "same", "valid"))
    small = st.integers(1, 3)
    window = {"kernel": k, "stride": s, "dilation": d, "padding": named | sides(rank, 3), "padding_mode": fold}
    pool = {
        "kernel": per_axis(rank, small),
        "stride": st.none() | per_axis(rank, small),
        "padding": st.just(0) | sides(rank, 2) | named,
        "ceil_mode": st.booleans(),
    }
    modes = {1: ("nearest", "linear"), 2: ("nearest", "bilinear", "bicubic"), 3: ("nearest", "trilinear")}[rank]
    scale = st.sampled_from((2, 3, 1.5, 0.5, 2.5, 1.25, 0.75, 1.3, 1, 1 / 3))
    made = st.fixed_dictionaries
    return {
        "conv": made({"out": st.integers(1, 6), "groups": small, **window}),
        "dwconv": made({"multiplier": st.integers(1, 2), **window}),
        "upconv": made(
            {
                "out": st.integers(1, 4),
                "kernel": k,
                "stride": s,
                "padding": per_axis(rank, st.integers(0, 2)),
                "output_padding": per_axis(rank, st.sampled_from((0, 0, 0, 1, 2))),
                "dilation": per_axis(rank, st.sampled_from((1, 1, 2, 3))),
                "groups": small,
            }
        ),
        "maxpool": made({**pool, "dilation": per_axis(rank, st.sampled_from((1, 1, 2)))}),
        "avgpool": made(pool),
        "adaptivepool": made({"out": per_axis(rank, st.integers(1, 7))}),
        "upsample": resizing(modes, scale, rank),
        "pad": made({"padding": sides(rank, 3), "mode": fold}),
        "crop": made({"margin": sides(rank, 2)}) | made({"size": per_axis(rank, st.integers(1, 12))}) | cropping(rank),
        "pixelshuffle": made({"ratio": st.integers(2, 3), "mix": st.booleans()}),
        "pixelunshuffle": made({"ratio": st.integers(2, 3)}),
        "lrn": made({"size": st.integers(1, 5)}),
        **{word: st.just({}) for word in ("bn", "relu", "prelu", "softmax", "dropout", "gap", "flatten")},
        "linear": made({"out": small}),
        "gate": made(
            {
                "pad": st.sampled_from((0, 0, 0, 1)),
                "conv": st.sampled_from((0, 1, 3)),
                "how": st.sampled_from(("mul", "nearest", "bilinear")),
            }
        ),
        "merge": made(
            {
                "kind": st.sampled_from(("concat", "add", "mul", "max")),
                "any_size": st.booleans(),
                "fit": st.sampled_from(("crop", "pad", "nearest", "bilinear")),
                "swap": st.booleans(),
            }
        ),
    }


def cropping(rank: int) -> SearchStrategy[Settings]:
    sized = {"size": st.tuples(*[st.integers(1, 12)] * rank), "offset": st.tuples(*[st.integers(0, 3)] * rank)}
    return st.fixed_dictionaries(sized)


def resizing(modes: tuple[str, ...], scale: SearchStrategy[float], rank: int) -> SearchStrategy[Settings]:
    corners = st.sampled_from(modes[1:]), st.booleans()
    mode = st.just(("nearest", False)) | st.tuples(*corners) | st.tuples(*corners)
    where = st.fixed_dictionaries({"scale": per_axis(rank, scale)})
    where |= st.fixed_dictionaries({"size": per_axis(rank, st.integers(1, 20))})
    return st.builds(lambda how, to: {"mode": how[0], "align_corners": how[1], **to}, mode, where)


# How often each kind of step is drawn.
SHARES = {"conv": 8, "dwconv": 3, "upconv": 4, "maxpool": 3, "avgpool": 2, "upsample": 4, "pad": 2, "crop": 2, "merge": 8}
SHARES |= {"pixelshuffle": 3, "pixelunshuffle": 2, "adaptivepool": 1, "gate": 2, "lrn": 1}


def recipes(ranks: tuple[int, ...] = (1, 1, 2, 2, 2, 3)) -> SearchStrategy[Recipe]:
    """Random recipes."""
    return st.sampled_from(ranks).flatmap(_recipes)


def _recipes(rank: int) -> SearchStrategy[Recipe]:
    options = settings_of(rank)
    words = [word for word in options for _ in range(SHARES.get(word, 1))]
    back = st.sampled_from((0, 0, 0, 0, 1, 2, 3))
    each = {word: st.builds(Step, st.just(word), back, made) for word, made in options.items()}
    step = st.sampled_from(words).flatmap(each.__getitem__)
    size = st.integers(1 if rank == 1 else 2, {1: 40, 2: 20, 3: 8}[rank])
    steps = st.lists(step, min_size=1, max_size={1: 10, 2: 8, 3: 5}[rank]).map(tuple)
    return st.builds(Recipe, st.integers(1, 4), st.tuples(*[size] * rank), steps)
