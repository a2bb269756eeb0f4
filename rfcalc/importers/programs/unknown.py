"""A layer of a program that nobody knows, as an upper bound: it reads the whole of its operands."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from rfcalc.importers.programs.layout import BATCH, CHANNELS, full, size_of
from rfcalc.importers.programs.program import Const, Program, Tensor
from rfcalc.layers.words import make


def unknown(
    program: Program,
    name: str,
    inputs: Sequence[Tensor],
    shape: Sequence[int],
    consts: Sequence[Const],
    macs: int | None = None,
) -> Tensor:
    """A layer that nobody knows: each unit reads the whole of each input. `macs` if at least those are known."""
    claim, batch = program.claim(consts), program.batch
    sizes = list(shape[1:]) if shape and shape[0] == batch else list(shape)
    if not sizes:
        sizes = [1]
    channels, *size = sizes
    op = make(
        "unknown", name=name, out=channels, size=tuple(size) or None, params=claim.params, buffers=claim.buffers, macs=macs
    )
    found = program.emit(op, inputs, None, claim)
    lead = (full(BATCH, batch),) if shape and shape[0] == batch else ()
    layout = (*lead, full(CHANNELS, channels), *(full(k, n) for k, n in enumerate(size, 1)))
    return Tensor(found.node, layout if prod(map(size_of, layout)) == prod(shape) else found.layout)
