"""What is run and measured: somebody's own module, or the one that is built of a graph's layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from torch import nn

from rfcalc.backends.torch.build import drawing, random_inputs, seeded, to_torch
from rfcalc.backends.torch.tracked import peak_bytes
from rfcalc.graph import Graph
from rfcalc.importers.torch.build import quiet
from rfcalc.importers.torch.fakes import faked
from rfcalc.origin import Call, call_with
from rfcalc.record import record


@record(eq=False)
class Subject:
    """A network as it is run. `own`: the module that the graph was made of, which the graph then knows."""

    graph: Graph
    own: bool

    @property
    def runs(self) -> str:
        """In JSON: own, or built."""
        return "own" if self.own else "built"

    @property
    def remark(self) -> str:
        """What runs, in words; empty for a network that has no module of its own."""
        if self.graph.origin is None:
            return ""
        return "its own module" if self.own else "the module that is built of its layers (--rebuilt)"

    def module(self, *, device: str = "cpu", dtype: torch.dtype | None = None, seed: int | None = None) -> nn.Module:
        """The module in evaluation mode; of one's own a new one or a copy. Raises SpecError where it cannot be made."""
        if not self.own or self.graph.origin is None:
            return to_torch(self.graph, device=device, dtype=dtype, seed=seed).eval()
        with seeded(seed):
            module = self.graph.origin.make()
        return module.to(device=device, dtype=dtype)

    def call(self, batch: int = 1, *, device: str = "cpu", dtype: torch.dtype = torch.float32, seed: int = 0) -> Call:
        """What it is called with: a batch of normal random numbers for each input."""
        if not self.own or self.graph.origin is None:
            return Call(random_inputs(self.graph, batch, device=device, dtype=dtype, seed=seed), {})
        return call_with(self.graph.origin.arguments, drawing(batch, device, dtype, seed))

    def bytes(self, module: nn.Module, batch: int, dtype: torch.dtype) -> int:
        """Weights, inputs and the peak of live activations of one forward pass of its module, which has this dtype; counted
        without memory or arithmetic, by storages that are born and die."""
        with faked(module) as mode, mode:
            call = self.call(batch, dtype=dtype)
            given = (*module.parameters(), *module.buffers(), *call.tensors)
            with torch.no_grad():
                return peak_bytes(lambda: call(module), *given) + int(sum(tensor.nbytes for tensor in given))


def subject(graph: Graph, rebuilt: bool = False) -> Subject:
    """A graph's own module, if it was made of one; else, or if `rebuilt` is asked for, the one that is built of its layers."""
    return Subject(graph, graph.origin is not None and not rebuilt)


@contextmanager
def running(subjects: Sequence[Subject]) -> Iterator[None]:
    """While somebody's own code runs, what it prints goes to standard error."""
    with quiet() if any(each.own for each in subjects) else nullcontext():
        yield
