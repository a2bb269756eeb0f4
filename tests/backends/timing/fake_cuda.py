"""Two GPUs that are none: torch.cuda's calls as far as timing makes them, run on the CPU, which note their device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

OPERATIONS = 1000  # that a GPU's queue holds


class Fake:
    """What was done: `current` is the current device; `events` and `waited` name the devices of events and synchronizations;
    `queued` counts what waits behind a sleep, and `most` is the most of it."""

    def __init__(self) -> None:
        self.current = 0
        self.events: list[int] = []
        self.waited: list[int] = []
        self.replays, self.slept, self.clock, self.queued, self.most = 0, 0, 0.0, 0, 0
        self.capturing: int | None = None
        self.largest = 1 << 40
        self.bad_batch = 1 << 40
        self.reserved, self.batch = 7_000_000, 0

    def index(self, device: Any) -> int:
        if isinstance(device, int):
            return device
        found = torch.device(device if device is not None else "cuda")
        assert found.type == "cuda"
        return self.current if found.index is None else found.index


class Event:
    """An event: its device, and the time at which it was recorded."""

    fake: Fake

    def __init__(self, enable_timing: bool = False) -> None:
        assert enable_timing

    def record(self) -> None:
        fake = self.fake
        assert fake.capturing is None
        fake.events.append(fake.current)
        fake.clock += 1e-3
        fake.queued += 1
        fake.most = max(fake.most, fake.queued)
        self.at = fake.clock

    def elapsed_time(self, other: Event) -> float:
        return 1000 * (other.at - self.at)


class OnTheCpu(TorchFunctionMode):
    """Tensors that are made on, or moved to, a GPU are made on the CPU, and never copied while a graph is captured."""

    def __init__(self, fake: Fake) -> None:
        super().__init__()
        self.fake = fake

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if self.fake.capturing is not None:
            assert func not in (torch.tensor, torch.as_tensor), "a copy from the host while a graph is captured"
        place = kwargs.get("device")
        if place is not None and torch.device(place).type == "cuda":
            kwargs["device"] = "cpu"
        args = tuple(torch.device("cpu") if isinstance(a, torch.device) and a.type == "cuda" else a for a in args)
        if func is torch.nn.functional.conv2d:
            self.fake.batch = len(args[0])
            if self.fake.batch >= self.fake.bad_batch:
                raise RuntimeError("CUDNN_STATUS_NOT_SUPPORTED")
            if self.fake.batch >= self.fake.largest:
                raise torch.OutOfMemoryError("CUDA out of memory")
        return func(*args, **kwargs)


@contextmanager
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """While two such devices are there."""
    fake = Fake()

    class Device:
        def __init__(self, device: Any) -> None:
            self.wanted = fake.index(device)

        def __enter__(self) -> None:
            self.before, fake.current = fake.current, self.wanted

        def __exit__(self, *_: object) -> None:
            fake.current = self.before

    class Graph:
        def __init__(self) -> None:
            self.device = fake.current

        def replay(self) -> None:
            assert self.device == fake.current
            fake.replays += 1

    class Capture:
        def __init__(self, graph: Graph) -> None:
            assert graph.device == fake.current

        def __enter__(self) -> None:
            fake.capturing = fake.current

        def __exit__(self, *_: object) -> None:
            fake.capturing = None

    def synchronize(device: Any = None) -> None:
        fake.waited.append(fake.index(device))
        fake.queued = 0

    def _sleep(cycles: int) -> None:
        assert isinstance(cycles, int)
        fake.slept += cycles

    def at(value: Callable[[], Any]) -> Callable[..., Any]:
        def asked(device: Any = None) -> Any:
            assert fake.index(device) == fake.current, "asked of another device than the current one"
            return value()

        return asked

    stream = SimpleNamespace(wait_stream=lambda other: None)
    one = {
        "is_available": lambda: True,
        "is_initialized": lambda: False,
        "device_count": lambda: 2,
        "current_device": lambda: fake.current,
        "device": Device,
        "Event": type("Event", (Event,), {"fake": fake}),
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda _: Device(fake.current),
        "CUDAGraph": Graph,
        "graph": Capture,
        "synchronize": synchronize,
        "_sleep": _sleep,
        "empty_cache": lambda: None,
        "reset_peak_memory_stats": at(lambda: None),
        "memory_allocated": at(lambda: 1_000_000),
        "max_memory_allocated": at(lambda: 3_000_000),
        "memory_reserved": at(lambda: fake.reserved),
        "max_memory_reserved": at(lambda: fake.reserved + 2_000_000 + 20_000 * fake.batch),
        "mem_get_info": at(lambda: (10**9, 2 * 10**9)),
        "get_device_name": lambda device=None: "Fake",
        "get_device_capability": lambda device=None: (8, 0),
        "get_device_properties": lambda device=None: SimpleNamespace(uuid=""),
    }
    for name, value in one.items():
        monkeypatch.setattr(torch.cuda, name, value)
    make = torch.Generator
    monkeypatch.setattr(torch, "Generator", lambda device="cpu": make("cpu"))
    monkeypatch.setattr("rfcalc.backends.timing.environment._query", lambda device, names: {})
    with OnTheCpu(fake):
        yield fake
