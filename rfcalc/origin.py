"""The module that an imported graph was made of: how to have it again, how it is called, and which of its tensors are layers of
the graph. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from rfcalc.record import field, record
from rfcalc.relations.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor, nn


@record
class Argument:
    """One tensor that the module is called with. `word`: its name, where it is not given by its position; `listed`: it goes
    into a list of images, which have no batch axis."""

    shape: Shape
    word: str = ""
    listed: bool = False


@record
class Call:
    """What a module is called with."""

    positional: tuple[Tensor | list[Tensor], ...]
    words: dict[str, Tensor | list[Tensor]]

    def __call__(self, module: Callable[..., object]) -> object:
        return module(*self.positional, **self.words)

    def each(self, change: Callable[[Tensor], Tensor]) -> Call:
        """The same call with changed tensors; those of lists stay as they are."""
        positional = tuple(value if isinstance(value, list) else change(value) for value in self.positional)
        words = {word: value if isinstance(value, list) else change(value) for word, value in self.words.items()}
        return Call(positional, words)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All of them, those of lists one by one."""
        values = (*self.positional, *self.words.values())
        return tuple(tensor for value in values for tensor in (value if isinstance(value, list) else [value]))


@record
class Place:
    """A tensor of the module's run that is a layer of the graph. `axes`: for each axis of the tensor the digits of the layer's
    axes, most significant first: (axis, stride, size), 0 being the channels, -1 the batch, -2 what is repeated."""

    layer: int
    axes: tuple[tuple[tuple[int, int, int], ...], ...]


@record(eq=False)
class Origin:
    """Somebody's own module. `make` gives a real one in evaluation mode with weights in memory, which may be changed; it may
    raise SpecError. `calls`: what each call of a module that does a single thing gives, by the module's path, in order; None
    where that is no layer; `outputs`: the same of what the module gives back. `scopes`: in which module each layer is
    computed; `stored`: the names of the tensors that it counts."""

    make: Callable[[], nn.Module]
    arguments: tuple[Argument, ...]
    calls: Mapping[str, tuple[Place | None, ...]] = field(default_factory=dict)
    outputs: tuple[Place | None, ...] = ()
    scopes: tuple[str, ...] = ()
    stored: tuple[tuple[str, ...], ...] = ()

    def shows(self, layer: int) -> bool:
        """Whether the module, or a module of it, gives a layer back."""
        places = (*self.outputs, *(place for calls in self.calls.values() for place in calls))
        return any(place is not None and place.layer == layer for place in places)


def call_with(arguments: Iterable[Argument], tensor: Callable[[Shape], Tensor]) -> Call:
    """The call, with tensors (a batch each) of the arguments' shapes, made by `tensor` in order."""
    positional: list[Tensor | list[Tensor]] = []
    words: dict[str, Tensor | list[Tensor]] = {}
    for argument in arguments:
        batch = tensor(argument.shape)
        value = list(batch) if argument.listed else batch
        if argument.word:
            words[argument.word] = value
        else:
            positional.append(value)
    return Call(tuple(positional), words)
