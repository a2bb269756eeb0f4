"""Normalization: each keeps the shape.

For the field, a norm whose statistics run over positions counts as the identity: a batch norm's are fixed at inference, and
those of a layer, instance or group norm tie every unit to the whole map by two numbers only, which nobody means by a field.
A norm across the channels of one position reads those channels.
"""

from __future__ import annotations

from typing import ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Keeps, Op, Storage, Torch
from rfcalc.layers.settings import Bool, Int, Number, Optional, Word, setting
from rfcalc.layers.traits import LayerKind, Norm
from rfcalc.record import record, replace
from rfcalc.relations.channels import MIX, Band
from rfcalc.relations.read import POINTWISE, Read
from rfcalc.relations.shape import Shape, Shapes


@record
class BatchNorm(Op):
    """Batch normalization with running statistics, as at inference."""

    word: ClassVar[str] = "bn"
    kind: ClassVar[LayerKind] = LayerKind.NORM

    eps: float = setting(Number(0), default=1e-5, help="added to the variance")
    affine: bool = setting(Bool(), default=True, help="learn a scale and an offset per channel")

    @property
    def norm(self) -> Norm:
        return Norm(None, positions=True, batch=True)

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        channels, kind = inputs[0].channels, "batch_norm" if self.affine else "batch_norm_plain"
        # Buffers: running mean and variance, and the count of batches. Training keeps the batch's mean and deviation.
        return Cost(
            macs=0,
            params=2 * channels * self.affine,
            buffers=2 * channels + 1,
            elements=((kind, inputs[0].elements),),
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            fixed=8 * channels,
        )

    def torch(self, inputs: Shapes) -> Torch:
        parts = [f"nn.BatchNorm{max(1, inputs[0].rank)}d({inputs[0].channels}"]
        parts += [f"eps={self.eps!r}"] if self.eps != 1e-5 else []
        parts += [] if self.affine else ["affine=False"]
        return Torch(", ".join(parts) + ")")


@record
class LocalResponseNorm(Op):
    """Local response normalization across `size` neighbouring channels (AlexNet); reads its own position only."""

    word: ClassVar[str] = "lrn"
    kind: ClassVar[LayerKind] = LayerKind.NORM
    main: ClassVar[str] = "size"
    example: ClassVar[tuple[str, ...]] = ("{size: 5}", "16x32x32")

    size: int = setting(Int(), default=5, help="how many channels")
    alpha: float = setting(Number(), default=1e-4, help="scale")
    beta: float = setting(Number(), default=0.75, help="exponent")
    k: float = setting(Number(), default=1.0, help="added to the sum")

    @property
    def norm(self) -> Norm:
        return Norm(1, positions=False, centred=False)

    def shape(self, inputs: Shapes) -> Shape:
        if not inputs[0].rank:
            raise RuleError(f"needs an input with spatial axes; this one is a vector of {inputs[0].channels}")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), Band(self.size // 2, (self.size - 1) // 2, inputs[0].channels)),)

    def cost(self, inputs: Shapes) -> Cost:
        n, padded = inputs[0].elements, (inputs[0].channels + self.size - 1) * inputs[0].positions
        elements = (("lrn", n), ("lrn_window", n * self.size), ("lrn_padded", padded))
        return Cost(
            macs=0,
            params=0,
            buffers=0,
            elements=elements,
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            saved=2 * n + padded,
            inner=max(2 * n, padded),
        )

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.LocalResponseNorm({self.size}, alpha={self.alpha!r}, beta={self.beta!r}, k={self.k!r})")


@record
class LayerNorm(Op):
    """Layer normalization over the channels at each position (ConvNeXt, transformers), or over everything.

    At inference its statistics still depend on the input. Over the channels every output channel reads every input channel of
    its position; over everything the statistics do not count for the field.
    """

    word: ClassVar[str] = "layernorm"
    kind: ClassVar[LayerKind] = LayerKind.NORM
    main: ClassVar[str] = "over"
    example: ClassVar[tuple[str, ...]] = ("{eps: 1.0e-6}", "16x32x32")

    over: str = setting(Word(("channels", "all")), default="channels", help="what one mean and variance is taken over")
    eps: float = setting(Number(0), default=1e-5, help="added to the variance")
    affine: bool = setting(Bool(), default=True, help="learn a scale and an offset for each number of one normalized group")

    @property
    def norm(self) -> Norm:
        return Norm(1, positions=self.over == "all")

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), MIX),) if self.over == "channels" else POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        group = inputs[0].channels if self.over == "channels" else inputs[0].elements
        rows = inputs[0].elements // group
        cost = norm_cost("layer_norm", inputs[0], 2 * group * self.affine, self.affine, 2 * rows)
        return replace(cost, scattered=group > 1 and rows > 1, last=True)  # channels lie last

    def torch(self, inputs: Shapes) -> Torch:
        source = inputs[0]
        group = (source.channels,) if self.over == "channels" else (source.channels, *source.size)
        module = (
            f"nn.LayerNorm({_options(str(group if len(group) > 1 else group[0]), self.eps, self.affine, 'elementwise_affine')})"
        )
        return channels_last(module, source) if self.over == "channels" else Torch(module)


