"""A run of somebody's own module: its tensors as the layers of the graph that they are."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from itertools import chain
from math import prod

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from rfcalc.graph import Graph
from rfcalc.origin import Call, Origin, Place
from rfcalc.relations.shape import Shape

REPEATED = -2
Hear = Callable[[str, int, object], None]


def layers_of_run(graph: Graph, origin: Origin, module: nn.Module, call: Call, wanted: Container[int]) -> dict[int, Tensor]:
    """What a run gives for the wanted layers, as (batch, channels, sizes): those that a module or the network gives back. A
    module that was called more or less often than the graph says has no part in it."""
    heard: dict[str, list[Tensor | None]] = {}
    places = {path: calls for path, calls in origin.calls.items() if any(each and each.layer in wanted for each in calls)}

    def hear(path: str, number: int, output: object) -> None:
        place = places[path][number] if number < len(places[path]) else None
        is_wanted = place is not None and place.layer in wanted
        heard.setdefault(path, []).append(output.clone() if is_wanted and isinstance(output, Tensor) else None)

    with hearing(module, places, hear):
        result = call(module)
    found: dict[int, Tensor] = {}
    complete = [path for path, calls in places.items() if len(calls) == len(heard.get(path, ()))]
    pairs = [zip(places[path], heard[path], strict=True) for path in complete]
    for place, tensor in chain(*pairs, zip(origin.outputs, tree_leaves(result), strict=False)):
        if place is not None and place.layer in wanted and isinstance(tensor, Tensor):
            layer = as_layer(tensor, place, graph.nodes[place.layer].shape)
            if layer is not None:
                found[place.layer] = layer
    return found


@contextmanager
def hearing(module: nn.Module, paths: Container[str], hear: Hear) -> Iterator[None]:
    """Tells of each call of some submodules: the path, the number of the call, and what it gave."""
    numbers: dict[str, int] = {}

    def hook(path: str) -> Callable[..., None]:
        def after(_: object, __: object, output: object) -> None:
            numbers[path] = numbers.get(path, -1) + 1
            hear(path, numbers[path], output)

        return after

    handles = [part.register_forward_hook(hook(path)) for path, part in module.named_modules() if path in paths]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def as_layer(tensor: Tensor, place: Place, shape: Shape) -> Tensor | None:
    """A tensor of the run with the axes of its layer; None if its shape is not the one that the graph says."""
    digits = [digit for axis in place.axes for digit in axis]
    sizes = [prod(size for _, _, size in axis) for axis in place.axes]
    batch = tensor.shape[0] if tensor.dim() and not place.axes[0] else 1
    if list(tensor.shape)[1:] != sizes[1:] or (tensor.dim() and batch * sizes[0] != tensor.shape[0]):
        return None
    x = tensor.reshape([batch, *(size for _, _, size in digits)])
    for i in reversed([i for i, (axis, _, _) in enumerate(digits) if axis == REPEATED]):
        x = x.select(1 + i, 0)
        del digits[i]
    order = sorted(range(len(digits)), key=lambda i: (digits[i][0], -digits[i][1]))
    if batch * prod(digits[i][2] for i in order) != batch * shape.elements:
        return None
    return x.permute(0, *(1 + i for i in order)).reshape(-1, shape.channels, *shape.size)
