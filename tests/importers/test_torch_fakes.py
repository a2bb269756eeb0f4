"""Operators on tensors without memory go straight to their kernels, and give what the mode of fake tensors gives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn import functional as F

from rfcalc.importers.torch.fakes import direct

Run = Callable[[torch.Tensor], Any]
OPERATORS: dict[str, Run] = {
    "convolution": lambda x: F.conv2d(x, torch.empty(6, 4, 3, 3), padding=1),
    "convolution of channels that lie last": lambda x: F.conv2d(
        x.to(memory_format=torch.channels_last), torch.empty(6, 4, 3, 3)
    ),
    "batch norm": lambda x: F.batch_norm(x, torch.empty(4), torch.empty(4)),
    "batch norm in training": lambda x: torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5),
    "batch norm of channels that lie last": lambda x: F.batch_norm(
        x.to(memory_format=torch.channels_last), torch.empty(4), torch.empty(4)
    ),
    "layer norm": lambda x: F.layer_norm(x, (8,)),
    "attention": lambda x: F.scaled_dot_product_attention(x, x, x),
    "views": lambda x: x.permute(0, 2, 3, 1).reshape(1, 64, 4).transpose(1, 2),
    "parts": lambda x: (*x.split(2, 1), *x.unbind(2), *F.max_pool2d(x, 2, return_indices=True)),
    "another type": lambda x: (x > 0, x.double(), x.to(torch.int64), torch.zeros_like(x, dtype=torch.bool)),
    "made anew": lambda x: (torch.arange(8) + x, x.new_zeros(3), torch.zeros(3, device=x.device), torch.tensor(2.0) * x),
    "in place": lambda x: F.relu(x + 1, inplace=True).add_(x),
    "a device asked for": lambda x: (x.to("cpu"), x.device, x.new_empty(2, device="meta")),
}


def facts(value: Any) -> Any:
    """All that is known of tensors without memory; the step of an axis of one position is nowhere used."""
    if isinstance(value, list | tuple):
        return [facts(entry) for entry in value]
    if not isinstance(value, torch.Tensor):
        return value
    assert isinstance(value, FakeTensor)
    size = value.untyped_storage().nbytes()
    steps = [(n, step) for n, step in zip(value.shape, value.stride(), strict=True) if n != 1]
    return value.dim(), steps, value.storage_offset(), size, value.dtype, value.device


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_what_is_known_of_a_result_is_the_same(operator: Run) -> None:
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    with mode:
        image = torch.empty(1, 4, 8, 8)
        plain = facts(operator(image))
        with direct(mode):
            assert facts(operator(image)) == plain


def test_views_share_their_memory() -> None:
    mode = FakeTensorMode()
    with mode, direct(mode):
        image = torch.empty(1, 4, 8, 8)
        assert image[:, 1:].untyped_storage()._cdata == image.untyped_storage()._cdata
        assert image.relu_() is image


@pytest.mark.parametrize("operator", [lambda x: x.nonzero(), lambda x: x.sum().item(), lambda x: x[x > 0]])
def test_what_depends_on_numbers_is_the_error_that_it_was(operator: Run) -> None:
    mode, kinds = FakeTensorMode(), []
    with mode:
        image = torch.empty(1, 4, 8, 8)
        for above in (nullcontext(), direct(mode)):
            with above, pytest.raises(Exception, match=r".") as caught:
                operator(image)
            kinds.append(caught.type)
    assert kinds[0] is kinds[1]


def test_a_number_that_is_known_stays_known() -> None:
    mode = FakeTensorMode()
    with mode, direct(mode):
        assert (torch.tensor(2) + 1).item() == 3
