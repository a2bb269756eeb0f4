"""One way to run a network: device, batch, dtype, memory format, mode; and the network made ready to run so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import product
from time import perf_counter

import torch
from torch import nn

from rfcalc.backends.timing import words
from rfcalc.backends.torch.subject import Subject
from rfcalc.errors import fail
from rfcalc.graph import Graph
from rfcalc.origin import Call
from rfcalc.record import record

DTYPES = {word: getattr(torch, name) for word, name in words.DTYPES.items()}


class UnsupportedError(Exception):
    """This network cannot run in this way; the message says why."""


@record
class Case:
    """One row of the grid. `mode`: eager, graph (a CUDA graph, replayed) or compile (torch.compile)."""

    device: str
    batch: int
    dtype: str
    memory_format: str
    mode: str

    @property
    def cuda(self) -> bool:
        """True on a CUDA device."""
        return self.device.startswith("cuda")

    def __str__(self) -> str:
        return f"{self.device}, batch {self.batch}, {self.dtype}, {self.memory_format}, {self.mode}"


@record
class Prepared:
    """A network ready to run: `step` runs it once. `first_ms` is what the first call took (library start-up, autotuning and
    compilation included); `memory` is in bytes, None where that cannot be known."""

    step: Callable[[], object]
    first_ms: float
    memory: dict[str, int | None]


def grid(device: str, batches: list[int], dtypes: list[str], memory_formats: list[str], modes: list[str]) -> list[Case]:
    """Every combination, the mode varying fastest."""
    return [Case(device, *rest) for rest in product(batches, dtypes, memory_formats, modes)]


def usable_device(name: str) -> str:
    """A device by name, "auto" being CUDA where there is one; raises SpecError for one that is not here."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise fail("E701", f'there is no device "{name}"; choose cpu, cuda or cuda:N') from None
    if device.type not in ("cpu", "cuda"):
        raise fail("E701", f'the device "{name}" is not supported; choose cpu, cuda or cuda:N')
    if device.type == "cuda" and not torch.cuda.is_available():
        why = "this torch is built without CUDA" if torch.version.cuda is None else "torch sees no GPU"
        raise fail("E701", f"no CUDA device: {why}; --device cpu times on the CPU")
    if device.type == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise fail("E701", f"there is no {name}: torch sees {torch.cuda.device_count()} CUDA devices")
    return name


@contextmanager
def conditions(case: Case) -> Iterator[None]:
    """As long as the case runs, its device is the current one, on which events, streams and graphs are made, and its precision
    holds."""
    with torch.cuda.device(case.device) if case.cuda else nullcontext(), precision(case):
        yield


@contextmanager
def precision(case: Case) -> Iterator[None]:
    """TF32 on for tf32 only, and cuDNN free to choose its algorithms by trial, as long as the case runs."""
    before = (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark)
    try:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = case.dtype == "tf32"
        torch.backends.cudnn.benchmark = True
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark = before


def prepare(subject: Subject, case: Case) -> Prepared:
    """Makes the network in evaluation mode with random inputs and runs it for the first time.

    Raises UnsupportedError, or whatever torch raises where memory or an operator is missing.
    """
    check(case)
    if case.cuda:
        torch.cuda.empty_cache()
    base, held = (torch.cuda.memory_allocated(case.device), torch.cuda.memory_reserved(case.device)) if case.cuda else (0, 0)
    module, call = laid_out(subject, case, subject.module(device=case.device, dtype=DTYPES[case.dtype], seed=0))
    weights = sum(t.nbytes for t in (*module.parameters(), *module.buffers()))
    memory: dict[str, int | None] = {"weights": weights, "inputs": sum(x.nbytes for x in call.tensors)}
    step = _step(module, call, case)
    start = perf_counter()
    step()
    _wait(case)
    first = (perf_counter() - start) * 1000
    if case.cuda:
        torch.cuda.reset_peak_memory_stats(case.device)
        if case.mode == "graph":
            step = _captured(step)
        step()
        _wait(case)
        memory["allocated"] = torch.cuda.max_memory_allocated(case.device) - base
        memory["reserved"] = torch.cuda.max_memory_reserved(case.device) - held
    else:
        memory["allocated"] = subject.bytes(module, case.batch, DTYPES[case.dtype]) if case.mode == "eager" else None
        memory["reserved"] = None
    return Prepared(step, first, memory)


def check(case: Case) -> None:
    """Raises UnsupportedError for what the device cannot do."""
    if not case.cuda and case.mode == "graph":
        raise UnsupportedError("CUDA graphs need a CUDA device")
    if not case.cuda and case.dtype == "tf32":
        raise UnsupportedError("TF32 needs a CUDA device")
    if case.cuda and case.dtype in ("tf32", "bf16") and torch.cuda.get_device_capability(case.device)[0] < 8:
        raise UnsupportedError(f"{case.dtype} needs compute capability 8.0")


def layout_of(graph: Graph, case: Case) -> torch.memory_format | None:
    """torch's name of a memory format that differs from the usual one."""
    if case.memory_format == "contiguous":
        return None
    ranks = {graph.nodes[i].shape.rank for i in graph.inputs}
    if ranks not in ({2}, {3}):
        raise UnsupportedError("channels_last needs inputs of 2 or 3 axes")
    return torch.channels_last if ranks == {2} else torch.channels_last_3d


def laid_out(subject: Subject, case: Case, module: nn.Module) -> tuple[nn.Module, Call]:
    """The module and what it is called with, in the case's memory format."""
    layout = layout_of(subject.graph, case)
    call = subject.call(case.batch, device=case.device, dtype=DTYPES[case.dtype])
    module = module.requires_grad_(False)
    if layout is None:
        return module, call
    return module.to(memory_format=layout), call.each(lambda x: x.contiguous(memory_format=layout))


def _step(module: nn.Module, call: Call, case: Case) -> Callable[[], object]:
    run = torch.compile(module) if case.mode == "compile" else module

    def step() -> object:
        with torch.inference_mode():
            return call(run)

    return step


def _captured(step: Callable[[], object]) -> Callable[[], object]:
    """The step as a CUDA graph. Three runs on a side stream come first, as torch asks for."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        kept = step()

    def replay(_kept: object = kept) -> None:
        captured.replay()

    return replay


def _wait(case: Case) -> None:
    if case.cuda:
        torch.cuda.synchronize(case.device)
