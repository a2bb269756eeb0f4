"""What a device can do at best, measured in the same run: copy bandwidth, matrix product rate of the dtype, smallest call."""

from __future__ import annotations

import torch

from rfcalc.backends.timing.cases import DTYPES, Case
from rfcalc.backends.timing.clocks import Clock, Step, warm_up
from rfcalc.record import record

COPY_BYTES = {True: 1 << 31, False: 1 << 29}  # far more than any cache; on CUDA (True) and on the CPU
MATRICES = {True: (4096, 8192), False: (512, 1024, 2048)}
WARM_SECONDS = 0.5
BLOCKS = 5


@record
class Ceilings:
    """bandwidth: bytes per second of a large copy, read and write counted. rate: FLOPs per second of a large matrix product.
    launch: seconds of the smallest call. Each is the best that was seen."""

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
    rate = max(2 * n**3 / _product(clock, n, case.device, dtype) for n in MATRICES[case.cuda])
    one = torch.zeros(1, device=case.device, dtype=dtype)
    return Ceilings(2 * size * dtype.itemsize / copy, rate, _best(clock, one.relu_))


def _copy(clock: Clock, count: int, device: str, dtype: torch.dtype) -> float:
    """Seconds to copy `count` numbers."""
    source = torch.empty(count, device=device, dtype=dtype).fill_(1)
    target = torch.empty_like(source)
    return _best(clock, lambda: target.copy_(source))


def _product(clock: Clock, n: int, device: str, dtype: torch.dtype) -> float:
    """Seconds of a product of two n x n matrices."""
    a = torch.rand(n, n, device=device).to(dtype)
    return _best(clock, lambda: torch.matmul(a, a))


def _best(clock: Clock, step: Step) -> float:
    """Seconds of the fastest run."""
    with torch.inference_mode():
        warm = warm_up(clock, step, WARM_SECONDS)
        return min(min(clock.block(step, warm.block)) for _ in range(BLOCKS)) / 1000
