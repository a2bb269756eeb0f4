"""`--input`: a network is looked at, at another size than its own. What would make it another network is refused.

`-s input=...` is the other way: it stands in the place of the input that the spec says, whatever follows from that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rfcalc.errors import RuleError, Span, SpecError, did_you_mean, fail
from rfcalc.graph import Graph, Node
from rfcalc.language.shapes import asked_shapes, meant, shapes_text
from rfcalc.layers.traits import LayerKind
from rfcalc.relations.shape import Shape

EXAMPLE = "channels, then the size of each axis, such as 3x224x224 (or left=3x64x64,right=3x64x64)"


def with_size(overrides: Mapping[str, str], asked: str | None) -> dict[str, str]:
    """The overrides, with the input that `--input` asks for among them; raises SpecError for what is no shape."""
    return dict(overrides) if asked is None else {**overrides, "input": shapes_text(_parsed(asked))}


def at_size(load: Callable[[Mapping[str, str]], Graph], overrides: Mapping[str, str], asked: str, name: str) -> Graph:
    """The graph of the network that the user calls `name` with the input that `--input` asks for; `load` gives the graph with
    some overrides. Raises SpecError for a shape with other channels or axes than the network's own, and for a size at which
    its layers would have other parameters."""
    shapes = _parsed(asked)
    try:
        own = load(overrides)
    except SpecError:  # its own size may be what is wrong with it
        return load(with_size(overrides, asked))
    inputs = {own.nodes[i].name: own.nodes[i].shape for i in own.inputs}
    wanted = dict(inputs)
    for key, shape in shapes.items():
        if key and key not in inputs:
            hint = did_you_mean(key, inputs) if len(inputs) > 1 else f'it is called "{next(iter(inputs))}"'
            raise _refused(asked, f'{own.name}: there is no input "{key[:40]}"', hint)
        for each in (key,) if key else inputs:
            _fitting(own.name, each if len(inputs) > 1 else "", inputs[each], shape, asked)
            wanted[each] = shape
    if wanted == inputs:
        return own
    graph = load({**overrides, "input": shapes_text(wanted if len(wanted) > 1 else {"": shape})})
    changed = [pair for pair in zip(own.nodes, graph.nodes, strict=True) if pair[0].cost.params != pair[1].cost.params]
    if changed:
        raise _another(name, own, asked, changed)
    return graph


def _parsed(asked: str) -> dict[str, Shape]:
    try:
        return asked_shapes(asked)
    except RuleError as error:
        raise _refused(asked, str(error), EXAMPLE) from None


def _fitting(name: str, key: str, own: Shape, shape: Shape, asked: str) -> None:
    """Raises SpecError for a shape whose channels or axes are not the network's own, with the one that was meant."""
    of, hint = f' "{key}"' if key else "", meant(shape, own.channels, own.rank, key)
    if shape.rank != own.rank:
        axes = f"{own.rank} ax{'is' if own.rank == 1 else 'es'}"
        usual = f"channels, then the size of each axis, without the batch: --input {f'{key}=' if key else ''}{own}"
        raise _refused(asked, f"{name}: the input{of} is {own}, of channels and {axes}, not {shape}", hint or usual)
    if shape.channels != own.channels:
        message = f"{name}: the input{of} has {own.channels} channel{'s' if own.channels != 1 else ''}, not {shape.channels}"
        raise _refused(asked, message, hint or f"-s input={asked} makes it another network, with such an input")


def _another(name: str, own: Graph, asked: str, changed: Sequence[tuple[Node, Node]]) -> SpecError:
    """The error for a size at which layers would have other parameters."""
    (before, after), more = changed[0], len(changed) - 1
    others = f", and {more} more layer{'s' if more != 1 else ''} other ones" if more else ""
    sizes = ", ".join(str(own.nodes[i].shape) for i in own.inputs)
    message = (
        f"{own.name} fits one input size, {sizes}: at {asked} its layer {after.name} would have {after.cost.params:,} "
        f"parameters, not {before.cost.params:,}{others}"
    )
    hint = f"-s input={asked} makes it another network, for that size"
    if all(node.op.kind is LayerKind.LINEAR for node, _ in changed):
        hint = f"rfcalc transform {name} --to fully-convolutional makes it fit any size; {hint}"
    return _refused(asked, message, hint)


def _refused(asked: str, message: str, hint: str) -> SpecError:
    return fail("E124", message, Span("command line", 1, 9, f"--input {asked}", max(1, len(asked))), hint)
