"""Resize and Upsample of ONNX models against the reference evaluator: every mode, by scales and by sizes."""

from __future__ import annotations

from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rfcalc.errors import SpecError
from tests.importers.onnx_oracle import agrees, imported, model, node, run

few = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
COORDINATES = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
NEAREST = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
FLOATS = np.float32
SCALES = [0.5, 0.625, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0]


def scaled(scale: list[float], **attributes: Any) -> tuple[Any, dict[str, Any]]:
    return node("Resize", "x - s", **attributes), {"s": np.array([1, 1, *scale], FLOATS)}


def sized(size: list[int], **attributes: Any) -> tuple[Any, dict[str, Any]]:
    return node("Resize", "x - - s", **attributes), {"s": np.array(size, np.int64)}


@st.composite
def wanted(draw: Any) -> tuple[list[int], list[float] | None, list[int]]:
    """The input's size, scales (None: by size), the output's size."""
    size = draw(st.lists(st.integers(2, 6), min_size=1, max_size=2))
    if draw(st.booleans()):
        scales = [draw(st.sampled_from(SCALES)) for _ in size]
        out = [floor(n * s) for n, s in zip(size, scales, strict=True)]
        assume(min(out) > 0)
        return size, scales, out
    return size, None, [draw(st.integers(1, 9)) for _ in size]


def resized(found: tuple[list[int], list[float] | None, list[int]], **attributes: Any) -> tuple[Any, dict[str, Any]]:
    _, scales, out = found
    return scaled(scales, **attributes) if scales is not None else sized([9, 2, *out], **attributes)


def whole(found: tuple[list[int], list[float] | None, list[int]]) -> bool:
    """True where the scale is exactly the ratio of the sizes. Elsewhere the corners of align_corners, and the one unit of
    pytorch_half_pixel, depend on whether an implementation rounds first."""
    size, scales, out = found
    return scales is None or all(n * s == m for n, s, m in zip(size, scales, out, strict=True))


def checked(tmp_path: Path, found: Any, opset: int = 19, **attributes: Any) -> None:
    size = found[0]
    made, stored = resized(found, **attributes)
    if found[1] is None:  # the sizes of the batch and the channels are those that the oracle runs
        count = 2 * int(np.prod(size)) + 1
        stored["s"][:2] = (1, 2)
        single = model([made], [1, 2, *size], stored, opset)
        stored = {"s": np.array([count, 2, *found[2]], np.int64)}
        agrees(single, (2, *size), tmp_path, by=lambda _, x: run_all(made, stored, x, opset))
        return
    agrees(model([made], ["n", 2, *size], stored, opset), (2, *size), tmp_path)


def run_all(made: Any, stored: dict[str, Any], images: np.ndarray, opset: int) -> np.ndarray:
    from tests.importers.onnx_oracle import run

    return run(model([made], list(images.shape), stored, opset), images)


@few
@given(wanted(), st.sampled_from(COORDINATES), st.sampled_from(NEAREST))
def test_nearest(tmp_path: Path, found: Any, coordinates: str, rounding: str) -> None:
    assume(whole(found) or coordinates in ("half_pixel", "asymmetric"))
    checked(tmp_path, found, mode="nearest", coordinate_transformation_mode=coordinates, nearest_mode=rounding)


@few
@given(wanted(), st.sampled_from(COORDINATES), st.sampled_from(["linear", "cubic"]))
def test_linear_and_cubic(tmp_path: Path, found: Any, coordinates: str, mode: str) -> None:
    assume(whole(found) or coordinates in ("half_pixel", "asymmetric", "half_pixel_symmetric"))
    # For one unit the definition says position 0, which the evaluator does not follow.
    assume(coordinates != "pytorch_half_pixel" or mode == "linear" or 1 not in found[2])
    checked(tmp_path, found, mode=mode, coordinate_transformation_mode=coordinates)


@few
@given(wanted(), st.sampled_from(["linear", "cubic"]), st.booleans())
def test_antialias(tmp_path: Path, found: Any, mode: str, outside: bool) -> None:
    assume(whole(found))
    checked(
        tmp_path,
        found,
        mode=mode,
        antialias=1,
        exclude_outside=int(outside and mode == "cubic"),
        coordinate_transformation_mode="half_pixel",
    )


@few
@given(wanted(), st.sampled_from(COORDINATES[:3]))
def test_exclude_outside(tmp_path: Path, found: Any, coordinates: str) -> None:
    assume(whole(found) and (coordinates != "pytorch_half_pixel" or 1 not in found[2]))
    checked(tmp_path, found, mode="cubic", exclude_outside=1, coordinate_transformation_mode=coordinates)


