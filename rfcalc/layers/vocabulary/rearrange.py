"""Layers described by named axes (see pattern.py): rearrangements and reductions, matrix products, attention, softmax."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, Text, Word, setting
from rfcalc.layers.strides import moved, packed
from rfcalc.layers.traits import LayerKind, Norm
from rfcalc.record import record
from rfcalc.relations.digits import Axes, Sizes, reads
from rfcalc.relations.pattern import Pattern, parse
from rfcalc.relations.read import POINTWISE, Read
from rfcalc.relations.shape import Shape, Shapes

PATTERN_HELP = 'named axes, channels first: "(g c) y x -> (c g) y x"'
NOT_FOLLOWED = "positions move to other axes"


@record
class Rearrange(Op):
    """Splits, merges, moves and repeats axes; a name that the output lacks is joined by `function`."""

    word: ClassVar[str] = "rearrange"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "pattern"
    example: ClassVar[tuple[str, ...]] = ('"(g c:4) y x -> c y x"', "16x32x32")

    pattern: str = setting(Text(), help=PATTERN_HELP)
    function: str = setting(
        Word(("sum", "mean", "max", "min", "norm", "var")), default="mean", help="how missing axes are joined"
    )

    @property
    def bound(self) -> str:
        return "" if parse(self.pattern).follows(0) else NOT_FOLLOWED

    def shape(self, inputs: Shapes) -> Shape:
        pattern = _parsed(self.pattern, 1)
        return pattern.shape(pattern.sizes(inputs))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        pattern = parse(self.pattern)
        return pattern.reads(pattern.sizes(inputs))

    def cost(self, inputs: Shapes) -> Cost:
        pattern = parse(self.pattern)
        sizes, out = pattern.sizes(inputs), self.shape(inputs)
        joined = any(sizes[name] > 1 for name in _missing(pattern))
        kind, count = ("reduce", inputs[0].elements) if joined else ("copy", out.elements)
        names, to = _names(pattern.inputs[0]), _names(pattern.out)
        kept = sorted((name for name in names if name in to), key=to.index)
        strides = None
        if not joined and all(name in names or sizes[name] == 1 for name in to):
            order = [names.index(name) for name in kept] + [i for i, name in enumerate(names) if name not in to]
            strides = moved([sizes[name] for name in names], order, (out.channels, *out.size))
        view, axes = strides is not None, [n for n in (out.channels, *out.size) if n > 1]
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=() if view else ((kind, count),),
            keeps=Keeps.NOTHING,
            storage=Storage.VIEW if view else Storage.NEW,
            scattered=strides is not None and strides != packed(axes),
            moves=not view and not joined,
            packs=view,
        )

    def torch(self, inputs: Shapes) -> Torch:
        pattern = parse(self.pattern)
        return Torch("", rearranged("{0}", pattern.inputs[0], pattern.out, pattern.sizes(inputs), self.function))


@record
class Contract(Op):
    """A product of two tensors, summed over the names that the output lacks; with `learned` the second one is a weight."""

    word: ClassVar[str] = "contract"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "pattern"
    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    example: ClassVar[tuple[str, ...]] = ('"c y x, c u v -> (u v) y x"', "16x8x8", "16x8x8")

    pattern: str = setting(Text(), help='two inputs and the output: "(h d) y x, (h d) u v -> (h u v) y x"')
    learned: bool = setting(Bool(), default=False, help="the second input is a learned weight")
    bias: bool = setting(Bool(), default=False, help="a learned number for each output of the weight")

    @property
    def bound(self) -> str:
        pattern = parse(self.pattern)
        return "" if all(pattern.follows(i) for i in range(1 if self.learned else 2)) else NOT_FOLLOWED

    def shape(self, inputs: Shapes) -> Shape:
        pattern = _parsed(self.pattern, 2)
        if len(inputs) != (1 if self.learned else 2):
            raise RuleError(f"takes {1 if self.learned else 2} inputs here, not {len(inputs)}")
        if self.bias and not self.learned:
            raise RuleError("a bias goes with a learned weight")
        return pattern.shape(pattern.sizes(inputs))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        pattern = parse(self.pattern)
        sizes = pattern.sizes(inputs)
        return tuple(read for i in range(len(inputs)) for read in reads(i, pattern.inputs[i], pattern.out, sizes, most=1))

    def cost(self, inputs: Shapes) -> Cost:
        pattern = parse(self.pattern)
        sizes = pattern.sizes(inputs)
        macs, elements = self._products(pattern, sizes)
        params = self._weights(pattern, sizes) if self.learned else 0
        elements += (("bias", self.shape(inputs).elements),) if self.bias else ()
        return Cost(
            macs=macs,
            params=params,
            buffers=0,
            elements=elements,
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
        )

    def backward_macs(self, inputs: Shapes, macs: int, taught: Sequence[bool]) -> int:
        return macs * (self.learned + sum(taught))

    def torch(self, inputs: Shapes) -> Torch:
        pattern = parse(self.pattern)
        sizes, out = pattern.sizes(inputs), self.shape(inputs)
        letters = _letters([*pattern.inputs, pattern.out])
        terms = [_einsum_side(axes, letters) for axes in (*pattern.inputs, pattern.out)]
        whole = tuple(out.size)
        if not self.learned:
            first, second = (f"{{{i}}}.reshape({_numbers(axes, sizes)})" for i, axes in enumerate(pattern.inputs))
            equation = f"z{terms[0]},z{terms[1]}->z{terms[2]}"
            return Torch("", f"torch.einsum({equation!r}, {first}, {second}).reshape{(-1, out.channels, *whole)}")
        weight = tuple(sizes[name] for group in pattern.inputs[1] for name in group)
        parts = [f"nn.Parameter(torch.randn{_call(weight)} * 0.02)"]
        equation = f"z{terms[0]},{terms[1]}->z{terms[2]}"
        text = f"torch.einsum({equation!r}, {{0}}.reshape({_numbers(pattern.inputs[0], sizes)}), {{self}}[0])"
        if self.bias:
            kept = {name for group in pattern.inputs[1] for name in group}
            shape = tuple(sizes[n] if n in kept else 1 for group in pattern.out for n in group)
            parts.append(f"nn.Parameter(torch.zeros{_call(shape)})")
            text = f"({text} + {{self}}[1])"
        return Torch(f"nn.ParameterList([{', '.join(parts)}])", f"{text}.reshape{(-1, out.channels, *whole)}")

    def _products(self, pattern: Pattern, sizes: Sizes) -> tuple[int, tuple[tuple[str, int], ...]]:
        """Multiply-accumulates and other operations, as torch.einsum has them: a name of one input alone that the output lacks
        is summed first; where the inputs share none that it lacks (of more than one place), numbers are multiplied and nothing
        is summed."""
        sides = (*pattern.inputs, pattern.out)
        first, second, out = ({name for group in axes for name in group if sizes[name] > 1} for axes in sides)
        alone, shared = (first ^ second) - out, (first & second) - out
        reduced = [("reduce", prod(sizes[name] for name in names)) for names in (first, second) if names & alone]
        products = prod(sizes[name] for name in (first | second) - alone)
        return (products, tuple(reduced)) if shared else (0, (*reduced, ("mul", products)))

    def _weights(self, pattern: Pattern, sizes: Sizes) -> int:
        names = [name for group in pattern.inputs[1] for name in group]
        kept = {name for group in pattern.out for name in group}
        return prod(sizes[n] for n in names) + self.bias * prod(sizes[n] for n in names if n in kept)


@record
class Attend(Op):
    """Scaled dot product attention, softmax(q k) v, over the names that only keys and values have."""

    word: ClassVar[str] = "attend"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "pattern"
    arity: ClassVar[tuple[int, int | None]] = (3, 3)
    example: ClassVar[tuple[str, ...]] = ('"(h:2 d) y x, (h d) u v, (h e) u v -> (h e) y x"', "16x8x8", "16x8x8", "16x8x8")

    pattern: str = setting(Text(), help='queries, keys, values: "(h d) y x, (h d) u v, (h e) u v -> (h e) y x"')
    causal: bool = setting(Bool(), default=False, help="a query sees the keys up to its own place only")

    @property
    def bound(self) -> str:
        pattern = parse(self.pattern)
        if self.causal:
            return "a query sees the keys up to its own place only, and all of them are counted"
        return "" if all(pattern.follows(i) for i in range(3)) else NOT_FOLLOWED

    def shape(self, inputs: Shapes) -> Shape:
        pattern = _parsed(self.pattern, 3)
        if len(inputs) != 3:
            raise RuleError(f"takes queries, keys and values, not {len(inputs)} inputs")
        return pattern.shape(pattern.sizes(inputs))

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        pattern = parse(self.pattern)
        return pattern.reads(pattern.sizes(inputs))

    def cost(self, inputs: Shapes) -> Cost:
        sizes = parse(self.pattern).sizes(inputs)
        scores, depth, width = (prod(sizes[name] for name in names) for names in self._roles())
        macs = scores * (depth + width)
        elements = (("attention", macs), ("attention_softmax", scores))
        return Cost(
            macs=macs,
            params=0,
            buffers=0,
            elements=elements,
            keeps=Keeps.BOTH,
            storage=Storage.NEW,
            saved=scores,
            inner=2 * scores,
        )

    def backward_macs(self, inputs: Shapes, macs: int, taught: Sequence[bool]) -> int:
        """q k^T has two operands, and so has the sum of the values by it."""
        sizes = parse(self.pattern).sizes(inputs)
        scores, depth, width = (int(prod(sizes[name] for name in names)) for names in self._roles())
        query, key, value = taught
        return scores * (depth * (query + key) + width * ((query or key) + value))

    def torch(self, inputs: Shapes) -> Torch:
        pattern = parse(self.pattern)
        sizes, out = pattern.sizes(inputs), self.shape(inputs)
        every, (query, key, value) = _names(pattern.out), (_names(axes) for axes in pattern.inputs)
        shared = [n for n in every if n in query and n in key]
        asks = [n for n in query if n in every and n not in key]
        keys = [n for n in key if n in value and n not in shared and n not in asks]
        depth, width = [n for n in query if n not in every], [n for n in value if n in every and n not in shared]
        sides = [(query, asks, depth), (key, keys, depth), (value, keys, width)]
        parts = []
        for i, (names, rows, columns) in enumerate(sides):
            order = (0, *(1 + names.index(n) for n in [*shared, *rows, *columns]))
            shape = tuple(prod(sizes[n] for n in group) for group in (shared, rows, columns))
            split = (-1, *(sizes[n] for n in names))
            parts.append(f"{{{i}}}.reshape{split}.permute{order}.reshape{(-1, *shape)}")
        names = [*shared, *asks, *width]
        split = (-1, *(sizes[n] for n in names))
        order = (0, *(1 + names.index(n) for n in every))
        text = f"F.scaled_dot_product_attention({', '.join(parts)}{', is_causal=True' if self.causal else ''})"
        return Torch("", f"{text}.reshape{split}.permute{order}.reshape{(-1, out.channels, *out.size)}")

    def _roles(self) -> tuple[list[str], list[str], list[str]]:
        """Names of the scores; of the depth of queries and keys; of the values' width."""
        pattern = parse(self.pattern)
        (query, key, value), every = (_names(axes) for axes in pattern.inputs), _names(pattern.out)
        depth = [n for n in query if n in key and n not in every]
        scores = [n for n in dict.fromkeys([*query, *key]) if n not in depth]
        return scores, depth, [n for n in value if n not in scores]


