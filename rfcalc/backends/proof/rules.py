"""What stands for each function of torch when the reads or the structure of a network are measured (see positive.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

NOISE = 1e-9
Rule = Callable[..., Any]  # of torch's functions, whose signatures differ
Number = TypeVar("Number", bound=float)
Sizes = int | Sequence[int]
Factors = float | Sequence[float]
Operand: TypeAlias = Tensor | float | None


class NoRuleError(Exception):
    """The network calls a function of torch for which there is no rule here; the message says what."""


class How(Protocol):
    """The way in which a network is measured, as a mode of torch."""

    def cut(self, x: Tensor) -> Tensor:
        """What becomes of a result."""

    def settled(self, x: Tensor) -> Tensor:
        """What becomes of a sum of many products."""

    def weight(self, weight: Tensor) -> Tensor:
        """What stands for a weight."""

    def matrix(self, matrix: Tensor) -> Tensor:
        """What stands for a factor of a product of matrices that does not depend on the input."""

    def bias(self, bias: Tensor | None) -> Tensor | None:
        """What stands for a bias."""

    def constant(self, x: Tensor) -> Tensor:
        """What stands for a tensor that does not depend on the input."""

    def masked(self, scores: Tensor, mask: Tensor) -> Tensor:
        """The scores of an attention, those that its mask excludes as 0."""

    def __enter__(self) -> object: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


def depends(value: object) -> bool:
    """True for a tensor that depends on the input."""
    return isinstance(value, Tensor) and bool(value.requires_grad)


def base_name(name: str) -> tuple[str, bool]:
    """A function's name without the marks of its forms (`__iadd__`, `add_` and `__radd__` are add), and whether it changes its
    first operand."""
    if not (name.startswith("__") and name.endswith("__")):
        return name.rstrip("_"), name.endswith("_")
    plain = name[2:-2]
    return (plain[1:], plain[0] == "i") if plain[0] in "ir" and plain[1:] in BOTH_SIDES else (plain, plain == "setitem")


def find(name: str) -> Rule:
    """The rule of a function by its base name; raises NoRuleError."""
    if name not in RULES:
        raise NoRuleError(f"torch's {name}")
    return RULES[name]


def _itself(how: How, function: Rule, *args: object, **named: object) -> object:
    return function(*args, **named)


def _same(how: How, function: Rule, *args: object, **named: object) -> Tensor:
    return how.cut(function(*args, **named))


def _first(how: How, function: Rule, x: Tensor, *_: object, **__: object) -> Tensor:
    return x


def _property(how: How, function: Rule, x: Tensor, *args: object) -> object:
    return x if getattr(getattr(function, "__self__", None), "__name__", "") == "data" else function(x, *args)


def _joined(how: How, function: Rule, tensors: Sequence[Tensor], *args: object, **named: object) -> object:
    return function([_operand(how, x) for x in tensors], *args, **named)


def _nothing(how: How, function: Rule, x: Tensor, *_: object, **__: object) -> Tensor:
    return how.constant(x.detach())


def _copied(how: How, function: Rule, x: Tensor, y: Tensor, *_: object) -> Tensor:
    return _operand(how, y).expand_as(x)


def _written(how: How, function: Rule, x: Tensor, place: object, value: Operand) -> Tensor:
    function(x, place, _operand(how, value) if isinstance(value, Tensor) else how.constant(torch.zeros((), dtype=x.dtype)))
    return x


def _total(how: How, function: Rule, x: Tensor, dim: Sizes | None = None, keepdim: bool = False, **named: Sizes) -> Tensor:
    """A reduction, as the mean over the same axes."""
    axes = named.get("axis", dim)
    return how.cut(x.mean() if axes is None else x.mean(axes, keepdim=keepdim))


def _norm(
    how: How, function: Rule, x: Tensor, p: object = None, dim: Sizes | None = None, keepdim: bool = False, **_: object
) -> Tensor:
    return _total(how, function, x, dim, keepdim)


class Extreme(NamedTuple):
    """What `max` along an axis gives; where it lies depends on the input too, and is no index here."""

    values: Tensor
    indices: Tensor


def _extreme(
    how: How, function: Rule, x: Tensor, other: Tensor | int | None = None, keepdim: bool = False, dim: int | None = None
) -> Tensor | Extreme:
    if isinstance(other, Tensor):
        return _sum_of(how, function, x, other)
    axis = dim if other is None else other
    found = _total(how, function, x, axis, keepdim)
    return found if axis is None else Extreme(found, found)


def _softmax(how: How, function: Rule, x: Tensor, dim: int = 1, *_: object, **__: object) -> Tensor:
    return how.settled(x + x.sum(dim, keepdim=True))


def _normalize(how: How, function: Rule, x: Tensor, p: float = 2.0, dim: int = 1, *_: object, **__: object) -> Tensor:
    return how.cut(x + x.mean(dim, keepdim=True))


def _glu(how: How, function: Rule, x: Tensor, dim: int = -1) -> Tensor:
    return how.cut(sum(x.chunk(2, dim)))


def _layer_norm(how: How, function: Rule, x: Tensor, shape: Sequence[int], *_: object, **__: object) -> Tensor:
    """Over the channels alone it mixes them; where it runs over positions too, those do not count."""
    return how.settled(x + x.sum(-1, keepdim=True)) if len(shape) == 1 else x


def _operand(how: How, x: Tensor) -> Tensor:
    return how.cut(x) if depends(x) else how.constant(x)


def _factor(how: How, x: Tensor) -> Tensor:
    """An operand of a product of matrices."""
    return how.cut(x) if depends(x) else how.matrix(x)


def _einsum(how: How, function: Rule, equation: str, *terms: Tensor) -> Tensor:
    return how.settled(torch.einsum(equation, *(_factor(how, x) for x in terms)))


def _convolution(
    how: How, function: Rule, x: Tensor, weight: Tensor, bias: Tensor | None = None, *rest: object, **named: object
) -> Tensor:
    return how.settled(function(x, how.cut(weight) if depends(weight) else how.weight(weight), how.bias(bias), *rest, **named))


def _linear(how: How, function: Rule, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return how.settled(F.linear(x, how.cut(weight) if depends(weight) else how.weight(weight), how.bias(bias)))


def _sum_of(how: How, function: Rule, *values: Operand | bool, **_: object) -> Tensor:
    """A product, quotient, difference or maximum reads all of its inputs, as their sum does; a mask lets some through."""
    tensors = [_operand(how, x) for x in values if isinstance(x, Tensor) and (depends(x) or x.dtype != torch.bool)]
    found = how.cut(sum(tensors[1:], tensors[0]))
    for mask in values:
        if isinstance(mask, Tensor) and mask.dtype == torch.bool:
            found = how.masked(found, mask)
    return found


def _chosen(how: How, function: Rule, condition: Tensor, *sides: Operand) -> Tensor:
    """Both sides are read, and the condition."""
    tensors = [value for value in (condition, *sides) if isinstance(value, Tensor)]
    found = [how.cut(value) for value in tensors if depends(value)]
    return how.cut(sum(found[1:], found[0])).expand(torch.broadcast_shapes(*(value.shape for value in tensors)))


def _matmul(how: How, function: Rule, x: Tensor, y: Tensor) -> Tensor:
    return how.settled(torch.matmul(_factor(how, x), _factor(how, y)))


def _added_matmul(how: How, function: Rule, bias: Tensor, x: Tensor, y: Tensor, **_: object) -> Tensor:
    found = torch.matmul(_factor(how, x), _factor(how, y))
    added = how.cut(bias) if depends(bias) else how.bias(bias) if isinstance(bias, torch.nn.Parameter) else None
    return how.settled(found if added is None else found + added)


def _attention(
    how: How, function: Rule, q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None, *_: object, **__: object
) -> Tensor:
    scores = how.settled(torch.matmul(_factor(how, q), _factor(how, k).transpose(-2, -1)))
    if attn_mask is not None:
        scores = how.masked(scores, attn_mask if attn_mask.dtype == torch.bool else attn_mask > -1e4)
    return how.settled(torch.matmul(scores, _factor(how, v)))


def _pad(how: How, function: Rule, x: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    return how.cut(F.pad(x, pad, mode))


def _max_pool(
    how: How,
    function: Rule,
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    **_: object,
) -> Tensor:
    """The sum over the same window."""
    axes = x.dim() - 2
    k, s, p, d = (_per_axis(value, axes) for value in (kernel_size, stride or kernel_size, padding, dilation))
    size = function(x.detach(), k, s, p, d, ceil_mode).shape[2:]
    ends = [(o - 1) * s[i] + d[i] * (k[i] - 1) + 1 - n - p[i] for i, (o, n) in enumerate(zip(size, x.shape[2:], strict=True))]
    padded = F.pad(x, [side for i in reversed(range(axes)) for side in (p[i], ends[i])])
    channels = x.shape[1]
    convolve = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    return how.settled(convolve(padded, x.new_ones(channels, 1, *k), None, s, 0, d, channels))


def _adaptive_max(how: How, function: Rule, x: Tensor, size: Sizes, *_: object, **__: object) -> Tensor:
    return how.cut((F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[x.dim() - 3](x, size))


def _interpolate(
    how: How,
    function: Rule,
    x: Tensor,
    size: Sizes | None = None,
    scale_factor: Factors | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Each axis by its own 0-1 matrix, read off torch's interpolation of unit vectors (in float32 for nearest)."""
    if antialias:
        raise NoRuleError("torch's interpolate with antialias")
    axes, dtype = x.dim() - 2, torch.float32 if mode == "nearest" else torch.float64
    name, value = ("size", size) if size is not None else ("scale_factor", scale_factor or 1.0)
    for axis, to in enumerate(_per_axis(value, axes)):
        n = x.shape[2 + axis]
        eye = torch.eye(n, dtype=dtype).reshape(1, n, *_one_axis(n, axis, axes))
        options: dict[str, Any] = {name: _one_axis(to, axis, axes), "align_corners": align_corners}
        rows = F.interpolate(eye, mode=mode, **options)
        matrix = (rows.reshape(n, -1).abs() > NOISE).to(x.dtype)
        x = torch.matmul(x.movedim(2 + axis, -1), matrix).movedim(-1, 2 + axis)
    return how.settled(x)


