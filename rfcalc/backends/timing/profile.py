"""`profile`: the measured time of each layer against the least time that the device's ceilings allow."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any

import torch
from torch import Tensor, nn

from rfcalc.analyses.memory import bytes_moved
from rfcalc.backends.timing.cases import DTYPES, Case, check, layout_of, precision
from rfcalc.backends.timing.ceilings import Ceilings, measure_ceilings
from rfcalc.backends.timing.clocks import Clock, CpuClock, CudaClock, warm_up
from rfcalc.backends.torch.build import random_inputs, recorded
from rfcalc.graph import Graph, Node
from rfcalc.record import record

LAUNCH_BOUND = 1.25
LEAST_PASSES = 10


@record
class LayerTime:
    """One layer: seconds measured (median over the passes), bytes and FLOPs at this batch, the floor and what sets it."""

    node: Node
    seconds: float
    moved: int
    flops: int
    floor: float
    bound: str

    @property
    def ratio(self) -> float | None:
        """How many times its floor the layer takes; below 1 if its tensors come from a cache. None for a view."""
        return self.seconds / self.floor if self.floor else None

    @property
    def intensity(self) -> float | None:
        """FLOPs per byte; None for a view."""
        return self.flops / self.moved if self.moved else None


@record
class Profile:
    """A network in one case. `latency` is the median of whole forward passes in seconds, without taking times inside."""

    graph: Graph
    case: Case
    ceilings: Ceilings
    layers: tuple[LayerTime, ...]
    latency: float
    passes: int

    @property
    def busy(self) -> float:
        """Seconds of all layers together."""
        return sum(layer.seconds for layer in self.layers)

    def share(self, bound: str) -> float:
        """The part of the layers' time in those that `bound` sets."""
        return sum(layer.seconds for layer in self.layers if layer.bound == bound) / self.busy

    @property
    def verdict(self) -> str:
        """launch-bound, memory-bound or compute-bound: idle between its calls, or what sets most of the layers' time."""
        if self.case.cuda and self.latency > LAUNCH_BOUND * self.busy:
            return "launch-bound"
        return f"{max(('launch', 'memory', 'compute'), key=self.share)}-bound"


def profile(graph: Graph, case: Case, seconds: float = 2.0) -> Profile:
    """Measures the ceilings, then each layer within the network. Raises what torch raises if the case cannot run."""
    clock: Clock = CudaClock(case.device) if case.cuda else CpuClock()
    stamps: list[Any] = []
    stamp = _cuda_stamp if case.cuda else perf_counter_ns
    check(case)
    with precision(case), torch.inference_mode():
        ceilings = measure_ceilings(case, clock)
        dtype, layout = DTYPES[case.dtype], layout_of(graph, case)
        order: list[int] = []

        def seen(index: int, output: Tensor) -> None:
            order.append(index)
            stamps.append(stamp())

        module = recorded(graph, seen, device=case.device, dtype=dtype)
        inputs = random_inputs(graph, case.batch, device=case.device, dtype=dtype)
        if layout is not None:
            module, inputs = module.to(memory_format=layout), tuple(x.contiguous(memory_format=layout) for x in inputs)
        latency = _latency(module, inputs, clock, seconds / 2)
        passes: list[list[float]] = []
        start = perf_counter()
        while len(passes) < LEAST_PASSES or perf_counter() - start < seconds:
            order.clear()
            stamps.clear()
            passes.append(_one_pass(module, inputs, stamps, stamp, case, latency))
    times = {index: median(p[k] for p in passes) for k, index in enumerate(order)}
    layers = tuple(_layer(graph.nodes[i], times[i], case, ceilings) for i in order)
    return Profile(graph, case, ceilings, layers, latency, len(passes))


def _cuda_stamp() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _latency(module: nn.Module, inputs: tuple[Tensor, ...], clock: Clock, seconds: float) -> float:
    """Median seconds of a whole pass whose layers are not timed."""
    inner, module.__dict__["seen"] = module.__dict__["seen"], lambda index, output: None
    warm = warm_up(clock, lambda: module(*inputs), seconds)
    samples = clock.block(lambda: module(*inputs), max(5, warm.block))
    module.__dict__["seen"] = inner
    return median(samples) / 1000


def _one_pass(
    module: nn.Module, inputs: tuple[Tensor, ...], stamps: list[Any], stamp: Callable[[], Any], case: Case, latency: float
) -> list[float]:
    """Seconds of each layer in one pass. On CUDA the device first sleeps until all launches are queued, so that the events
    bracket work and not the wait for the next launch."""
    if case.cuda:
        torch.cuda.synchronize(case.device)
        torch.cuda._sleep(int(4e9 * min(latency, 0.2)))
    first = stamp()
    module(*inputs)
    if case.cuda:
        torch.cuda.synchronize(case.device)
        return [a.elapsed_time(b) / 1000 for a, b in zip([first, *stamps], stamps, strict=False)]
    return [(b - a) / 1e9 for a, b in zip([first, *stamps], stamps, strict=False)]


def _layer(node: Node, seconds: float, case: Case, ceilings: Ceilings) -> LayerTime:
    size = DTYPES[case.dtype].itemsize
    once = bytes_moved(node, size)
    weights = node.cost.params * size if once else 0
    moved, flops = (once - weights) * case.batch + weights, 2 * node.cost.macs * case.batch
    return LayerTime(node, seconds, moved, flops, *ceilings.floor(moved, flops))