@record
class Normalize(Op):
    """Softmax or a norm over some of the named axes. A norm's statistics over positions do not count for the field, nor do
    those of a group norm over channels, as with the other norms; softmax reads all that it sums over."""

    word: ClassVar[str] = "normalize"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "pattern"
    example: ClassVar[tuple[str, ...]] = ('{pattern: "(h:2 d) y x -> h y x", function: softmax}', "16x8x8")

    pattern: str = setting(Text(), help='"(h u v) y x -> h y x": over the names that are missing at the end')
    function: str = setting(Word(("softmax", "layernorm", "rmsnorm", "groupnorm")), default="softmax", help="which")
    params: int = setting(Int(0), default=0, help="learned numbers: one, or two, per normalized number")

    @property
    def norm(self) -> Norm | None:
        if self.function == "softmax":
            return None
        pattern = parse(self.pattern)
        channels, *positions = ([n for n in group if n in _missing(pattern)] for group in pattern.inputs[0])
        # of how many groups the channels are, only their number tells: at least of one
        return Norm(1 if channels else None, positions=any(positions), centred=self.function != "rmsnorm")

    def shape(self, inputs: Shapes) -> Shape:
        _parsed(self.pattern, 1).sizes(inputs)
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        pattern = parse(self.pattern)
        sizes, missing = pattern.sizes(inputs), _missing(pattern)
        if self.function == "groupnorm":
            return POINTWISE
        if self.function != "softmax":
            missing = [name for name in missing if name in pattern.inputs[0][0]]
        out = tuple(tuple(f"{n}'" if n in missing else n for n in group) for group in pattern.inputs[0])
        return reads(0, pattern.inputs[0], out, {**sizes, **{f"{n}'": sizes[n] for n in missing}})

    def cost(self, inputs: Shapes) -> Cost:
        pattern, n = parse(self.pattern), inputs[0].elements
        sizes = pattern.sizes(inputs)
        rows = n // prod(sizes[name] for name in _missing(pattern))
        if self.function == "softmax":
            return Cost(
                macs=0,
                params=0,
                buffers=0,
                elements=(("softmax", n), ("softmax_rows", rows)),
                keeps=Keeps.OUTPUT,
                storage=Storage.NEW,
            )
        kind = {"layernorm": "layer_norm", "rmsnorm": "rms_norm", "groupnorm": "group_norm"}[self.function]
        return Cost(
            macs=0,
            params=self.params,
            buffers=0,
            elements=((kind if self.params else f"{kind}_plain", n),),
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            saved=2 * rows,
        )

    def torch(self, inputs: Shapes) -> Torch:
        pattern = parse(self.pattern)
        sizes, missing = pattern.sizes(inputs), _missing(pattern)
        names = _names(pattern.inputs[0])
        kept = [n for n in names if n not in missing]
        order, width = [*kept, *missing], prod(sizes[n] for n in missing)
        rows = f"{{0}}.reshape{(-1, *(sizes[n] for n in names))}.permute{(0, *(1 + names.index(n) for n in order))}"
        module, call = self._call(f"{rows}.flatten({1 + len(kept)})", width)
        back = (0, *(1 + order.index(n) for n in names))
        shape = (-1, inputs[0].channels, *inputs[0].size)
        return Torch(module, f"{call}.reshape{(-1, *(sizes[n] for n in order))}.permute{back}.reshape{shape}")

    def _call(self, rows: str, width: int) -> tuple[str, str]:
        if self.function == "softmax":
            return "", f"F.softmax({rows}, -1)"
        if self.params not in (0, width, 2 * width):
            raise RuleError(f"{self.params} learned numbers for {width} normalized ones")
        parts = [f"{{self}}[{i}]" for i in range(self.params // width)]
        numbers = ", ".join(f"nn.Parameter(torch.{how}({width}))" for how, _ in zip(("ones", "zeros"), parts, strict=False))
        name = "rms_norm" if self.function == "rmsnorm" else "layer_norm"
        return f"nn.ParameterList([{numbers}])" if parts else "", f"F.{name}({', '.join([rows, f'({width},)', *parts])})"


def _parsed(text: str, count: int) -> Pattern:
    pattern = parse(text)
    if len(pattern.inputs) != count:
        raise RuleError(f'"{text}" has {len(pattern.inputs)} inputs; this layer\'s pattern has {count}')
    return pattern


def _names(axes: Axes) -> list[str]:
    return [name for group in axes for name in group]


def _missing(pattern: Pattern) -> list[str]:
    kept = set(_names(pattern.out))
    return [name for name in _names(pattern.inputs[0]) if name not in kept]


def _flat(axes: Axes, sizes: Sizes) -> list[str]:
    return [name for name in _names(axes) if sizes[name] > 1]


def _letters(every: list[Axes]) -> dict[str, str]:
    names = list(dict.fromkeys(name for axes in every for name in _names(axes)))
    if len(names) > 25:
        raise RuleError("more than 25 names in a pattern")
    return {name: "abcdefghijklmnopqrstuvwxy"[i] for i, name in enumerate(names)}


def _einsum_side(axes: Axes, letters: dict[str, str]) -> str:
    return "".join(letters[name] for name in _names(axes))


def _numbers(axes: Axes, sizes: Sizes) -> str:
    return ", ".join(map(str, (-1, *(sizes[name] for name in _names(axes)))))


def _call(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape)) or '()'})"


def rearranged(text: str, axes: Axes, out: Axes, sizes: Sizes, function: str) -> str:
    """A rearrangement as torch source: split, join, permute, repeat, merge."""
    names, to = _names(axes), _names(out)
    text += f".reshape{(-1, *(sizes[n] for n in names))}"
    gone = tuple(1 + i for i, n in enumerate(names) if n not in to)
    if gone:
        how = {"max": "amax", "min": "amin"}.get(function, function)
        text = f"torch.linalg.vector_norm({text}, dim={gone})" if how == "norm" else f"{text}.{how}({gone})"
    kept = [n for n in names if n in to]
    order = [n for n in to if n in kept]
    if order != kept:
        text += f".permute{(0, *(1 + kept.index(n) for n in order))}"
    if len(order) < len(to):
        text += f".reshape{(-1, *(sizes[n] if n in kept else 1 for n in to))}.expand{(-1, *(sizes[n] for n in to))}"
    channels, *size = (prod(sizes[n] for n in group) for group in out)
    return f"{text}.reshape{(-1, channels, *size)}"
