"""A convolution becomes 1x1, narrow, 1x1 (He et al. 2015): the wide kernel works on few channels."""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.contract import Op
from rfcalc.layers.counted import Counted
from rfcalc.layers.traits import LayerKind
from rfcalc.layers.vocabulary.conv import Conv
from rfcalc.record import replace
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed
from rfcalc.transforms.separable import standard


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """The narrow layers have 1/RATIO of the output's channels (4 if nothing is said); norm and activation of the layer are
    repeated behind each. NAME_reduce and NAME_narrow come first, the last 1x1 keeps the name."""
    if argument and (not argument.isdecimal() or not 2 <= int(argument[:9]) <= 64):
        raise RuleError(f"bottleneck takes a ratio from 2 to 64, such as bottleneck=4, not {argument!r}")
    ratio = int(argument or 4)
    work = Rewriter(graph)
    left: list[str] = []
    for index, node in enumerate(graph.nodes):
        op = standard(node) if chosen(node) else None
        if op is None or op.out < 2 * ratio or node.shapes[0].channels < 2 * ratio:
            left += [node.name] if op is not None else []
            work.keep(index)
            continue
        narrow = op.out // ratio
        behind = _behind(graph, index)
        at = _chain(work, f"{node.name}_reduce", Conv(out=narrow, kernel=1, bias=op.bias), behind, index)
        at = _chain(work, f"{node.name}_narrow", replace(op, out=narrow), behind, index, at)
        work.at[index] = work.add(node.name, Conv(out=op.out, kernel=1, bias=op.bias), [at], node)
        work.changed.append(node.name)
    if not work.changed:
        raise RuleError(f"there is no standard convolution with a kernel larger than 1 and at least {2 * ratio} channels")
    notes = [f"left as they are, having few channels: {', '.join(left)}"] if left else []
    return work.done(False, "not equivalent: the narrow layers are new and are to be trained", *notes)


def _behind(graph: Graph, index: int) -> list[Node]:
    """The norm and the activation that follow a layer, if nothing else reads it."""
    behind: list[Node] = []
    while len(graph.readers[index]) == 1 and len(behind) < 2:
        index = graph.readers[index][0]
        node = graph.nodes[index]
        if isinstance(node.op, Counted) or not (node.op.kind is LayerKind.NORM or (behind and _activates(node))):
            break
        behind.append(node)
    return behind


def _activates(node: Node) -> bool:
    return node.op.kind is LayerKind.ACTIVATION and not node.learns


def _chain(work: Rewriter, name: str, op: Op, behind: list[Node], index: int, at: int | None = None) -> int:
    node = work.graph.nodes[index]
    at = work.add(work.new(name), op, [work.at[node.inputs[0]] if at is None else at], node)
    for follower in behind:
        at = work.add(work.new(f"{name}_{follower.op.word}"), follower.op, [at], node)
    return at
