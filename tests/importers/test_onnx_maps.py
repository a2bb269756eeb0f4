"""Convolutions, pools and blocks of ONNX models against the reference evaluator, for random settings."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from rfcalc.errors import SpecError
from tests.importers.onnx_oracle import agrees, imported, model, node, weights

few = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
AUTO = st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])


@st.composite
def windows(draw: Any, dilated: bool = True) -> dict[str, Any]:
    """Size, kernel, stride, dilation and padding of one or two axes."""
    rank = draw(st.integers(1, 2))
    axes = [[draw(st.integers(*bounds)) for _ in range(rank)] for bounds in ((5, 8), (1, 3), (1, 3), (1, 2 if dilated else 1))]
    found = dict(zip(("size", "kernel_shape", "strides", "dilations"), axes, strict=True))
    found["auto_pad"] = draw(AUTO)
    most = [(k - 1) * d for k, d in zip(found["kernel_shape"], found["dilations"], strict=True)]
    found["pads"] = [draw(st.integers(0, n)) for n in (*most, *most)] if found["auto_pad"] == "NOTSET" else None
    return {name: value for name, value in found.items() if value is not None}


@few
@given(windows(), st.sampled_from([(2, 3, 1), (2, 2, 2), (2, 4, 2), (4, 2, 2)]))
def test_conv(tmp_path: Path, window: dict[str, Any], channels: tuple[int, int, int]) -> None:
    size, (wide, out, groups) = window.pop("size"), channels
    weight = weights(out, wide // groups, *window["kernel_shape"])
    made = model([node("Conv", "x w b", group=groups, **window)], ["n", wide, *size], {"w": weight, "b": weights(out)})
    graph = agrees(made, (wide, *size), tmp_path)
    last = graph.nodes[graph.outputs[0]]
    assert last.cost.params == weight.size + out
    assert last.cost.macs == weight.size * last.shape.positions


def transposed(made: Any, images: np.ndarray) -> np.ndarray:
    """A transposed convolution by its definition: input i adds weight t to output i*stride + t*dilation; then the ends are cut.

    The evaluator goes wrong where the output's size is asked for."""
    attributes = {a.name: helper.get_attribute_value(a) for a in made.graph.node[0].attribute}
    weight, rule = numpy_helper.to_array(made.graph.initializer[0]), attributes["auto_pad"].decode()
    size, kernel = images.shape[2:], weight.shape[2:]
    strides, dilations = attributes["strides"], attributes["dilations"]
    extra = attributes.get("output_padding", [0] * len(size))
    axes = list(zip(size, strides, kernel, dilations, extra, strict=True))
    out = np.zeros((len(images), weight.shape[1], *((n - 1) * s + (k - 1) * d + 1 + e for n, s, k, d, e in axes)))
    for taps in np.ndindex(*kernel):
        places = tuple(slice(t * d, t * d + (n - 1) * s + 1, s) for t, (n, s, _, d, _) in zip(taps, axes, strict=True))
        out[(..., *places)] += np.einsum("nc...,co->no...", images, weight[(..., *taps)])
    asked = attributes.get("output_shape", [n * s for n, s in zip(size, strides, strict=True)])
    for axis, (total, wanted) in enumerate(zip(out.shape[2:], asked, strict=True)):
        cut = total - wanted
        start, end = (cut // 2, cut - cut // 2) if rule == "SAME_UPPER" else (cut - cut // 2, cut // 2)
        if rule in ("NOTSET", "VALID") and "output_shape" not in attributes:
            start, end = (attributes["pads"][axis + i * len(size)] if rule == "NOTSET" else 0 for i in (0, 1))
        out = np.take(out, range(start, total - end), 2 + axis)
    return out


@few
@given(windows(), st.booleans(), st.data())
def test_conv_transpose(tmp_path: Path, window: dict[str, Any], asked: bool, data: Any) -> None:
    size = window.pop("size")
    axes = list(zip(size, window["strides"], window["kernel_shape"], window["dilations"], strict=True))
    natural = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in axes]
    if asked and window["auto_pad"] == "NOTSET":
        del window["pads"]
        window["output_shape"] = [n - data.draw(st.integers(0, 2)) for n in natural]
    elif window["auto_pad"] in ("NOTSET", "VALID"):
        window["output_padding"] = [data.draw(st.integers(0, s - 1)) for s in window["strides"]]
        pads = window.get("pads", [0] * 2 * len(size))
        assume(all(n > a + b for n, a, b in zip(natural, pads[: len(size)], pads[len(size) :], strict=True)))
    else:
        assume(all(n >= m * s for n, (m, s, _, _) in zip(natural, axes, strict=True)))
    weight = weights(2, 3, *window["kernel_shape"])
    made = model([node("ConvTranspose", "x w", **window)], ["n", 2, *size], {"w": weight})
    graph = agrees(made, (2, *size), tmp_path, by=transposed)
    assert sum(layer.cost.params for layer in graph.layers) == weight.size
    assert sum(layer.cost.macs for layer in graph.layers) == weight.size * prod(size)


