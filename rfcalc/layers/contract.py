"""What a layer is: a small frozen record that states four facts about itself. Everything else is a fold over them.

    shape   the output's shape, given the inputs' shapes
    reach   which positions and channels of each input an output position reads
    cost    multiply-accumulates, parameters, buffers, element-wise operations, what training keeps
    torch   the same layer as torch source (nothing here imports torch)

No fact has a default: nothing counts as zero because nobody thought of it. What kind of layer it is (traits.py) it says once
and for all, so that nobody keeps a list of words.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from enum import Enum
from functools import cached_property
from typing import Any, ClassVar

from rfcalc.layers.settings import settings_of
from rfcalc.layers.traits import LayerKind, Norm, Sliding
from rfcalc.record import record
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes


class Keeps(Enum):
    """Which of a layer's tensors its backward pass reads: (the inputs, the output, and when)."""

    NOTHING = (False, False)
    INPUT = (True, False)
    OUTPUT = (False, True)
    BOTH = (True, True)
    FACTORS = (True, False, "each input for the gradient of another one")
    QUOTIENT = (True, False, "the first input for the gradient of the second, the second for both")

    def __init__(self, inputs: bool, output: bool, when: str = "always") -> None:
        self.inputs, self.output, self.when = inputs, output, when

    def read(self, learns: Sequence[bool]) -> tuple[int, ...]:
        """Which inputs are read, where some of them have no gradient because nothing before them learns."""
        every = range(len(learns)) if self.inputs else range(0)
        if self.when == "always":
            return tuple(every)
        return tuple(i for i in every if any((*learns[:i], *learns[i + 1 :])) or (self is Keeps.QUOTIENT and i))


class Storage(Enum):
    """Where a layer's output lies."""

    NEW = "new memory"
    IN_PLACE = "memory of the (first) input, in the form of torch that overwrites it; else new memory"
    VIEW = "memory of the (first) input"
    IDLE = "memory of the (first) input at inference, new memory in training"  # dropout


@record
class Cost:
    """What a layer costs at batch 1, in whole numbers.

    macs: multiply-accumulates of convolutions and matrix products (taps on padding count, biases do not).
    elements: (kind, count) of every other operation, so that each tool's convention can be derived from them.
    keeps: which of its tensors the backward pass reads; those of the form that overwrites the input, if torch has one that
        needs no copy.
    storage: where the output lies.
    saved: elements of activations that training keeps beyond the tensors that `keeps` names (the layer's own).
    words: the same in units of 4 bytes, whatever the type of the activations (indices, statistics of one image).
    alone: elements that training keeps instead of all that where no input learns, for the layer's own weights; None: the same.
    fixed: bytes that it keeps once per batch instead of once per image (a batch norm's statistics).
    inner: elements of activations that live only within the layer, at its busiest moment, besides inputs and output.
    spare: elements of the memory that the output lies in, beyond its own (what was cut off).
    perhaps: more of those, where torch chooses between kernels by the machine, and one of them makes them.
    scattered: the output's numbers do not lie in its memory in order (rows that were cut, channels that lie last).
    last: they do not because the channels lie last.
    apart: of `inner`, what it does not need where the first input's channels lie last.
    moves: it copies numbers to another order, which is a view where the first input lies in that order.
    packs: it takes the first input's numbers in order, and copies an input that is scattered.
    untold: it needs and keeps more memory, which nobody has told (for weights that are computed).
    scratch: bytes that do so, whatever the type of the activations (a max pool's indices, a norm's statistics).
    """

    macs: int
    params: int
    buffers: int
    elements: tuple[tuple[str, int], ...]
    keeps: Keeps
    storage: Storage
    saved: int = 0
    words: int = 0
    alone: int | None = None
    fixed: int = 0
    inner: int = 0
    spare: int = 0
    perhaps: int = 0
    scattered: bool = False
    last: bool = False
    apart: int = 0
    moves: bool = False
    packs: bool = False
    scratch: int = 0
    untold: bool = False

    @cached_property
    def orderly(self) -> bool:
        """Whether it takes its inputs as they lie, and its output lies in order in new memory or in that of its input."""
        asks = self.perhaps or self.packs or self.apart or self.moves or self.scattered or self.last or self.spare
        return not asks and self.storage in (Storage.NEW, Storage.IN_PLACE)


@record
class Torch:
    """A layer as torch source. `module` constructs it ("nn.Conv2d(3, 64, ...)"; empty if it holds no state);
    `forward` is an expression over {self} and the inputs {0}, {1}, ... ("{self}({0})", "torch.cat([{0}, {1}], 1)").
    Several inputs of a variadic layer are written {all} ("a, b, c"). `helper` is the definition of a class that `module`
    constructs, if torch has none; a file needs each distinct text once. `usual`: keywords that `module` leaves out where they
    have torch's default, with that default."""

    module: str = ""
    forward: str = "{self}({0})"
    helper: str = ""
    usual: tuple[tuple[str, str], ...] = ()


class Op:
    """A layer: a frozen record whose fields are its settings (see settings.py), the four facts, and what kind of layer it is.

    Every fact takes the shapes of the inputs. `shape` raises RuleError for inputs that do not fit; the other facts
    are asked only after it has succeeded.

    word: what the spec language calls it.
    kind: what it does.
    main: the setting that a bare scalar sets; empty if there is none.
    arity: the least and the largest number of inputs; None for any number.
    example: its settings as a spec says them, and the shapes of the inputs that they are shown on.
    """

    word: ClassVar[str]
    kind: ClassVar[LayerKind]
    main: ClassVar[str] = ""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    example: ClassVar[tuple[str, ...]] = ("", "16x32x32")

    @abstractmethod
    def shape(self, inputs: Shapes) -> Shape:
        """The shape of the output."""

    @abstractmethod
    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        """How a unit of the output reads the inputs."""

    @abstractmethod
    def cost(self, inputs: Shapes) -> Cost:
        """What it costs at batch 1."""

    @abstractmethod
    def torch(self, inputs: Shapes) -> Torch:
        """The same layer as torch source; raises RuleError if it has none."""

    def backward_macs(self, inputs: Shapes, macs: int, taught: Sequence[bool]) -> int:
        """Multiply-accumulates of the backward pass, where a gradient flows back into the `taught` inputs, for `macs` of the
        forward pass: here, each of a learned number and an input."""
        return macs * (1 + any(taught))

    @property
    def settings(self) -> dict[str, Any]:
        """The value of each setting, by its name."""
        return {setting.name: getattr(self, setting.name) for setting in settings_of(type(self))}

    @property
    def written(self) -> dict[str, object]:
        """The value of each setting as a spec says it."""
        return {setting.name: setting.kind.written(getattr(self, setting.name)) for setting in settings_of(type(self))}

    @property
    def sliding(self) -> Sliding | None:
        """The window that slides over the positions, if one does."""
        return None

    @property
    def norm(self) -> Norm | None:
        """What the statistics of a norm are taken over; None for other kinds."""
        return None

    @property
    def biased(self) -> bool:
        """Whether it adds learned numbers, one for each output channel."""
        return False

    @property
    def commutative(self) -> bool:
        """Whether the inputs may change places."""
        return False

    @property
    def bound(self) -> str:
        """Why the reach is an upper bound; empty where it is exact."""
        return ""

    def weights(self, inputs: Shapes) -> tuple[tuple[tuple[float, ...], ...], ...] | None:
        """For each axis, and each unit of the output, the weights of what it reads; None where they are learned, or alike."""
        return None

    @property
    def uncounted(self) -> str:
        """Why multiply-accumulates are missing from the cost; empty where none are."""
        return ""
