"""Single steps: operators with several outputs, products with stored tensors of every rank, steps that nobody can follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Function = Callable[[Tensor, Tensor], Any]


class Step(nn.Module):
    """A function of an image and of a parameter, whose result is brought into the order of a map."""

    def __init__(self, name: str) -> None:
        super().__init__()
        shape, self.function = {**EXACT, **BOUNDED, **REFUSED}[name]
        self.stored = nn.Parameter(torch.rand(shape) + 0.5)

    def forward(self, x: Tensor) -> Any:
        return F.avg_pool2d(self.function(x, self.stored).to(x.dtype), 1)


def no_gradients(x: Tensor, _: Tensor) -> Tensor:
    with torch.no_grad():
        mean = x.mean((2, 3), keepdim=True)
    return x * mean


def set_row(x: Tensor, v: Tensor) -> Tensor:
    y = x * 2
    y[:, :, 1] = v
    return y


# name: (shape of the parameter, function); images are 3x4x5
def masked(x: Tensor, mask: Callable[[Tensor], Tensor]) -> Tensor:
    """Attention of rows, with a mask that is made of them."""
    return F.scaled_dot_product_attention(x, x, x, mask(x))


EXACT: dict[str, tuple[tuple[int, ...], Function]] = {
    "max": ((), lambda x, _: x * x.max(2, keepdim=True)[0]),
    "places of the maximum": ((), lambda x, _: x * (x.max(2, keepdim=True)[1] + 1)),
    "places of the minimum": ((), lambda x, _: x * (x.min(3, keepdim=True)[1] + 1)),
    "both of a maximum": ((), lambda x, _: sum(x.max(1, keepdim=True))),
    "places of a pool": ((), lambda x, _: F.max_pool2d(x, 2, return_indices=True)[1] + 1),
    "pool and places": ((), lambda x, _: sum(F.max_pool2d(x, 3, 1, return_indices=True))),
    "places of an adaptive pool": ((), lambda x, _: F.adaptive_max_pool2d(x, 2, return_indices=True)[1] + 1),
    "moments": ((), lambda x, _: sum(torch.var_mean(x, 2, keepdim=True)) + x),
    "batch norm as it is called inside": (
        (3,),
        lambda x, v: torch.native_batch_norm(x, v, v, v.detach(), v.detach(), False, 0.1, 1e-5)[0],
    ),
    "layer norm as it is called inside": (
        (3,),
        lambda x, v: torch.native_layer_norm(x.permute(0, 2, 3, 1), (3,), v, v, 1e-5)[0].permute(0, 3, 1, 2),
    ),
    "dropout as it is called inside": ((), lambda x, _: torch.native_dropout(x, 0.5, False)[0]),
    "mask of a dropout": ((), lambda x, _: x * torch.native_dropout(x, 0.5, False)[1]),
    "no gradients": ((), no_gradients),
    "times a vector": ((5,), lambda x, v: (x @ v).unsqueeze(3)),
    "vector times": ((4,), lambda x, v: (v @ x).unsqueeze(2)),
    "matrix times vector": ((5,), lambda x, v: x * torch.mv(x[0, 0], v).reshape(1, 1, 4, 1)),
    "two vectors": ((5,), lambda x, v: x * torch.dot(x[0, 0, 0], v)),
    "times a matrix for each channel": ((3, 5, 6), lambda x, v: x @ v),
    "times several": ((2, 1, 5, 6), lambda x, v: (x @ v).mean(0, keepdim=True)),
    "one map by the matrices of many": ((7, 5, 6), lambda x, v: x[:, :1] @ v),
    "matrices of many by one map": ((7, 6, 4), lambda x, v: v @ x[:, :1]),
    "einsum with an axis of one": ((1, 3, 4, 5), lambda x, v: torch.einsum("...w,...w->...", x, v).unsqueeze(3)),
    "einsum with a number": ((), lambda x, v: torch.einsum("bchw,->bhcw", x, v).transpose(1, 2)),
    "mean of squared distances": ((5,), lambda x, v: x * F.mse_loss(x, v.expand_as(x))),
    "squared distances of two maps": ((), lambda x, _: F.mse_loss(x.sin(), x.flip(2), reduction="none")),
    "sum of distances": ((5,), lambda x, v: x + F.l1_loss(v.expand_as(x), x, reduction="sum")),
    "distances that grow more slowly": ((), lambda x, _: F.smooth_l1_loss(x * 2, x.flip(3), reduction="none")),
    "attention with keys for all": ((6, 5), lambda x, v: F.scaled_dot_product_attention(x, v, v)),
    "a stored row": ((5,), set_row),
    "a stored row in its place": ((5,), lambda x, v: torch.select_scatter(x, v.expand(1, 3, 5), 2, 1)),
    "stored rows in their place": ((5,), lambda x, v: torch.slice_scatter(x, v.expand(1, 3, 2, 5), 2, 1, 3)),
    "expanded as the input": ((5,), lambda x, v: x + v.expand_as(x)),
    "pairs of places": ((), lambda x, _: x[:, [0, 2, 1, 0], [3, 0, 1, 1]].unsqueeze(2)),
    "places that lie apart": ((), lambda x, _: x[:, [0, 2, 2], :, [4, 0, 1]].permute(1, 0, 2).unsqueeze(3)),
    "places of three axes": ((), lambda x, _: x[:, [0, 2], [1, 3], [4, 0]].reshape(1, 2, 1, 1)),
    "zeros around rows of channels": ((), lambda x, _: F.pad(x.permute(0, 2, 3, 1).flatten(2), [2, 4]).unsqueeze(1)),
    "zeros after all numbers": ((), lambda x, _: F.pad(x.flatten(1), [0, 4]).reshape(1, 4, 4, 4)),
    "rows of a table by the places of the maximum": (
        (3, 2),
        lambda x, v: x[:, :2] * F.embedding(x.argmax(1), v).permute(0, 3, 1, 2),
    ),
    "the places of the maximum as ones": ((), lambda x, _: x * (F.one_hot(x.argmax(1), 3).permute(0, 3, 1, 2) + 1)),
    "broadcast together": ((5,), lambda x, v: torch.mul(*torch.broadcast_tensors(x.mean(1, keepdim=True), x * v))),
    "times a row of length one": ((5,), lambda x, v: x * F.normalize(v, dim=0)),
    "rows that are added at places": (
        (),
        lambda x, _: x.new_zeros(1, 3, 6, 5).index_add(2, torch.tensor([0, 2, 2, 5]), x),
    ),
    "rows that are added to others": ((), lambda x, _: (x * 2).index_add(2, torch.tensor([3, 1, 3, 3]), x, alpha=2)),
    "channels that are added to a stored one": ((3, 4, 5), lambda x, v: v[None].index_add(1, torch.tensor([0, 2, 0]), x)),
    "a limit that depends": ((5,), lambda x, v: torch.clamp(v, max=x)),
}

# positions of two axes become one: followed, and marked as an upper bound
BOUNDED: dict[str, tuple[tuple[int, ...], Function]] = {
    "pairs of rows and columns": ((), lambda x, _: x[:, :, [3, 0, 3], [0, 4, 2]].unsqueeze(3)),
    "attention with a mask that depends": ((), lambda x, _: masked(x / 8, lambda y: y @ y.mT)),
    "attention with a mask of the keys": ((), lambda x, _: masked(x / 8, lambda y: y[:, :1].mean(3)[:, :, None])),
    "a table of pairs": ((), lambda x, _: x[:, :, torch.tensor([[3], [0]]), torch.tensor([[0, -1, 2]])]),
}

# operator: as above; each function stands in the line that its error names
REFUSED: dict[str, tuple[tuple[int, ...], Function]] = {
    "topk": ((), lambda x, _: x * x.topk(2, 2)[1].sum(2, keepdim=True)),
    "sort": ((), lambda x, _: x.sort(2)[1]),
    "kthvalue": ((), lambda x, _: x * x.kthvalue(2, 2, keepdim=True)[1]),
    "mode": ((), lambda x, _: x * x.mode(2, keepdim=True)[1]),
    "median": ((), lambda x, _: x * x.median(2, keepdim=True)[1]),
    "max_unpool2d": ((), lambda x, _: x * F.max_unpool2d(*F.max_pool2d(x, (2, 1), return_indices=True), (2, 1))),
    "histc": ((), lambda x, _: x * x.histc(3, 0, 2)[1]),
    "aminmax": ((), lambda x, _: x * x.aminmax(dim=2, keepdim=True)[1]),
    "cummax": ((), lambda x, _: x.cummax(2)[1]),
    "native_layer_norm": ((), lambda x, _: x * torch.native_layer_norm(x, (5,), None, None, 1e-5)[1]),
    "native_batch_norm": ((3,), lambda x, v: x * torch.native_batch_norm(x, v, v, None, None, True, 0.1, 0.1)[1].mean()),
    "cond": ((), lambda x, _: x * torch.cond(x.sum() > 0, lambda y: y.mean(), lambda y: y.sum(), (x,))),
    "linear": ((5, 5), lambda x, v: F.linear(x, v, x.mean((0, 1, 2)))),
    "conv2d": ((3, 3, 1, 1), lambda x, v: F.conv2d(x, v, x.mean((0, 2, 3)))),
    "group_norm": ((3,), lambda x, v: F.group_norm(x, 3, v, x.mean((0, 2, 3)))),
}
