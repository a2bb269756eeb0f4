"""What a layer is: a small frozen record that states four facts about itself. Everything else is a fold over them.

    shape   the output's shape, given the inputs' shapes
    reach   which positions and channels of each input an output position reads
    cost    multiply-accumulates, parameters, buffers, element-wise operations, what training keeps
    torch   the same layer as torch source (nothing here imports torch)

No fact has a default: nothing counts as zero because nobody thought of it.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from rfcalc.record import record
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes


@record
class Cost:
    """What a layer costs at batch 1, in whole numbers.

    macs: multiply-accumulates of convolutions and matrix products (taps on padding count, biases do not).
    elements: (kind, count) of every other operation, so that each tool's convention can be derived from them.
    keeps: which of its tensors the backward pass reads: "input", "output", "input output", or "" for none; those of the
        form that overwrites the input, if torch has one that needs no copy.
    storage: where the output lies: "new" memory; "inplace" if torch has a form that overwrites the (first) input; "view" of
        it; "idle", a view at inference and new memory in training (dropout).
    saved: elements of activations that training keeps beyond the tensors that `keeps` names (the layer's own).
    words: the same in units of 4 bytes, whatever the type of the activations (indices, statistics of one image).
    statistics: the same, but once per batch instead of once per image (batch norm).
    inner: elements of activations that live only within the layer, at its busiest moment, besides inputs and output.
    scratch: bytes that do so, whatever the type of the activations (a max pool's indices, a norm's statistics).
    """

    macs: int
    params: int
    buffers: int
    elements: tuple[tuple[str, int], ...]
    keeps: str
    storage: str
    saved: int = 0
    words: int = 0
    statistics: int = 0
    inner: int = 0
    scratch: int = 0


@record
class Torch:
    """A layer as torch source. `module` constructs it ("nn.Conv2d(3, 64, ...)"; empty if it holds no state);
    `forward` is an expression over {self} and the inputs {0}, {1}, ... ("{self}({0})", "torch.cat([{0}, {1}], 1)").
    Several inputs of a variadic layer are written {all} ("a, b, c"). `helper` is the definition of a class that `module`
    constructs, if torch has none; a file needs each distinct text once."""

    module: str = ""
    forward: str = "{self}({0})"
    helper: str = ""


@runtime_checkable
class Op(Protocol):
    """A layer: a frozen dataclass whose fields are its settings (see settings.py), and the four facts.

    Every fact takes the shapes of the inputs. `shape` raises RuleError for inputs that do not fit; the other facts
    are asked only after it has succeeded.
    """

    word: ClassVar[str]

    def shape(self, inputs: Shapes) -> Shape: ...

    def reach(self, inputs: Shapes) -> tuple[Read, ...]: ...

    def cost(self, inputs: Shapes) -> Cost: ...

    def torch(self, inputs: Shapes) -> Torch: ...
