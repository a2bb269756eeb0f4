"""Strides become dilations, so that the last map is finer and every unit sees what it saw (DeepLab, Chen et al. 2015).

A layer whose stride would pass the wanted one keeps all units: its stride becomes 1, and all layers behind it take taps
`rate` times as far apart. Where both networks have a unit, they agree: unit i of the old map is unit rate * i of the new.
"""

from __future__ import annotations

from fractions import Fraction

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.layers.contract import Op
from rfcalc.layers.traits import LayerKind, Sliding
from rfcalc.layers.vocabulary.adaptive import AdaptiveMaxPool, AdaptivePool
from rfcalc.layers.vocabulary.conv import Conv, Depthwise
from rfcalc.layers.vocabulary.pool import AvgPool, MaxPool
from rfcalc.record import replace
from rfcalc.relations.geometry import Side
from rfcalc.transforms.outcome import Chosen, Rewriter, Transformed, around, axes, joint

Rewritten = Conv | Depthwise | MaxPool | AvgPool
Rate = tuple[int, ...]


def apply(graph: Graph, argument: str, chosen: Chosen) -> Transformed:
    """Raises RuleError for a layer that dilation does not pass through, and where no stride is larger."""
    if not argument.isdecimal() or not 1 <= int(argument[:9]) <= 4096:
        raise RuleError(f"output-stride takes a number of pixels, such as output-stride=8, not {argument!r}")
    surgery = _Surgery(graph, int(argument), chosen)
    for index in range(len(graph.nodes)):
        surgery.node(index)
    if not surgery.changed:
        raise RuleError(f"no layer takes the stride beyond {argument}")
    return surgery.outcome()


