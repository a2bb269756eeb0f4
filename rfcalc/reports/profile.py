"""What `profile` prints: the layers that take longest, the ceilings, and what holds the network back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rfcalc.backends.timing.profile import HOLDS, LayerTime, Profile
from rfcalc.layers.label import label
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import percent, short

if TYPE_CHECKING:
    from rfcalc.report.models.timing import EnvironmentData, LayerTimeData, ProfileData


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.4g}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.3g}"


COLUMNS = (
    Column("layer", "Layer", ratio=3),
    Column("op", "Op", ratio=2, yields=1),
    Column("seconds", "Time ms", _ms, True),
    Column("share", "Share", lambda share: percent(share), True),
    Column("floor", "Floor ms", _ms, True),
    Column("ratio", "x floor", _times, True),
    Column("bytes", "Moved", lambda n: short(n, "B"), True),
    Column("flops", "FLOPs", short, True),
    Column("intensity", "FLOPs/B", _times, True),
    Column("bound", "Bound"),
)


def profile_report(profile: Profile, top: int, environment: EnvironmentData) -> Report:
    """The `top` layers by time (all of them for programs)."""
    order = sorted(profile.layers, key=lambda layer: -layer.seconds)
    rows = tuple(_row(layer, profile.busy) for layer in order)
    title = f"{profile.graph.name}: where the time goes ({profile.case})"
    notes = tuple(_notes(profile, top, environment))
    return Report(title, (Table("", COLUMNS, rows[:top]),), notes, Table("", COLUMNS, rows), _data(profile, environment))


def _row(layer: LayerTime, busy: float) -> tuple[object, ...]:
    share = layer.seconds / busy
    figures = (layer.seconds, share, layer.floor, layer.ratio, layer.moved, layer.flops, layer.intensity, layer.bound)
    more = f" and {len(layer.nodes) - 2} more" if len(layer.nodes) > 2 else ""
    name = ", ".join(node.name for node in layer.nodes[:2]) + more
    words = list(dict.fromkeys(label(node.op, node.shape.rank) for node in layer.nodes))
    return (name, " + ".join(words[:2]) + (" + ..." if words[2:] else ""), *figures)


def _notes(profile: Profile, top: int, environment: EnvironmentData) -> Iterator[tuple[str, str]]:
    ceilings, busy = profile.ceilings, profile.busy
    if len(profile.layers) > top:
        yield "Shown", f"the {top} slowest of {len(profile.layers)} layers (--top)"
    if profile.network.remark:
        yield "Runs", profile.network.remark
    if any(len(layer.nodes) > 1 for layer in profile.layers):
        yield "Together", "layers between two modules of the model have one time; --rebuilt times each"
    yield "Verdict", _verdict(profile)
    yield (
        "Forward pass",
        f"{_ms(profile.latency)} ms (median); its layers one by one {_ms(busy)} ms, over {profile.passes} passes",
    )
    floor = sum(layer.floor for layer in profile.layers)
    yield "Floor", f"{_ms(floor)} ms, the sum of the layers' floors; the layers take {busy / floor:.3g} times that"
    rate = f"product or convolution {short(ceilings.rate, 'FLOP/s')} in {profile.case.dtype}"
    rates = f"copy {short(ceilings.bandwidth, 'B/s')}, {rate}"
    yield "Ceilings", f"{rates}, smallest call {ceilings.launch * 1e6:.2g} us; measured in this run"
    if any(layer.holds == "neither" for layer in profile.layers):
        yield "Neither", "layers that take over 3 times their floor: no ceiling explains their time"
    if any(layer.ratio is not None and layer.ratio < 1 for layer in profile.layers):
        yield (
            "Below 1",
            "its tensors lay in a cache, or its algorithm multiplies less often than the definition says (Winograd)",
        )
    yield "Device", f"{environment['device']}, torch {environment['torch']}, {environment['threads']} threads on the CPU's side"


def _verdict(profile: Profile) -> str:
    shares = ", ".join(f"{percent(profile.share(bound), 0)} {bound}" for bound in HOLDS)
    if not profile.agrees:
        return "undecided: the pass and its layers one by one differ by more than 25 %; does something else run?"
    text = f"{profile.verdict}: time by what holds each layer back: {shares}"
    if profile.case.cuda:
        text += f"; the GPU is busy {percent(min(1.0, profile.busy / profile.latency), 0)} of an eager pass"
    return text


def _data(profile: Profile, environment: EnvironmentData) -> ProfileData:
    return {
        "network": profile.graph.name,
        "runs": profile.network.runs,
        "device": profile.case.device,
        "batch": profile.case.batch,
        "dtype": profile.case.dtype,
        "memory_format": profile.case.memory_format,
        "mode": profile.case.mode,
        "verdict": profile.verdict,
        "latency_ms": profile.latency * 1000,
        "layers_ms": profile.busy * 1000,
        "passes": profile.passes,
        "ceilings": {
            "bytes_per_second": profile.ceilings.bandwidth,
            "flops_per_second": profile.ceilings.rate,
            "launch_us": profile.ceilings.launch * 1e6,
        },
        "layers": [_layer_data(layer) for layer in profile.layers],
        "environment": environment,
    }


def _layer_data(layer: LayerTime) -> LayerTimeData:
    return {
        "name": layer.name,
        "layers": [node.name for node in layer.nodes],
        "op": " + ".join(dict.fromkeys(node.op.word for node in layer.nodes)),
        "ms": layer.seconds * 1000,
        "floor_ms": layer.floor * 1000,
        "ratio": layer.ratio,
        "bytes": layer.moved,
        "flops": layer.flops,
        "intensity": layer.intensity,
        "bound": layer.bound,
    }
