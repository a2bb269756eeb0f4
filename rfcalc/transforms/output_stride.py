"""Strides become dilations, so that the last map is finer and every unit sees what it saw (DeepLab, Chen et al. 2015).

A layer whose stride would pass the wanted one keeps all units: its stride becomes 1, and all layers behind it take taps
`rate` times as far apart. Where both networks have a unit, they agree: unit i of the old map is unit rate * i of the new.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.graph import Graph, Node
from rfcalc.relations.geometry import sides, windows
from rfcalc.transforms.outcome import Chosen, Outcome, Rewriter, axes, joint

SLIDING = ("conv", "dwconv", "maxpool", "avgpool")
Rate = tuple[int, ...]


def apply(graph: Graph, argument: str, chosen: Chosen) -> Outcome:
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
        elif node.op.word in SLIDING:
            self._sliding(index, node, rate, stride)
        elif all(not read.axes and not read.phases for read in node.reads):
            self.work.keep(index)
            self._after(rate, stride)
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
        if node.op.word in SLIDING and rank:
            self._sliding(index, node, rate, stride)
            return
        self.work.keep(index)
        if not node.is_input and rank and node.reads and node.reads[0].local and node.reads[0].axes:
            steps = [Fraction(a.advance, a.period) if a else Fraction(1) for a in node.reads[0].axes]
            stride = tuple(s * step for s, step in zip(stride, steps, strict=True))
        self._after(rate if rank else (), stride)

    def _sliding(self, index: int, node: Node, rate: Rate, stride: tuple[Fraction, ...]) -> None:
        op: Any = node.op
        rank = node.shape.rank
        steps = axes(op.kernel if op.stride is None else op.stride, rank)
        over = [k > 1 and s * k > self.wanted and self.chosen(node) for s, k in zip(stride, steps, strict=True)]
        after = tuple(r * k if far else r for r, k, far in zip(rate, steps, over, strict=True))
        kept = tuple(1 if far else k for k, far in zip(steps, over, strict=True))
        self.changed = self.changed or any(over)
        if any(over) or any(r > 1 for r in rate):
            self.work.keep(index, self._dilated(node, op, rate, kept))
        else:
            self.work.keep(index)
        self._after(after, tuple(s * k for s, k in zip(stride, kept, strict=True)))

    def _dilated(self, node: Node, op: Any, rate: Rate, stride: tuple[int, ...]) -> Any:
        """The same window with taps `rate` times as far apart."""
        rank = node.shape.rank
        old = op.kernel if op.stride is None else op.stride
        if not any(r > 1 for r in rate):
            changed: dict[str, Any] = {"stride": joint(stride)}
            if op.padding == "same":
                changed["padding"] = self._padding(node, op, old, rate)
            return replace(op, **changed)
        if getattr(op, "padding_mode", "zeros") != "zeros":
            raise RuleError(f'{op.word} "{node.name}" pads with {op.padding_mode}, which dilation does not keep')
        if op.word == "avgpool":
            return self._averaged(node, op, rate, stride)
        spread = zip(axes(op.dilation, rank), rate, axes(op.kernel, rank), strict=True)
        dilation = tuple(d * r if k > 1 else d for d, r, k in spread)
        padding = op.padding if op.padding in ("half", "valid") else self._padding(node, op, old, rate)
        return replace(op, stride=joint(stride), dilation=joint(dilation), padding=padding)

    @staticmethod
    def _padding(node: Node, op: Any, stride: Any, rate: Rate) -> Any:
        """The padding of the old window, `rate` times as wide, in the shortest form."""
        found = windows(node.shapes[0].size, op.kernel, stride, getattr(op, "dilation", 1), op.padding)
        pairs = tuple((w.before * r, w.after * r) for w, r in zip(found, rate, strict=True))
        if all(a == b for a, b in pairs):
            return joint([a for a, _ in pairs])
        return pairs

    def _averaged(self, node: Node, op: Any, rate: Rate, stride: tuple[int, ...]) -> Any:
        """An average over the same pixels, which takes in the units between (there is no dilated one); over the whole map if
        it was over the whole map."""
        rank = node.shape.rank
        finer = self.work.source(self.graph.by_name[node.name]).shape.size
        sizes = zip(axes(op.kernel, rank), rate, node.shapes[0].size, finer, strict=True)
        kernel = [m if k == n else k * r for k, r, n, m in sizes]
        if any(any(pair) for pair in sides(self._padding(node, op, op.stride or op.kernel, rate), rank)):
            raise RuleError(f'avgpool "{node.name}" has padding and cannot be dilated')
        self.averages.append(node.name)
        return replace(op, kernel=joint(kernel), stride=joint(stride))

    def _merge_or_refuse(self, index: int, node: Node, rate: Rate, stride: tuple[Fraction, ...]) -> None:
        """A gate that is one unit (squeeze and excitation) multiplies maps of any size."""
        if node.op.word in ("add", "mul", "sub", "div", "max", "min", "se"):
            if node.op.word == "se":
                self.averages.append(node.name)
            self.work.keep(index)
            self._after(rate, stride)
            return
        fixed = node.op.word in ("adaptivepool", "adaptivemaxpool", "flatten")
        hint = "apply fully-convolutional first" if fixed else "--layer can leave out the strides before it"
        raise RuleError(f'{node.op.word} "{node.name}" does not pass dilation on; {hint}')

    def _check(self, index: int, node: Node) -> None:
        """The old units lie on the new map: there are as many of them as the rate says, unless a wider average came before."""
        new = self.work.builder.nodes[self.work.at[index]].shape
        wider = node.op.word == "avgpool" and node.name in self.averages
        if wider or any(i in self.uneven for i in node.inputs):
            self.uneven.add(index)
            return
        for n, m, r in zip(node.shape.size, new.size, self.rates[index], strict=True):
            if n != -(-m // r):
                raise RuleError(f'{node.op.word} "{node.name}" made {n} units, and {m} at {r} to one are no finer form of them')

    def outcome(self) -> Outcome:
        rates = {max(rate) for rate in self.rates if rate and max(rate) > 1}
        said = f"equal outputs of every layer, at every r-th unit (r = {', '.join(map(str, sorted(rates)))}),"
        fields = "the receptive fields are unchanged"
        if self.averages:
            first = self.averages[0]
            said += f" up to {first}, which averages over more units now; what follows it is not equal"
            fields += f" up to {first}"
        return self.work.done(not self.averages, said.rstrip(","), fields)