@record
class RMSNorm(Op):
    """Division by the root of the channels' mean square at each position, times a learned scale."""

    word: ClassVar[str] = "rmsnorm"
    kind: ClassVar[LayerKind] = LayerKind.NORM

    eps: float | None = setting(Optional(Number(0)), default=None, help="added to the mean square; none: the smallest number")
    affine: bool = setting(Bool(), default=True, help="learn a scale per channel")

    @property
    def norm(self) -> Norm:
        return Norm(1, positions=False, centred=False)

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), MIX),)

    def cost(self, inputs: Shapes) -> Cost:
        n, rows = inputs[0].elements, inputs[0].positions
        cost = norm_cost("rms_norm", inputs[0], inputs[0].channels * self.affine, self.affine, rows)
        scattered = n > rows > 1  # channels lie last
        return replace(cost, saved=n * self.affine, alone=n * self.affine, inner=n, scattered=scattered, last=True)

    def torch(self, inputs: Shapes) -> Torch:
        parts = [str(inputs[0].channels)] + ([f"eps={self.eps!r}"] if self.eps is not None else [])
        parts += [] if self.affine else ["elementwise_affine=False"]
        return channels_last(f"nn.RMSNorm({', '.join(parts)})", inputs[0])


@record
class InstanceNorm(Op):
    """Normalization of each channel of each image by its own statistics, which do not count for the field."""

    word: ClassVar[str] = "instancenorm"
    kind: ClassVar[LayerKind] = LayerKind.NORM

    eps: float = setting(Number(0), default=1e-5, help="added to the variance")
    affine: bool = setting(Bool(), default=False, help="learn a scale and an offset per channel")

    @property
    def norm(self) -> Norm:
        return Norm(None, positions=True)

    def shape(self, inputs: Shapes) -> Shape:
        if inputs[0].positions < 2:
            raise RuleError(f"needs more than one number per channel; this input is {inputs[0]}")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        channels = inputs[0].channels
        cost = norm_cost("instance_norm", inputs[0], 2 * channels * self.affine, self.affine, 2 * channels)
        cost = replace(cost, packs=True)  # its images become one
        return replace(cost, words=3 * channels, scratch=16 * channels) if self.affine else cost  # as is the scale

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(
            f"nn.InstanceNorm{inputs[0].rank}d({_options(str(inputs[0].channels), self.eps, self.affine, 'affine', False)})"
        )


@record
class GroupNorm(Op):
    """Normalization of each group of channels of each image by its own statistics, which do not count for the field."""

    word: ClassVar[str] = "gn"
    kind: ClassVar[LayerKind] = LayerKind.NORM
    main: ClassVar[str] = "groups"
    example: ClassVar[tuple[str, ...]] = ("4", "16x32x32")

    groups: int = setting(
        Int(), "g", default=32, help="groups of channels; 1 is layer norm over everything with a scale per channel"
    )
    eps: float = setting(Number(0), default=1e-5, help="added to the variance")
    affine: bool = setting(Bool(), default=True, help="learn a scale and an offset per channel")

    @property
    def norm(self) -> Norm:
        return Norm(self.groups, positions=True)

    def shape(self, inputs: Shapes) -> Shape:
        if inputs[0].channels % self.groups:
            raise RuleError(f"groups ({self.groups}) do not divide the channels ({inputs[0].channels})")
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return POINTWISE

    def cost(self, inputs: Shapes) -> Cost:
        cost = norm_cost("group_norm", inputs[0], 2 * inputs[0].channels * self.affine, self.affine, 2 * self.groups)
        return replace(cost, packs=True)

    def torch(self, inputs: Shapes) -> Torch:
        return Torch(f"nn.GroupNorm({_options(f'{self.groups}, {inputs[0].channels}', self.eps, self.affine, 'affine')})")


@record
class L2Norm(Op):
    """Division by the length of the channel vector at each position, times a learned scale per channel (SSD's conv4_3)."""

    word: ClassVar[str] = "l2norm"
    kind: ClassVar[LayerKind] = LayerKind.NORM
    main: ClassVar[str] = "scale"

    scale: float = setting(Number(), default=20.0, help="what the learned scales begin with")

    @property
    def norm(self) -> Norm:
        return Norm(1, positions=False, centred=False)

    def shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return (Read(0, (), MIX),)

    def cost(self, inputs: Shapes) -> Cost:
        source = inputs[0]
        n, saved = source.elements, source.elements + 2 * source.positions
        return Cost(
            macs=0,
            params=source.channels,
            buffers=0,
            elements=(("l2_norm", n),),
            keeps=Keeps.INPUT,
            storage=Storage.NEW,
            saved=saved,
            alone=n,
            inner=n,
        )

    def torch(self, inputs: Shapes) -> Torch:
        shape = (inputs[0].channels, *(1,) * inputs[0].rank)
        return Torch(f"nn.ParameterList([torch.full({shape}, {float(self.scale)!r})])", "F.normalize({0}) * {self}[0]")


def norm_cost(kind: str, source: Shape, params: int, affine: bool, statistics: int) -> Cost:
    """The cost of a norm that takes its statistics from its input; training keeps those of each image."""
    elements = ((kind if affine else f"{kind}_plain", source.elements),)
    return Cost(
        macs=0,
        params=params,
        buffers=0,
        elements=elements,
        keeps=Keeps.INPUT,
        storage=Storage.NEW,
        words=statistics,
        scratch=4 * statistics,
    )


def channels_last(module: str, source: Shape) -> Torch:
    """A module that normalizes the last axis, applied to the channels."""
    return Torch(module, "{self}({0}.movedim(1, -1)).movedim(-1, 1)" if source.rank else "{self}({0})")


def _options(first: str, eps: float, affine: bool, name: str, usual: bool = True) -> str:
    parts = [first] + ([f"eps={eps!r}"] if eps != 1e-5 else [])
    return ", ".join(parts + ([f"{name}={affine}"] if affine != usual else []))
