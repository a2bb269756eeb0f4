"""The torch source of layers that torch has not itself, against their definitions, number by number."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.layers.torch_layer import TorchLayer


def run(word: str, x: Tensor, **settings: Any) -> Tensor:
    """What a layer makes of a batch."""
    shapes = (Shape(x.shape[1], tuple(x.shape[2:])),)
    return TorchLayer(make(word, **settings), shapes).eval()(x)


def numbered(*shape: int) -> Tensor:
    """A batch of one in which each number is different."""
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(1, *shape)


@pytest.mark.parametrize(("channels", "height", "width", "r"), [(4, 6, 4, 2), (64, 26, 26, 2), (9, 6, 9, 3), (8, 2, 4, 2)])
def test_reorg_is_darknets(channels: int, height: int, width: int, r: int) -> None:
    """The flat indices of darknet's reorg_cpu with forward = 0, where w, h, c are those of its input."""
    flat = list(range(channels * height * width))
    expected, less = [0] * len(flat), channels // r**2
    for k, j, i in product(range(channels), range(height), range(width)):
        offset = k // less
        row, column = j * r + offset // r, i * r + offset % r
        expected[i + width * (j + height * k)] = flat[column + width * r * (row + height * r * (k % less))]
    found = run("reorg", numbered(channels, height, width), ratio=r)
    assert tuple(found.shape) == (1, channels * r * r, height // r, width // r)
    assert found.flatten().tolist() == expected


def test_space_to_depth_holds_the_position_first() -> None:
    x, found = numbered(3, 4, 6), run("spacetodepth", numbered(3, 4, 6), ratio=2)
    for dy, dx, c in product(range(2), range(2), range(3)):
        assert torch.equal(found[:, (2 * dy + dx) * 3 + c], x[:, c, dy::2, dx::2])


@pytest.mark.parametrize("shape", [(8, 3), (8, 2, 3), (8, 2, 3, 2)])
def test_depth_to_space_undoes_space_to_depth(shape: tuple[int, ...]) -> None:
    x = numbered(*shape)
    assert torch.equal(run("spacetodepth", run("depthtospace", x, ratio=2), ratio=2), x)
    assert torch.equal(run("pixelunshuffle", run("pixelshuffle", x, ratio=2), ratio=2), x)


def test_depth_to_space_in_one_axis_at_a_time() -> None:
    x, found = numbered(8, 2, 3), run("depthtospace", numbered(8, 2, 3), ratio=2)
    for dy, dx, c in product(range(2), range(2), range(2)):
        assert torch.equal(found[:, c, dy::2, dx::2], x[:, (2 * dy + dx) * 2 + c])


def test_channel_shuffle_is_torchs() -> None:
    x = numbered(12, 2, 3)
    assert torch.equal(run("channelshuffle", x, groups=3), nn.ChannelShuffle(3)(x))


def test_average_pool_that_leaves_out_unequal_padding() -> None:
    x = torch.rand(1, 1, 6, 7)
    found = run("avgpool", x, kernel=3, stride=2, padding=((0, 1), (2, 1)), count_include_pad=False)
    for i, j in product(range(found.shape[2]), range(found.shape[3])):
        rows, columns = slice(2 * i, min(6, 2 * i + 3)), slice(max(0, 2 * j - 2), min(7, 2 * j + 1))
        torch.testing.assert_close(found[0, 0, i, j], x[0, 0, rows, columns].mean())


def test_layer_norm_over_channels() -> None:
    x = torch.rand(2, 5, 3, 4)
    expected = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, unbiased=False) + 1e-6).sqrt()
    torch.testing.assert_close(run("layernorm", x, eps=1e-6), expected)


def test_l2_norm() -> None:
    x = torch.rand(2, 5, 3, 4)
    torch.testing.assert_close(run("l2norm", x, scale=10), 10 * x / x.square().sum(1, keepdim=True).sqrt())


def test_attention_is_torchs() -> None:
    x = torch.rand(2, 6, 3, 4)
    layer = TorchLayer(make("attention", heads=2), (Shape(6, (3, 4)),)).eval()
    reference = nn.MultiheadAttention(6, 2, batch_first=True)
    ours = layer.layer
    reference.load_state_dict(
        {
            "in_proj_weight": ours.qkv.weight,
            "in_proj_bias": ours.qkv.bias,
            "out_proj.weight": ours.proj.weight,
            "out_proj.bias": ours.proj.bias,
        }
    )
    tokens = x.flatten(2).transpose(1, 2)
    expected = reference(tokens, tokens, tokens)[0].transpose(1, 2).reshape(x.shape)
    torch.testing.assert_close(layer(x), expected)


def test_one_window_over_everything_is_attention() -> None:
    x, shapes = torch.rand(2, 6, 3, 4), (Shape(6, (3, 4)),)
    whole = TorchLayer(make("attention", heads=2), shapes).eval()
    window = TorchLayer(make("windowattention", heads=2, window=(3, 4), shift=1, relative=False), shapes).eval()
    window.layer.load_state_dict(whole.layer.state_dict())
    torch.testing.assert_close(window(x), whole(x))


def test_windows_do_not_mix_the_images_of_a_batch() -> None:
    x = torch.rand(3, 6, 7, 5)
    layer = TorchLayer(make("windowattention", heads=2, window=4, shift=2), (Shape(6, (7, 5)),)).eval()
    torch.testing.assert_close(layer(x), torch.cat([layer(x[i : i + 1]) for i in range(3)]))


def test_squeeze_and_excitation() -> None:
    x = torch.rand(2, 8, 3, 4)
    layer = TorchLayer(make("se", ratio=4), (Shape(8, (3, 4)),)).eval()
    down, up = layer.layer[1], layer.layer[3]
    pooled = x.mean((2, 3))
    gate = torch.sigmoid(F.linear(F.relu(F.linear(pooled, down.weight.flatten(1), down.bias)), up.weight.flatten(1), up.bias))
    torch.testing.assert_close(layer(x), x * gate[:, :, None, None])


def test_masked_convolution_hears_nothing_of_what_comes_later() -> None:
    x = torch.rand(1, 2, 5, 5)
    layer = TorchLayer(make("maskedconv", out=3, kernel=3, mask="B"), (Shape(2, (5, 5)),)).eval()
    changed = x.clone()
    changed[:, :, 2, 3:] += 1
    changed[:, :, 3:] += 1
    before = slice(0, 2)
    assert torch.equal(layer(x)[:, :, before], layer(changed)[:, :, before])
    assert torch.equal(layer(x)[:, :, 2, :3], layer(changed)[:, :, 2, :3])
    assert not torch.equal(layer(x)[:, :, 2, 3], layer(changed)[:, :, 2, 3])