@few
@given(
    st.lists(
        st.tuples(st.integers(2, 6), st.integers(2, 7), st.sampled_from([(0, 1), (0.25, 0.75), (-0.25, 0.75), (0.5, 1.5)])),
        min_size=1,
        max_size=2,
    ),
    st.sampled_from(["nearest", "linear"]),
)
def test_crop_and_resize(tmp_path: Path, axes: list[tuple[int, int, tuple[float, float]]], mode: str) -> None:
    size, out, parts = [list(column) for column in zip(*axes, strict=True)]
    roi = np.array([0, 0, *(a for a, _ in parts), 1, 1, *(b for _, b in parts)], FLOATS)
    attributes = {"mode": mode, "coordinate_transformation_mode": "tf_crop_and_resize"}

    def made(batch: int) -> Any:
        stored = {"r": roi, "s": np.array([batch, 2, *out], np.int64)}
        return model([node("Resize", "x r - s", **attributes)], [batch, 2, *size], stored, 13)

    agrees(made(1), (2, *size), tmp_path, by=lambda _, images: run(made(len(images)), images))


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_policies(tmp_path: Path, policy: str, mode: str) -> None:
    attributes = {"mode": mode, "axes": [2, 3], "keep_aspect_ratio_policy": policy}
    made = model([node("Resize", "x - - s", **attributes)], ["n", 2, 4, 6], {"s": np.array([7, 8], np.int64)}, 18)
    agrees(made, (2, 4, 6), tmp_path)


@pytest.mark.parametrize(("op", "opset"), [("Upsample", 9), ("Resize", 10)])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_early_versions(tmp_path: Path, op: str, opset: int, mode: str) -> None:
    """The first versions scale positions from the corner: unit i reads from i / scale on."""
    made = model([node(op, "x s", mode=mode)], ["n", 2, 3, 4], {"s": np.array([1, 1, 2, 3], FLOATS)}, opset)
    later = node("Resize", "x - s", mode=mode, coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    same = model([later], ["n", 2, 3, 4], {"s": np.array([1, 1, 2, 3], FLOATS)}, 13)
    agrees(made, (2, 3, 4), tmp_path, by=lambda _, images: run(same, images))


def test_upsample_7_has_its_scales_as_an_attribute(tmp_path: Path) -> None:
    made = model([node("Upsample", "x", mode="nearest", scales=[1.0, 1.0, 2.0, 2.0])], ["n", 2, 3, 4], opset=7)
    assert imported(made, tmp_path).layers[-1].shape.size == (6, 8)


def test_channels_last(tmp_path: Path) -> None:
    """As converters from TensorFlow write it: the positions are resized while the channels lie last."""
    nodes = [
        node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
        node("Resize", "t - s", "r", mode="linear"),
        node("Transpose", "r", perm=[0, 3, 1, 2]),
    ]
    made = model(nodes, ["n", 2, 3, 4], {"s": np.array([1, 2, 1.5, 1], FLOATS)}, 13)
    graph = agrees(made, (2, 3, 4), tmp_path)
    assert [layer.op.word for layer in graph.layers] == ["upsample"]


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, "upsample"),
        ({"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}, "upsample"),
        ({"mode": "cubic", "coordinate_transformation_mode": "align_corners"}, "upsample"),
        ({"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, "resample"),
        ({"mode": "cubic", "cubic_coeff_a": -0.5}, "resample"),
    ],
)
def test_torchs_own_layer_where_it_is_equal(tmp_path: Path, attributes: dict[str, Any], word: str) -> None:
    made = model([node("Resize", "x - s", **attributes)], ["n", 2, 3, 4], {"s": np.array([1, 1, 2, 2], FLOATS)}, 13)
    assert imported(made, tmp_path).layers[-1].op.word == word


def test_nothing_to_do(tmp_path: Path) -> None:
    nodes = [node("Relu", "x", "r"), scaled([1.0, 1.0])[0]]
    nodes[1].input[0] = "r"
    assert [layer.op.word for layer in imported(model(nodes, ["n", 2, 3, 4], scaled([1.0, 1.0])[1]), tmp_path).layers] == [
        "relu"
    ]


@pytest.mark.parametrize(
    ("scales", "attributes", "said"),
    [
        ([1, 2, 2, 2], {}, "resizes the channels"),
        ([2, 1, 2, 2], {}, "resizes the batch"),
        ([1, 1, 0, 2], {}, "scales"),
        ([1, 1, 2], {}, "scales"),
        ([1, 1, 0.1, 2], {}, "nothing is left"),
        ([1, 1, 2, 2], {"mode": "area"}, "mode"),
        ([1, 1, 2, 2], {"mode": "nearest", "coordinate_transformation_mode": "tf_half_pixel_for_nn"}, "tf_half_pixel_for_nn"),
        ([1, 1, 2, 2], {"mode": "nearest", "coordinate_transformation_mode": "elsewhere"}, "elsewhere"),
        ([1, 1, 2, 2], {"mode": "nearest", "nearest_mode": "up"}, "up"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, scales: list[float], attributes: dict[str, Any], said: str) -> None:
    made = model([node("Resize", "x - s", **attributes)], ["n", 2, 4, 4], {"s": np.array(scales, FLOATS)}, 11)
    with pytest.raises(SpecError, match=said):
        imported(made, tmp_path)
