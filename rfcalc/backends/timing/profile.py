"""`profile`: the measured time of each layer against the least time that the device's ceilings allow."""

from __future__ import annotations

from statistics import median
from time import perf_counter, perf_counter_ns

import torch
from torch import nn

from rfcalc.analyses.memory import bytes_moved
from rfcalc.backends.timing.cases import DTYPES, Case, check, conditions, laid_out
from rfcalc.backends.timing.ceilings import Ceilings, measure_ceilings
from rfcalc.backends.timing.clocks import Clock, CpuClock, CudaClock, sleep, warm_up
from rfcalc.backends.timing.segments import Group, Segmented
from rfcalc.backends.torch.subject import Subject
from rfcalc.graph import Graph, Node
from rfcalc.origin import Call
from rfcalc.progress import say
from rfcalc.record import record

APART = 1.25  # of a pass and its layers together
NEITHER = 3.0  # times its floor: more than any ceiling explains
LEAST_PASSES = 10
HOLDS = ("launch", "memory", "compute", "neither")
QUEUED = 200  # groups of layers that are launched behind one sleep: the queue holds about a thousand operations


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
    def holds(self) -> str:
        """What holds it back: what sets its floor, or neither where it takes over three times that."""
        return "neither" if self.ratio is not None and self.ratio > NEITHER else self.bound

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
        """The part of the layers' time in those that `bound` holds back."""
        return sum(layer.seconds for layer in self.layers if layer.holds == bound) / self.busy

    @property
    def agrees(self) -> bool:
        """False if a pass and its layers one by one differ so much that the layers' times explain nothing."""
        return self.busy <= APART * self.latency and (self.case.cuda or self.latency <= APART * self.busy)

    @property
    def verdict(self) -> str:
        """launch-bound, memory-bound or compute-bound: idle between its calls, or what holds most of the layers' time; neither
        where most of it is far from every ceiling; undecided where passes and layers do not agree."""
        if not self.agrees:
            return "undecided"
        if self.case.cuda and self.latency > APART * self.busy:
            return "launch-bound"
        word = max(HOLDS, key=self.share)
        return word if word == "neither" else f"{word}-bound"


def profile(network: Subject, case: Case, seconds: float = 2.0) -> Profile:
    """Measures the ceilings, then each layer within the network: of somebody's own module each module that does a single thing,
    and what its code does between them, together. Raises what torch raises if the case cannot run."""
    clock: Clock = CudaClock(case.device) if case.cuda else CpuClock()
    stamps = _CudaStamps(case) if case.cuda else _CpuStamps()
    check(case)
    with conditions(case), torch.inference_mode():
        say("measuring what the device can do")
        ceilings = measure_ceilings(case, clock)
        say(f"warming up {network.graph.name}")
        measured = Segmented(network, case.device, DTYPES[case.dtype])
        module, call = laid_out(network, case, measured.module)
        latency = _latency(module, call, clock, seconds / 2)
        passes: list[list[float]] = []
        start = perf_counter()
        with measured.stamped(stamps.ended):
            while len(passes) < LEAST_PASSES or perf_counter() - start < seconds:
                say("timing layers", perf_counter() - start, seconds)
                stamps.started(latency)
                call(measured.module)
                measured.ended()
                passes.append(stamps.seconds())
    groups = [(k, group) for k, group in enumerate(measured.groups) if group]
    layers = tuple(_layers(network.graph, group, median(p[k] for p in passes), case, ceilings) for k, group in groups)
    return Profile(network, case, ceilings, layers, latency, len(passes))


class _CpuStamps:
    """The moments of one pass by the clock."""

    def __init__(self) -> None:
        self.moments: list[int] = []

    def started(self, latency: float) -> None:
        """A pass begins, which takes about `latency` seconds."""
        self.moments = [perf_counter_ns()]

    def ended(self) -> None:
        """A group of layers has run."""
        self.moments.append(perf_counter_ns())

    def seconds(self) -> list[float]:
        """What each group took."""
        return [(b - a) / 1e9 for a, b in zip(self.moments, self.moments[1:], strict=False)]


class _CudaStamps:
    """The moments of one pass as events. The device first sleeps until launches are queued, so that the events bracket work and
    not the wait for the next launch; as the queue is short, it does so again after every QUEUED groups."""

    def __init__(self, case: Case) -> None:
        self.case, self.nap = case, 0.0
        self.spans: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        self.last: torch.cuda.Event

    def started(self, latency: float) -> None:
        """A pass begins, which takes about `latency` seconds."""
        self.spans, self.nap = [], 2 * min(latency, 0.2)
        self._asleep()

    def ended(self) -> None:
        """A group of layers has been launched."""
        now = _event()
        self.spans.append((self.last, now))
        self.last = now
        if not len(self.spans) % QUEUED:
            self._asleep()

    def seconds(self) -> list[float]:
        """What each group took, when all of them have run."""
        torch.cuda.synchronize(self.case.device)
        return [a.elapsed_time(b) / 1000 for a, b in self.spans]

    def _asleep(self) -> None:
        torch.cuda.synchronize(self.case.device)
        sleep(self.nap)
        self.last = _event()


def _event() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _latency(module: nn.Module, call: Call, clock: Clock, seconds: float) -> float:
    """Median seconds of a whole pass whose layers are not timed."""
    warm = warm_up(clock, lambda: call(module), seconds)
    samples = clock.block(lambda: call(module), max(5, warm.block))
    return median(samples) / 1000


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
