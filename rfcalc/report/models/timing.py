"""What `rfcalc time`, `rfcalc profile` and `rfcalc max-batch` print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict


class EnvironmentData(TypedDict):
    """Where a measurement was taken; null where something cannot be known."""

    device: Annotated[str, "the device's name"]
    driver: Annotated[str | float | None, "the GPU's driver"]
    rfcalc: Annotated[str, "version of rfcalc"]
    torch: Annotated[str, "version of torch"]
    cuda: Annotated[str | None, "version of CUDA"]
    cudnn: Annotated[int | None, "version of cuDNN"]
    cudnn_benchmark: Annotated[bool | None, "whether cuDNN chooses algorithms by trying them"]
    tf32: Annotated[str | None, "where TF32 is used"]
    l2_cache: Annotated[str | None, "whether the GPU's cache is warm"]
    python: Annotated[str, "version of Python"]
    system: Annotated[str, "the operating system"]
    cpu: Annotated[str, "the processor's name"]
    cpu_count: Annotated[int | None, "its logical cores"]
    threads: Annotated[int, "threads that torch uses on it"]
    inputs: Annotated[str, "what the network is run on"]


class GpuData(TypedDict, total=False):
    """The state of a GPU, as far as it is known."""

    sm_clock_mhz: Annotated[float | str | None, "clock of the multiprocessors"]
    memory_clock_mhz: Annotated[float | str | None, "clock of the memory"]
    power_w: Annotated[float | str | None, "power that it draws"]
    temperature_c: Annotated[float | str | None, "its temperature"]
    throttle_reasons: Annotated[str | float | None, "why it is throttled, as NVML's bits"]


class TimedEnvironmentData(EnvironmentData):
    """The same, with the state of the GPU."""

    gpu_before: Annotated[GpuData | None, "before the measurement; null without a GPU"]
    gpu_after: Annotated[GpuData | None, "after it"]


class LatencyData(TypedDict):
    """Quantiles of the samples, in milliseconds."""

    median: Annotated[float, "the median"]
    iqr: Annotated[float, "the distance between the quartiles"]
    p90: Annotated[float, "what 90 % do not exceed"]
    p99: Annotated[float, "what 99 % do not exceed"]


class WarmUpData(TypedDict):
    """How the warm-up went."""

    block: Annotated[int, "runs per block from then on"]
    runs: Annotated[int, "runs that it took"]
    seconds: Annotated[float, "seconds that it took"]
    converged: Annotated[bool, "whether times had settled"]


class RunData(TypedDict):
    """One network in one case."""

    network: Annotated[str, "the network's name"]
    runs: Annotated[str, "own: somebody's own module; built: the module that is built of the layers"]
    device: Annotated[str, "cpu or cuda:N"]
    batch: Annotated[int, "batch size"]
    dtype: Annotated[str, "type of the numbers"]
    memory_format: Annotated[str, "layout of the tensors"]
    mode: Annotated[str, "eager, graph or compile"]
    status: Annotated[str, "ok, or why there is no result"]
    latency_ms: Annotated[LatencyData | None, "latency; null without a result"]
    samples_ms: Annotated[Sequence[float], "every sample"]
    throughput: Annotated[float | None, "inputs per second"]
    memory_bytes: Annotated[Mapping[str, int | None] | None, "weights, inputs, allocated and reserved memory"]
    first_call_ms: Annotated[float | None, "what the first call took"]
    warm_up: Annotated[WarmUpData | None, "how the warm-up went"]


class ComparisonData(TypedDict):
    """Two networks timed in turns."""

    case: Annotated[str, "the case"]
    first: Annotated[str, "the first network"]
    second: Annotated[str, "the other one"]
    ratio: Annotated[float, "how many times as long the other one takes"]
    low: Annotated[float, "low end of the ratio's interval"]
    high: Annotated[float, "high end"]
    ambiguous: Annotated[bool, "true if the interval holds 1"]


class TimingData(TypedDict):
    """Latencies, all networks together."""

    runs: Annotated[Sequence[RunData], "one for each network and case"]
    comparisons: Annotated[Sequence[ComparisonData], "the first network against each other one"]
    interrupted: Annotated[bool, "true if Ctrl-C ended it"]
    environment: Annotated[TimedEnvironmentData, "where it was measured"]


class CeilingsData(TypedDict):
    """What the device can do at best, measured in the same run."""

    bytes_per_second: Annotated[float, "of a copy"]
    flops_per_second: Annotated[float, "of a matrix product or a convolution, the best that was seen"]
    launch_us: Annotated[float, "microseconds of the smallest call"]


class LayerTimeData(TypedDict):
    """A layer and its floor."""

    name: Annotated[str, "its name; those of several that are timed together"]
    layers: Annotated[Sequence[str], "the names one by one"]
    op: Annotated[str, "its word in the spec language"]
    ms: Annotated[float, "milliseconds, median over the passes"]
    floor_ms: Annotated[float, "the least that the ceilings allow"]
    ratio: Annotated[float | None, "how many times its floor it takes; null for a view"]
    bytes: Annotated[int, "bytes that it moves at least"]
    flops: Annotated[int, "2 x MACs, at this batch"]
    intensity: Annotated[float | None, "FLOPs per byte; null for a view"]
    bound: Annotated[str, "what sets its floor: launch, memory or compute"]


class ProfileData(TypedDict):
    """Where the time of a network goes."""

    network: Annotated[str, "the network's name"]
    runs: Annotated[str, "own: somebody's own module; built: the module that is built of the layers"]
    device: Annotated[str, "cpu or cuda:N"]
    batch: Annotated[int, "batch size"]
    dtype: Annotated[str, "type of the numbers"]
    memory_format: Annotated[str, "layout of the tensors"]
    mode: Annotated[str, "always eager"]
    verdict: Annotated[str, "launch-bound, memory-bound, compute-bound, neither or undecided"]
    latency_ms: Annotated[float, "median of whole passes"]
    layers_ms: Annotated[float, "the layers together"]
    passes: Annotated[int, "how many passes were measured"]
    ceilings: Annotated[CeilingsData, "what the device can do"]
    layers: Annotated[Sequence[LayerTimeData], "the layers, in order of execution"]
    environment: Annotated[EnvironmentData, "where it was measured"]


class TryData(TypedDict):
    """A batch that was tried."""

    batch: Annotated[int, "its size"]
    bytes: Annotated[int | None, "memory that it takes; null where it ran out"]
    fits: Annotated[bool, "whether it fits"]


class MaxBatchData(TypedDict):
    """The largest batch that fits."""

    name: Annotated[str, "the network's name"]
    runs: Annotated[str, "own: somebody's own module; built: the module that is built of the layers"]
    device: Annotated[str, "cpu or cuda:N"]
    dtype: Annotated[str, "type of the numbers"]
    batch: Annotated[int, "the largest batch; 0 where not even one image fits"]
    fails: Annotated[int | None, "the smallest batch that does not fit; null where none was tried"]
    predicted: Annotated[int, "what the analysis predicts"]
    budget_bytes: Annotated[int, "the memory"]
    tries: Annotated[Sequence[TryData], "the batches that were tried"]
