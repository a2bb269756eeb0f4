"""A layer whose counts are given: in an imported model by the model itself, in a spec by `counts`."""

from __future__ import annotations

from typing import Any, ClassVar

from rfcalc.errors import RuleError
from rfcalc.layers.contract import Cost, Op, Torch
from rfcalc.layers.traits import LayerKind, Norm, Sliding
from rfcalc.record import record, replace
from rfcalc.relations.read import Read
from rfcalc.relations.shape import Shape, Shapes

COSTS = ("params", "buffers", "macs")
COMPUTED = ("computed", "standardized", "standardized_plain")


@record
class Counted(Op):
    """Another layer with counts of its own: fewer parameters where some are those of an unequal layer, more where its weight is
    computed from several tensors, more MACs where computing the weight needs them. None: what that layer counts itself.

    computed, standardized, standardized_plain: elements of what is computed in each pass from stored numbers alone, such as
    a weight from its direction and length; those that a norm computes are apart, with and without a scale of its own.
    """

    word: ClassVar[str] = "counted"  # of the inner layer, as the kind is
    kind: ClassVar[LayerKind] = LayerKind.OTHER

    inner: Op
    params: int | None = None
    buffers: int | None = None
    macs: int | None = None
    computed: int | None = None
    standardized: int | None = None
    standardized_plain: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "word", self.inner.word)
        object.__setattr__(self, "kind", self.inner.kind)

    @property
    def given(self) -> dict[str, int]:
        """The counts that are given, by name."""
        return {key: value for key in (*COSTS, *COMPUTED) if (value := getattr(self, key)) is not None}

    def shape(self, inputs: Shapes) -> Shape:
        return self.inner.shape(inputs)

    def reach(self, inputs: Shapes) -> tuple[Read, ...]:
        return self.inner.reach(inputs)

    def cost(self, inputs: Shapes) -> Cost:
        own = self.inner.cost(inputs)
        given: dict[str, Any] = {key: value for key, value in self.given.items() if key in COSTS}
        made = tuple((key, value) for key, value in self.given.items() if key in COMPUTED and value)
        return replace(own, **given, elements=own.elements + made, untold=bool(made))

    def torch(self, inputs: Shapes) -> Torch:
        if not any(key in COSTS for key in self.given):
            return self.inner.torch(inputs)
        raise RuleError(
            f"its weights are computed, or those of an unequal layer; a {self.word} of its own would not be the same layer"
        )

    @property
    def settings(self) -> dict[str, Any]:
        return self.inner.settings

    @property
    def written(self) -> dict[str, object]:
        return self.inner.written

    @property
    def sliding(self) -> Sliding | None:
        return self.inner.sliding

    @property
    def norm(self) -> Norm | None:
        return self.inner.norm

    @property
    def biased(self) -> bool:
        return self.inner.biased

    @property
    def commutative(self) -> bool:
        return self.inner.commutative

    @property
    def bound(self) -> str:
        return self.inner.bound

    def weights(self, inputs: Shapes) -> tuple[tuple[tuple[float, ...], ...], ...] | None:
        return self.inner.weights(inputs)

    @property
    def uncounted(self) -> str:
        return self.inner.uncounted
