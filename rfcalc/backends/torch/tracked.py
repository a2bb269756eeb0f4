"""How many bytes of tensors are alive at once while something runs, counted by storage, on any device (meta included)."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from torch import Tensor, UntypedStorage
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Tracker(TorchDispatchMode):  # type: ignore[misc]
    """Adds each new storage when an operation returns it and takes it away when it is collected."""

    def __init__(self, known: set[int]) -> None:
        super().__init__()
        self.known, self.now = known, 0
        self.peak: int = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._born(leaf.untyped_storage())
        self.peak = max(self.peak, self.now)
        return result

    def _born(self, storage: UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self.known:
            return
        self.known.add(key)
        self.now += size
        weakref.finalize(storage, self._died, key, size)

    def _died(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


def peak_bytes(run: Callable[[], object], *given: Tensor) -> int:
    """The most bytes alive at once in tensors that `run` makes; `given` tensors (weights, inputs) do not count.

    What a kernel allocates and frees within itself is not seen.
    """
    with _Tracker({tensor.untyped_storage()._cdata for tensor in given}) as tracker:
        run()
    return int(tracker.peak)
