"""Attention in all the forms that files have it: the operator, and MatMul, Softmax, MatMul; held against the evaluator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rfcalc.analyses.network import analyze
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from tests.importers.changes import claimed
from tests.importers.onnx_oracle import Nodes, agrees, imported, measured, model, node, weights

SHAPE = (12, 3, 2)  # a map; its positions are the rows of attention, its channels the heads' numbers


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def rows(out: str) -> Nodes:
    """The map as (batch, rows, numbers)."""
    return [node("Reshape", "x flat", "f"), node("Transpose", "f", out, perm=[0, 2, 1])]


STORED = {"flat": ints(0, 12, -1), "map": ints(0, 12, 3, 2), "heads": ints(0, 6, 3, 4), "rowed": ints(0, 6, 12)}
TO_MAP = [node("Transpose", "o", "ot", perm=[0, 2, 1]), node("Reshape", "ot map", "y")]


def weighted(*names: str) -> tuple[Nodes, dict[str, np.ndarray]]:
    """Queries, keys and values by their weights, from r."""
    nodes = [node("MatMul", f"r w{name}", name) for name in names]
    return nodes, {f"w{name}": weights(12, 12, seed=i) for i, name in enumerate(names)}


def last(graph: Graph) -> str:
    return next(one.op.word for one in reversed(graph.nodes) if one.op.word in ("attend", "contract", "unknown"))


def test_products_and_softmax(tmp_path: Path) -> None:
    """Three heads, as exporters write them before there was an operator."""
    made, stored = weighted("q", "k", "v")
    heads = [
        part
        for name in "qkv"
        for part in (
            node("Reshape", f"{name} heads", f"{name}4"),
            node("Transpose", f"{name}4", f"{name}h", perm=[0, 2, 3, 1] if name == "k" else [0, 2, 1, 3]),
        )
    ]
    scores = [node("MatMul", "qh kh", "s"), node("Mul", "s scale", "t"), node("Softmax", "t", "p", axis=-1)]
    out = [node("MatMul", "p vh", "oh"), node("Transpose", "oh", "o4", perm=[0, 2, 1, 3]), node("Reshape", "o4 rowed", "o")]
    nodes = [*rows("r"), *made, *heads, *scores, *out, *TO_MAP]
    agrees(model(nodes, ["n", *SHAPE], {**STORED, **stored, "scale": np.array(1e-3)}), SHAPE, tmp_path, change=1.0)


@pytest.mark.parametrize(("queries", "keys"), [(3, 3), (4, 2), (1, 1)])
def test_the_operator_on_rows(queries: int, keys: int, tmp_path: Path) -> None:
    made, stored = weighted("q", "k", "v")
    narrow = {name: weight[:, : 12 * keys // queries] * 1e-2 for name, weight in stored.items() if name != "wq"}
    attention = node("Attention", "q k v", "o", q_num_heads=queries, kv_num_heads=keys)
    nodes = [*rows("r"), *made, attention, *TO_MAP]
    graph = agrees(model(nodes, ["n", *SHAPE], {**STORED, **stored, **narrow}, opset=23), SHAPE, tmp_path, change=1e-1)
    assert last(graph) == "attend"
    attended = next(one for one in graph.nodes if one.op.word == "attend")
    assert attended.cost.macs == 2 * queries * 6 * 6 * (12 // queries)


def test_the_operator_on_heads_of_the_input(tmp_path: Path) -> None:
    """Queries, keys and values are the input itself: (batch, heads, rows, numbers). The layer keeps its own order of axes."""
    made = model([node("Attention", "x x x")], ["n", 2, 5, 4], opset=23)
    graph = imported(made, tmp_path)
    _, seen = measured(made, (2, 5, 4), 1e-1)
    assert last(graph) == "attend"
    assert sorted(map(tuple, claimed(graph))) == sorted(map(tuple, seen))


def test_a_causal_one_is_a_bound(tmp_path: Path) -> None:
    made, stored = weighted("q", "k", "v")
    attention = node("Attention", "q k v", "o", q_num_heads=3, kv_num_heads=3, is_causal=1)
    graph = imported(model([*rows("r"), *made, attention, *TO_MAP], ["n", *SHAPE], {**STORED, **stored}, opset=23), tmp_path)
    assert "up to its own place" in next(one.op.bound for one in graph.nodes if one.op.word == "attend")
    assert claimed(graph).all()


def masked(**settings: int) -> tuple[Nodes, dict[str, np.ndarray]]:
    """Attention of rows, with a mask of the keys that is made of them."""
    made, stored = weighted("q", "k", "v")
    mask = [node("ReduceMean", "r last", "m"), node("Reshape", "m keys", "mask")]
    attention = node("Attention", "q k v mask", "o", q_num_heads=3, kv_num_heads=3, **settings)
    narrow = {name: weight * 1e-2 for name, weight in stored.items()}
    return [*rows("r"), *made, *mask, attention, *TO_MAP], {**STORED, **narrow, "last": ints(2), "keys": ints(0, 1, 1, 6)}


def test_a_mask_of_the_input_is_added_to_the_scores(tmp_path: Path) -> None:
    nodes, stored = masked()
    graph = agrees(model(nodes, ["n", *SHAPE], stored, opset=23), SHAPE, tmp_path, change=1e-1)
    assert last(graph) == "contract"
    assert sum(one.cost.macs for one in graph.nodes if one.op.word == "contract") == 2 * 3 * 6 * 6 * 4


def test_a_mask_of_the_input_and_a_causal_one_are_refused(tmp_path: Path) -> None:
    nodes, stored = masked(is_causal=1)
    with pytest.raises(SpecError, match="its mask depends on the input"):
        imported(model(nodes, ["n", *SHAPE], stored, opset=23), tmp_path)


def test_what_an_earlier_run_left_is_refused(tmp_path: Path) -> None:
    nodes = [node("Attention", "x x x - p p", "y pk pv")]
    made = model(nodes, ["n", 2, 5, 4], {"p": np.ones((1, 2, 3, 4))}, opset=23)
    with pytest.raises(SpecError, match="earlier run"):
        imported(made, tmp_path)


@pytest.mark.parametrize("size", [(5, 2), (2, 7), (6, 6), (3, 5)])
def test_centred_crops_and_pads(size: tuple[int, int], tmp_path: Path) -> None:
    made = model([node("CenterCropPad", "x s", axes=[2, 3])], ["n", 2, 3, 5], {"s": ints(*size)}, opset=18)
    agrees(made, (2, 3, 5), tmp_path)


@pytest.mark.parametrize(
    ("size", "kernel", "more"),
    [((5, 4), (2, 3), {}), ((6, 5), (2, 2), {"strides": [2, 3]}), ((4, 4), (2, 2), {"pads": [1] * 4})],
)
def test_sums_of_windows(size: tuple[int, int], kernel: tuple[int, int], more: dict[str, list[int]], tmp_path: Path) -> None:
    stride, pads = more.get("strides", [1, 1]), more.get("pads", [0] * 4)
    counts = [(n + 2 * p - k) // s + 1 for n, k, s, p in zip(size, kernel, stride, pads, strict=False)]
    shape = (2 * kernel[0] * kernel[1], counts[0] * counts[1])
    made = model([node("Col2Im", "x s k", **more)], ["n", *shape], {"s": ints(*size), "k": ints(*kernel)}, opset=18)
    graph = imported(made, tmp_path)
    out, seen = measured(made, shape, 1e3)
    assert (graph.nodes[-1].op.word, graph.nodes[-1].shape.channels, *graph.nodes[-1].shape.size) == ("fold", *out)
    # The windows lie along one axis of the input, which becomes two: a bound, marked as one.
    assert bool((claimed(graph) >= seen).all())
    assert analyze(graph).layers[-1].bounded
