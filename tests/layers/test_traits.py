"""What kind of layer each record says it is, against the torch module that it builds and against what that module does."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rfcalc.layers.contract import Op
from rfcalc.layers.counted import Counted
from rfcalc.layers.traits import LayerKind
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.layers.cases import CASES, IMPORTED_CASES, NOT_RUN, Case, label
from tests.layers.torch_layer import TorchLayer, tensors

EVERY = (*CASES, *IMPORTED_CASES)
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm, nn.LocalResponseNorm)
POOLS = (
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.modules.pooling._AdaptiveAvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd,
)
NOT_BUILT_OF_A_MODULE = {"l2norm"}  # and a norm all the same
PARTLY_OVER_CHANNELS = {"lrn"}


def op_of(case: Case) -> Op:
    return make(case[0], **case[1])


def kind_of(module: nn.Module | None, shape: Shape) -> LayerKind | None:
    """The kind that torch's class of module tells; None where it tells none."""
    if isinstance(module, nn.modules.conv._ConvNd):
        transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
        kind = LayerKind.TRANSPOSED if transposed else LayerKind.CONVOLUTION
        return kind if module.in_channels == shape.channels else None
    if type(module).__module__ == "torch.nn.modules.activation" and not isinstance(module, nn.Softmax):
        return LayerKind.ACTIVATION
    known = {
        LayerKind.LINEAR: nn.Linear,
        LayerKind.NORM: NORMS,
        LayerKind.POOL: POOLS,
        LayerKind.DROPOUT: nn.Dropout,
        LayerKind.IDENTITY: nn.Identity,
    }
    return next((kind for kind, classes in known.items() if isinstance(module, classes)), None)


WEIGHTED = (LayerKind.CONVOLUTION, LayerKind.TRANSPOSED, LayerKind.LINEAR)
TOLD = {
    LayerKind.CONVOLUTION,
    LayerKind.TRANSPOSED,
    LayerKind.ACTIVATION,
    LayerKind.LINEAR,
    LayerKind.NORM,
    LayerKind.POOL,
    LayerKind.DROPOUT,
    LayerKind.IDENTITY,
}


@pytest.mark.parametrize("case", EVERY, ids=label)
def test_the_kind_is_that_of_the_module(case: Case) -> None:
    op, module = op_of(case), TorchLayer(op_of(case), case[2]).layer
    if op.word in NOT_BUILT_OF_A_MODULE:
        assert kind_of(module, case[2][0]) is None
    else:
        assert (op.kind if op.kind in TOLD else None) is kind_of(module, case[2][0])
    if op.word != "normalize":  # a norm or a softmax over any axes
        assert (op.kind is LayerKind.NORM) == (op.norm is not None)


@pytest.mark.parametrize("case", [case for case in EVERY if op_of(case).kind is LayerKind.VIEW], ids=label)
def test_a_view_gives_numbers_of_its_input(case: Case) -> None:
    inputs = tensors(case[2])
    given = {0.0, *(number for x in inputs for number in x.flatten().tolist())}
    assert set(TorchLayer(op_of(case), case[2])(*inputs).flatten().tolist()) <= given


def test_what_has_no_input_is_a_source() -> None:
    assert make("constant", out=3).kind is make("unused").kind is LayerKind.SOURCE
    assert not make("constant", out=3).reach(())


