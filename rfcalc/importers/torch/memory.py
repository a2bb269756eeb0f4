"""What a module's memory does as it runs, on fake tensors, whose storages have a size and no memory: nothing is computed.

An exported program has lost which names of Python code still refer to a tensor, so the module itself runs once as at
inference and once as in training, and every storage is watched.
"""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rfcalc.graph import Alive, MemoryOfRun
from rfcalc.importers.torch.fakes import UNCOMPILED, direct, tensors
from rfcalc.origin import Call

Run = Callable[..., object]


def memory_of(module: Any, call: Call, mode: Any) -> MemoryOfRun:
    """The memory of a module of fake tensors, called so; a figure is None if its run breaks off."""

    def run(*more: Any) -> object:
        with mode, direct(mode), contextlib.ExitStack() as modes:
            for each in more:
                modes.enter_context(each)
            return call(module)

    flags = [(part, part.training) for part in module.modules()]
    with _steady():
        most = _tried(lambda: _most(module, run))
        with _single():
            module.train()
            kept = _tried(lambda: _kept(module, run, call.tensors))
    for part, training in flags:
        part.training = training
    return MemoryOfRun(most, kept)


def _tried(run: Callable[[], Alive]) -> Alive | None:
    """None for a module that does not run so: one that needs targets in training, or the values of its tensors."""
    try:
        return run()
    except (Exception, SystemExit):
        return None


@contextlib.contextmanager
def _steady() -> Iterator[None]:
    """Memory in circles is freed at no certain time; here it is not."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _single() -> Iterator[None]:
    """Batch norms take one image of one position, too."""
    from torch.nn import functional as module

    functional: Any = module
    check = functional._verify_batch_size
    functional._verify_batch_size = lambda size: None
    try:
        yield
    finally:
        functional._verify_batch_size = check


def _most(module: Any, run: Run) -> Alive:
    """The most that is alive at once without gradients, and the innermost module that runs then."""
    import torch

    around: list[str] = []
    watch = Living(around)
    with torch.no_grad(), _told(module, around):
        run(watching(watch))
    return watch.most


@contextlib.contextmanager
def _told(module: Any, around: list[str]) -> Iterator[None]:
    """Keeps in `around` the names of the modules that run, innermost last. By hooks for all modules there are: some modules
    take another way if they have hooks of their own."""
    from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

    names = {part: name for name, part in module.named_modules()}

    def enter(part: Any, _: object) -> None:
        around.append(names.get(part, around[-1] if around else ""))

    def leave(*_: object) -> None:
        around.pop()

    hooks = register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _kept(module: Any, run: Run, inputs: Sequence[Any]) -> Alive:
    """What autograd keeps after a forward pass: each storage once, those of the inputs and of stored tensors not at all."""
    import torch
    from torch.utils._pytree import tree_leaves

    stored = [*tree_leaves(inputs), *module.parameters(), *module.buffers()]
    known = {tensor.untyped_storage()._cdata for tensor in stored if isinstance(tensor, torch.Tensor)}
    kept: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    del result
    sizes = [size_of(tensor) for key, tensor in kept.items() if key not in known]
    return Alive(sum(size for size, _ in sizes), sum(size for _, size in sizes))


def size_of(tensor: Any) -> tuple[int, int]:
    """The memory that a tensor lies in: elements of the activations' type, or bytes of another one."""
    import torch

    size = tensor.untyped_storage().nbytes()
    return (size // 4, 0) if tensor.dtype is torch.float32 else (0, size)


class Living:
    """The storages that were made while somebody watched and are still referred to; the most that there were at once.
    `around`: the modules that run, innermost last."""

    def __init__(self, around: Sequence[str] = ()) -> None:
        self.around = around
        self.known: set[int] = set()
        self.elements = self.others = 0
        self.most = Alive(0, 0)

    def meet(self, tensor: Any, size: tuple[int, int]) -> None:
        """A tensor is seen; its memory counts as `size`."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in self.known:
            self.known.add(key)
            self.elements, self.others = self.elements + size[0], self.others + size[1]
            weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: tuple[int, int]) -> None:
        self.known.discard(key)
        self.elements, self.others = self.elements - size[0], self.others - size[1]

    def step(self) -> None:
        """An operator has run."""
        now = Alive(self.elements, self.others, self.around[-1] if self.around else "")
        if now.bytes() > self.most.bytes():
            self.most = now


def watching(living: Living) -> Any:
    """A mode that tells `living` of every operator; what existed before does not count."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):  # type: ignore[misc]
        _should_skip_dynamo = UNCOMPILED

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            for tensor in tensors((args, *kwargs.values())):
                living.meet(tensor, (0, 0))
            found = func(*args, **kwargs)
            for tensor in tensors(found):
                living.meet(tensor, size_of(tensor))
            living.step()
            return found

    return Watch()
