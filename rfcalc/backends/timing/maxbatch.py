"""`max-batch`: the largest batch that fits into memory at inference: predicted by the analysis, then verified.

On a GPU each try runs the network there, kernels' workspaces and the allocator's rounding included. On the CPU a try runs
on tensors that have shapes only and counts their bytes that are alive at once, so that it takes no memory itself.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping

import torch

from rfcalc.analyses.memory import peak
from rfcalc.backends.timing.cases import DTYPES, Case, check, conditions
from rfcalc.backends.timing.latency import OUT_OF_MEMORY, status_of
from rfcalc.backends.torch.subject import Subject
from rfcalc.errors import fail
from rfcalc.progress import say
from rfcalc.record import field, record, replace

LIMIT = 1 << 20
Needs = Callable[[int], int | None]


@record
class Found:
    """`batch`: the largest that was seen to fit (0: none); `fails`: the smallest that was seen not to, None if none was
    tried below the limit; `tries`: each batch and the bytes it took, None where memory ran out, or where it failed for another
    reason, which `otherwise` says by the batch."""

    predicted: int
    batch: int
    fails: int | None
    tries: tuple[tuple[int, int | None], ...]
    otherwise: Mapping[int, str] = field(default_factory=dict)


def predict(subject: Subject, dtype: torch.dtype, budget: int) -> int:
    """The largest batch by the analysis: weights once; per image the inputs and the peak of live activations (of its
    own module's run, where the graph knows of it)."""
    graph = subject.graph
    size: int = dtype.itemsize
    weights = sum(node.cost.params + node.cost.buffers for node in graph.nodes) * size
    image = sum(graph.nodes[i].shape.elements for i in graph.inputs) * size
    seen = graph.memory.peak if subject.own and graph.memory else None
    image += seen.bytes(size) if seen else peak(graph, size, inplace=False, held=False).bytes
    return max(0, (budget - weights) // max(1, image))


def search(needs: Needs, budget: int, start: int, gap: Callable[[int], int], predicted: int) -> Found:
    """Tries `start`, then in growing steps upwards, then between; until a batch fits and one `gap` larger does not."""
    tries: list[tuple[int, int | None]] = []
    low, high, step = 0, LIMIT + 1, gap(start)
    batch = max(1, min(start, LIMIT))
    while True:
        say(f"trying a batch of {batch}")
        taken = needs(batch)
        tries.append((batch, taken))
        if taken is not None and taken <= budget:
            low, step = batch, 2 * step
        else:
            high = batch
        if low == LIMIT or high - low <= max(1, gap(low)):
            return Found(predicted, low, None if high > LIMIT else high, tuple(tries))
        batch = min(LIMIT, low + step // 2) if high > LIMIT else (low + high) // 2


def max_batch(subject: Subject, case: Case, budget: int) -> Found:
    """The largest batch of a case (whose own batch does not matter) within `budget` bytes."""
    check(case)
    dtype = DTYPES[case.dtype]
    predicted = predict(subject, dtype, budget)
    if not case.cuda:
        module = subject.module(device="cpu" if subject.own else "meta", dtype=dtype)
        return search(lambda batch: subject.bytes(module, batch, dtype), budget, predicted, lambda batch: 1, predicted)

    with conditions(case):
        return _on_the_gpu(subject, case, budget, predicted)


def _on_the_gpu(subject: Subject, case: Case, budget: int, predicted: int) -> Found:
    """The same where each try runs; the search starts where two small tries point to."""
    failed: dict[int, str] = {}

    def run(batch: int) -> int | None:
        taken, status = _cuda_bytes(subject, case, batch)
        if status not in ("", OUT_OF_MEMORY):
            failed[batch] = status
        return taken

    first, second = max(1, predicted // 32), max(2, predicted // 8)
    probes = (run(first), run(second))
    start = predicted
    if probes[0] is not None and probes[1] is not None and second > first:
        slope = max(1.0, (probes[1] - probes[0]) / (second - first))
        start = int(first + (budget - probes[0]) / slope)
    found = search(run, budget, max(1, start), lambda batch: max(1, batch // 64), predicted)
    if not found.batch and failed:
        least = min(failed)
        raise fail("E703", f"{case}, batch {least}: {failed[least]}")
    return replace(found, otherwise=failed)


def _cuda_bytes(subject: Subject, case: Case, batch: int) -> tuple[int | None, str]:
    """Most bytes that the allocator reserved in a forward pass, None where it failed; and why, in words."""
    _clean(case)
    base = torch.cuda.memory_reserved(case.device)
    status = ""
    try:
        module = subject.module(device=case.device, dtype=DTYPES[case.dtype])
        call = subject.call(batch, device=case.device, dtype=DTYPES[case.dtype])
        with torch.inference_mode():
            call(module)
        torch.cuda.synchronize(case.device)
    except Exception as error:
        status = status_of(error)
    module = call = None  # type: ignore[assignment]
    taken = torch.cuda.max_memory_reserved(case.device) - base
    _clean(case)
    return None if status else taken, status


def _clean(case: Case) -> None:
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(case.device)


def free_bytes(case: Case) -> int:
    """Memory that is free now: of the GPU, or of the machine."""
    if case.cuda:
        return int(torch.cuda.mem_get_info(case.device)[0])
    try:
        with open("/proc/meminfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("MemAvailable"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        raise fail("E701", "the free memory of this machine is unknown; give --memory") from None
