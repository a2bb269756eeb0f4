"""The report of `rfcalc erf`: the measured effective field beside the exact one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rfcalc.analyses.receptive_field import Fields
from rfcalc.backends.proof.effective import WITHIN, Effective
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import joined, percent, times

if TYPE_CHECKING:
    from rfcalc.report.models.erf import EffectiveData


def erf_report(found: Effective, checkpoint: str | None) -> Report:
    """Sigma per axis next to the exact field and to what random weights would give."""
    node = found.graph.nodes[found.layer]
    field = Fields(found.graph).of(found.layer)
    theory = found.theory
    columns = (
        Column("layer", "Layer"),
        Column("unit", "Unit", lambda unit: ",".join(map(str, unit)) or "-"),
        Column("sigma", "Sigma", _pixels),
        Column("theory", "Random weights, in theory", _pixels),
        Column("field", "Field", lambda size: times(size) if size else "whole input"),
        Column("pixels", "Effective pixels", lambda n: f"{n:,}", True),
        Column("image", "Image", times),
    )
    image = found.graph.nodes[found.graph.inputs[0]].shape.size
    table = Table("", columns, ((node.name, found.unit, found.sigma, theory, field.size, found.pixels, image),))
    weights = f"from {checkpoint}, matched {found.weights}" if checkpoint else found.weights
    notes = [
        *([("Runs", _runs(found))] if found.network.remark else ()),
        ("Weights", f"{weights}; {found.samples} samples of random inputs"),
        ("Sigma", "standard deviation, in pixels, of the squared gradient of one unit, per axis"),
        ("Effective pixels", f"those whose gradient is at least {percent(WITHIN, 2)} of the largest (Luo 2016)"),
    ]
    data: EffectiveData = {
        "name": found.graph.name,
        "runs": found.network.runs,
        "layer": node.name,
        "unit": list(found.unit),
        "weights": weights,
        "samples": found.samples,
        "sigma": list(found.sigma),
        "sigma_random_weights": None if theory is None else list(theory),
        "receptive_field": None if field.size is None else list(field.size),
        "effective_pixels": found.pixels,
        "image": list(image),
    }
    return Report(f"{found.graph.name}: effective receptive field of {node.name}", (table,), tuple(notes), table, data)


def _runs(found: Effective) -> str:
    """Which module ran, and why not the model itself."""
    origin, name = found.graph.origin, found.graph.nodes[found.layer].name
    if origin is not None and not origin.shows(found.layer):
        return f"the module that is built of the layers: {name} is no module of the model, nor an output"
    return found.network.remark


def _pixels(values: tuple[float, ...] | None) -> str:
    return "-" if values is None else joined([round(value, 2) for value in values])
