"""What `time` prints: one row per run, then warnings, comparisons and the environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from rfcalc.backends.timing.latency import OK, Measurement, Timing
from rfcalc.backends.timing.samples import Comparison, Summary
from rfcalc.report.tables import Column, Json, Report, Table
from rfcalc.report.units import percent, short

if TYPE_CHECKING:
    from rfcalc.report.models.timing import ComparisonData, EnvironmentData, GpuData, TimedEnvironmentData, TimingData

LAUNCH_BOUND = 1.25  # eager this many times as slow as a replayed CUDA graph: the GPU waits for the launches


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _bytes(value: int | None) -> str:
    return "-" if value is None else short(value, "B")


CASE = (
    Column("network", "Network", ratio=2),
    Column("device", "Device"),
    Column("batch", "Batch", right=True),
    Column("dtype", "Dtype"),
    Column("memory_format", "Layout"),
    Column("mode", "Mode"),
)
FIGURES = (
    Column("median", "Median ms", _ms, True),
    Column("iqr", "IQR", _ms, True),
    Column("p90", "p90", _ms, True),
    Column("p99", "p99", _ms, True),
    Column("throughput", "Inputs/s", _ms, True),
    Column("allocated", "Memory", _bytes, True),
    Column("reserved", "Reserved", _bytes, True),
    Column("status", "Status", ratio=3, wrap=True),
)
T = TypeVar("T")
NONE = (None, None, None, None)


def timing_report(
    timing: Timing, place: EnvironmentData, before: GpuData | None = None, after: GpuData | None = None
) -> Report:
    """The runs as a table; `before` and `after`: the state of the GPU."""
    environment: TimedEnvironmentData = {**place, "gpu_before": before, "gpu_after": after}
    shown = tuple(c for c in FIGURES if c.key != "reserved" or any(run.case.cuda for run in timing.runs))
    rows = tuple(_row(run, tuple(c.key for c in shown)) for run in timing.runs)
    flat = Table("", CASE + shown, rows)
    same = [k for k in range(1, len(CASE)) if len({row[k] for row in rows}) == 1]
    table = Table("", _without(flat.columns, same), tuple(_without(row, same) for row in rows))
    data: TimingData = {
        "runs": [run.data() for run in timing.runs],
        "comparisons": [_comparison(*entry) for entry in timing.comparisons()],
        "interrupted": timing.interrupted,
        "environment": environment,
    }
    title = "Latency of one forward pass" + (", as far as it got" if timing.interrupted else "")
    shared = ", ".join(f"batch {rows[0][k]}" if CASE[k].key == "batch" else str(rows[0][k]) for k in same)
    title += f": {shared}" if shared else ""
    return Report(title, (table,), tuple(_notes(timing, environment)), flat, data)


def _without(cells: tuple[T, ...], left_out: Sequence[int]) -> tuple[T, ...]:
    return tuple(cell for k, cell in enumerate(cells) if k not in left_out)


def _row(run: Measurement, keys: tuple[str, ...]) -> tuple[object, ...]:
    case, latency = run.case, run.latency
    memory = run.prepared.memory if run.prepared else {}
    figures: dict[str, Json] = {"throughput": run.throughput, "status": run.status}
    figures |= vars(latency) if latency else dict.fromkeys(("median", "iqr", "p90", "p99"))
    figures |= {"allocated": memory.get("allocated"), "reserved": memory.get("reserved")}
    return (run.network, case.device, case.batch, case.dtype, case.memory_format, case.mode, *(figures[key] for key in keys))


def _comparison(first: Measurement, second: Measurement, comparison: Comparison) -> ComparisonData:
    return {
        "case": str(first.case),
        "first": first.network,
        "second": second.network,
        "ratio": comparison.ratio,
        "low": comparison.low,
        "high": comparison.high,
        "ambiguous": comparison.ambiguous,
    }


def _notes(timing: Timing, environment: TimedEnvironmentData) -> Iterator[tuple[str, str]]:
    many = len({run.case for run in timing.runs}) > 1
    for first, second, comparison in timing.comparisons():
        verdict = comparison.verdict(first.network, second.network)
        yield "Compared", f"{first.case}: {verdict}" if many else verdict
    remarks = dict.fromkeys(f"{run.network}: {run.remark}" for run in timing.runs if run.remark)
    yield from (("Runs", remark) for remark in remarks)
    for run in timing.runs:
        if run.latency and run.latency.wide:
            yield "Wide spread", _spread(run, run.latency)
        if run.warm and not run.warm.converged:
            yield "Warm-up", f"{run.network}, {run.case}: times had not settled after {run.warm.seconds:.1f} s"
    yield from _launches(timing)
    device = environment["device"]
    if not any(run.case.cuda for run in timing.runs):
        yield "Device", f"{device}, {environment['threads']} threads: timed on the CPU"
        yield "Memory", "weights, inputs and the peak of live activations; kernels' own workspaces are not counted"
    else:
        yield "Device", f"{device}, driver {environment['driver']}, CUDA {environment['cuda']}, cuDNN {environment['cudnn']}"
        yield "GPU", f"before {_state(environment['gpu_before'])}; after {_state(environment['gpu_after'])}"
    yield "Software", f"torch {environment['torch']}, Python {environment['python']}, {environment['system']}"


def _spread(run: Measurement, latency: Summary) -> str:
    share = latency.iqr / latency.median
    spread = f"the middle half of the samples spans {percent(share, 0)} of the median"
    return f"{run.network}, {run.case}: {spread}; does something else run?"


def _launches(timing: Timing) -> Iterator[tuple[str, str]]:
    """Eager against the same work replayed as a CUDA graph."""
    by_case = {(run.network, run.case): run for run in timing.runs if run.status == OK and run.latency}
    for (network, case), run in by_case.items():
        if case.mode != "graph":
            continue
        eager = next((r for (n, c), r in by_case.items() if n == network and c.mode == "eager" and _same(c, case)), None)
        if eager is None or not eager.latency or not run.latency:
            continue
        ratio = eager.latency.median / run.latency.median
        verdict = "launch-bound" if ratio > LAUNCH_BOUND else "not launch-bound"
        yield "Launches", f"{network}, {case}: eager takes {ratio:.2f} times as long as the graph: {verdict}"


def _same(one: Any, other: Any) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("device", "batch", "dtype", "memory_format"))


def _state(state: GpuData | None) -> str:
    if state is None:
        return "unknown (no NVML)"
    return (
        f"{state['sm_clock_mhz']} MHz, {state['power_w']} W, {state['temperature_c']} C, throttling {state['throttle_reasons']}"
    )
