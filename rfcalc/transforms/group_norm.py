"""Batch norms become group norms (Wu and He 2018), which do not depend on the batch."""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph
from rfcalc.layers.vocabulary.norm import BatchNorm, GroupNorm
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed

USUAL = 32


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """Of 32 groups, or of GROUPS; where they do not divide the channels, of the largest smaller number that does."""
    if argument and (not argument.isdecimal() or not 1 <= int(argument[:9]) <= 1 << 16):
        raise RuleError(f"group-norm takes a number of groups, such as group-norm=32, not {argument!r}")
    wanted = int(argument or USUAL)
    work = Rewriter(graph)
    fewer: list[str] = []
    for index, node in enumerate(graph.nodes):
        op = node.op
        if not isinstance(op, BatchNorm) or not chosen(node):
            work.keep(index)
            continue
        channels = node.shape.channels
        groups = max(n for n in range(1, min(wanted, channels) + 1) if channels % n == 0)
        fewer += [f"{node.name}: {groups}"] if groups < wanted else []
        work.keep(index, GroupNorm(groups, op.eps, op.affine))
    if not work.changed:
        raise RuleError("there is no batch norm")
    notes = [f"fewer than {wanted} groups, which do not divide the channels: {', '.join(fewer)}"] if fewer else []
    return work.done(
        False, "not equivalent: statistics of each image instead of the training set's; scales and offsets carry over", *notes
    )
