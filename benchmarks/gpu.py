"""Timing on a GPU: every shipped network, eager against a replayed graph, fp32 and bf16; and how far our timer can be trusted.

    python benchmarks/gpu.py [--networks resnet18,resnet50] [--seconds 1] [--output benchmarks/results/gpu.json]
    python benchmarks/gpu.py --device cpu --networks resnet18      # the same on the CPU, where asked for

Our median is compared with triton.testing.do_bench (on a GPU) and torch.utils.benchmark on the same module: they must agree
within 3 %. The cost of the harness is the ratio of our median to a bare loop between two events. The rows and the environment
go to the output file, a table of them to standard output. Without a CUDA device it says so and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

WITHIN = 0.03
CHECKED = ("resnet18", "resnet50", "mobilenet_v2")
ROUNDS = 5
HEAD = """| network | batch | dtype | eager ms | graph ms | eager / graph | images/s |
| --- | ---: | --- | ---: | ---: | ---: | ---: |"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; exit code 1 if a timer disagrees, 0 also where no GPU is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu")
    parser.add_argument("--networks", help="comma-separated; every shipped one")
    parser.add_argument("--checked", default=",".join(CHECKED), help="networks whose timing is compared with other timers")
    parser.add_argument("--batch", default="1,32", help="comma-separated")
    parser.add_argument("--seconds", type=float, default=1.0, help="per row")
    parser.add_argument("--output", default="benchmarks/results/gpu.json")
    options = parser.parse_args(arguments)
    import torch

    if options.device != "cpu" and not torch.cuda.is_available():
        print("no CUDA device here: nothing was measured and nothing was written")
        return 0
    from rfcalc.backends.timing.environment import environment, gpu_state
    from rfcalc.importers import shipped

    device, batches = options.device, [int(batch) for batch in options.batch.split(",")]
    names = options.networks.split(",") if options.networks else [name for name, _ in shipped()]
    before = gpu_state(device)
    data: dict[str, Any] = {
        "agreement": [agreement(name, device, max(batches), options.seconds) for name in options.checked.split(",")],
        "runs": [row for name in names for row in latencies(name, device, batches, options.seconds)],
    }
    data["environment"] = {**environment(device), "gpu_before": before, "gpu_after": gpu_state(device)}
    path = Path(options.output)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    for row in data["agreement"]:
        print("  ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()))
    print(table(data["runs"]))
    return 0 if all(row["agrees"] for row in data["agreement"]) else 1


def latencies(name: str, device: str, batches: list[int], seconds: float) -> list[dict[str, Any]]:
    """The rows of one network, without the single samples."""
    from rfcalc.backends.timing.cases import grid
    from rfcalc.backends.timing.latency import time_all
    from rfcalc.backends.torch.subject import subject
    from rfcalc.importers import load

    modes = ["eager"] if device == "cpu" else ["eager", "graph"]
    cases = grid(device, batches, ["fp32", "bf16"], ["contiguous"], modes)
    timing = time_all([subject(load(name))], cases, seconds)
    print(f"{name}: {', '.join(dict.fromkeys(run.status for run in timing.runs))}", file=sys.stderr)
    return [{key: value for key, value in run.data().items() if key != "samples_ms"} for run in timing.runs]


def table(runs: Sequence[dict[str, Any]]) -> str:
    """One line of Markdown per network, batch and dtype; a failed row has its status."""
    lines = [HEAD]
    for run in runs:
        if run["mode"] != "eager":
            continue
        same = ("network", "batch", "dtype")
        graph = next((r for r in runs if r["mode"] == "graph" and all(r[key] == run[key] for key in same)), None)
        start = f"| {run['network']} | {run['batch']} | {run['dtype']} |"
        if run["latency_ms"] is None:
            lines.append(f"{start} {run['status']} | | | |")
            continue
        eager = run["latency_ms"]["median"]
        replay = graph["latency_ms"]["median"] if graph and graph["latency_ms"] else None
        cells = (f"{replay:.3f}", f"{eager / replay:.2f}") if replay else ("-", "-")
        rate = run["batch"] * 1000 / min(eager, replay or eager)
        lines.append(f"{start} {eager:.3f} | {cells[0]} | {cells[1]} | {rate:,.0f} |")
    return "\n".join(lines)


def agreement(name: str, device: str, batch: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of one forward pass by our timer and by others, in turns, each the median of its rounds.

    A large batch, so that the device and not the launches is timed.
    """
    from rfcalc.backends.timing.cases import Case, conditions, prepare
    from rfcalc.backends.timing.clocks import CpuClock, CudaClock, warm_up
    from rfcalc.backends.torch.subject import subject
    from rfcalc.importers import load

    case = Case(device, batch, "fp32", "contiguous", "eager")
    with conditions(case):
        step = prepare(subject(load(name)), case).step
        clock = CudaClock(device) if case.cuda else CpuClock()
        warm = warm_up(clock, step, 5.0)
        count = max(3, int(seconds * warm.block / 0.05) // ROUNDS)
        timers = {"ours": lambda: median(clock.block(step, count)), **others(step, count, case.cuda, seconds / ROUNDS)}
        rounds = [{key: timer() for key, timer in timers.items()} for _ in range(ROUNDS)]
    found = {key: median(row[key] for row in rounds) for key in timers}
    agrees = all(abs(found["ours"] / found[key] - 1) <= WITHIN for key in ("torch_benchmark", "do_bench") if key in found)
    return {"network": name, "batch": batch, **found, "harness": found["ours"] / found["bare"], "agrees": agrees}


def others(step: Callable[[], Any], count: int, cuda: bool, seconds: float) -> dict[str, Callable[[], float]]:
    """The other timers by name; each gives milliseconds per run."""
    from torch.utils.benchmark import Timer

    found: dict[str, Callable[[], float]] = {
        "bare": lambda: bare_events(step, count) if cuda else bare_loop(step, count),
        "torch_benchmark": lambda: (
            Timer("step()", globals={"step": step}, num_threads=threads()).blocked_autorange(min_run_time=seconds).median * 1000
        ),
    }
    if cuda:
        try:
            from triton.testing import do_bench
        except ImportError:
            print("triton is not installed: do_bench is left out", file=sys.stderr)
        else:
            found["do_bench"] = lambda: float(do_bench(step, warmup=25, rep=int(seconds * 1000), return_mode="median"))
    return found


def threads() -> int:
    """The threads that torch uses: the other timer would take one."""
    import torch

    return torch.get_num_threads()


def bare_events(step: Callable[[], Any], count: int) -> float:
    """Milliseconds per run from two events around a loop."""
    import torch

    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    start.record()
    for _ in range(count):
        step()
    end.record()
    torch.cuda.synchronize()
    return float(start.elapsed_time(end)) / count


def bare_loop(step: Callable[[], Any], count: int) -> float:
    """Milliseconds per run from the clock around a loop."""
    start = perf_counter()
    for _ in range(count):
        step()
    return (perf_counter() - start) * 1000 / count


if __name__ == "__main__":
    sys.exit(main())
