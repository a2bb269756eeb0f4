"""What torch really does with memory, measured on any device: the peak of a forward pass, and what autograd keeps."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Living(TorchDispatchMode):
    """Bytes of the storages that were made within and are still referred to, and the most that there were."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[int] = set()
        self.now = self.most = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for tensor in tree_leaves((args, kwargs)):
            if isinstance(tensor, Tensor) and tensor.untyped_storage()._cdata not in self.known:
                self._meet(tensor, 0)
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor) and tensor.untyped_storage()._cdata not in self.known:
                self._meet(tensor, tensor.untyped_storage().nbytes())
        self.most = max(self.most, self.now)
        return out

    def _meet(self, tensor: Tensor, size: int) -> None:
        storage = tensor.untyped_storage()
        self.known.add(storage._cdata)
        self.now += size
        weakref.finalize(storage, self._gone, storage._cdata, size)

    def _gone(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


def peak_bytes(run: Callable[..., Any], *inputs: Tensor) -> int:
    """The most bytes alive at once in one call without gradients; what existed before does not count."""
    with torch.no_grad(), _Living() as living:
        run(*inputs)
    return living.most


def saved_bytes(run: Callable[..., Any], *inputs: Tensor, ignore: tuple[Tensor, ...] = ()) -> int:
    """Bytes of the storages that autograd keeps after one call, each once; those of `ignore` do not count."""
    ignored = {tensor.untyped_storage()._cdata for tensor in ignore}
    kept: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run(*inputs)
    del result
    return sum(tensor.untyped_storage().nbytes() for key, tensor in kept.items() if key not in ignored)
