"""A layer graph as a float64 torch computation whose gradients show exactly what a unit reads.

Weights and inputs are positive, so nothing cancels: a gradient is zero if and only if no path leads there. Maximum becomes
average or sum, norms and activations the identity (those over channels a sum over channels), products of x and y
(1 + x/(1+x)) * (1 + y/(1+y)), interpolations the 0/1 matrix of the taps that torch's own interpolation weighs.

Of the program under test, only the graph's structure, the words and the settings are read: name, op.word, the op's settings
and node.inputs. Each layer's size is what torch makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from rfcalc.graph import Graph

GLOBAL_WORDS = ("gap", "linear", "flatten")
TORCH_CONV = (F.conv1d, F.conv2d, F.conv3d)
TORCH_UPCONV = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
TORCH_MAXPOOL = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
TORCH_ADAPTIVE = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)
LINEAR = ("linear", "bilinear", "trilinear")


class Oracle:
    """The network with its values and gradients.

    `local`: what passes a global layer (global pooling, linear, flatten, a broadcast) is cut off. `sizes` replaces the
    sizes of the inputs, by node index. A node that does not fit the replaced sizes has the value None.
    Each number that a layer reads from its padding is the parameter `padding`, so that a unit touches padding on some path
    if and only if its gradient with respect to it is not zero (interpolation: where it reads a unit at the edge).
    """

    def __init__(self, graph: Graph, local: bool = False, sizes: dict[int, Sequence[int]] | None = None, seed: int = 0) -> None:
        self.graph, self.local = graph, local
        self.random = torch.Generator().manual_seed(seed)
        self.padding = torch.zeros((), dtype=torch.float64, requires_grad=True)
        self.values: list[Tensor | None] = []
        for index, node in enumerate(graph.nodes):
            if node.op.word == "input":
                given = node.op.given  # type: ignore[attr-defined]
                size = given.size if sizes is None else tuple(sizes[index])
                self.values.append(self._positive(1, given.channels, *size).requires_grad_())
                continue
            inputs = [self.values[i] for i in node.inputs]
            try:
                value = None if any(x is None for x in inputs) else self._layer(node.op, inputs)
            except RuntimeError:
                if sizes is None:
                    raise
                value = None
            self.values.append(value)

    def shape(self, index: int) -> tuple[int, ...]:
        """Channels and size of a node's value."""
        return tuple(self._value(index).shape[1:])

    def reads(self, index: int, unit: Sequence[int], channel: int | None = None, source: int = 0) -> Tensor:
        """True at each position of input node `source` that a unit (one channel of it, or all) reads."""
        gradient = self._gradient(index, unit, channel, self._value(source))
        image = self._value(source)
        if gradient is None:
            return torch.zeros(image.shape[2:], dtype=torch.bool)
        return gradient[0].abs().sum(0) > 0

    def touches_padding(self, index: int, unit: Sequence[int], channel: int | None = None) -> bool:
        """True if the unit would see more if the input were larger."""
        gradient = self._gradient(index, unit, channel, self.padding)
        return gradient is not None and bool(gradient != 0)

    def _value(self, index: int) -> Tensor:
        value = self.values[index]
        assert value is not None, f"{self.graph.nodes[index].name} has no value at this size"
        return value

    def _gradient(self, index: int, unit: Sequence[int], channel: int | None, wanted: Tensor) -> Tensor | None:
        value = self._value(index)
        if not value.requires_grad:
            return None
        at = value[(0, slice(None) if channel is None else channel, *unit)].sum()
        return torch.autograd.grad(at, wanted, retain_graph=True, allow_unused=True)[0]

    def _layer(self, op: Any, inputs: Sequence[Any]) -> Tensor:
        if self.local and op.word in GLOBAL_WORDS:
            inputs = [x.detach() for x in inputs]
        return LAYERS[op.word](self, op, *inputs)

    def _positive(self, *shape: int) -> Tensor:
        return 0.5 + torch.rand(shape, dtype=torch.float64, generator=self.random)

    def weight(self, out: int, wide: int, kernel: Sequence[int]) -> Tensor:
        """Positive weights whose sum over a unit's taps is about one, so that values neither explode nor vanish."""
        weight = self._positive(out, wide, *kernel)
        return weight / weight[0].numel()

    def pad(self, x: Tensor, sides: Sequence[tuple[int, int]], mode: str = "zeros") -> Tensor:
        """`x` with padding, where each padded number also holds the parameter `padding`."""
        flat = [side for pair in reversed(sides) for side in pair]
        if not any(flat):
            return x
        mask = F.pad(torch.zeros_like(x, requires_grad=False), flat, value=1.0)
        padded = F.pad(x, flat) if mode == "zeros" else F.pad(x, flat, mode=mode)
        return padded + self.padding * mask if x.requires_grad else padded


