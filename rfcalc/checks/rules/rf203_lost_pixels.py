"""RF203: positions of a map that no layer ever reads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rfcalc.analyses.network import Analysis
from rfcalc.checks.model import Hit, Rule
from rfcalc.graph import Graph
from rfcalc.relations.geometry import Reach

LONGEST = 100_000  # longer axes are not looked at


def find(analysis: Analysis) -> Iterator[Hit]:
    """Fires at the first strided window that reads a map of which, with all its readers, some rows are never read."""
    graph = analysis.graph
    for index, node in enumerate(graph.nodes):
        windows = [i for i in graph.readers[index] if graph.nodes[i].op.sliding]
        if not windows or index in graph.outputs or max(node.shape.size, default=LONGEST + 1) > LONGEST:
            continue
        for axis, n in enumerate(node.shape.size):
            lost = _lost(graph, index, axis, n)
            if lost:
                yield Hit(graph.nodes[windows[0]].name, _message(lost, n), _hint(lost, n))
                break


def _lost(graph: Graph, index: int, axis: int, n: int) -> list[int]:
    """The positions on one axis that no reader reads."""
    read = 0
    for i in graph.readers[index]:
        node = graph.nodes[i]
        for one in node.reads:
            if node.inputs[one.source] != index:
                continue
            reach = one.axes[axis] if one.axes else None
            if reach is None or reach.identity or axis >= node.shape.rank:
                return []
            read |= _positions(reach, n, node.shape.size[axis])
    left = int.from_bytes(b"\1" * n, "little") & ~read
    return [k for k, lost in enumerate(left.to_bytes(n, "little")) if lost] if left else []


@lru_cache(maxsize=1024)
def _positions(reach: Reach, n: int, units: int) -> int:
    """The positions of `n` that some unit reads, as a number with a byte for each, the first one lowest."""
    read = bytearray(n)
    for i in range(units):
        for k in reach.read(i, n):
            read[k] = 1
    return int.from_bytes(read, "little")


def _message(lost: list[int], n: int) -> str:
    if lost[0] == n - len(lost):
        which = f"last row of {n} is" if len(lost) == 1 else f"last {len(lost)} rows of {n} are"
        return f"the {which} never read"
    return f"{len(lost)} of {n} rows are never read: the stride skips them"


def _hint(lost: list[int], n: int) -> str:
    return f"padding, ceil_mode, or a size of {n - len(lost)} there" if lost[0] == n - len(lost) else ""


RULE = Rule(
    code="RF203",
    name="lost-pixels",
    summary="rows of a map that no layer ever reads",
    why=(
        "A stride larger than the window skips positions, and a size that does not fit the stride leaves the last rows "
        "outside every window: what was computed there is thrown away, small objects can vanish, and the image's border "
        "is never seen. All readers of a map count together: the 1x1 shortcut of a ResNet skips three quarters of its "
        "map, but the 3x3 beside it reads them, so it stays silent. The first ResNets, and so the trunk of DeeperCut, "
        "stride in the first 1x1 of each bottleneck, beside a strided 1x1 shortcut; there it is right, as released "
        "weights expect it, and later implementations moved the stride to the 3x3 for this reason."
    ),
    example="input: 3x64x64\nlayers:\n  - conv: {out: 16, k: 3}\n  - conv: {out: 16, k: 1, s: 2}\n",
    mend="Pool or use a larger kernel before striding; choose input sizes that fit (`rfcalc sizes SPEC` lists them).",
    reference="He et al. 2018, Bag of Tricks for Image Classification with CNNs (ResNet-D), arXiv:1812.01187",
    find=find,
)