def _one_axis(value: Number, axis: int, axes: int) -> list[Number]:
    return [value if i == axis else type(value)(1) for i in range(axes)]


def _per_axis(value: Number | Sequence[Number], axes: int) -> list[Number]:
    return list(value) * (axes if len(value) == 1 else 1) if isinstance(value, Sequence) else [value] * axes


def _within(how: How, function: Rule, *args: object, **named: object) -> object:
    """What a function of torch that is written in Python does, call by call."""
    with _no_overrides(), how:
        return function(*args, **named)


@contextmanager
def _no_overrides() -> Iterator[None]:
    """Functions of torch do not ask whether somebody stands for them as a whole, for a while."""
    functional: Any = F
    asked = functional.has_torch_function
    functional.has_torch_function = lambda tensors: False
    try:
        yield
    finally:
        functional.has_torch_function = asked


POINTWISE = (
    "relu relu6 hardtanh leaky_relu prelu elu selu celu gelu silu mish hardswish hardsigmoid sigmoid tanh softplus rrelu "
    "logsigmoid softsign tanhshrink hardshrink softshrink threshold exp exp2 log log2 log10 log1p expm1 sqrt rsqrt abs neg "
    "reciprocal square sin cos tan asin acos atan sinh cosh asinh acosh atanh erf erfc sign floor ceil round "
    "trunc frac clamp clamp_min clamp_max clip pow dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout "
    "batch_norm instance_norm group_norm local_response_norm type type_as "
    "to float double half bfloat16 detach masked_fill tril triu nan_to_num"
)
STRUCTURE = (
    "reshape reshape_as view view_as permute transpose t swapaxes swapdims flatten ravel unflatten getitem chunk split "
    "tensor_split split_with_sizes unsafe_chunk unsafe_split unbind select pixel_shuffle pixel_unshuffle channel_shuffle roll "
    "expand expand_as broadcast_to repeat tile movedim moveaxis repeat_interleave squeeze unsqueeze narrow flip rot90 unfold "
    "fold index_select diagonal clone contiguous"
)
LOOKS = (
    "size dim ndimension numel nelement is_floating_point is_contiguous is_complex stride len new_ones new_zeros new_full "
    "new_empty zeros_like ones_like full_like empty_like rand_like randn_like repr format hash element_size get_device"
)
AVERAGES = [f"{kind}_pool{n}d" for kind in ("avg", "adaptive_avg") for n in (1, 2, 3)]
PAIRS = (
    *("add", "mul", "div", "sub", "rsub", "maximum", "minimum", "multiply", "divide", "subtract", "true_divide", "truediv"),
    *("gt", "lt", "ge", "le", "eq", "ne", "addcmul", "addcdiv", "lerp", "atan2", "fmod", "remainder", "logical_and"),
)
BOTH_SIDES = ("add", "mul", "div", "sub", "truediv", "matmul", "pow")
REDUCTIONS = ("sum", "mean", "amax", "amin", "var", "std", "logsumexp", "prod")