class _Surgery:
    def __init__(self, graph: Graph, wanted: int, chosen: Chosen) -> None:
        self.graph, self.wanted, self.chosen = graph, wanted, chosen
        self.work = Rewriter(graph)
        self.rates: list[Rate] = []
        self.strides: list[tuple[Fraction, ...]] = []
        self.averages: list[str] = []
        self.uneven: set[int] = set()
        self.changed = False

    def node(self, index: int) -> None:
        """Copies one layer, with its stride or its dilation changed."""
        node = self.graph.nodes[index]
        rank = node.shape.rank
        rate, stride = self._before(node)
        if node.is_input or not rank or not any(r > 1 for r in rate):
            self._undilated(index, node, rate, stride)
        elif (window := _window(node)) is not None:
            self._sliding(index, node, window, rate, stride)
        elif all(not read.axes and not read.phases for read in node.reads):
            self._pointwise(index, node, rate, stride)
        elif not any(read.local for read in node.reads) and node.shape.positions == 1:
            self.averages.append(node.name)
            self.work.keep(index)
            self._after((1,) * rank, stride)
        else:
            self._merge_or_refuse(index, node, rate, stride)
        self._check(index, node)

    def _before(self, node: Node) -> tuple[Rate, tuple[Fraction, ...]]:
        """The rate and the stride of what a layer reads; maps of one unit follow the others. Raises RuleError."""
        maps = [i for i in node.inputs if self.graph.nodes[i].shape.rank]
        if not maps:
            return (1,) * node.shape.rank, (Fraction(1),) * node.shape.rank
        wide = [i for i in maps if self.graph.nodes[i].shape.positions > 1] or maps
        rates = {self.rates[i] for i in wide}
        if len(rates) > 1:
            names = ", ".join(f"{self.graph.nodes[i].name} by {max(self.rates[i])}" for i in wide)
            raise RuleError(f'{node.op.word} "{node.name}" joins maps that became finer by different factors: {names}')
        return rates.pop(), self.strides[wide[0]]

    def _after(self, rate: Rate, stride: tuple[Fraction, ...]) -> None:
        self.rates.append(rate)
        self.strides.append(stride)

    def _undilated(self, index: int, node: Node, rate: Rate, stride: tuple[Fraction, ...]) -> None:
        rank = node.shape.rank
        if not node.is_input and not rank and any(r > 1 for r in rate):
            new, old = self.work.source(index).shape, node.shapes[0]
            if new != old:
                tied = f"needs a map of {old}, which is {new} now"
                raise RuleError(f'{node.op.word} "{node.name}" {tied}; apply fully-convolutional first')
        if rank and (window := _window(node)) is not None:
            self._sliding(index, node, window, rate, stride)
            return
        self.work.keep(index)
        if not node.is_input and rank and node.reads and node.reads[0].local and node.reads[0].axes:
            steps = [Fraction(a.advance, a.period) if a else Fraction(1) for a in node.reads[0].axes]
            stride = tuple(s * step for s, step in zip(stride, steps, strict=True))
        self._after(rate if rank else (), stride)

    def _pointwise(self, index: int, node: Node, rate: Rate, stride: tuple[Fraction, ...]) -> None:
        """A layer on each unit by itself; a norm may take its statistics over the whole map, which has more units now."""
        self.work.keep(index)
        self._after(rate, stride)
        new, norm = self.work.builder.nodes[self.work.at[index]], node.op.norm
        if new.unshared.params != node.unshared.params:
            raise RuleError(
                f'{node.op.word} "{node.name}" has parameters for each unit of {node.shape}, and {new.shape} has more'
            )
        if norm is not None and norm.positions and not norm.batch and new.shape != node.shape:
            self.averages.append(node.name)

    def _sliding(self, index: int, node: Node, window: Sliding, rate: Rate, stride: tuple[Fraction, ...]) -> None:
        steps = axes(window.stride, node.shape.rank)
        over = [k > 1 and s * k > self.wanted and self.chosen(node) for s, k in zip(stride, steps, strict=True)]
        after = tuple(r * k if far else r for r, k, far in zip(rate, steps, over, strict=True))
        kept = tuple(1 if far else k for k, far in zip(steps, over, strict=True))
        self.changed = self.changed or any(over)
        if any(over) or any(r > 1 for r in rate):
            self.work.keep(index, self._dilated(node, window, rate, kept))
        else:
            self.work.keep(index)
        self._after(after, tuple(s * k for s, k in zip(stride, kept, strict=True)))

    def _dilated(self, node: Node, window: Sliding, rate: Rate, stride: tuple[int, ...]) -> Op:
        """The same window with taps `rate` times as far apart."""
        op, rank = node.op, node.shape.rank
        if not isinstance(op, Rewritten):
            raise RuleError(f'{op.word} "{node.name}" has counts of its own, which another stride or dilation would change')
        if not any(r > 1 for r in rate):
            padding = self._padding(node, window, rate) if op.padding == "same" else op.padding
            return replace(op, stride=joint(stride), padding=padding)
        if isinstance(op, AvgPool):
            return self._averaged(node, op, rate, stride)
        if not isinstance(op, MaxPool) and op.padding_mode != "zeros":
            raise RuleError(f'{op.word} "{node.name}" pads with {op.padding_mode}, which dilation does not keep')
        spread = zip(axes(op.dilation, rank), rate, axes(op.kernel, rank), strict=True)
        dilation = tuple(d * r if k > 1 else d for d, r, k in spread)
        padding = op.padding if op.padding in ("half", "valid") else self._padding(node, window, rate)
        return replace(op, stride=joint(stride), dilation=joint(dilation), padding=padding)

    @staticmethod
    def _padding(node: Node, window: Sliding, rate: Rate) -> int | tuple[Side, ...]:
        """The padding of the old window, `rate` times as wide, in the shortest form."""
        return around([(w.before * r, w.after * r) for w, r in zip(window.on(node.shapes[0].size), rate, strict=True)])

    def _averaged(self, node: Node, op: AvgPool, rate: Rate, stride: tuple[int, ...]) -> AvgPool:
        """An average over the same pixels, which takes in the units between (there is no dilated one); over the whole map if
        it was over the whole map."""
        rank = node.shape.rank
        finer = self.work.source(self.graph.by_name[node.name]).shape.size
        sizes = zip(axes(op.kernel, rank), rate, node.shapes[0].size, finer, strict=True)
        kernel = [m if k == n else k * r for k, r, n, m in sizes]
        if any(w.before or w.after for w in op.sliding.on(node.shapes[0].size)):
            raise RuleError(f'avgpool "{node.name}" has padding and cannot be dilated')
        self.averages.append(node.name)
        return replace(op, kernel=joint(kernel), stride=joint(stride))

    def _merge_or_refuse(self, index: int, node: Node, rate: Rate, stride: tuple[Fraction, ...]) -> None:
        """Layers that read their own place. What they also read of whole axes is one unit, which stays one, or the whole map,
        which a gate averages (squeeze and excitation)."""
        own = any(not read.axes and not read.phases for read in node.reads)
        averages = any(
            axis is None and n > 1
            for read in node.reads
            for axis, n in zip(read.axes, node.shapes[read.source].size, strict=False)
        )
        still = all(axis is None or axis.identity for read in node.reads for axis in read.axes)
        if still and not any(read.phases for read in node.reads) and (own or not averages):
            self.averages += [node.name] if averages else []
            self.work.keep(index)
            self._after(rate, stride)
            return
        fixed = isinstance(node.op, AdaptivePool | AdaptiveMaxPool)
        hint = "apply fully-convolutional first" if fixed else "--layer can leave out the strides before it"
        raise RuleError(f'{node.op.word} "{node.name}" does not pass dilation on; {hint}')

    def _check(self, index: int, node: Node) -> None:
        """The old units lie on the new map: there are as many of them as the rate says, unless a wider average came before."""
        new = self.work.builder.nodes[self.work.at[index]].shape
        wider = isinstance(node.op, AvgPool) and node.name in self.averages
        if wider or any(i in self.uneven for i in node.inputs):
            self.uneven.add(index)
            return
        for n, m, r in zip(node.shape.size, new.size, self.rates[index], strict=True):
            if n != -(-m // r):
                raise RuleError(f'{node.op.word} "{node.name}" made {n} units, and {m} at {r} to one are no finer form of them')

    def outcome(self) -> Transformed:
        rates = {max(rate) for rate in self.rates if rate and max(rate) > 1}
        said = f"equal outputs of every layer, at every r-th unit (r = {', '.join(map(str, sorted(rates)))}),"
        fields = "the receptive fields are unchanged"
        if self.averages:
            first = self.averages[0]
            said += f" up to {first}, which averages over more units now; what follows it is not equal"
            fields += f" up to {first}"
        return replace(self.work.done(not self.averages, said.rstrip(","), fields), until=next(iter(self.averages), ""))


def _window(node: Node) -> Sliding | None:
    """The window of a convolution or a pool that may be dilated."""
    window = node.op.sliding
    slides = node.op.kind in (LayerKind.CONVOLUTION, LayerKind.POOL)
    return window if window is not None and slides and not window.masked else None
