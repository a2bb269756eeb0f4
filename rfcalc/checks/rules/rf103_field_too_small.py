"""RF103: a receptive field smaller than the objects that the spec declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rfcalc.analyses.layer import Layer
from rfcalc.analyses.metrics import SIGMAS
from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.language.objects import SizeRange
from rfcalc.report.units import joined


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires for each output (or, behind a global pool, the last map) whose box is smaller than `object_size` on an axis; for an
    output with sizes of its own also if its effective field is, or if its centres lie too far apart."""
    sizes: dict[str, SizeRange] = analysis.graph.stated("object_size", {})
    if "" not in sizes:
        yield from _heads(analysis, sizes)
        return
    seen: set[str] = set()
    for output in analysis.outputs:
        layer = output if output.field.size is not None else analysis.last_spatial
        if layer is not None and layer.name not in seen:
            seen.add(layer.name)
            yield from _field(layer, sizes[""], "the objects")


def _heads(analysis: Analysis, sizes: dict[str, SizeRange]) -> Iterator[Hit]:
    """What is wrong with outputs for the objects of their own."""
    if not sizes:
        return
    from rfcalc.analyses.erf import deviations

    graph = analysis.graph
    sigmas = deviations(graph, graph.inputs[0])
    for output in analysis.outputs:
        own = sizes.get(output.name)
        if own is None or output.field.whole_input:
            continue
        yield from _field(output, own, "its objects")
        effective = tuple(SIGMAS * sigma for sigma in sigmas[graph.by_name[output.name]])
        if _less(effective, own.least):
            spans = joined([round(width, 1) for width in effective])
            text = f"the effective field of a unit spans {spans} pixels (4 sigma, random weights), less than its"
            yield Hit(output.name, f"{text} smallest objects of {joined(own.least)} (object_size)")
        yield from _centres(output, own, analysis.input.size)


def _field(layer: Layer, sizes: SizeRange, whose: str) -> Iterator[Hit]:
    field = layer.field
    if field.size and not field.whole_input and _less(field.size, sizes.most):
        seen, wanted = "x".join(map(str, field.size)), "x".join(map(str, sizes.most))
        yield Hit(layer.name, f"a unit sees {seen} pixels, less than {whose} of {wanted} (object_size)")


def _centres(layer: Layer, sizes: SizeRange, image: Sequence[int]) -> Iterator[Hit]:
    """Whether some object of the smallest size, somewhere in the image, has no unit's centre in it."""
    field, units = layer.field, layer.node.shape.size
    if field.stride is None or field.center0 is None or len(units) != len(image):
        return
    gaps = []
    for first, step, count, size in zip(field.center0, field.stride, units, image, strict=True):
        last = first + float(step) * (count - 1)
        gaps.append(max(first, size - 1 - last, float(step) if count > 1 else 0.0))
    least = sizes.least if len(sizes.least) > 1 else sizes.least * len(gaps)
    if any(gap > min(wanted, size) for gap, wanted, size in zip(gaps, least, image, strict=False)):
        text = (
            f"the centres of units leave gaps of {joined(gaps)} pixels, more than its smallest objects of {joined(sizes.least)}"
        )
        yield Hit(layer.name, f"{text} (object_size): some have no centre in them")


def _less(found: Sequence[float], wanted: Sequence[float]) -> bool:
    """Whether a size is below another on an axis; one number stands for all axes."""
    every = [*wanted] * len(found) if len(wanted) == 1 else wanted
    return len(every) == len(found) and any(n < least for n, least in zip(found, every, strict=True))


RULE = Rule(
    code="RF103",
    name="field-smaller-than-object",
    summary="a receptive field smaller than the declared object size",
    why=(
        "No unit can judge what it does not see: where a unit's field is smaller than the object, the network sees parts "
        "only and must guess the whole from texture. The field of trained networks is effectively smaller still. The rule "
        "applies where the spec says how large the objects are: `object_size: 96`, or `[96, 64]` for one number per axis. "
        "Heads of a detector find objects of different sizes, each its own: `object_size: {p3: [30, 60], p4: [60, 120]}` gives "
        "each output (names or globs) its smallest and its largest objects; one number, where they are alike; or `{anchors: "
        "[[30, 60], [60, 30]]}`, boxes of one number per axis, in the order of `input`. Then the field must span the largest, "
        "the effective field (4 sigma under random weights) the smallest, and an object of the smallest size must hold the "
        "centre of a unit wherever in the image it lies."
    ),
    example="input: 3x128x128\nobject_size: 96\nlayers:\n" + "  - conv: {out: 16, k: 3}\n" * 3,
    mend="Downsample, dilate or go deeper; `rfcalc design --target N` lists the cheapest ways.",
    reference="Luo et al. 2016, Understanding the Effective Receptive Field in Deep CNNs, arXiv:1701.04128",
    find=find,
    severity="error",
)
