"""Normalization: each keeps the shape; those over channels or positions keep the field too (inference statistics)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rfcalc.op import POINTWISE, Band, Cost, Read, Shape, Shapes, Torch
from rfcalc.settings import Bool, Int, Number, setting


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalization with running statistics, as at inference."""

    word: ClassVar[str] = "bn"

    eps: float = setting(Number(0), default=1e-5, help="added to the variance")
    affine: bool = setting(Bool(), default=True, help="learn a scale and an offset per channel")

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        channels, kind = inputs[0].channels, "batch_norm" if self.affine else "batch_norm_plain"
        # Buffers: running mean and variance, and the count of batches. Training keeps the batch's mean and deviation.
        return Cost(
            0,
            2 * channels * self.affine,
            2 * channels + 1,
            ((kind, inputs[0].elements),),
            "input",
            "new",
            statistics=2 * channels,
        )

    def torch(self, inputs: Shapes) -> Torch:
        parts = [f"nn.BatchNorm{max(1, inputs[0].rank)}d({inputs[0].channels}"]
        parts += [f"eps={self.eps!r}"] if self.eps != 1e-5 else []
        parts += [] if self.affine else ["affine=False"]
        return Torch(", ".join(parts) + ")")


@dataclass(frozen=True)
class LocalResponseNorm:
    """Local response normalization across `size` neighbouring channels (AlexNet); reads its own position only."""

    word: ClassVar[str] = "lrn"
    main: ClassVar[str] = "size"

    size: int = setting(Int(), default=5, help="how many channels")
    alpha: float = setting(Number(), default=1e-4, help="scale")
    beta: float = setting(Number(), default=0.75, help="exponent")
    k: float = setting(Number(), default=1.0, help="added to the sum")

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), Band(self.size // 2, (self.size - 1) // 2, inputs[0].channels)),)

    def cost(self, inputs: Shapes) -> Cost:
        n = inputs[0].elements
        return Cost(0, 0, 0, (("lrn", n), ("lrn_window", n * self.size)), "input", "new", saved=n)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.LocalResponseNorm({self.size}, alpha={self.alpha!r}, beta={self.beta!r}, k={self.k!r})")
