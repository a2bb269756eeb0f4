"""RF103: a receptive field smaller than the objects that the spec declares."""

from __future__ import annotations

from collections.abc import Iterator

from rfcalc.analyses.network import Analysis, Layer
from rfcalc.checks.model import Hit, Rule


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for each output (or, behind a global pool, the last map) whose box is smaller than `object_size` on an axis."""
    wanted = _sizes(analysis.graph.settings.get("object_size"))
    seen: set[str] = set()
    for output in analysis.outputs:
        layer = output if output.field.size is not None else analysis.last_spatial
        if layer is None or layer.name in seen:
            continue
        seen.add(layer.name)
        if _small(layer, wanted):
            field, size = ("x".join(map(str, sizes)) for sizes in (layer.field.size or (), wanted))
            yield Hit(layer.name, f"a unit sees {field} pixels, less than the objects of {size} (object_size)")


def _sizes(value: object) -> tuple[float, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(n for n in values if isinstance(n, int | float) and not isinstance(n, bool))


def _small(layer: Layer, wanted: tuple[float, ...]) -> bool:
    size = layer.field.size
    if not size or not wanted or layer.field.whole_input or len(wanted) not in (1, len(size)):
        return False
    return any(n < least for n, least in zip(size, wanted * len(size) if len(wanted) == 1 else wanted, strict=True))


RULE = Rule(
    code="RF103",
    name="field-smaller-than-object",
    summary="a receptive field smaller than the declared object size",
    why=(
        "No unit can judge what it does not see: where a unit's field is smaller than the object, the network sees parts "
        "only and must guess the whole from texture. The field of trained networks is effectively smaller still. The rule "
        "applies where the spec says how large the objects are."
    ),
    example="input: 3x128x128\nobject_size: 96\nlayers:\n" + "  - conv: {out: 16, k: 3}\n" * 3,
    mend="Downsample, dilate or go deeper; `rfcalc design --target N` lists the cheapest ways.",
    reference="Luo et al. 2016, Understanding the Effective Receptive Field in Deep CNNs, arXiv:1701.04128",
    find=find,
    severity="error",
)
