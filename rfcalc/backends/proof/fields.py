"""Receptive fields against autograd: the exact set of pixels of chosen units, and the unclipped box on a large input."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from rfcalc.analyses.receptive_field import Fields, ReceptiveField
from rfcalc.backends.proof.claims import Claim, where
from rfcalc.backends.proof.measured import MOST_BYTES, MOST_OWN, Measured, Unit, measure, measure_own
from rfcalc.backends.proof.rebuild import enlarged, narrower
from rfcalc.backends.proof.rules import NoRuleError
from rfcalc.backends.torch.subject import Subject
from rfcalc.errors import SpecError
from rfcalc.fields.backward import Seen
from rfcalc.graph import Graph, Node
from rfcalc.origin import Origin
from rfcalc.progress import each
from rfcalc.report.tables import box_text
from rfcalc.report.units import joined, percent, times

MOST_PHASES = 64


def field_claims(network: Subject, layers: Sequence[int], count: int, seed: int) -> Iterator[Claim]:
    """Two claims for each layer: what `count` of its units read, pixel by pixel, and the unclipped box of its units. One's own
    module is asked for its outputs and for layers that are modules of it, the rebuilt one for the others and for boxes."""
    graph, draw = network.graph, random.Random
    units = {i: chosen_units(graph.nodes[i].shape.size, count, draw(seed)) for i in layers}
    if network.own and graph.origin is not None:
        yield from _own_claims(graph, graph.origin, units)
    else:
        yield from _rebuilt_claims(graph, layers, units)


def _own_claims(graph: Graph, origin: Origin, units: Mapping[int, Sequence[Unit]]) -> Iterator[Claim]:
    """The claims of one's own module, then those of the rebuilt one."""
    try:
        measured = measure_own(graph, origin, list(units))
        reason = "" if measured else f"needs more than {MOST_OWN / 1e9:.0f} GB"
    except NoRuleError as error:
        measured, reason = None, f"no positive counterpart of {error} is known"
    except Exception as error:  # somebody's own code
        measured, reason = None, f"it did not run: {type(error).__name__}: {error}".splitlines()[0]
    if measured is None:
        yield Claim("fields of the model itself", "", "", None, reason)
    found, sources = measured.outputs if measured else {}, _sources(graph)
    for i in each(f"{graph.name}: gradients of its own module", list(units)):
        if measured and i in found:
            yield _units_claim(sources, measured, i, units[i], "on the model itself")
    measured = None
    try:
        yield from _rebuilt_claims(graph, list(units), {i: chosen for i, chosen in units.items() if i not in found})
    except SpecError as error:
        yield Claim("boxes", "", "", None, f"they need the rebuilt network: {error.problems[0].message}")


def _rebuilt_claims(graph: Graph, layers: Sequence[int], units: Mapping[int, Sequence[Unit]]) -> Iterator[Claim]:
    try:
        narrow, measured = _narrowest(graph, units)
    except NoRuleError as error:
        yield Claim("receptive fields", "", "", None, f"no positive counterpart of {error} is known")
        return
    if measured is None:
        yield Claim("receptive fields", "", "", None, f"needs more than {MOST_BYTES / 1e9:.0f} GB")
        return
    width, sources = _width_note(graph, narrow), _sources(graph)
    for i in each(f"{graph.name}: gradients of units", list(units)):
        yield _units_claim(sources, measured, i, units[i], width)
    del measured
    yield from _box_claims(graph, narrow, layers)


