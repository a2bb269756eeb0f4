"""Self-attention over the positions of a map: over all of them, or within windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, PerAxis, setting
from rfcalc.layers.strides import moved, narrowed, packed
from rfcalc.layers.traits import LayerKind
from rfcalc.record import record, replace
from rfcalc.relations.channels import MIX
from rfcalc.relations.geometry import PaddingMode, Reach, per_axis
from rfcalc.relations.read import Read, whole
from rfcalc.relations.shape import Shape, Shapes

ATTENTION = '''class Attention(nn.Module):
    """Multi-head self-attention over all positions of a map."""

    def __init__(self, channels: int, heads: int, qkv_bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return self.proj(seen).transpose(1, 2).reshape(x.shape)
'''

WINDOW_ATTENTION = '''class WindowAttention(nn.Module):
    """Multi-head self-attention within windows of a map, which is moved in a circle first (Swin Transformer)."""

    def __init__(self, channels, heads, size, window, shift, qkv_bias=True, relative=True) -> None:
        super().__init__()
        self.heads, self.size, self.window, self.shift = heads, size, window, shift
        self.padded = tuple(-(-n // w) * w for n, w in zip(size, window))
        self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.proj = nn.Linear(channels, channels)
        if relative:
            apart = [2 * w - 1 for w in window]
            self.table = nn.Parameter(torch.randn(math.prod(apart), heads) * 0.02)
            places = torch.cartesian_prod(*(torch.arange(w) for w in window)).reshape(-1, len(window))
            steps = places[:, None] - places[None] + torch.tensor(window) - 1
            scale = torch.tensor([math.prod(apart[k + 1 :]) for k in range(len(window))])
            self.register_buffer("index", (steps * scale).sum(-1).flatten())
        self.relative = relative

    def regions(self, x: Tensor) -> Tensor:
        """A number for each region whose units may see each other, in each window."""
        regions = torch.zeros(self.padded, device=x.device)
        for axis, (n, w, s) in enumerate(zip(self.padded, self.window, self.shift)):
            at = torch.arange(n, device=x.device)
            part = (at >= n - w).float() + (at >= n - s).float() if s else torch.zeros(n, device=x.device)
            regions = 3 * regions + part.reshape([-1 if k == axis else 1 for k in range(len(self.padded))])
        return self.windows(regions[None, None]).flatten(1)

    def windows(self, x: Tensor) -> Tensor:
        """A map as windows x units x channels."""
        rank, (batch, channels) = len(self.window), x.shape[:2]
        cut = x.reshape(batch, channels, *(m for n, w in zip(self.padded, self.window) for m in (n // w, w)))
        order = (0, *(2 + 2 * k for k in range(rank)), *(3 + 2 * k for k in range(rank)), 1)
        return cut.permute(order).reshape(-1, math.prod(self.window), channels)

    def joined(self, x: Tensor, batch: int) -> Tensor:
        """The map of windows x units x channels."""
        rank, counts = len(self.window), [n // w for n, w in zip(self.padded, self.window)]
        cut = x.reshape(batch, *counts, *self.window, x.shape[2])
        order = (0, 1 + 2 * rank, *(axis for k in range(rank) for axis in (1 + k, 1 + rank + k)))
        return cut.permute(order).reshape(batch, x.shape[2], *self.padded)

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(2, x.dim()))
        grown = F.pad(x, [side for n, m in zip(self.size[::-1], self.padded[::-1]) for side in (0, m - n)])
        tokens = self.windows(grown.roll([-s for s in self.shift], axes) if any(self.shift) else grown)
        count, units = tokens.shape[:2]
        q, k, v = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None
        if self.relative:
            mask = self.table[self.index].reshape(1, units, units, -1).permute(0, 3, 1, 2).expand(count, -1, -1, -1)
        if any(self.shift):
            regions = self.regions(x)
            apart = (regions[:, None] != regions[:, :, None]).repeat(x.shape[0], 1, 1)[:, None]
            far = torch.zeros(apart.shape, dtype=x.dtype, device=x.device).masked_fill(apart, float("-inf"))
            mask = far if mask is None else mask + far
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
        whole = self.joined(self.proj(seen), x.shape[0])
        whole = whole.roll(self.shift, axes) if any(self.shift) else whole
        for axis, n in zip(axes, self.size):
            whole = whole.narrow(axis, 0, n)
        return whole
'''


@record
class Attention(Op):
    """Multi-head self-attention over all positions: projections to queries, keys and values, softmax(q k / sqrt(d)) v per
    head, an output projection. Every unit sees the whole map."""

    word: ClassVar[str] = "attention"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "heads"
    example: ClassVar[tuple[str, ...]] = ("{heads: 4}", "16x14x14")

    heads: int = setting(Int(), help="heads, which share the channels evenly")
    qkv_bias: bool = setting(Bool(), default=True, help="a bias on queries, keys and values")

    def shape(self, inputs: Shapes) -> Shape:
        return attended(inputs[0], self.heads)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (whole(inputs[0]),)

    def cost(self, inputs: Shapes) -> Cost:
        channels, n = inputs[0].channels, inputs[0].positions
        cost = attention_cost(channels, n, n, self.heads, self.qkv_bias)
        apart = self.qkv_bias and channels > 1 and n > 1  # torch adds the bias apart to tokens that do not lie in order
        return replace(
            cost,
            keeps=Keeps.INPUT,
            saved=4 * channels * n,
            words=self.heads * n,
            inner=(4 + apart) * channels * n,
            scattered=channels > 1 and n > 1,
            last=True,
            apart=apart * channels * n,
        )

    def backward_macs(self, inputs: Shapes, macs: int, taught: Sequence[bool]) -> int:
        return attention_backward(inputs[0], inputs[0].positions, macs, taught)

    def torch(self, inputs: Shapes) -> Torch:
        bias = "" if self.qkv_bias else ", qkv_bias=False"
        return Torch(f"Attention({inputs[0].channels}, {self.heads}{bias})", helper=ATTENTION)


@record
class WindowAttention(Op):
    """Multi-head self-attention within windows (Swin Transformer). With a `shift` the map is moved in a circle first, and units
    that were not neighbours do not see each other. A size that the window does not divide is padded at the end; an axis that is
    no longer than the window is not shifted (torchvision's rules)."""

    word: ClassVar[str] = "windowattention"
    kind: ClassVar[LayerKind] = LayerKind.OTHER
    main: ClassVar[str] = "heads"
    example: ClassVar[tuple[str, ...]] = ("{heads: 4, window: 7}", "16x28x28")

    heads: int = setting(Int(), help="heads, which share the channels evenly")
    window: int | tuple[int, ...] = setting(PerAxis(Int()), "w", help="window size")
    shift: int | tuple[int, ...] = setting(PerAxis(Int(0)), "s", default=0, help="how far the windows are moved")
    qkv_bias: bool = setting(Bool(), default=True, help="a bias on queries, keys and values")
    relative: bool = setting(Bool(), default=True, help="a learned bias per head and distance (relative position)")

    def shape(self, inputs: Shapes) -> Shape:
        for w, s in zip(self._windows(inputs[0]), per_axis(self.shift, inputs[0].rank, "shift"), strict=True):
            if s >= w:
                raise RuleError(f"the shift ({s}) must be smaller than the window ({w})")
        return attended(inputs[0], self.heads)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        pairs = zip(self._windows(inputs[0]), self._shifts(inputs[0]), strict=True)
        return (Read(0, tuple(window_reach(w, s) for w, s in pairs), MIX),)

    def cost(self, inputs: Shapes) -> Cost:
        source, windows = inputs[0], self._windows(inputs[0])
        sizes = tuple(-(-n // w) * w for n, w in zip(source.size, windows, strict=True))
        tokens, seen, shifted = prod(sizes), prod(windows), any(self._shifts(source))
        full, pairs = source.channels * tokens, tokens * seen
        cost = attention_cost(source.channels, tokens, seen, self.heads, self.qkv_bias)
        inner, scratch = self._needed(Shape(source.channels, sizes), windows, self._shifts(source))
        cut = narrowed((source.channels, *sizes), (source.channels, *source.size))
        cost = replace(cost, inner=inner - full, scratch=scratch, spare=full - source.elements, scattered=cut)
        if not self.relative:  # kept: the windows, q, k, v, the result, the mask, a number per query and head
            return replace(cost, saved=5 * full + pairs * shifted, words=self.heads * tokens)
        copied = 5 if self.heads > 1 and tokens > seen else 7  # of v alone torch makes a copy, or it keeps q, k and v
        return replace(
            cost,
            params=cost.params + self.heads * prod(2 * w - 1 for w in windows),
            buffers=seen**2,
            elements=(*cost.elements, ("add", self.heads * pairs)),
            saved=copied * full + self.heads * pairs,  # a learned bias makes torch keep the attention's weights
        )

    def _needed(self, map: Shape, windows: tuple[int, ...], shifts: tuple[int, ...]) -> tuple[int, int]:
        """The most that is alive at once while it runs, its input left out: elements of the activations' type, and bytes of
        others. `map`: with its padding."""
        tokens, units, rank, full = map.positions, prod(windows), map.rank, map.elements
        counts = [n // w for n, w in zip(map.size, windows, strict=True)]
        cut = (map.channels, *(m for pair in zip(counts, windows, strict=True) for m in pair))
        rows = moved(cut, (*range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 0), (tokens // units, units, map.channels))
        joins = moved(
            (*counts, *windows, map.channels),
            (2 * rank, *(axis for k in range(rank) for axis in (k, rank + k))),
            (map.channels, *map.size),
        )
        shifted, copied = any(shifts), rows is None
        apart = self.qkv_bias and not copied and rows != packed([n for n in (tokens // units, units, map.channels) if n > 1])
        moments = [((1 + shifted + copied) * full, 0)]
        live, others = full * (2 if copied or shifted else 1), 0
        moments.append((live + (6 if apart else 3) * full, 0))  # torch adds the bias apart to windows that do not lie in order
        table = self.heads * units**2 * self.relative
        live += 3 * full + table
        if shifted:
            pairs = tokens * units
            moments += [(live + a, b) for a, b in _regions(map.size, shifts)]
            moments += [(live + tokens, 2 * pairs), (live + tokens + 2 * pairs, pairs)]
            live, others = live + tokens + pairs, pairs
            if self.relative:
                moments.append((live + self.heads * pairs, others))
                live += self.heads * pairs - table
        moments.append((live + full, others + 4 * self.heads * tokens))
        moments.append((live + (3 if joins is None or shifted else 2) * full, others))
        return max(moments, key=lambda moment: 4 * moment[0] + moment[1])

    def backward_macs(self, inputs: Shapes, macs: int, taught: Sequence[bool]) -> int:
        source = inputs[0]
        padded = prod(-(-n // w) * w for n, w in zip(source.size, self._windows(source), strict=True))
        return attention_backward(source, padded, macs, taught)

    def torch(self, inputs: Shapes) -> Torch:
        source = inputs[0]
        parts = [source.channels, self.heads, source.size, self._windows(source), self._shifts(source)]
        text = ", ".join(map(repr, parts)) + ("" if self.qkv_bias else ", qkv_bias=False")
        return Torch(f"WindowAttention({text}{'' if self.relative else ', relative=False'})", helper=WINDOW_ATTENTION)

    def _windows(self, source: Shape) -> tuple[int, ...]:
        return per_axis(self.window, source.rank, "window")

    def _shifts(self, source: Shape) -> tuple[int, ...]:
        shifts = zip(source.size, self._windows(source), per_axis(self.shift, source.rank, "shift"), strict=True)
        return tuple(0 if n <= w else s for n, w, s in shifts)


def _regions(size: tuple[int, ...], shifts: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """What is alive while the regions are numbered, axis by axis: elements, and bytes of torch.arange's int64."""
    every, before = prod(size), 0  # the part that the axis before has left
    for n, shift in zip(size, shifts, strict=True):
        yield every + before, 8 * (n + before)
        if shift:
            yield every + before + 3 * n, 8 * n
        yield 3 * every + n, 8 * n
        before = n


def attention_backward(source: Shape, tokens: int, macs: int, taught: Sequence[bool]) -> int:
    """Of the products of self-attention, the projections to queries, keys and values alone read the input."""
    return 2 * macs - (0 if any(taught) else 3 * source.channels**2 * tokens)


def attended(source: Shape, heads: int) -> Shape:
    """The shape of a map after self-attention, which is that of its input."""
    if not source.rank:
        raise RuleError(f"needs an input with spatial axes; this one is a vector of {source.channels}")
    if source.channels % heads:
        raise RuleError(f"heads ({heads}) do not divide the channels ({source.channels})")
    return source


def window_reach(window: int, shift: int) -> Reach:
    """Unit i reads the block of `window` units that it lies in, blocks beginning at `shift`; the one before `shift` is cut."""
    starts = ((phase - shift) // window * window + shift for phase in range(window))
    return Reach(window, window, tuple(range(start, start + window) for start in starts), PaddingMode.ZERO)


def attention_cost(channels: int, tokens: int, seen: int, heads: int, qkv_bias: bool) -> Cost:
    """`tokens` queries, each of which attends to `seen` keys: 4 c^2 tokens for the projections, 2 c tokens seen for q k^T and
    the sum over v. What training keeps is left to the caller."""
    product, biases = 2 * channels * tokens * seen, channels * (3 * qkv_bias + 1)
    elements = (("bias", tokens * biases), ("attention", product), ("attention_softmax", heads * tokens * seen))
    return Cost(
        macs=4 * channels**2 * tokens + product,
        params=4 * channels**2 + biases,
        buffers=0,
        elements=elements,
        keeps=Keeps.NOTHING,
        storage=Storage.NEW,
    )
