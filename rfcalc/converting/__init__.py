"""From a graph to a spec that is pleasant to read: `rfcalc convert`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rfcalc.converting.blocks import Finder
from rfcalc.converting.defaults import defaults_of
from rfcalc.converting.lines import lines
from rfcalc.converting.model import BlockDraft, Mismatch, StepDraft, walk
from rfcalc.converting.printing import Printer
from rfcalc.converting.proof import HELD, WHOLE, difference
from rfcalc.converting.scopes import tree
from rfcalc.converting.stages import numbered, staged
from rfcalc.converting.structure import Shaper
from rfcalc.errors import SpecError, fail
from rfcalc.graph import Graph
from rfcalc.importers import own_spec
from rfcalc.language.limits import MAX_LAYERS
from rfcalc.language.load import load_spec
from rfcalc.language.writer import expanded, input_lines, names_of, scalar, setting_lines
from rfcalc.record import record, replace
from rfcalc.report.units import short

MOST_ATTEMPTS = 30
LONGER = 2  # times as many lines as `convert` takes, which an importer's own spec may have: its blocks have better names


@record
class Manner:
    """How a text is written: `fused` lines, `structured` by residuals and branches, with `blocks`.

    swaps: the two inputs of a sum may change places. near: a norm or activation of the same module may join a layer, also where
    the graph does not say that they are one, which may change for how long memory is held. staged: layers whose names are
    numbers get other ones. banned: scopes that are no uses of a block; hopeless: those that were found to be none. plain:
    merges that have a name of their own."""

    fused: bool = True
    structured: bool = True
    blocks: bool = True
    swaps: bool = True
    near: bool = True
    staged: bool = True
    banned: frozenset[str] = frozenset()
    plain: frozenset[int] = frozenset()
    hopeless: frozenset[str] = frozenset()


def written(path: str, overrides: Mapping[str, str], graph: Graph) -> str:
    """The spec of a graph that was loaded from `path`: the one that its importer writes, where it does and that is the same
    network and not much longer, and else that of `convert`. Raises SpecError."""
    try:
        own = own_spec(path, overrides)
    except SpecError:  # an override that cannot be written in the words of the file
        own = None
    text = convert(graph)
    shorter = own is not None and own.count("\n") <= LONGER * text.count("\n")
    return own if own is not None and shorter and _wrong(graph, own) is None else text


PLEASANT = Manner()


def convert(graph: Graph, manner: Manner = PLEASANT) -> str:
    """A spec that gives the same network, layer by layer; what cannot be said pleasantly is said plainly. `manner`: the one
    to begin with. Raises SpecError for a layer that no word of the language makes, and for a graph without layers."""
    if not graph.layers:
        raise fail("E630", f"{graph.name} has no layers to write: its output is its input")
    for _ in range(MOST_ATTEMPTS):
        text, other = _attempt(graph, manner)
        if other is None:
            return text
        if other == manner:
            break
        manner = other
    return expanded(graph)


def _attempt(graph: Graph, manner: Manner) -> tuple[str, Manner | None]:
    """A text, and a manner to try instead if it is not the same network."""
    names = names_of(graph)
    items = lines(graph, names, manner.fused, manner.near)
    if manner.staged and manner.blocks and numbered(items):
        items = staged(items)
    shaper = Shaper(graph, items, manner.structured, manner.swaps)
    shaper.plain |= manner.plain
    finder = Finder(tree(items), shaper, graph.kinds, manner.banned, manner.hopeless)
    try:
        failed = finder.run() if manner.blocks else frozenset()
        if failed - manner.hopeless:
            return "", replace(manner, hopeless=manner.hopeless | failed)
        steps, outputs, needed = shaper.root(list(finder.root.items))
    except Mismatch:
        return "", _plainer(manner)
    whole = [step for body in (steps, *(block.steps for block in finder.blocks.values())) for step in walk(body)]
    pinned = needed.union(*(step.needs for step in whole))
    unnamed = [step.outs for step in whole if step.paths and not step.prefix and step.outs & pinned]
    if unnamed:
        return "", replace(manner, plain=manner.plain.union(shaper.plain, *unnamed))
    text = _text(graph, names, steps, finder.blocks, pinned, outputs)
    wrong = _wrong(graph, text)
    if wrong is None:
        return text, None
    if wrong == HELD:  # what no other manner can mend stays: an output between a layer and its norm, for one
        return text, _steadier(manner)
    uses = (
        frozenset(name for use in finder.uses.values() if wrong >= 0 and _inside(names[wrong], use) for name in use)
        - manner.banned
    )
    return text, replace(manner, banned=manner.banned | uses) if uses else _plainer(manner)


def _inside(name: str, scopes: Sequence[str]) -> bool:
    return any(name.startswith(f"{scope}.") for scope in scopes)


def _wrong(graph: Graph, text: str) -> int | None:
    """The first layer that a text gets wrong; None if there is none."""
    try:
        again = load_spec(text, "converted", max_layers=max(MAX_LAYERS, len(graph.nodes)))
    except SpecError:
        return WHOLE
    return difference(graph, again)


def _steadier(manner: Manner) -> Manner | None:
    """A manner that changes less of what modules hold while they run; None if there is none."""
    if manner.near:
        return replace(manner, near=False)
    if manner.staged:
        return replace(manner, staged=False)
    return replace(manner, swaps=False) if manner.swaps else None


def _plainer(manner: Manner) -> Manner:
    """The next simpler manner."""
    if manner.swaps:
        return replace(manner, swaps=False)
    if manner.blocks:
        return replace(manner, blocks=False)
    if manner.structured:
        return replace(manner, structured=False)
    return replace(manner, fused=False)


def _text(
    graph: Graph,
    names: list[str],
    steps: list[StepDraft],
    blocks: dict[str, BlockDraft],
    pinned: frozenset[int],
    outputs: Sequence[str],
) -> str:
    usual = defaults_of([steps, *(block.steps for block in blocks.values())], blocks)
    printer = Printer(blocks, usual, pinned)
    lines_of_text = [_title(graph), f"name: {scalar(graph.name)}", *input_lines(graph, names)]
    lines_of_text += printer.defaults_lines()
    if blocks:
        lines_of_text += ["blocks:", *(line for block in blocks.values() for line in printer.block(block))]
    lines_of_text += ["layers:", *printer.layers(steps, 2)]
    if outputs:
        lines_of_text.append(f"outputs: [{', '.join(map(scalar, outputs))}]")
    return "\n".join([*lines_of_text, *setting_lines(graph)]) + "\n"


def _title(graph: Graph) -> str:
    """The description: what it is, and what it costs."""
    title = "".join(c if c.isprintable() else " " for c in graph.name)
    params, macs = (sum(getattr(node.cost, key) for node in graph.layers) for key in ("params", "macs"))
    shapes = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
    return f"# {title}: {short(params)} parameters, {short(macs, 'MACs')} at {shapes}"