def chosen_units(size: Sequence[int], count: int, draw: random.Random) -> list[Unit]:
    """The centre, two corners, an edge unit per axis, then random units, without repetition; () for a vector."""
    middle, last = tuple(n // 2 for n in size), tuple(n - 1 for n in size)
    units = [middle, (0,) * len(size), last]
    for k in range(len(size)):
        units.append(tuple(0 if i == k else m for i, m in enumerate(middle)))
        units.append(tuple(last[i] if i == k else m for i, m in enumerate(middle)))
    units += [tuple(draw.randrange(n) for n in size) for _ in range(count)]
    return list(dict.fromkeys(units))[:count]


def _narrowest(graph: Graph, units: Mapping[int, Sequence[Unit]]) -> tuple[Graph, Measured | None]:
    """The narrowest version of the graph that runs and in which these units read what they read in the graph itself."""
    for narrow in narrower(graph):
        if narrow is graph:
            break
        try:
            if _same_units(graph, narrow, units) and (measured := measure(narrow, list(units))):
                return narrow, measured
        except RuntimeError:  # stored numbers, for example, that do not fit the width
            continue
    return graph, measure(graph, list(units))


def _same_units(graph: Graph, narrow: Graph, units: Mapping[int, Sequence[Unit]]) -> bool:
    both = list(zip(_sources(graph), _sources(narrow), strict=True))
    asked = ((fields, i, unit) for fields in both for i in units for unit in units[i])
    return all(set(a.seen(i, unit).products) == set(b.seen(i, unit).products) for (a, b), i, unit in asked)


def _sources(graph: Graph) -> list[Fields]:
    """The fields on each of a graph's inputs."""
    return [Fields(graph, source) for source in graph.inputs]


def _width_note(graph: Graph, narrow: Graph) -> str:
    if narrow is graph:
        return "at full width"
    before, after = (sum(node.shape.channels for node in g.nodes if not node.is_input) for g in (graph, narrow))
    return "at full width" if after == before else f"narrowed to {percent(after / before, 0)} of the channels"


def _units_claim(sources: Sequence[Fields], measured: Measured, i: int, units: Sequence[Unit], note: str) -> Claim:
    graph = sources[0].graph
    node, difference, equal, bounded = graph.nodes[i], "", 0, graph.bounded[i]
    stated = measured_box = "-"
    for unit in units:
        for number, fields in enumerate(sources):
            seen = fields.seen(i, unit)
            claimed = _mask(seen, fields.image)
            measured_set = measured.seen(i, unit, number)
            if unit is units[0] and number == 0:
                stated, measured_box = box_text(seen.box()), box_text(_box(measured_set))
            if claimed.equal(measured_set) or (bounded and not bool((measured_set & ~claimed).any())):
                equal += 1
            elif not difference:
                difference = _difference(unit, claimed, measured_set)
    total = len(units) * len(graph.inputs)
    how = f"{equal} of {total} units {'within the stated bound' if bounded else 'equal'}, pixel by pixel, {note}"
    detail = f"{where(node)}: {difference}" if difference else ""
    return Claim(f"field of {node.name}, centre", stated, measured_box, not difference, detail, how)


def _difference(unit: Unit, claimed: Tensor, found: Tensor) -> str:
    parts = [f"unit {','.join(map(str, unit))}: stated {box_text(_box(claimed))} ({int(claimed.sum()):,} pixels)"]
    parts.append(f"autograd {box_text(_box(found))} ({int(found.sum()):,})")
    pixel = (claimed != found).nonzero()[0].tolist()
    parts.append(f"they differ at pixel {','.join(map(str, pixel))}")
    return ", ".join(parts)


def _box_claims(graph: Graph, narrow: Graph, layers: Sequence[int]) -> Iterator[Claim]:
    """The size of the unclipped box, on an image that is large enough for a unit's box to lie inside."""
    fields = Fields(graph)
    for i in layers:
        field = fields.of(i)
        if field.size and field.stride and not field.whole_input and not fields.bounded(i):
            least = [n + 4 * -(-s.numerator // s.denominator) for n, s in zip(field.size, field.stride, strict=True)]
            yield _box_claim(graph.nodes[i], field, enlarged(narrow, i, least))


def _box_claim(node: Node, field: ReceptiveField, big: Graph | None) -> Claim:
    stated = " to ".join(dict.fromkeys(times(size) for size in (field.size_min, field.size) if size))
    stated += f", stride {joined([float(s) for s in field.stride or ()])}"
    what, outside = f"box of {node.name}", "larger than the image, and"
    if big is None:
        return Claim(what, stated, "-", None, f"{outside} the network fits no larger one")
    larger, last = Fields(big), len(big.nodes) - 1
    if larger.of(last).size != field.size or larger.of(last).size_min != field.size_min:
        return Claim(what, stated, "-", None, f"{outside} it depends on the input's size")
    measured = measure(big, [last], torch.float32)  # exact too: ones and counts of ones
    if measured is None:
        return Claim(what, stated, "-", None, f"{outside} an input of {times(larger.image)} takes too much memory")
    sizes, detail = [], ""
    boxes = _extreme_units(larger, last)
    for unit, claimed in boxes:
        box = _box(measured.seen(last, unit, 0))
        if box != claimed and not detail:
            detail = f"{where(node)}: unit {','.join(map(str, unit))}: stated {box_text(claimed)}, autograd {box_text(box)}"
        sizes.append(times([b - a + 1 for a, b in box]) if box else "nothing")
    shown = " to ".join(dict.fromkeys(sizes)) or "-"
    how = f"autograd at an input of {times(larger.image)}"
    return Claim(what, stated, shown, not detail if boxes else None, detail or ("" if boxes else "no unit lies inside"), how)


def _extreme_units(fields: Fields, i: int) -> list[tuple[Unit, list[tuple[int, int]]]]:
    """Units near the centre with the smallest and the largest unclipped box, and these boxes."""
    size = fields.graph.nodes[i].shape.size
    extremes: dict[int, tuple[Unit, list[tuple[int, int]]]] = {}
    for step in range(min(MOST_PHASES, *(n - n // 2 for n in size))):
        unit = tuple(n // 2 + step for n in size)
        seen = fields.unit(i, unit)
        box = seen.unclipped
        if box and box == seen.clipped:  # no border, no padding and no fold on the way
            extremes.setdefault(sum(b - a for a, b in box), (unit, box))
    return [extremes[key] for key in sorted({min(extremes), max(extremes)})] if extremes else []


def _mask(seen: Seen, size: Sequence[int]) -> Tensor:
    mask = torch.zeros(tuple(size), dtype=torch.bool)
    for product in seen.products:
        part = torch.ones((), dtype=torch.bool)
        for bits, n in zip(product, size, strict=True):
            part = part.unsqueeze(-1) & torch.tensor([bits >> k & 1 == 1 for k in range(n)])
        mask |= part
    return mask


def _box(mask: Tensor) -> list[tuple[int, int]] | None:
    places = mask.nonzero()
    if not len(places):
        return None
    return list(zip(places.amin(0).tolist(), places.amax(0).tolist(), strict=True))