RULES: dict[str, Rule] = {
    **dict.fromkeys(POINTWISE.split(), _first),
    **dict.fromkeys((STRUCTURE + " " + LOOKS).split(), _itself),
    **dict.fromkeys((f"conv{way}{n}d" for way in ("", "_transpose") for n in (1, 2, 3)), _convolution),
    **dict.fromkeys((f"max_pool{n}d" for n in (1, 2, 3)), _max_pool),
    **dict.fromkeys(AVERAGES, _same),
    **dict.fromkeys((f"adaptive_max_pool{n}d" for n in (1, 2, 3)), _adaptive_max),
    **dict.fromkeys(PAIRS, _sum_of),
    **dict.fromkeys(REDUCTIONS, _total),
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("norm", "vector_norm", "linalg_norm", "linalg_vector_norm"), _norm),
    **dict.fromkeys(("matmul", "bmm", "mm"), _matmul),
    **dict.fromkeys(("addmm", "baddbmm"), _added_matmul),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
    **dict.fromkeys(("layer_norm", "rms_norm"), _layer_norm),
    **dict.fromkeys(("cat", "concat", "concatenate", "stack", "hstack", "vstack"), _joined),
    **dict.fromkeys(("zero", "fill"), _nothing),
    "get": _property,
    "copy": _copied,
    "setitem": _written,
    "where": _chosen,
    "normalize": _normalize,
    "glu": _glu,
    "einsum": _einsum,
    "linear": _linear,
    "pad": _pad,
    "interpolate": _interpolate,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _within,
}
