"""Which layers run between two moments of a pass: one by one in the rebuilt network; in somebody's own module each module that
does a single thing, and what the code between two of them does, together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from rfcalc.backends.timing.cases import UnsupportedError
from rfcalc.backends.torch.build import recorded
from rfcalc.backends.torch.subject import Subject
from rfcalc.graph import Graph
from rfcalc.origin import Origin

Group = tuple[int, ...]
Stamp = Callable[[], None]
ELSE = "the model calls its modules otherwise than its import has seen; --rebuilt times the layers"


class Segmented:
    """A network whose passes call `stamp` at certain moments; `groups` are the layers before each of them, in order."""

    def __init__(self, network: Subject, device: str, dtype: torch.dtype) -> None:
        self.stamp: Stamp = _nothing
        self.network = network
        if network.own and network.graph.origin is not None:
            self.module = network.module(device=device, dtype=dtype)
            self.groups, self.paths = plan(network.graph, network.graph.origin)
        else:
            self.module = recorded(network.graph, lambda index, output: self.stamp(), device=device, dtype=dtype)
            self.groups, self.paths = [(i,) for i, node in enumerate(network.graph.nodes) if not node.is_input], []
        self.order: list[str] = []

    @contextmanager
    def stamped(self, stamp: Stamp) -> Iterator[None]:
        """Calls `stamp` in each pass meanwhile; the last moment, the end of one's own module's pass, is left to the caller."""
        self.stamp = stamp
        handles = [
            handle
            for path, part in self.module.named_modules()
            if path in self.paths
            for handle in (part.register_forward_pre_hook(self._entered(path)), part.register_forward_hook(self._left))
        ]
        try:
            yield
        finally:
            self.stamp = _nothing
            for handle in handles:
                handle.remove()

    def _entered(self, path: str) -> Callable[..., None]:
        def enter(*_: object) -> None:
            self.order.append(path)
            self.stamp()

        return enter

    def _left(self, *_: object) -> None:
        self.stamp()

    def ended(self) -> None:
        """Tells that a pass is over; raises UnsupportedError if it was not as planned."""
        if self.network.own:
            self.stamp()
            order, self.order = self.order, []
            if order != self.paths:
                raise UnsupportedError(ELSE)


def _nothing() -> None:
    """No moment counts."""


def plan(graph: Graph, origin: Origin) -> tuple[list[Group], list[str]]:
    """The layers before, in, between and after the modules that do a single thing, and the order of these modules' calls."""
    places = [(place.layer, path) for path, calls in origin.calls.items() if all(calls) for place in calls if place]
    calls = sorted((layer, path) for layer, path in places if origin.scopes[layer] == path)
    groups: list[Group] = []
    start = 0
    for layer, path in calls:
        waiting = [i for i in range(start, layer + 1) if not graph.nodes[i].is_input]
        inside = [i for i in waiting if origin.scopes[i] == path]
        groups += [tuple(i for i in waiting if i not in inside), tuple(inside)]
        start = layer + 1
    groups.append(tuple(i for i in range(start, len(graph.nodes)) if not graph.nodes[i].is_input))
    return groups, [path for _, path in calls]