def per_axis(value: Any, rank: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * rank


SLIDING = (nn.modules.conv._ConvNd, nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd)


@pytest.mark.parametrize("case", EVERY, ids=label)
def test_the_window_is_that_of_the_module(case: Case) -> None:
    op, module, shape = op_of(case), TorchLayer(op_of(case), case[2]).layer, case[2][0]
    if not isinstance(module, SLIDING) or kind_of(module, shape) is None:
        assert op.sliding is None or op.kind not in TOLD
        return
    found = op.sliding
    assert found is not None
    for name in ("kernel", "stride", "dilation"):
        theirs = getattr(module, "kernel_size" if name == "kernel" else name, 1)
        assert per_axis(getattr(found, name), shape.rank) == per_axis(theirs, shape.rank)
    assert found.transposed == isinstance(module, nn.modules.conv._ConvTransposeNd)
    assert (shape.channels if found.groups is None else found.groups) == getattr(module, "groups", shape.channels)
    windows = found.on(shape.size)
    if not found.masked and any(per_axis(module.padding, shape.rank)):
        assert tuple((w.before, w.after) for w in windows) == tuple((n, n) for n in per_axis(module.padding, shape.rank))


@pytest.mark.parametrize("case", EVERY, ids=label)
def test_a_bias_is_one_number_for_each_channel(case: Case) -> None:
    op, layer = op_of(case), TorchLayer(op_of(case), case[2])
    channels = op.shape(case[2]).channels
    bias = getattr(layer.layer, "bias", None)
    told = kind_of(layer.layer, case[2][0]) in WEIGHTED or op.word == "bias"
    held = isinstance(bias, Tensor) and bias.shape == (channels,)
    assert op.biased == (told and (held or op.word == "bias"))


OVER_THE_MAP = [
    ("normalize", {"pattern": pattern, "function": "layernorm"}, (Shape(6, (5, 7)),))
    for pattern in ("c y x -> c", "(g:1 c) y x -> g", "c y x -> y x")
]
NORMED = [case for case in [*CASES, *OVER_THE_MAP] if op_of(case).norm is not None]


def normed(case: Case) -> tuple[TorchLayer, Tensor]:
    """The layer as in training, and two images for it."""
    layer = TorchLayer(op_of(case), case[2]).double().train()
    for number in layer.parameters():
        nn.init.uniform_(number, 0.5, 1.5)
    return layer, tensors(case[2], batch=2)[0].double()


@pytest.mark.parametrize("case", NORMED, ids=label)
def test_what_shares_a_mean_is_what_the_gradient_reaches(case: Case) -> None:
    op, shape = op_of(case), case[2][0]
    layer, x = normed(case)
    norm = op.norm
    assert norm is not None
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(layer(x)[0].flatten()[0], x)
    reached = gradient.abs() > 1e-9
    assert bool(reached[1].any()) == norm.batch
    if op.word not in PARTLY_OVER_CHANNELS:
        assert int(reached[0].sum()) == norm.values(shape)


@pytest.mark.parametrize("case", NORMED, ids=label)
def test_a_mean_of_each_channel_takes_what_is_added_to_the_channel_away(case: Case) -> None:
    norm, shape = op_of(case).norm, case[2][0]
    assert norm is not None
    layer, x = normed(case)
    moved = x + torch.randn(1, shape.channels, *(1,) * shape.rank, dtype=x.dtype)
    assert torch.allclose(layer(x), layer(moved), atol=1e-9) == (norm.centred and norm.by_channel(shape.channels))
    alike = torch.allclose(layer(x), layer(x + 1.5), atol=1e-9)
    assert alike == norm.centred


@pytest.mark.parametrize("case", [case for case in EVERY if len(case[2]) == 2 and len(set(case[2])) == 1], ids=label)
def test_inputs_that_may_change_places(case: Case) -> None:
    first, second = tensors(case[2])
    layer = TorchLayer(op_of(case), case[2]).eval()
    one, other = layer(first, second), layer(second, first)
    assert torch.equal(one, other) == op_of(case).commutative


@pytest.mark.parametrize("name", [name for name, value in vars(Op).items() if isinstance(value, property)])
def test_given_counts_change_nothing_else(name: str) -> None:
    assert name in vars(Counted), "it would have the default"
    for case in EVERY:
        op = op_of(case)
        assert getattr(Counted(op, params=1), name) == getattr(op, name)


@pytest.mark.parametrize("word", sorted({case[0] for case in EVERY} | NOT_RUN))
def test_given_counts_keep_word_and_kind(word: str) -> None:
    settings = next((case[1] for case in EVERY if case[0] == word), {"name": "x", "out": 3})
    known = {"constant": {"out": 3}, "unused": {}, "declared": {"name": "x"}}.get(word, settings)
    op = make(word, **known)
    assert (Counted(op).word, Counted(op).kind) == (word, op.kind)
