"""The report of `rfcalc design`: the front as a table, the recommended design, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rfcalc.analyses.metrics import SIGMAS
from rfcalc.designing.blocks import BlockChoice
from rfcalc.designing.designs import front
from rfcalc.designing.space import Design, Limits, Space, Stage, aim, measure, stages
from rfcalc.errors import fail
from rfcalc.record import record, replace
from rfcalc.report.tables import Column, Report, Table
from rfcalc.report.units import growth, short
from rfcalc.reports.parts.contract import shape_data

if TYPE_CHECKING:
    from rfcalc.report.models.designs import DesignData, DesignsData

SHOWN = 12


@record
class Choice:
    """The recommended design, by its place in the front, and the reason in one sentence."""

    index: int
    why: str


def seen(space: Space, design: Design) -> int:
    """What the target is compared with, in pixels: the field, or the effective field."""
    return round(design.effective) if space.effective else design.field


def recommended(space: Space, designs: Sequence[Design]) -> Choice:
    """Of the designs that cover the target, the one with the least product of MACs and parameters."""
    what = "effective field" if space.effective else "field"
    covering = [i for i, design in enumerate(designs) if seen(space, design) >= space.target]
    if not covering:
        nearest = max(range(len(designs)), key=lambda i: (seen(space, designs[i]), -designs[i].macs))
        most = seen(space, designs[nearest])
        more = f" (--target {space.target + 1} asks for designs that do)" if most == space.target - 1 else ""
        return Choice(nearest, f"none of these covers {space.target} pixels; its {what} of {most} comes nearest{more}")
    index = min(covering, key=lambda i: (designs[i].macs * designs[i].params, i))
    chosen = designs[index]
    parts = [f"its {what} of {seen(space, chosen)} covers the target ({_off(space, chosen)})"]
    if len(covering) > 1:
        parts.append(f"of the {len(covering)} designs that do, it has the least MACs x parameters")
    near = designs[0]
    if abs(seen(space, near) - space.target) < seen(space, chosen) - space.target:
        price = f"{growth(near.macs / chosen.macs - 1)} MACs and {growth(near.params / chosen.params - 1)} parameters"
        parts.append(f"the nearest ({seen(space, near)}) costs {price}")
    return Choice(index, "; ".join(parts))


def searched(space: Space) -> tuple[list[Design], Choice]:
    """The front of a space, and the design that is recommended; raises SpecError that says why where there is none, RuleError
    for a space that cannot be searched."""
    designs = front(space)
    if not designs:
        raise fail("E502", *nothing_found(space))
    return designs, recommended(space, designs)


def nothing_found(space: Space) -> tuple[str, None, str]:
    """Why the front is empty: a message, no place, and a hint."""
    aimed = f"an effective field near {space.target} pixels" if space.effective else f"a field near {space.target} pixels"
    free = replace(space, limits=Limits())
    if unlimited := front(free):
        macs, params = min(unlimited, key=lambda d: d.macs), min(unlimited, key=lambda d: d.params)
        costs = f"at least {short(macs.macs, 'MACs')} or {short(params.params)} parameters"
        return f"no design with {aimed} is within the limits", None, f"without limits it takes {costs}"
    smallest = measure(space, tuple(_smallest(space, stage) for stage in stages(space)))
    if seen(space, smallest) > space.target:
        hint = "a smaller --stride or fewer --layers see less"
        return f"no design sees so little: the smallest sees {seen(space, smallest)} pixels", None, hint
    return f"no design has {aimed}", None, "more --layers or --dilations see more, --tolerance allows a larger error"


def _smallest(space: Space, stage: Stage) -> tuple[BlockChoice, ...]:
    """The blocks of a stage that see least."""
    units = []
    for first, later in zip(stage.first, stage.later, strict=True):
        start = min(first, key=lambda move: aim(space, move))
        units.append([start, *sorted(later, key=lambda move: aim(space, move))[:1] * (stage.least - 1)])
    return tuple(move.unit for move in min(units, key=lambda moves: sum(aim(space, move) for move in moves)))


def designs_report(space: Space, designs: Sequence[Design], choice: Choice, every: bool = False) -> Report:
    """The table of the front (its most balanced designs unless `every`), with notes, and all of it as data."""
    rows = range(len(designs)) if every else _balanced(designs, choice.index)
    columns = [
        Column("number", "#", lambda i: f"{i + 1}{' *' if i == choice.index else ''}"),
        Column("field", "RF", str, True),
        Column("effective", "Effective", lambda x: f"{x:.0f}", True),
        Column("off", "Off", lambda n: f"{n:+d} px" if n else "0 px", True),
        Column("macs", "MACs", short, True),
        Column("params", "Params", short, True),
        Column("depth", "Convs", str, True),
        Column("stages", "Stem | stages", str, ratio=4, wrap=True),
    ]
    values = tuple(_row(space, i, designs[i]) for i in rows)
    count = space.size()
    title = f"{len(designs)} designs that no other one beats, of {_large(count)}, for structures of {space.target} pixels"
    notes = list(_notes(space, designs, choice, len(values)))
    return Report(
        title, (Table("", tuple(columns), values),), tuple(notes), _flat(space, designs), _data(space, designs, choice)
    )


def _row(space: Space, index: int, design: Design) -> tuple[object, ...]:
    off = seen(space, design) - space.target
    stages = " | ".join(map(stage_text, design.stages))
    return (index, design.field, design.effective, off, design.macs, design.params, design.depth, stages)


def _off(space: Space, design: Design) -> str:
    off = seen(space, design) - space.target
    return f"{off:+d} px, {growth(off / space.target)}" if off else "0 px"


def _balanced(designs: Sequence[Design], chosen: int) -> list[int]:
    """The designs with the least product of MACs and parameters, and the chosen one, in the order of the front."""
    order = sorted(range(len(designs)), key=lambda i: (i != chosen, designs[i].macs * designs[i].params))
    return sorted(order[:SHOWN])


def stage_text(units: Sequence[BlockChoice]) -> str:
    """A stage in a few characters: "3 2x3d2 basic"."""
    parts = []
    for unit, run in groupby(units):
        count = len(list(run))
        parts.append(f"{count}x" * (count > 1) + f"{unit.kernel}" + f"d{unit.dilation}" * (unit.dilation > 1))
    kind = units[0].kind
    return " ".join([*parts, kind] if kind != "plain" else parts)


def _large(count: int) -> str:
    return f"{count:,}" if count < 10**6 else f"{count:.1e}"


def _notes(space: Space, designs: Sequence[Design], choice: Choice, shown: int) -> Iterator[tuple[str, str]]:
    chosen = designs[choice.index]
    yield "Recommended (*)", f"number {choice.index + 1}: {choice.why}"
    macs, flops = short(chosen.macs, "MACs"), short(2 * chosen.macs, "FLOPs")
    yield "It costs", f"{macs} ({flops}) at {space.input}, {chosen.params:,} parameters; output stride {space.stride}"
    yield "Stem | stages", "the kernels, in order: 2x3d4 are two 3x3 convolutions with dilation 4"
    aim = "; the target is meant for it, to 1 %" if space.effective else ""
    wide = "; beyond the field where the weight lies at its borders" if any(d.effective > d.field for d in designs) else ""
    yield "Effective", f"the part of the field that counts under random weights, {SIGMAS} sigma wide{wide}{aim}"
    holes = "designs may leave holes in the field" if space.holes else "no design leaves holes in the field, after any layer"
    yield "Holes", holes + ("" if space.holes else " (--holes allows them)")
    if shown < len(designs):
        count = len(designs) - shown
        yield "Not shown", f"{count} design{'s' if count > 1 else ''} with a larger product of MACs and parameters (--all)"


def _flat(space: Space, designs: Sequence[Design]) -> Table:
    keys = ("number", "field", "effective_field", "macs", "flops", "params", "depth", "stages")
    rows = tuple(
        (i + 1, d.field, round(d.effective, 3), d.macs, 2 * d.macs, d.params, d.depth, " | ".join(map(stage_text, d.stages)))
        for i, d in enumerate(designs)
    )
    return Table("designs", tuple(Column(key, key) for key in keys), rows)


def _data(space: Space, designs: Sequence[Design], choice: Choice) -> DesignsData:
    return {
        "target": space.target,
        "aim": "effective_field" if space.effective else "receptive_field",
        "input": shape_data(space.input),
        "stride": space.stride,
        "hole_free": not space.holes,
        "designs_searched": space.size(),
        "recommended": {"number": choice.index + 1, "why": choice.why},
        "front": [_design(space, i, design) for i, design in enumerate(designs)],
    }


def _design(space: Space, index: int, design: Design) -> DesignData:
    return {
        "number": index + 1,
        "receptive_field": design.field,
        "effective_sigma": round(design.sigma, 6),
        "effective_field": round(design.effective, 6),
        "error": seen(space, design) - space.target,
        "macs": design.macs,
        "flops": 2 * design.macs,
        "params": design.params,
        "depth": design.depth,
        "stages": [
            [{"block": unit.kind, "kernel": unit.kernel, "dilation": unit.dilation} for unit in units]
            for units in design.stages
        ],
    }
