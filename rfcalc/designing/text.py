"""A design as a spec that reads well and analyses to the figures that were promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rfcalc.designing.blocks import BlockChoice, place, projected
from rfcalc.designing.space import Design, Space
from rfcalc.relations.shape import Shape
from rfcalc.report.units import PREFIXES, short

COMMENT = 62  # column of the comments at the end of the lines

CONV = "conv: {norm: bn, act: relu, bias: false}"
SEPCONV = "sepconv: {norm: bn, act: relu, mid_norm: bn, mid_act: relu, bias: false}"
BLOCKS = {
    "basic": """\
  basic:
    params: {w: null, k: 3, s: 1, d: 1, project: false}
    layers:
      - residual:
          main:
            - {name: conv1, conv: {out: w, k: k, s: s, d: d}}
            - {name: conv2, conv: {out: w, k: k, d: d, act: none}}
          skip:
            - {name: project, conv: {out: w, k: 1, s: s, act: none}, when: project}
      - relu""",
    "bottleneck": """\
  bottleneck:
    params: {w: null, narrow: null, k: 3, s: 1, d: 1, project: false}
    layers:
      - residual:
          main:
            - {name: conv1, conv: {out: narrow, k: 1}}
            - {name: conv2, conv: {out: narrow, k: k, s: s, d: d}}
            - {name: conv3, conv: {out: w, k: 1, act: none}}
          skip:
            - {name: project, conv: {out: w, k: 1, s: s, act: none}, when: project}
      - relu""",
}


def spec_of(space: Space, design: Design, command: str = "") -> str:
    """The YAML text; `command` is the call that found it, for the comment at the top."""
    kinds = {unit.kind for units in design.stages for unit in units}
    lines = [f"# {summary(space, design)}"]
    lines += ["#", f"# Found by: {command}"] if command else []
    lines += [
        "# Put your head below the last layer: gap and linear to classify, a 1x1 convolution to detect or to segment.",
        "# The figures in the comments are those of the design as it was found.",
        f"input: {space.input}",
        f"object_size: {space.target}",
        *_budget(space, design),
        "defaults:",
        f"  {CONV}",
    ]
    lines += [f"  {SEPCONV}"] if "separable" in kinds else []
    blocks = [text for kind, text in BLOCKS.items() if kind in kinds]
    lines += ["blocks:", *blocks] if blocks else []
    return "\n".join([*lines, "layers:", *_layers(space, design)]) + "\n"


def summary(space: Space, design: Design) -> str:
    """A design in one line: what it sees, and what it costs."""
    seen = f"Receptive field {design.field}"
    if space.effective:
        seen = f"Effective receptive field {design.effective:.0f} (4 sigma; {design.field} in theory)"
    costs = f"{short(design.macs, 'MACs')}, {short(design.params)} parameters at {space.input}"
    return f"{seen} for structures of {space.target} pixels, stride {space.stride}: {costs}"


def _budget(space: Space, design: Design) -> Iterator[str]:
    """What the design was asked to keep, so that `rfcalc check` watches over it."""
    parts = []
    if not space.effective and design.field >= space.target:
        parts.append(f'receptive_field: ">= {space.target}"')
    if space.limits.macs is not None:
        parts.append(f"macs: <= {_amount(space.limits.macs)}")
    if space.limits.params is not None:
        parts.append(f"params: <= {_amount(space.limits.params)}")
    if parts:
        yield f"budget: {{{', '.join(parts)}}}"


def _amount(value: int) -> str:
    """A number with a prefix, such as 4.2 G, where that is exact."""
    shown = ((f"{value / scale:g}", scale, prefix) for prefix, scale in PREFIXES if value >= scale)
    return next((f"{text} {prefix}" for text, scale, prefix in shown if float(text) * scale == value), str(value))


def _layers(space: Space, design: Design) -> Iterator[str]:
    shape, pixels, field = space.input, 1, 1
    for number, units in enumerate(design.stages):
        width = space.widths[number - 1] if number else space.stem
        halves = number <= space.halvings
        for name, group in _groups(number, units, halves):
            stride = 2 if halves and name in ("stem", f"down{number}") else 1
            project = projected(group[0], shape, width, stride)
            line = f"  - {{name: {name}, {_op(group[0], width, stride, project and len(group) == 1, project)}}}"
            if len(group) > 1:
                line = line[:-1] + f", repeat: {len(group)}}}"
            for unit in group:
                move, shape = place(unit, shape, width, stride, pixels)
                field, pixels, stride = field + move.growth, pixels * stride, 1
            yield f"{line:<{COMMENT}}  # field {field}, stride {pixels}, {_size(shape)}"


def _groups(number: int, units: Sequence[BlockChoice], halves: bool) -> Iterator[tuple[str, list[BlockChoice]]]:
    """Equal blocks that follow each other, with a name; the block that halves the map stands alone."""
    if halves:
        yield (f"down{number}" if number else "stem"), [units[0]]
        units = units[1:]
    runs = [list(run) for _, run in groupby(units)]
    for letter, run in zip("abcdefghijklmnopqrstuvwxyz" * len(runs), runs, strict=False):
        yield f"stage{number}{letter if len(runs) > 1 else ''}", run


def _op(unit: BlockChoice, width: int, stride: int, always: bool, first: bool) -> str:
    word = {"plain": "conv", "separable": "sepconv"}.get(unit.kind, unit.kind)
    parts = [f"{'w' if word in BLOCKS else 'out'}: {width}"]
    parts += [f"narrow: {max(1, width // 4)}"] if word == "bottleneck" else []
    parts += [f"k: {unit.kernel}"] if unit.kernel != 3 or word not in BLOCKS else []
    parts += [f"s: {stride}"] if stride > 1 else []
    parts += [f"d: {unit.dilation}"] if unit.dilation > 1 else []
    if first:
        parts.append("project: true" if always else 'project: "i == 0"')
    return f"{word}: {{{', '.join(parts)}}}"


def _size(shape: Shape) -> str:
    return "x".join(map(str, shape.size))
