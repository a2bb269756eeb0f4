"""Which input pixels a unit of a built network reads, measured by autograd in float64.

The network runs as it is, and each call to torch is rewritten on the way: weights become ones, a maximum becomes a sum,
normalizations and activations the identity, a product a sum. After each call the gradient is cut to 0 or 1, so that it
neither vanishes in deep networks nor cancels, and interpolation weights of 1e-16 do not count as reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

NOISE = 1e-9
Rule = Callable[..., Any]  # of torch's functions, whose signatures differ
Number = TypeVar("Number", bound=float)
Sizes = int | Sequence[int]
Factors = float | Sequence[float]


class NoRuleError(Exception):
    """The network calls a function of torch for which there is no rule here; the message is its name."""


class _Cut(torch.autograd.Function):  # type: ignore[misc]
    """Ones forward; backward 1 where any gradient arrives, else 0."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return torch.ones_like(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return (gradients[0].abs() > NOISE).to(gradients[0].dtype)


def cut(x: Tensor) -> Tensor:
    """The tensor as ones, whose gradient is 0 or 1."""
    return _Cut.apply(x)


def _first(x: Tensor, *_: object, **__: object) -> Tensor:
    return x


def _total(x: Tensor, dim: Sizes | None = None, keepdim: bool = False, **named: Sizes) -> Tensor:
    """A reduction, as the sum over the same axes."""
    axes = named.get("axis", dim)
    return cut(x.sum() if axes is None else x.sum(axes, keepdim=keepdim))


def _softmax(x: Tensor, dim: int, *_: object, **__: object) -> Tensor:
    return cut(x + x.sum(dim, keepdim=True))


def _normalize(x: Tensor, p: float = 2.0, dim: int = 1, *_: object, **__: object) -> Tensor:
    return cut(x + x.sum(dim, keepdim=True))


def _einsum(equation: str, *terms: Tensor) -> Tensor:
    return cut(torch.einsum(equation, *map(cut, terms)))


def _convolution(function: Rule) -> Rule:
    def rule(x: Tensor, weight: Tensor, bias: Tensor | None = None, *rest: object, **named: object) -> Tensor:
        named.pop("bias", None)
        pattern = torch.ones_like(weight) if isinstance(weight, torch.nn.Parameter) else (weight != 0).to(weight.dtype)
        return cut(function(x, pattern, None, *rest, **named))  # a weight that was computed may be masked

    return rule


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return cut(F.linear(x, torch.ones_like(weight)))


def _same(function: Rule) -> Rule:
    return lambda *args, **named: cut(function(*args, **named))


def _sum_of(x: Tensor | float, y: Tensor | float, **_: object) -> Tensor:
    """A product, quotient, difference or maximum reads both of its inputs, as their sum does; a mask lets some through."""
    if isinstance(y, Tensor) and y.dtype == torch.bool:
        return cut(x) * y
    tensors = [cut(value) for value in (x, y) if isinstance(value, Tensor)]
    return cut(sum(tensors[1:], tensors[0]))


def _matmul(x: Tensor, y: Tensor) -> Tensor:
    return cut(torch.matmul(cut(x), cut(y)))


def _attention(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None, *_: object, **__: object) -> Tensor:
    scores = torch.matmul(cut(q), cut(k).transpose(-2, -1))
    if attn_mask is not None:
        allowed = attn_mask if attn_mask.dtype == torch.bool else attn_mask > -1e4
        scores = scores * allowed.to(scores.dtype)
    return cut(torch.matmul((scores > 0).to(scores.dtype) * cut(scores), cut(v)))


