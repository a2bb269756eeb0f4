"""What a device can do at best, measured in the same run: copy bandwidth, matrix product rate of the dtype, smallest call."""

from __future__ import annotations

import torch

from rfcalc.backends.timing.cases import DTYPES, Case
from rfcalc.backends.timing.clocks import Clock, Step, warm_up
from rfcalc.record import record

CONVOLUTIONS = {True: (32, 256, 56), False: (1, 128, 28)}  # batch, channels, side
COPY_BYTES = {True: 1 << 31, False: 1 << 29}  # far more than any cache; on CUDA (True) and on the CPU
MATRICES = {True: (4096, 8192), False: (512, 1024, 2048)}
WARM_SECONDS = 0.5
QUEUED_SECONDS = 0.02  # in which a hundred launches are queued
BLOCKS = 5


@record
class Ceilings:
    """bandwidth: bytes per second of a large copy, read and write counted. rate: FLOPs per second of a large matrix product, a
    1x1 or a 3x3 convolution in the case's layout, whichever is fastest. launch: seconds of the smallest call, timed as layers
    are. Each is the best that was seen."""

    bandwidth: float
    rate: float
    launch: float

    def floor(self, moved: int, flops: int) -> tuple[float, str]:
        """The least seconds for a layer, and what sets them: memory, compute or launch. A layer that moves nothing is free."""
        if not moved:
            return 0.0, "view"
        bounds = {"memory": moved / self.bandwidth, "compute": flops / self.rate, "launch": self.launch}
        name = max(bounds, key=lambda key: bounds[key])
        return bounds[name], name


def measure_ceilings(case: Case, clock: Clock) -> Ceilings:
    """Measures the three ceilings of a case's device and dtype."""
    dtype = DTYPES[case.dtype]
    size = COPY_BYTES[case.cuda] // 2 // dtype.itemsize
    copy = _copy(clock, size, case.device, dtype)
    products = [2 * n**3 / _product(clock, n, case.device, dtype) for n in MATRICES[case.cuda]]
    convolutions = [_convolved(clock, kernel, case, dtype) for kernel in (1, 3)]
    return Ceilings(2 * size * dtype.itemsize / copy, max(*products, *convolutions), _launch(case, clock, dtype))


def _launch(case: Case, clock: Clock, dtype: torch.dtype) -> float:
    """Seconds of the smallest call: on the GPU of one that waits in the queue behind others, as a layer's work does."""
    one = torch.zeros(1, device=case.device, dtype=dtype)
    if not case.cuda:
        return _best(clock, one.relu_)
    with torch.inference_mode():
        return min(min(clock.block(one.relu_, 100, QUEUED_SECONDS)) for _ in range(BLOCKS)) / 1000


def _copy(clock: Clock, count: int, device: str, dtype: torch.dtype) -> float:
    """Seconds to copy `count` numbers."""
    source = torch.empty(count, device=device, dtype=dtype).fill_(1)
    target = torch.empty_like(source)
    return _best(clock, lambda: target.copy_(source))


def _product(clock: Clock, n: int, device: str, dtype: torch.dtype) -> float:
    """Seconds of a product of two n x n matrices."""
    a = torch.rand(n, n, device=device).to(dtype)
    return _best(clock, lambda: torch.matmul(a, a))


def _convolved(clock: Clock, kernel: int, case: Case, dtype: torch.dtype) -> float:
    """FLOPs per second of a convolution as the middle of a network has it."""
    batch, channels, side = CONVOLUTIONS[case.cuda]
    layout = torch.channels_last if case.memory_format == "channels_last" else torch.contiguous_format
    x = torch.rand(batch, channels, side, side, device=case.device).to(dtype).contiguous(memory_format=layout)
    weight = torch.rand(channels, channels, kernel, kernel, device=case.device).to(dtype).contiguous(memory_format=layout)
    flops = 2 * batch * channels * channels * kernel**2 * side**2
    return flops / _best(clock, lambda: torch.nn.functional.conv2d(x, weight, padding=kernel // 2))


def _best(clock: Clock, step: Step) -> float:
    """Seconds of the fastest run."""
    with torch.inference_mode():
        warm = warm_up(clock, step, WARM_SECONDS)
        return min(min(clock.block(step, warm.block)) for _ in range(BLOCKS)) / 1000
