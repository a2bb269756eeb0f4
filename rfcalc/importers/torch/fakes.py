"""Tensors that have shapes and no memory, in place of those that a module holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

CONVOLVES = "conv"
UNCOMPILED = classmethod(lambda cls: False)  # nothing is compiled in these modes: torch's guard against it would take a fifth


@contextmanager
def faked(module: Any) -> Iterator[Any]:
    """The module with fake tensors in place of its stored ones, for a while; gives the mode that makes such tensors."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    mode = FakeTensorMode(allow_non_fake_inputs=True)
    fakes: dict[int, Any] = {}
    originals: list[tuple[dict[str, Any], str, Any]] = []
    with mode, direct(mode):
        for part in module.modules():
            for tensors in (part._parameters, part._buffers):
                for name, tensor in tensors.items():
                    if tensor is None:
                        continue
                    originals.append((tensors, name, tensor))
                    if id(tensor) not in fakes:
                        fakes[id(tensor)] = _fake(tensor)
    for tensors, name, tensor in originals:
        tensors[name] = fakes[id(tensor)]
    try:
        yield mode
    finally:
        for tensors, name, tensor in originals:
            tensors[name] = tensor


def _fake(tensor: Any) -> Any:
    import torch

    fake = torch.empty(tensor.shape, dtype=tensor.dtype)
    return torch.nn.Parameter(fake, tensor.requires_grad) if isinstance(tensor, torch.nn.Parameter) else fake


def direct(mode: Any) -> Any:
    """A mode above that of fake tensors, with the same results in a third of the time: an operator goes straight to its kernel
    for tensors without memory, and a batch norm, which has some twenty steps on fake tensors, is one step."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensor, in_kernel_invocation_manager
    from torch.utils._python_dispatch import TorchDispatchMode

    cpu, aten = torch.device("cpu"), torch.ops.aten
    norms = (aten.native_batch_norm.default, aten._native_batch_norm_legit.default)

    def ours(tensor: Any) -> bool:
        plain = isinstance(tensor, FakeTensor) and tensor.fake_mode is mode and tensor.constant is None
        return plain and tensor.fake_device == cpu

    def fake(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(map(fake, value))
        return FakeTensor(mode, value, cpu) if type(value) is torch.Tensor else value

    def hollow(func: Any, args: Any, kwargs: Any) -> Any:
        with in_kernel_invocation_manager(mode):
            found = norm(*args) if func in norms else func(*args, **kwargs)
        return fake(found)

    class Direct(TorchDispatchMode):  # type: ignore[misc]
        _should_skip_dynamo = UNCOMPILED

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if func is torch.ops.prim.device.default and ours(args[0]):
                return cpu
            if func is aten.empty.memory_format and kwargs.get("device", cpu) == cpu:
                return hollow(func, args, {**kwargs, "device": "meta"})
            given = tensors((args, *kwargs.values()))
            if given and "device" not in kwargs and has_shapes(func, given) and all(map(ours, given)):
                with suppress(Exception):  # what has no such kernel, and what asks for numbers
                    return hollow(func, args, kwargs)
            return func(*args, **kwargs)

    return Direct()


def norm(x: Any, *settings: Any) -> tuple[Any, Any, Any]:
    """What a batch norm on the CPU gives: its output and, in training, two numbers per channel."""
    import torch

    kept = x.shape[1] if settings[4] else 0
    return torch.empty_like(x), x.new_empty(kept), x.new_empty(kept)


def tensors(value: Any) -> list[Any]:
    """The tensors among an operator's arguments, or among what it gives; torch's own function for all trees is slow."""
    import torch

    if isinstance(value, list | tuple):
        return [tensor for entry in value for tensor in tensors(entry)]
    return [value] if isinstance(value, torch.Tensor) else []


def has_shapes(func: Any, given: Sequence[Any]) -> bool:
    """Whether torch's own kernel says what an operator gives; the order in which a convolution lays out numbers is that of the
    CPU's kernels, except that all keep the usual order."""
    import torch

    if func.namespace != "aten" or not torch._C._dispatch_has_computed_kernel_for_dispatch_key(func.name(), "Meta"):
        return False
    return CONVOLVES not in func.name() or all(tensor.is_contiguous() for tensor in given)