def per_axis(value: Any, rank: int) -> tuple[Any, ...]:
    """One entry per axis."""
    return tuple(value) if isinstance(value, list | tuple) else (value,) * rank


def pads(padding: Any, size: Sequence[int], k: Sequence[int], s: Sequence[int], d: Sequence[int]) -> list[tuple[int, int]]:
    """(before, after) per axis. "same" is TensorFlow's rule: ceil(n/s) units, an odd unit of padding comes after."""
    found = []
    for axis, rule in enumerate(per_axis(padding, len(size))):
        reach = d[axis] * (k[axis] - 1)
        if rule == "valid":
            found.append((0, 0))
        elif rule == "half":
            found.append((reach // 2, reach // 2))
        elif rule == "same":
            missing = max(0, (-(-size[axis] // s[axis]) - 1) * s[axis] + reach + 1 - size[axis])
            found.append((missing // 2, missing - missing // 2))
        else:
            found.append(tuple(rule) if isinstance(rule, list | tuple) else (rule, rule))
    return found


def identity(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return x


def conv(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    k, s, d = (per_axis(v, rank) for v in (op.kernel, op.stride, op.dilation))
    depthwise = op.word == "dwconv"
    groups = x.shape[1] if depthwise else op.groups
    out = x.shape[1] * op.multiplier if depthwise else op.out
    x = net.pad(x, pads(op.padding, x.shape[2:], k, s, d), op.padding_mode)
    return TORCH_CONV[rank - 1](x, net.weight(out, x.shape[1] // groups, k), None, s, 0, d, groups)


def upconv(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    k, s, d, p, more = (per_axis(v, rank) for v in (op.kernel, op.stride, op.dilation, op.padding, op.output_padding))
    weight = net.weight(x.shape[1], op.out // op.groups, k)
    run = TORCH_UPCONV[rank - 1]
    value = run(x, weight, None, s, p, more, op.groups, d)
    beyond = [d[a] * (k[a] - 1) // s[a] + 2 for a in range(rank)]
    edge = run(net.pad(x * 0, [(e, e) for e in beyond]), weight, None, s, 0, 0, op.groups, d)
    for a in range(rank):
        edge = edge.narrow(2 + a, beyond[a] * s[a] + p[a], value.shape[2 + a])
    return value + edge


def pool(net: Oracle, op: Any, x: Tensor) -> Tensor:
    """A sliding pool as a depthwise convolution of ones, on the units for which torch's own maxpool has room."""
    rank = x.dim() - 2
    k = per_axis(op.kernel, rank)
    s = k if op.stride is None else per_axis(op.stride, rank)
    d = per_axis(getattr(op, "dilation", 1), rank)
    sides = pads(op.padding, x.shape[2:], k, s, d)
    if all(a == b and 2 * a <= k[i] for i, (a, b) in enumerate(sides)):
        size = TORCH_MAXPOOL[rank - 1](x, k, s, [a for a, _ in sides], d, op.ceil_mode).shape[2:]
    else:
        size = TORCH_MAXPOOL[rank - 1](net.pad(x, sides), k, s, 0, d, op.ceil_mode).shape[2:]
    # A window that would start in the padding at the end is left out: torch's rule, and ONNX's for unequal sides.
    size = [m - 1 if op.ceil_mode and (m - 1) * s[i] >= x.shape[2 + i] + sides[i][0] else m for i, m in enumerate(size)]
    needed = [(m - 1) * s[i] + d[i] * (k[i] - 1) + 1 for i, m in enumerate(size)]
    sides = [(a, max(b, need - n - a)) for (a, b), need, n in zip(sides, needed, x.shape[2:], strict=True)]
    weight = torch.ones((x.shape[1], 1, *k), dtype=torch.float64) / weight_count(k)
    value = TORCH_CONV[rank - 1](net.pad(x, sides), weight, None, s, 0, d, x.shape[1])
    for a, m in enumerate(size):
        value = value.narrow(2 + a, 0, m)
    return value


def weight_count(kernel: Sequence[int]) -> int:
    count = 1
    for k in kernel:
        count *= k
    return count


def adaptive_pool(net: Oracle, op: Any, x: Tensor) -> Tensor:
    rank = x.dim() - 2
    size = per_axis(op.out, rank)
    return TORCH_ADAPTIVE[rank - 1](x.detach() if net.local and 1 in size else x, size)


def gap(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return x.mean(tuple(range(2, x.dim())), keepdim=True)


def linear(net: Oracle, op: Any, x: Tensor) -> Tensor:
    flat = torch.flatten(x, 1)
    return flat @ net.weight(op.out, flat.shape[1], ()).T


def flatten(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return torch.flatten(x, 1)


def channel_band(_: Oracle, op: Any, x: Tensor) -> Tensor:
    """Local response normalization as the sum over the neighbouring channels that torch's own takes."""
    moved = F.pad(x.movedim(1, -1), (op.size // 2, (op.size - 1) // 2))
    return moved.unfold(-1, op.size, 1).sum(-1).movedim(-1, 1)


def channel_mean(_: Oracle, __: Any, x: Tensor) -> Tensor:
    return x.mean(1, keepdim=True).expand_as(x)


def elementwise(net: Oracle, op: Any, *inputs: Tensor) -> Tensor:
    size = torch.broadcast_shapes(*(x.shape for x in inputs))
    terms = [x.detach() if net.local and x.shape[2:] != size[2:] else x for x in inputs]
    value = gated(terms[0]) if op.word == "mul" else terms[0]
    for x in terms[1:]:
        value = value * gated(x) if op.word == "mul" else value + x
    return value


def gated(x: Tensor) -> Tensor:
    """A positive factor whose derivative is positive even where x is zero."""
    return 1 + x / (1 + x)


def concat(_: Oracle, __: Any, *inputs: Tensor) -> Tensor:
    return torch.cat(inputs, 1)


def upsample(net: Oracle, op: Any, x: Tensor, *to: Tensor) -> Tensor:
    rank = x.dim() - 2
    mode = op.mode if op.mode in ("nearest", "bicubic") else LINEAR[rank - 1]
    scales = None if op.scale is None else [float(s) for s in per_axis(op.scale, rank)]
    size = to[0].shape[2:] if to else None if op.size is None else per_axis(op.size, rank)
    for axis in range(rank):
        taps = interpolation(
            rank, axis, x.shape[2 + axis], mode, op.align_corners, scales and scales[axis], size and size[axis]
        )
        x = torch.einsum("...i,oi->...o", x.movedim(2 + axis, -1), taps).movedim(-1, 2 + axis)
        if x.requires_grad:
            x = x + net.padding * (taps[:, 0] + taps[:, -1]).reshape(-1, *(1,) * (rank - axis - 1))
    return x


def interpolation(rank: int, axis: int, n: int, mode: str, corners: bool, scale: Any, size: Any) -> Tensor:
    """Which of `n` units each output unit weighs (rows: outputs), from torch's interpolation of each unit alone."""
    shape = [1, n] + [1] * rank
    shape[2 + axis] = n
    units = torch.eye(n, dtype=torch.float64).reshape(shape)
    scales = None if scale is None else [scale if a == axis else 1.0 for a in range(rank)]
    sizes = None if size is None else [size if a == axis else 1 for a in range(rank)]
    align = None if mode == "nearest" else corners
    weights = F.interpolate(units, size=sizes, scale_factor=scales, mode=mode, align_corners=align)
    taps = (weights.reshape(n, -1).T.abs() > 1e-9).to(torch.float64)
    return taps / taps.sum(1, keepdim=True)


def pad(net: Oracle, op: Any, x: Tensor) -> Tensor:
    ones = (1,) * (x.dim() - 2)
    return net.pad(x, pads(op.padding, x.shape[2:], ones, ones, ones), op.mode)


def crop(_: Oracle, op: Any, x: Tensor, *to: Tensor) -> Tensor:
    size, rank = x.shape[2:], x.dim() - 2
    if op.margin is not None:
        sides = pads(op.margin, size, *((1,) * rank,) * 3)
        starts, wanted = [a for a, _ in sides], [n - a - b for n, (a, b) in zip(size, sides, strict=True)]
    else:
        wanted = list(to[0].shape[2:] if to else per_axis(op.size, rank))
        centre = [(n - m) // 2 for n, m in zip(size, wanted, strict=True)]
        starts = centre if op.offset is None else list(per_axis(op.offset, rank))
    for axis, (start, length) in enumerate(zip(starts, wanted, strict=True)):
        x = x.narrow(2 + axis, start, length)
    return x


def pixel_shuffle(_: Oracle, op: Any, x: Tensor) -> Tensor:
    r, rank = op.ratio, x.dim() - 2
    if rank == 2:
        return F.pixel_shuffle(x, r)
    split = x.reshape(1, -1, *(r,) * rank, *x.shape[2:])
    order = [0, 1] + [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
    return split.permute(order).reshape(1, split.shape[1], *(n * r for n in x.shape[2:]))


def pixel_unshuffle(_: Oracle, op: Any, x: Tensor) -> Tensor:
    r, rank = op.ratio, x.dim() - 2
    if rank == 2:
        return F.pixel_unshuffle(x, r)
    split = x.reshape(1, x.shape[1], *(m for n in x.shape[2:] for m in (n // r, r)))
    order = [0, 1] + [3 + 2 * i for i in range(rank)] + [2 + 2 * i for i in range(rank)]
    return split.permute(order).reshape(1, -1, *(n // r for n in x.shape[2:]))


POINTWISE = ("bn", "relu", "relu6", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "mish", "selu", "softplus")
POINTWISE += ("identity", "leakyrelu", "elu", "prelu", "dropout")
LAYERS: dict[str, Callable[..., Tensor]] = {
    **dict.fromkeys(POINTWISE, identity),
    **dict.fromkeys(("conv", "dwconv"), conv),
    **dict.fromkeys(("maxpool", "avgpool"), pool),
    **dict.fromkeys(("add", "mul", "max"), elementwise),
    "upconv": upconv,
    "adaptivepool": adaptive_pool,
    "gap": gap,
    "linear": linear,
    "flatten": flatten,
    "lrn": channel_band,
    "softmax": channel_mean,
    "concat": concat,
    "upsample": upsample,
    "pad": pad,
    "crop": crop,
    "pixelshuffle": pixel_shuffle,
    "pixelunshuffle": pixel_unshuffle,
}


def support(graph: Graph, node: int, unit: Sequence[int], channel: int | None = None, source: int = 0) -> Tensor:
    """Exactly the input positions with a gradient: one unit of one node, on its own."""
    return Oracle(graph).reads(node, unit, channel, source)