def _pad(x: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    return cut(F.pad(x, pad, mode))


def _max_pool(function: Rule) -> Rule:
    def rule(
        x: Tensor,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        ceil_mode: bool = False,
        **_: object,
    ) -> Tensor:
        axes = x.dim() - 2
        k, s, p, d = (_per_axis(value, axes) for value in (kernel_size, stride or kernel_size, padding, dilation))
        size = function(x.detach(), k, s, p, d, ceil_mode).shape[2:]
        ends = [
            (o - 1) * s[i] + d[i] * (k[i] - 1) + 1 - n - p[i] for i, (o, n) in enumerate(zip(size, x.shape[2:], strict=True))
        ]
        padded = F.pad(x, [side for i in reversed(range(axes)) for side in (p[i], ends[i])])
        channels = x.shape[1]
        convolve = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
        return cut(convolve(padded, x.new_ones(channels, 1, *k), None, s, 0, d, channels))

    return rule


def _adaptive_max(x: Tensor, size: Sizes, *_: object, **__: object) -> Tensor:
    return cut((F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[x.dim() - 3](x, size))


def _interpolate(
    x: Tensor,
    size: Sizes | None = None,
    scale_factor: Factors | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    **_: object,
) -> Tensor:
    """Each axis by its own 0-1 matrix, read off torch's interpolation of unit vectors (in float32 for nearest)."""
    axes, dtype = x.dim() - 2, torch.float32 if mode == "nearest" else x.dtype
    name, value = ("size", size) if size is not None else ("scale_factor", scale_factor or 1.0)
    for axis, to in enumerate(_per_axis(value, axes)):
        n = x.shape[2 + axis]
        eye = torch.eye(n, dtype=dtype).reshape(1, n, *_one_axis(n, axis, axes))
        options: dict[str, Any] = {name: _one_axis(to, axis, axes), "align_corners": align_corners}
        rows = F.interpolate(eye, mode=mode, **options)
        matrix = (rows.reshape(n, -1).abs() > NOISE).to(x.dtype)
        x = torch.matmul(x.movedim(2 + axis, -1), matrix).movedim(-1, 2 + axis)
    return cut(x)


def _one_axis(value: Number, axis: int, axes: int) -> list[Number]:
    return [value if i == axis else type(value)(1) for i in range(axes)]


def _per_axis(value: Number | Sequence[Number], axes: int) -> list[Number]:
    return list(value) * (axes if len(value) == 1 else 1) if isinstance(value, Sequence) else [value] * axes


POINTWISE = (
    "relu relu_ relu6 hardtanh leaky_relu prelu elu selu celu gelu silu mish hardswish hardsigmoid sigmoid tanh softplus "
    "logsigmoid softsign tanhshrink exp log log1p expm1 sqrt rsqrt abs neg reciprocal square sin cos tan atan erf sign "
    "floor ceil round trunc frac clamp clamp_min clamp_max pow __pow__ __rpow__ __neg__ dropout dropout1d dropout2d dropout3d "
    "batch_norm instance_norm group_norm layer_norm rms_norm local_response_norm contiguous type_as to float double"
)
STRUCTURE = (
    "cat concat stack add __add__ __radd__ __iadd__ sum mean reshape view permute transpose flatten unflatten __getitem__ "
    "chunk split split_with_sizes unbind pixel_shuffle pixel_unshuffle channel_shuffle roll expand expand_as repeat movedim "
    "repeat_interleave squeeze unsqueeze narrow flip unfold adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d"
)
LOOKS = "__get__ size dim numel is_floating_point is_contiguous stride __len__ new_ones new_zeros zeros_like ones_like detach"
PAIRS = (
    *("mul", "__mul__", "__rmul__", "div", "__truediv__", "__rtruediv__", "__rdiv__", "sub", "__sub__", "__rsub__", "rsub"),
    *("maximum", "minimum"),
)
REDUCTIONS = ("amax", "amin", "var", "std", "norm", "logsumexp", "prod")

RULES: dict[str, Callable[[Rule], Rule]] = {
    **{name: lambda f: _first for name in POINTWISE.split()},
    **{name: lambda f: f for name in (STRUCTURE + " " + LOOKS).split()},
    **{f"conv{way}{n}d": _convolution for way in ("", "_transpose") for n in (1, 2, 3)},
    **{f"max_pool{n}d": _max_pool for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _same for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": lambda f: _adaptive_max for n in (1, 2, 3)},
    **{name: lambda f: _sum_of for name in PAIRS},
    **{name: lambda f: _total for name in REDUCTIONS},
    **{name: lambda f: _matmul for name in ("matmul", "bmm", "__matmul__")},
    **{name: lambda f: _softmax for name in ("softmax", "log_softmax")},
    "normalize": lambda f: _normalize,
    "einsum": lambda f: _einsum,
    "linear": lambda f: _linear,
    "pad": lambda f: _pad,
    "interpolate": lambda f: _interpolate,
    "scaled_dot_product_attention": lambda f: _attention,
}


class Positive(TorchFunctionMode):  # type: ignore[misc]
    """Within this context, calls that depend on the input follow the rules above; raises NoRuleError where there is none."""

    def __torch_function__(
        self, func: Rule, types: object, args: tuple[object, ...] = (), kwargs: dict[str, object] | None = None
    ) -> object:
        named = kwargs or {}
        if not any(isinstance(leaf, Tensor) and leaf.requires_grad for leaf in tree_leaves((args, named))):
            return func(*args, **named)
        name = getattr(func, "__name__", str(func))
        if name not in RULES:
            raise NoRuleError(name)
        return RULES[name](func)(*args, **named)