def max_pooled(made: Any, images: np.ndarray) -> np.ndarray:
    """A max pool by its definition; the evaluator goes wrong for unequal padding, and where the padding follows a rule."""
    attributes = {a.name: helper.get_attribute_value(a) for a in made.graph.node[0].attribute}
    rule, kernel = attributes["auto_pad"].decode(), attributes["kernel_shape"]
    rank = len(kernel)
    found = images
    for axis in range(rank):
        n, k, s, d = found.shape[2 + axis], kernel[axis], attributes["strides"][axis], attributes["dilations"][axis]
        before, after = (attributes["pads"][axis + i * rank] for i in (0, 1)) if rule == "NOTSET" else (0, 0)
        if rule.startswith("SAME"):
            both = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            before, after = (both // 2, both - both // 2) if rule == "SAME_UPPER" else (both - both // 2, both // 2)
        starts = range(-before, n + after - (k - 1) * d, s)
        if attributes["ceil_mode"] and (starts.stop - starts.start - 1) % s and starts[-1] + s < n:
            starts = [*starts, starts[-1] + s]
        columns = [[j for t in range(k) if 0 <= (j := start + t * d) < n] for start in starts]
        found = np.stack([np.take(found, column, 2 + axis).max(2 + axis) for column in columns], 2 + axis)
    return found


@few
@given(windows(), st.booleans())
def test_max_pool(tmp_path: Path, window: dict[str, Any], ceil: bool) -> None:
    size = window.pop("size")
    if window["auto_pad"].startswith("SAME"):
        window["dilations"], ceil = [1] * len(size), False
    made = model([node("MaxPool", "x", ceil_mode=int(ceil), **window)], ["n", 2, *size])
    extents = [(k - 1) * d + 1 for k, d in zip(window["kernel_shape"], window["dilations"], strict=True)]
    assume(all(pad < extents[i % len(extents)] for i, pad in enumerate(window.get("pads", []))))
    agrees(made, (2, *size), tmp_path, by=max_pooled)


def known_to_the_evaluator(window: dict[str, Any]) -> bool:
    """It goes wrong for pools whose stride is larger than their window where the padding follows a rule."""
    pairs = zip(window["kernel_shape"], window["strides"], strict=True)
    return not window["auto_pad"].startswith("SAME") or (len(window["strides"]) == 2 and all(k >= s for k, s in pairs))


@few
@given(windows(dilated=False), st.sampled_from([(False, False), (False, True), (True, False)]))
def test_average_pool(tmp_path: Path, window: dict[str, Any], modes: tuple[bool, bool]) -> None:
    size = window.pop("size")
    del window["dilations"]
    assume(known_to_the_evaluator(window))
    ceil, padding = modes[0] and window["auto_pad"] == "NOTSET", modes[1]
    made = model([node("AveragePool", "x", ceil_mode=int(ceil), count_include_pad=int(padding), **window)], ["n", 2, *size])
    agrees(made, (2, *size), tmp_path)


@few
@given(windows(dilated=False))
def test_lp_pool(tmp_path: Path, window: dict[str, Any]) -> None:
    size = window.pop("size")
    del window["dilations"]
    assume(known_to_the_evaluator(window))
    agrees(model([node("LpPool", "x", p=2, **window)], ["n", 2, *size], opset=18), (2, *size), tmp_path)


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("size", [(5,), (3, 4)])
def test_global_pools(tmp_path: Path, op: str, size: tuple[int, ...]) -> None:
    made = model([node(op, "x")], ["n", 2, *size])
    agrees(made, (2, *size), tmp_path, by=lambda _, images: images.mean(tuple(range(2, images.ndim)), keepdims=True))


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space(tmp_path: Path, mode: str) -> None:
    agrees(model([node("DepthToSpace", "x", blocksize=2, mode=mode)], ["n", 8, 2, 3]), (8, 2, 3), tmp_path)


def test_space_to_depth(tmp_path: Path) -> None:
    agrees(model([node("SpaceToDepth", "x", blocksize=2)], ["n", 2, 4, 6]), (2, 4, 6), tmp_path)


@pytest.mark.parametrize(
    ("op", "attributes", "weight", "said"),
    [
        ("Conv", {}, (3, 4, 3, 3), "does not fit an input of 2 channels"),
        ("Conv", {"kernel_shape": [5, 5]}, (3, 2, 3, 3), "kernel_shape"),
        ("Conv", {"strides": [0, 1]}, (3, 2, 3, 3), "strides"),
        ("Conv", {"pads": [1, 1]}, (3, 2, 3, 3), "pads"),
        ("Conv", {"auto_pad": "SAME"}, (3, 2, 3, 3), "auto_pad"),
        ("Conv", {}, (3, 2, 9, 9), "larger than its input"),
        ("Conv", {"group": -2}, (3, 1, 3, 3), "in -2 groups"),
        ("ConvTranspose", {"group": -1}, (2, 3, 3, 3), "in -1 groups"),
        ("ConvTranspose", {"output_padding": [5, 5]}, (2, 3, 3, 3), "output_padding"),
        ("ConvTranspose", {"output_shape": [99, 99]}, (2, 3, 3, 3), "larger than what it computes"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, op: str, attributes: dict[str, Any], weight: tuple[int, ...], said: str
) -> None:
    made = model([node(op, "x w", **attributes)], ["n", 2, 6, 6], {"w": weights(*weight)})
    with pytest.raises(SpecError, match=said) as error:
        imported(made, tmp_path)
    assert error.value.problems[0].code == "E610"


def test_an_average_over_a_dilated_window_is_refused(tmp_path: Path) -> None:
    made = model([node("AveragePool", "x", kernel_shape=[2], dilations=[2])], ["n", 2, 6], opset=19)
    with pytest.raises(SpecError, match="dilated window"):
        imported(made, tmp_path)


def test_a_rule_for_the_padding_of_a_dilated_pool_is_refused(tmp_path: Path) -> None:
    """Implementations differ: some forget the dilation."""
    made = model([node("MaxPool", "x", kernel_shape=[2], dilations=[2], auto_pad="SAME_UPPER")], ["n", 2, 6])
    with pytest.raises(SpecError, match="dilated window"):
        imported(made, tmp_path)


def test_ceil_mode_counts_with_valid_padding(tmp_path: Path) -> None:
    """As onnxruntime has it; the reference evaluator refuses the two together."""
    made = model([node("MaxPool", "x", kernel_shape=[2], strides=[2], auto_pad="VALID", ceil_mode=1)], ["n", 2, 7])
    graph = imported(made, tmp_path)
    assert graph.nodes[graph.outputs[0]].shape.size == (4,)
