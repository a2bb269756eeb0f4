"""Where a measurement was taken: hardware, versions, settings, and the state of the GPU before and after."""

from __future__ import annotations

import os
import platform
import subprocess
from typing import TYPE_CHECKING, cast

import torch

from rfcalc.version import __version__

if TYPE_CHECKING:
    from rfcalc.report.models.timing import EnvironmentData, GpuData

FIELDS = {
    "sm_clock_mhz": "clocks.sm",
    "memory_clock_mhz": "clocks.mem",
    "power_w": "power.draw",
    "temperature_c": "temperature.gpu",
    "throttle_reasons": "clocks_throttle_reasons.active",
}


def environment(device: str) -> EnvironmentData:
    """What a reader needs to judge or repeat a measurement; None where something cannot be known."""
    cuda = device.startswith("cuda")
    return {
        "device": torch.cuda.get_device_name(device) if cuda else cpu_name(),
        "driver": _query(device, ["driver_version"]).get("driver_version") if cuda else None,
        "rfcalc": __version__,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if cuda else None,
        "cudnn_benchmark": True if cuda else None,
        "tf32": "on in rows with dtype tf32, else off" if cuda else None,
        "l2_cache": "warm" if cuda else None,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu": cpu_name(),
        "cpu_count": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "inputs": "normal random numbers",
    }


def gpu_state(device: str) -> GpuData | None:
    """Clocks, power, temperature and reasons for throttling now, read by NVML and never set; None without a GPU."""
    if not device.startswith("cuda"):
        return None
    return _nvml(device) or cast("GpuData", _query(device, list(FIELDS))) or None


def cpu_name() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _nvml(device: str) -> GpuData | None:
    try:
        import pynvml

        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(_uuid(device))
        return {
            "sm_clock_mhz": pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM),
            "memory_clock_mhz": pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_MEM),
            "power_w": pynvml.nvmlDeviceGetPowerUsage(handle) / 1000,
            "temperature_c": pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU),
            "throttle_reasons": hex(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)),
        }
    except Exception:  # NVML may be missing, refuse, or not know a field: a measurement goes on without it
        return None


def _query(device: str, names: list[str]) -> dict[str, float | str | None]:
    """Fields of nvidia-smi; empty if it cannot be asked."""
    columns = [FIELDS.get(name, name) for name in names]
    command = ["nvidia-smi", f"--query-gpu={','.join(columns)}", "--format=csv,noheader,nounits", f"--id={_uuid(device)}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    values = [value.strip() for value in answer.strip().split("\n")[0].split(",")]
    return {name: _number(value) for name, value in zip(names, values, strict=False)}


def _number(text: str) -> float | str | None:
    try:
        return float(text)
    except ValueError:
        return text or None


def _uuid(device: str) -> str:
    """How NVML names a device: its UUID, which CUDA_VISIBLE_DEVICES does not renumber, or else its index."""
    uuid = str(getattr(torch.cuda.get_device_properties(device), "uuid", ""))
    if not uuid:
        return str(torch.device(device).index or 0)
    return uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"
