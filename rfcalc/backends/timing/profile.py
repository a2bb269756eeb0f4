"""`profile`: the measured time of each layer against the least time that the device's ceilings allow."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any

import torch
from torch import nn

from rfcalc.analyses.memory import bytes_moved
from rfcalc.backends.timing.cases import DTYPES, Case, check, laid_out, precision
from rfcalc.backends.timing.ceilings import Ceilings, measure_ceilings
from rfcalc.backends.timing.clocks import Clock, CpuClock, CudaClock, warm_up
from rfcalc.backends.timing.segments import Group, Segmented
from rfcalc.backends.torch.subject import Subject
from rfcalc.graph import Graph, Node
from rfcalc.origin import Call
from rfcalc.progress import say
from rfcalc.record import record

LAUNCH_BOUND = 1.25
LEAST_PASSES = 10


@record
class LayerTime:
    """One layer, or several that are timed together: seconds measured (median over the passes), bytes and FLOPs at this batch,
    the floor and what sets it."""

    nodes: tuple[Node, ...]
    seconds: float
    moved: int
    flops: int
    floor: float
    bound: str

    @property
    def node(self) -> Node:
        """The first layer."""
        return self.nodes[0]

    @property
    def name(self) -> str:
        """The layers' names."""
        return ", ".join(node.name for node in self.nodes)

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

    network: Subject
    case: Case
    ceilings: Ceilings
    layers: tuple[LayerTime, ...]
    latency: float
    passes: int

    @property
    def graph(self) -> Graph:
        """The network's graph."""
        return self.network.graph

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


def profile(network: Subject, case: Case, seconds: float = 2.0) -> Profile:
    """Measures the ceilings, then each layer within the network: of somebody's own module each module that does a single thing,
    and what its code does between them, together. Raises what torch raises if the case cannot run."""
    clock: Clock = CudaClock(case.device) if case.cuda else CpuClock()
    stamps: list[Any] = []
    stamp = _cuda_stamp if case.cuda else perf_counter_ns
    check(case)
    with precision(case), torch.inference_mode():
        say("measuring what the device can do")
        ceilings = measure_ceilings(case, clock)
        say(f"warming up {network.graph.name}")
        measured = Segmented(network, case.device, DTYPES[case.dtype])
        module, call = laid_out(network, case, measured.module)
        latency = _latency(module, call, clock, seconds / 2)
        passes: list[list[float]] = []
        start = perf_counter()
        with measured.stamped(lambda: stamps.append(stamp())):
            while len(passes) < LEAST_PASSES or perf_counter() - start < seconds:
                say("timing layers", perf_counter() - start, seconds)
                stamps.clear()
                passes.append(_one_pass(measured, call, stamps, stamp, case, latency))
    groups = [(k, group) for k, group in enumerate(measured.groups) if group]
    layers = tuple(_layers(network.graph, group, median(p[k] for p in passes), case, ceilings) for k, group in groups)
    return Profile(network, case, ceilings, layers, latency, len(passes))


def _cuda_stamp() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _latency(module: nn.Module, call: Call, clock: Clock, seconds: float) -> float:
    """Median seconds of a whole pass whose layers are not timed."""
    warm = warm_up(clock, lambda: call(module), seconds)
    samples = clock.block(lambda: call(module), max(5, warm.block))
    return median(samples) / 1000


def _one_pass(
    measured: Segmented, call: Call, stamps: list[Any], stamp: Callable[[], Any], case: Case, latency: float
) -> list[float]:
    """Seconds of each group of layers in one pass. On CUDA the device first sleeps until all launches are queued, so that the
    events bracket work and not the wait for the next launch."""
    if case.cuda:
        torch.cuda.synchronize(case.device)
        torch.cuda._sleep(int(4e9 * min(latency, 0.2)))
    first = stamp()
    call(measured.module)
    measured.ended()
    if case.cuda:
        torch.cuda.synchronize(case.device)
        return [a.elapsed_time(b) / 1000 for a, b in zip([first, *stamps], stamps, strict=False)]
    return [(b - a) / 1e9 for a, b in zip([first, *stamps], stamps, strict=False)]


def _layers(graph: Graph, group: Group, seconds: float, case: Case, ceilings: Ceilings) -> LayerTime:
    """Layers that were timed together; the one with the highest floor says what sets it."""
    nodes = tuple(graph.nodes[i] for i in group)
    each = [_floor(node, case, ceilings) for node in nodes]
    moved, flops, floor = (sum(one[0] for one in each), sum(one[1] for one in each), sum(one[2] for one in each))
    return LayerTime(nodes, seconds, moved, flops, floor, max(each, key=lambda one: one[2])[3])


def _floor(node: Node, case: Case, ceilings: Ceilings) -> tuple[int, int, float, str]:
    """Bytes, FLOPs, the least time, and what sets it."""
    size = DTYPES[case.dtype].itemsize
    once = bytes_moved(node, size)
    weights = node.unshared.params * size if once else 0
    moved, flops = (once - weights) * case.batch + weights, 2 * node.cost.macs * case.batch
    return moved, flops, *ceilings.floor(moved, flops)
