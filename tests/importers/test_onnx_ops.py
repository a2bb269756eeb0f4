"""Element-wise operators, norms, reductions, products and views of ONNX models against the reference evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rfcalc.errors import RuleError, SpecError
from rfcalc.importers.onnx.fold import folded
from tests.importers.onnx_oracle import agrees, claimed, imported, measured, model, node, run, weights

few = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
IMAGE = (4, 3, 5)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def last(graph: Any) -> Any:
    return graph.nodes[graph.outputs[0]]


UNARY = """Relu Selu Sigmoid HardSigmoid Softplus Tanh Celu Elu LeakyRelu Softsign Exp Log Sqrt Abs Neg
Reciprocal Sin Cos Tan Atan Erf Sinh Cosh Asinh Atanh Identity""".split()  # noqa: SIM905


@pytest.mark.parametrize("op", UNARY)
def test_functions_of_one_number(tmp_path: Path, op: str) -> None:
    nodes = [node("Mul", "x h", "z"), node(op, "z", "u"), node("Neg", "u")]
    agrees(model(nodes, ["n", *IMAGE], {"h": np.array(0.3)}), IMAGE, tmp_path, change=1e-3)


@pytest.mark.parametrize(
    ("op", "opset"), [("HardSwish", 17), ("Mish", 18), ("Gelu", 20), ("Round", 17), ("Not", 17), ("Floor", 17)]
)
def test_functions_by_their_word(tmp_path: Path, op: str, opset: int) -> None:
    graph = imported(model([node(op, "x")], ["n", *IMAGE], opset=opset), tmp_path)
    assert last(graph).shape.elements == 60
    assert all(read.pointwise for read in last(graph).reads)


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Pow"])
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (5,), (4, 1, 1), (1, 4, 1, 1), (3, 5), (4, 3, 5)])
def test_arithmetic_with_stored_numbers(tmp_path: Path, op: str, swapped: bool, shape: tuple[int, ...]) -> None:
    made = model([node(op, "w x" if swapped else "x w")], ["n", *IMAGE], {"w": weights(*shape)})
    graph = agrees(made, IMAGE, tmp_path, change=1e-2)
    assert sum(layer.cost.params for layer in graph.layers) == (int(np.prod(shape)) if shape else 0)


@pytest.mark.parametrize("shape", [(4, 3, 5), (1, 3, 5), (4, 1, 1), (4, 3, 1)])
@pytest.mark.parametrize("op", ["Add", "Mul", "Max", "Min", "Sum", "Mean", "Where", "Greater"])
def test_arithmetic_of_two_tensors(tmp_path: Path, op: str, shape: tuple[int, ...]) -> None:
    """The second operand is a part of the input, which is repeated where it has size 1."""
    starts, ends = ints(0, 0, 0), ints(*shape)
    nodes = [node("Slice", "x s e a", "p")]
    if op == "Where":
        nodes += [node("Greater", "p x", "g"), node("Where", "g p x")]
    elif op == "Greater":
        nodes += [node("Greater", "p x", "g"), node("Cast", "g", to=11)]
    else:
        nodes += [node(op, "x p")]
    made = model(nodes, ["n", *IMAGE], {"s": starts, "e": ends, "a": ints(1, 2, 3)})
    if op in ("Add", "Mul", "Sum", "Mean"):
        agrees(made, IMAGE, tmp_path, change=1.0)
    else:
        assert last(imported(made, tmp_path)).shape.elements == 60


@pytest.mark.parametrize("limits", [(0, 6), (-1, 1), (None, 2), (0, None), (None, None)])
def test_clip(tmp_path: Path, limits: tuple[Any, Any]) -> None:
    stored = {name: np.array(float(v)) for name, v in zip("ab", limits, strict=True) if v is not None}
    names = " ".join(name if name in stored else "-" for name in "ab")
    graph = imported(model([node("Clip", f"x {names}")], ["n", *IMAGE], stored), tmp_path)
    assert sum(layer.cost.params + layer.cost.buffers for layer in graph.layers) == 0
    assert [layer.op.word for layer in graph.layers] == {
        (0, 6): ["relu6"],
        (-1, 1): ["pointwise", "pointwise"],
        (None, 2): ["pointwise"],
        (0, None): ["relu"],
        (None, None): [],
    }[limits]


@pytest.mark.parametrize(("shape", "word"), [((1,), "prelu"), ((4, 1, 1), "prelu"), ((3, 5), "stored")])
def test_prelu_has_its_own_layer(tmp_path: Path, shape: tuple[int, ...], word: str) -> None:
    graph = agrees(model([node("PRelu", "x s")], ["n", *IMAGE], {"s": weights(*shape)}), IMAGE, tmp_path)
    assert (last(graph).op.word, last(graph).cost.params) == (word, int(np.prod(shape)))


@pytest.mark.parametrize(
    ("made", "stored", "said"),
    [
        (node("GroupNormalization", "x s b", num_groups=-2), {"s": weights(4), "b": weights(4)}, "groups (-2) do not divide"),
        (node("GroupNormalization", "x s b", num_groups=0), {"s": weights(4), "b": weights(4)}, "groups (0) do not divide"),
        (node("LRN", "x", size=-3), {}, "window of -3 channels"),
        (node("Split", "x", axis=1, num_outputs=1 << 40), {}, "an axis of 4 has no 1,099,511,627,776 parts"),
        (node("OneHot", "x d v", axis=1), {"d": np.array(1 << 62), "v": weights(2)}, "its depth of 4,611,"),
    ],
    ids=lambda value: value.op_type if hasattr(value, "op_type") else "",
)
def test_numbers_that_make_no_sense(tmp_path: Path, made: Any, stored: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as error:
        imported(model([made], ["n", 4, 6, 6], stored, opset=21), tmp_path)
    assert error.value.problems[0].code == "E610"
    assert said in str(error.value)


def test_one_hot(tmp_path: Path) -> None:
    nodes = [node("Cast", "x", "i", to=7), node("OneHot", "i d v", "h", axis=1), node("Gather", "h one", axis=1)]
    stored = {"d": np.array(3), "v": np.array([0.0, 1.0]), "one": np.array(1)}
    graph = agrees(model(nodes, ["n", *IMAGE], stored), IMAGE, tmp_path, change=1.0)
    assert sum(layer.cost.params for layer in graph.layers) == 0


def test_batch_norm(tmp_path: Path) -> None:
    stored = {name: weights(4, seed=i) for i, name in enumerate("sbmv")}
    graph = agrees(model([node("BatchNormalization", "x s b m v")], ["n", *IMAGE], stored), IMAGE, tmp_path)
    assert (last(graph).op.word, last(graph).cost.params, last(graph).cost.buffers) == ("bn", 8, 9)


def test_norms_keep_shape_and_count(tmp_path: Path) -> None:
    stored = {"s": weights(4), "b": weights(4)}
    for op, opset, word in (("InstanceNormalization", 17, "instancenorm"), ("GroupNormalization", 21, "gn")):
        more = {"num_groups": 2} if op.startswith("Group") else {}
        graph = imported(model([node(op, "x s b", **more)], ["n", *IMAGE], stored, opset), tmp_path)
        assert (last(graph).op.word, last(graph).cost.params, last(graph).shape.size) == (word, 8, (3, 5))


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_layer_norm(tmp_path: Path, axis: int) -> None:
    shape = IMAGE[axis - 1 :] if axis > 0 else IMAGE[axis:]
    graph = imported(model([node("LayerNormalization", "x s", axis=axis)], ["n", *IMAGE], {"s": weights(*shape)}), tmp_path)
    assert last(graph).cost.params == int(np.prod(shape))


def test_layer_norm_over_channels_that_lie_last(tmp_path: Path) -> None:
    nodes = [node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("LayerNormalization", "t s b", "u"), turned_back("u")]
    graph = agrees(model(nodes, ["n", *IMAGE], {"s": weights(4), "b": weights(4)}), IMAGE, tmp_path, change=1.0)
    assert [layer.op.word for layer in graph.layers] == ["layernorm"]


def turned_back(name: str) -> Any:
    return node("Transpose", name, perm=[0, 3, 1, 2])


def test_group_norm_as_torch_writes_it(tmp_path: Path) -> None:
    """Two groups of two channels as an instance norm with scales of one; scale and bias come after it."""
    nodes = [
        node("Reshape", "x two", "r"),
        node("InstanceNormalization", "r one zero", "i"),
        node("Reshape", "i back", "k"),
        node("Mul", "k w", "m"),
        node("Add", "m b"),
    ]
    stored = {"two": ints(0, 2, -1), "one": np.ones(2), "zero": np.zeros(2), "back": ints(-1, 4, 3, 5)}
    stored |= {"w": weights(4, 1, 1), "b": weights(4, 1, 1)}
    graph = imported(model(nodes, ["n", *IMAGE], stored), tmp_path)
    assert [layer.op.word for layer in graph.layers] == ["gn", "stored", "stored"]
    assert sum(layer.cost.params for layer in graph.layers) == 8


@pytest.mark.parametrize("size", [3, 5])
def test_lrn(tmp_path: Path, size: int) -> None:
    """By its definition; the evaluator reads past the last channel."""

    def normalized(_: Any, images: np.ndarray) -> np.ndarray:
        half = size // 2
        wide = np.pad(images**2, ((0, 0), (half, half), (0, 0), (0, 0)))
        return images / (1 + sum(wide[:, i : i + 6] for i in range(size)))

    agrees(model([node("LRN", "x", size=size)], ["n", 6, 2, 2]), (6, 2, 2), tmp_path, change=1.0, by=normalized)


@pytest.mark.parametrize(("axis", "opset"), [(1, 17), (-1, 17), (1, 11), (3, 11)])
@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
def test_softmax(tmp_path: Path, op: str, axis: int, opset: int) -> None:
    """Before version 13 it ran over an axis and all after it."""
    made = model([node(op, "x", axis=axis)], ["n", *IMAGE], opset=opset)
    later = made
    if opset < 13 and axis == 1:
        nodes = [node("Flatten", "x", "f"), node(op, "f", "g", axis=-1), node("Shape", "x", "s"), node("Reshape", "g s")]
        later = model(nodes, ["n", *IMAGE])
    agrees(made, IMAGE, tmp_path, change=1.0, by=lambda _, images: run(later, images))


def test_lp_normalization(tmp_path: Path) -> None:
    """Over the channels; over positions its statistics count as little for the field as those of other norms."""
    agrees(model([node("LpNormalization", "x", axis=1, p=2)], ["n", *IMAGE]), IMAGE, tmp_path, change=1.0)
    assert last(imported(model([node("LpNormalization", "x")], ["n", *IMAGE]), tmp_path)).shape.size == (3, 5)


def test_early_arithmetic_names_the_axis_where_an_operand_begins(tmp_path: Path) -> None:
    made = model([node("Add", "x b", axis=1, broadcast=1)], ["n", *IMAGE], {"b": weights(4)}, opset=6)
    later = model([node("Add", "x b")], ["n", *IMAGE], {"b": weights(4, 1, 1)})
    agrees(made, IMAGE, tmp_path, by=lambda _, images: run(later, images))


@pytest.mark.parametrize("axes", [[1], [2], [3], [2, 3], [1, 2, 3], [-1]])
@pytest.mark.parametrize("op", ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "ReduceLogSumExp", "ReduceProd"])
def test_reductions(tmp_path: Path, op: str, axes: list[int]) -> None:
    made = model([node(op, "x a") if op == "ReduceSum" else node(op, "x", axes=axes)], ["n", *IMAGE], {"a": ints(*axes)})
    if axes == [1, 2, 3] or op == "ReduceMax":
        assert last(imported(made, tmp_path)).shape.elements == int(
            np.prod([n for i, n in enumerate(IMAGE, 1) if i not in {a % 4 for a in axes}])
        )
        return
    agrees(made, IMAGE, tmp_path, change=1.0)


def test_arg_max(tmp_path: Path) -> None:
    graph = imported(model([node("ArgMax", "x", axis=1, keepdims=0)], ["n", *IMAGE]), tmp_path)
    assert last(graph).shape.positions == 15
    assert last(graph).shape.channels == 1


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("bias", [(), (7,), (1, 7), (1,)])
def test_gemm(tmp_path: Path, turned: bool, bias: tuple[int, ...]) -> None:
    weight = weights(7, 60) if turned else weights(60, 7)
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f w b", transB=int(turned), alpha=0.5)]
    graph = agrees(model(nodes, ["n", *IMAGE], {"w": weight, "b": weights(*bias)}), IMAGE, tmp_path)
    assert sum(layer.cost.macs for layer in graph.layers) == 420
    assert sum(layer.cost.params for layer in graph.layers) == 420 + int(np.prod(bias))


def test_matmul_with_weights_along_the_last_axis(tmp_path: Path) -> None:
    nodes = [node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("MatMul", "t w", "m"), turned_back("m")]
    graph = agrees(model(nodes, ["n", *IMAGE], {"w": weights(4, 6)}), IMAGE, tmp_path)
    assert (last(graph).op.word, last(graph).cost.macs, last(graph).cost.params) == ("conv", 4 * 6 * 15, 24)


def test_matmul_of_two_tensors(tmp_path: Path) -> None:
    nodes = [node("Transpose", "x", "t", perm=[0, 1, 3, 2]), node("MatMul", "x t", "m"), node("Reshape", "m s")]
    graph = imported(model(nodes, ["n", *IMAGE], {"s": ints(0, 4, 9)}), tmp_path)
    assert sum(layer.cost.macs for layer in graph.layers) == 4 * 3 * 3 * 5


def test_einsum(tmp_path: Path) -> None:
    made = model([node("Einsum", "x w", equation="nchw,co->nohw")], ["n", *IMAGE], {"w": weights(4, 6)})
    graph = agrees(made, IMAGE, tmp_path)
    assert sum(layer.cost.macs for layer in graph.layers) == 4 * 6 * 15


def test_quantized_weights_count(tmp_path: Path) -> None:
    """Whole numbers through DequantizeLinear are the weights; scales and zero points are kept, not learned."""
    nodes = [
        node("QuantizeLinear", "x xs xz", "q"),
        node("DequantizeLinear", "q xs xz", "d"),
        node("DequantizeLinear", "w ws wz", "v", axis=0),
        node("Conv", "d v"),
    ]
    stored = {"xs": np.float32(0.1), "xz": np.uint8(3), "w": np.ones((6, 4, 3, 3), np.int8)}
    stored |= {"ws": np.ones(6, np.float32), "wz": np.zeros(6, np.int8)}
    graph = imported(model(nodes, ["n", 4, 6, 6], stored, kind=1), tmp_path)
    assert sum(layer.cost.params for layer in graph.layers) == 216
    assert sum(layer.cost.buffers for layer in graph.layers) == 14
    assert last(graph).cost.macs == 216 * 16


def seen_by(nodes: list[Any], name: str, axes: int = 2) -> list[Any]:
    """The nodes, and a pool of one position after them that brings any view into the order of a layer."""
    return [*nodes, node("AveragePool", name, kernel_shape=[1] * axes)]


VIEWS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "transposed positions": ([node("Transpose", "x", "v", perm=[0, 1, 3, 2])], {}),
    "channels to positions": ([node("Reshape", "x s", "v")], {"s": ints(0, 1, 12, 5)}),
    "split channels": (
        [node("Reshape", "x s", "r"), node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]), node("Reshape", "t z", "v")],
        {"s": ints(0, 2, 2, 3, 5), "z": ints(-1, 4, 3, 5)},
    ),
    "slice": ([node("Slice", "x s e a t", "v")], {"s": ints(1, 0), "e": ints(3, 99), "a": ints(1, 3), "t": ints(1, 2)}),
    "slice backwards": ([node("Slice", "x s e a t", "v")], {"s": ints(-1), "e": ints(-99), "a": ints(3), "t": ints(-2)}),
    "gather": ([node("Gather", "x i", "v", axis=2)], {"i": ints(2, 0, 0, -1)}),
    "gather channels": ([node("Gather", "x i", "v", axis=1)], {"i": ints(3, 1, 1)}),
    "gather one": ([node("Gather", "x i", "g", axis=2), node("Unsqueeze", "g a", "v")], {"i": np.int64(1), "a": ints(2)}),
    "gather a table": (
        [node("Gather", "x i", "g", axis=3), node("Flatten", "g", "f", axis=3), node("Reshape", "f s", "v")],
        {"i": np.array([[0, 2], [4, 1]]), "s": ints(-1, 4, 3, 4)},
    ),
    "split and join": ([node("Split", "x s", "p q r", axis=1), node("Concat", "r p", "v", axis=1)], {"s": ints(1, 2, 1)}),
    "split positions": ([node("Split", "x s", "p q", axis=3), node("Concat", "q p", "v", axis=3)], {"s": ints(2, 3)}),
    "join with a constant": ([node("Concat", "x c", "v", axis=1)], {"c": np.zeros((1, 2, 3, 5))}),
    "stack rows": ([node("Concat", "x x", "v", axis=2)], {}),
    "tile": ([node("Tile", "x t", "v")], {"t": ints(1, 1, 2, 1)}),
    "expand": ([node("ReduceMean", "x", "m", axes=[2]), node("Expand", "m s", "v")], {"s": ints(4, 3, 1)}),
    "pad": ([node("Pad", "x p", "v")], {"p": ints(0, 0, 1, 0, 0, 0, 0, 2)}),
    "pad reflect": ([node("Pad", "x p", "v", mode="reflect")], {"p": ints(0, 0, 1, 2, 0, 0, 1, 3)}),
    "pad edge": ([node("Pad", "x p", "v", mode="edge")], {"p": ints(0, 0, 2, 1, 0, 0, 0, 1)}),
    "pad channels": ([node("Pad", "x p", "v")], {"p": ints(0, 1, 0, 0, 0, 2, 0, 0)}),
    "squeeze": ([node("Unsqueeze", "x a", "u"), node("Squeeze", "u a", "v")], {"a": ints(2)}),
    "shape arithmetic": (
        [
            node("Shape", "x", "s"),
            node("Gather", "s i", "c", axis=0),
            node("Div", "c two", "h"),
            node("Unsqueeze", "h zero", "u"),
            node("Concat", "minus u twos hw", "to", axis=0),
            node("Reshape", "x to", "r"),
            node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]),
            node("Reshape", "t s", "v"),
        ],
        {"i": np.int64(1), "two": np.int64(2), "zero": ints(0), "minus": ints(-1), "twos": ints(2), "hw": ints(3, 5)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VIEWS)
def test_views(tmp_path: Path, name: str) -> None:
    nodes, stored = VIEWS[name]
    made = model(seen_by(nodes, "v"), ["n", *IMAGE], stored)
    covers(made, IMAGE, tmp_path) if "constant" not in name else imported(made, tmp_path)


def covers(made: Any, shape: Any, tmp_path: Path) -> None:
    """Exactly what is read; at least that, where a layer says that its field is a bound."""
    graph = imported(made, tmp_path)
    out, read = measured(made, shape, 1e3)
    assert (last(graph).shape.channels, *last(graph).shape.size) == out
    bounded = any(getattr(layer.op, "bound", "") for layer in graph.layers)
    stated = claimed(graph)
    assert not (read & ~stated).any()
    assert bounded or np.array_equal(read, stated)


def test_a_negative_pad_takes_away(tmp_path: Path) -> None:
    """The evaluator takes no negative pads."""
    made = model([node("Pad", "x p")], ["n", *IMAGE], {"p": ints(0, 0, 1, -1, 0, 0, -1, 2)})
    sides = ((0, 0), (0, 0), (1, 0), (0, 2))
    agrees(made, IMAGE, tmp_path, by=lambda _, images: np.pad(images[:, :, :2, 1:], sides))


@few
@given(st.data())
def test_random_slices(tmp_path: Path, data: Any) -> None:
    size = data.draw(st.integers(2, 7))
    start, end = (data.draw(st.integers(-9, 9)) for _ in range(2))
    step = data.draw(st.sampled_from([1, 2, 3, -1, -2]))
    taken = list(range(size))[start:end:step]
    stored = {"s": ints(start), "e": ints(end), "a": ints(2), "t": ints(step)}
    made = model(seen_by([node("Slice", "x s e a t", "v")], "v", 1), ["n", 2, size], stored)
    if taken:
        agrees(made, (2, size), tmp_path)
    else:
        with pytest.raises(SpecError, match="nothing is left"):
            imported(made, tmp_path)


@few
@given(st.permutations([1, 2, 3]), st.lists(st.sampled_from([1, 2, 3]), min_size=3, max_size=3))
def test_random_permutations_and_blocks(tmp_path: Path, order: list[int], cut: list[int]) -> None:
    """Each axis is cut in two, the outer ones are permuted, and back in three axes."""
    sizes = [c * 2 for c in cut]
    stored = {"s": ints(0, *(n for c in cut for n in (c, 2))), "z": ints(-1, *(cut[i - 1] * 2 for i in order))}
    perm = [0, *(axis for i in order for axis in (2 * i - 1, 2 * i))]
    nodes = [node("Reshape", "x s", "r"), node("Transpose", "r", "t", perm=perm), node("Reshape", "t z", "v")]
    made = model(seen_by(nodes, "v"), ["n", *sizes], stored)
    covers(made, sizes, tmp_path)


@pytest.mark.parametrize("op", ["Max", "Min"])
def test_constants_joined_to_one(op: str) -> None:
    """Of one, two or three tensors; other arithmetic takes two."""
    parts = [np.array([1, 5, 3]), np.array([4, 2, 3]), np.array([3])]
    wanted = [[1, 5, 3], [4, 5, 3], [4, 5, 3]] if op == "Max" else [[1, 5, 3], [1, 2, 3], [1, 2, 3]]
    for count in (1, 2, 3):
        assert folded(op, parts[:count], {}).tolist() == wanted[count - 1]
    with pytest.raises(RuleError, match="cannot be computed"):
        folded("Add", parts[:1], {})


def test_a_triangle_is_a_bound(tmp_path: Path) -> None:
    graph = imported(model([node("Trilu", "x")], ["n", *IMAGE]), tmp_path)
    assert graph.layers[-1].shape == graph.nodes[0].shape
    assert "mask" in graph.layers[-1].op.bound
