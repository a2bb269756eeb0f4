"""Tensors that have shapes and no memory, in place of those that a module holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def faked(module: Any) -> Iterator[Any]:
    """The module with fake tensors in place of its stored ones, for a while; gives the mode that makes such tensors."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    mode = FakeTensorMode(allow_non_fake_inputs=True)
    fakes: dict[int, Any] = {}
    originals: list[tuple[dict[str, Any], str, Any]] = []
    for part in module.modules():
        for tensors in (part._parameters, part._buffers):
            for name, tensor in tensors.items():
                if tensor is None:
                    continue
                originals.append((tensors, name, tensor))
                if id(tensor) not in fakes:
                    with mode:
                        fake = torch.empty(tensor.shape, dtype=tensor.dtype)
                    if isinstance(tensor, torch.nn.Parameter):
                        fake = torch.nn.Parameter(fake, requires_grad=tensor.requires_grad)
                    fakes[id(tensor)] = fake
    for tensors, name, tensor in originals:
        tensors[name] = fakes[id(tensor)]
    try:
        yield mode
    finally:
        for tensors, name, tensor in originals:
            tensors[name] = tensor
