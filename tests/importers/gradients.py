"""Gradients of a real module: torch calls are rewritten while the untouched module runs, so that a unit's gradient with
respect to the input is not zero exactly where the unit reads the input.

Weights are positive, in float64. Activations, norms and masks let everything through; a maximum becomes an average; gates and
products get positive derivatives; interpolation uses its own weights without the noise of on-grid phases. Values are rescaled
by constants so that deep networks neither overflow nor vanish.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Box = list[tuple[int, int]]


def positive(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module in float64 with positive parameters, each convolution and linear layer an average on the whole."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.requires_grad_(False)
            values = 0.5 + torch.rand(parameter.shape, generator=generator, dtype=torch.float64)
            fan = parameter[0].numel() if parameter.dim() > 1 else 1
            parameter.copy_(values / fan)
    return module


class Measured:
    """One run of a module on positive inputs of the given shapes; `seen` keeps what chosen modules gave."""

    def __init__(self, module: nn.Module, shapes: Sequence[Sequence[int]], paths: Sequence[str], seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.images = [0.5 + torch.rand((*shape,), generator=generator, dtype=torch.float64) for shape in shapes]
        for image in self.images:
            image.requires_grad_()
        self.seen: dict[str, Tensor] = {}
        hooks = [part.register_forward_hook(self._keep(path)) for path, part in module.named_modules() if path in paths]
        with Rewritten(), torch.enable_grad():
            self.output = module(*self.images)
        for hook in hooks:
            hook.remove()

    def _keep(self, path: str) -> Callable[..., None]:
        def hook(_: Any, __: Any, output: Any) -> None:
            if path in self.seen:
                self.seen[path] = torch.empty(0)  # called twice: which call is meant is not known
            elif isinstance(output, Tensor):
                self.seen[path] = output * 1  # what is done to it in place later does not count

        return hook

    def reads(self, value: Tensor, unit: Sequence[int], channel: int | None = None, source: int = 0) -> Tensor:
        """True where a unit of a map (batch, channels, axes) reads an input: one channel of it, or all together."""
        image = self.images[source]
        at = value[(0, slice(None) if channel is None else channel, *unit)].sum()
        gradient = torch.autograd.grad(at, image, retain_graph=True, allow_unused=True)[0] if at.requires_grad else None
        if gradient is None:
            return torch.zeros(image.shape[2:], dtype=torch.bool)
        return gradient[0].abs().sum(0) > 0


def box_of(reads: Tensor) -> Box | None:
    """First and last position per axis, inclusive."""
    found = reads.nonzero()
    return list(zip(found.amin(0).tolist(), found.amax(0).tolist(), strict=True)) if len(found) else None


def scaled(x: Tensor) -> Tensor:
    """The tensor divided by the size of its numbers, as a constant."""
    size = x.detach().abs().mean()
    return x / size if size > 0 else x


def through(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return x


def gate(x: Tensor, *_: Any, **__: Any) -> Tensor:
    x = scaled(x)
    return 1 + x / (1 + x.abs())


def batch_norm(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return scaled(x)


def layer_norm(x: Tensor, shape: Sequence[int], *_: Any, **__: Any) -> Tensor:
    """Across channels it mixes them; where it also runs over positions, those do not count."""
    return scaled(x.mean(-1, keepdim=True).expand_as(x)) if len(shape) == 1 else scaled(x)


def softmax(x: Tensor, dim: int | None = None, *_: Any, **__: Any) -> Tensor:
    return scaled(x.mean(-1 if dim is None else dim, keepdim=True).expand_as(x))


def attention(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> Tensor:
    weights = scaled(query) @ scaled(key).transpose(-2, -1)
    return scaled(softmax(weights, -1) @ value)


def max_pool(rank: int) -> Callable[..., Tensor]:
    average = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank - 1]

    def pool(
        x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, **_: Any
    ) -> Tensor:
        assert dilation in (1, (1,) * rank, [1] * rank)
        return average(x, kernel_size, stride or kernel_size, padding, ceil_mode)

    return pool


def summed(x: Tensor, dim: Any = None, keepdim: bool = False, *_: Any, **words: Any) -> Tensor:
    dim = words.get("axis", dim)
    dims = tuple(range(x.dim())) if dim is None else dim
    return scaled(x.mean(dims, words.get("keepdims", keepdim)))


def norm(x: Tensor, p: Any = None, dim: Any = None, keepdim: bool = False, **_: Any) -> Tensor:
    return summed(x, dim, keepdim)


def product(x: Any, y: Any, **_: Any) -> Any:
    if isinstance(x, Tensor) and isinstance(y, Tensor) and x.requires_grad and y.requires_grad:
        return gate(x) * gate(y)
    tensor, other = (x, y) if isinstance(x, Tensor) and x.requires_grad else (y, x)
    if isinstance(tensor, Tensor) and tensor.requires_grad:
        return tensor * (other.abs() + 0.5 if isinstance(other, Tensor) and other.is_floating_point() else 1)
    return x * y


def quotient(x: Any, y: Any, **words: Any) -> Any:
    grads = [isinstance(v, Tensor) and v.requires_grad for v in (x, y)]
    return product(x, y) if any(grads) else torch.div(x, y, **words)


def difference(x: Any, y: Any, **words: Any) -> Any:
    grads = [isinstance(v, Tensor) and v.requires_grad for v in (x, y)]
    return x + y if all(grads) else torch.sub(x, y, **words)


def masked(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return x


def chosen(condition: Any, first: Any, second: Any) -> Tensor:
    """Both sides are read."""
    return scaled(sum(side for side in (first, second) if isinstance(side, Tensor) and side.requires_grad))


def matmul(x: Tensor, y: Tensor, **_: Any) -> Tensor:
    return scaled(torch.matmul(scaled(x), scaled(y))) if x.requires_grad or y.requires_grad else torch.matmul(x, y)


def interpolate(
    x: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None, **_: Any
) -> Tensor:
    """One axis after the other, each by its matrix of weights."""
    rank = x.dim() - 2
    sizes = list(size) if isinstance(size, list | tuple) else [size] * rank
    scales = list(scale_factor) if isinstance(scale_factor, list | tuple) else [scale_factor] * rank
    for axis in range(rank):
        n = x.shape[2 + axis]
        shape = [n, 1] + [1] * rank
        shape[2 + axis] = n
        units = torch.eye(n, dtype=torch.float64).reshape(shape)
        to = {"size": [sizes[axis] if a == axis else 1 for a in range(rank)]} if size is not None else {}
        to = to or {"scale_factor": [float(scales[axis]) if a == axis else 1.0 for a in range(rank)]}
        weights = F.interpolate(units, mode=mode, align_corners=align_corners, **to)
        taps = (weights.reshape(n, -1).T.abs() > 1e-9).double()
        x = torch.einsum("...i,oi->...o", x.movedim(2 + axis, -1), taps).movedim(-1, 2 + axis)
    return scaled(x)


NAMES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        [
            "relu",
            "relu_",
            "relu6",
            "silu",
            "gelu",
            "hardswish",
            "tanh",
            "mish",
            "selu",
            "softplus",
            "leaky_relu",
            "leaky_relu_",
            "elu",
            "elu_",
            "hardtanh",
            "hardtanh_",
            "clamp",
            "clamp_",
            "clamp_min",
            "clip",
            "exp",
            "log",
            "sqrt",
            "rsqrt",
            "pow",
            "square",
            "abs",
            "prelu",
            "celu",
            "logsigmoid",
            "__pow__",
            "log_softmax",
        ],
        through,
    ),
    **dict.fromkeys(["sigmoid", "sigmoid_", "hardsigmoid"], gate),
    **dict.fromkeys(["batch_norm", "instance_norm", "group_norm"], batch_norm),
    **dict.fromkeys(["layer_norm", "rms_norm"], layer_norm),
    **dict.fromkeys(["masked_fill", "masked_fill_", "tril", "triu"], masked),
    **dict.fromkeys(["mul", "mul_", "__mul__", "__rmul__", "__imul__", "multiply"], product),
    **dict.fromkeys(["div", "div_", "__truediv__", "__itruediv__", "true_divide"], quotient),
    **dict.fromkeys(["sub", "sub_", "__sub__", "__isub__", "subtract"], difference),
    **dict.fromkeys(["matmul", "__matmul__", "bmm", "mm"], matmul),
    **dict.fromkeys(["amax", "amin", "var", "std"], summed),
    **dict.fromkeys(["norm", "linalg_vector_norm", "vector_norm"], norm),
    "softmax": softmax,
    "where": chosen,
    "scaled_dot_product_attention": attention,
    "interpolate": interpolate,
    "max_pool1d": max_pool(1),
    "max_pool2d": max_pool(2),
    "max_pool3d": max_pool(3),
    "boolean_dispatch": None,
    "adaptive_max_pool2d": lambda x, size, *_, **__: F.adaptive_avg_pool2d(x, size),
    "sum": summed,
}


class Rewritten(TorchFunctionMode):
    """Replaces torch's functions by ones with the same reads and positive derivatives."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        replacement = NAMES.get(name.removeprefix("_") if name.startswith("_max") else name)
        if replacement is None or not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return func(*args, **kwargs)
        kwargs = {key: value for key, value in kwargs.items() if key not in ("inplace", "out", "input")}
        return replacement(*args, **kwargs)


def units_of(size: Sequence[int]) -> list[tuple[int, ...]]:
    """A corner, an edge, the middle, and the opposite corner."""
    return list(
        dict.fromkeys(
            [
                tuple(0 for _ in size),
                tuple(n // 2 for n in size),
                tuple(n - 1 if i == 0 else n // 3 for i, n in enumerate(size)),
                tuple(n - 1 for n in size),
            ]
        )
    )


def finite(x: Tensor) -> bool:
    return math.isfinite(float(x.detach().abs().max()))
