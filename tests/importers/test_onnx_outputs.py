"""Operators of several outputs, and operands that nobody looks at: each is followed, or an error that names the node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from rfcalc.errors import SpecError
from rfcalc.importers.programs.handlers import Handlers
from tests.importers.onnx_oracle import agrees, claimed, imported, model, node, weights

IMAGE = (3, 4, 4)


def made(*nodes: Any, opset: int = 18, **stored: Any) -> onnx.ModelProto:
    return model(nodes, ["n", *IMAGE], {"a": np.array([2]), "one": np.array(1.0), **stored}, opset=opset)


def last(name: str) -> Any:
    """The model's output: numbers of any type, plus 1, times the image."""
    return [node("Cast", name, "f", to=11), node("Add", "f one", "g"), node("Mul", "x g")]


EXACT = {
    "indices of a pool": [node("MaxPool", "x", "p i", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]), *last("i")],
    "both of a pool": [
        node("MaxPool", "x", "p i", kernel_shape=[2, 2]),
        node("Cast", "i", "f", to=11),
        node("Add", "p f"),
    ],
    "mask of a dropout": [node("Dropout", "x", "d m"), *last("m")],
    "parts": [node("Split", "x", "p q", axis=2, num_outputs=2), node("Concat", "q p", axis=2)],
}


@pytest.mark.parametrize("name", EXACT)
def test_outputs_read_what_the_evaluator_reads(tmp_path: Path, name: str) -> None:
    agrees(made(*EXACT[name]), IMAGE, tmp_path, change=100.0)


REFUSED = {
    "TopK": [node("TopK", "x k", "v i", axis=2), node("Cast", "i", "f", to=11), node("ReduceSum", "f a", "s"), *last("s")],
    "Unique": [node("Unique", "x", axis=2)],
    "LayerNormalization": [node("LayerNormalization", "x w", "n mean"), *last("mean")],
    "BatchNormalization": [
        node("BatchNormalization", "x s s s s", "b mean var", training_mode=1),
        node("ReduceMean", "mean", "m", keepdims=0),
        *last("m"),
    ],
    "Pad": [node("ReduceMean", "x", "m", keepdims=0), node("Pad", "x p m", "q"), node("AveragePool", "q", kernel_shape=[1, 1])],
    "Dropout": [node("ReduceMean", "x", "m", keepdims=0), node("Dropout", "x m")],
    "ConstantOfShape": [node("Cast", "x", "c", to=7), node("Flatten", "c", "f", axis=0), node("ConstantOfShape", "f")],
}
STORED = {"k": np.array([2]), "w": weights(4), "s": weights(3), "p": np.array([0, 0, 1, 1, 0, 0, 1, 1])}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_followed_names_its_node(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError) as caught:
        imported(made(*REFUSED[name], **STORED), tmp_path)
    assert f"({name}): " in caught.value.problems[0].message


def test_a_branch_gives_no_more_than_its_nodes(tmp_path: Path) -> None:
    """The places of a pool, given by the branch of an If, are followed as they are without one."""
    pool = node("MaxPool", "x", "p i", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    then = helper.make_graph([pool], "then", [], [helper.make_tensor_value_info("i", 7, None)])
    other = helper.make_graph([node("Identity", "x", "i")], "else", [], [helper.make_tensor_value_info("i", 11, None)])
    branch = helper.make_node("If", ["yes"], ["b"], then_branch=then, else_branch=other)
    same = model(EXACT["indices of a pool"], ["n", *IMAGE], {"one": np.array(1.0)}, opset=18)
    from tests.importers.onnx_oracle import run

    agrees(made(branch, *last("b"), yes=np.array(True)), IMAGE, tmp_path, change=100.0, by=lambda _, images: run(same, images))


def test_a_branch_whose_outputs_cannot_be_followed(tmp_path: Path) -> None:
    norm = node("LayerNormalization", "x w", "n mean")
    then = helper.make_graph([norm], "then", [], [helper.make_tensor_value_info("mean", 11, None)])
    other = helper.make_graph([node("Identity", "x", "m")], "else", [], [helper.make_tensor_value_info("m", 11, None)])
    branch = helper.make_node("If", ["yes"], ["b"], then_branch=then, else_branch=other)
    with pytest.raises(SpecError, match="LayerNormalization"):
        imported(made(branch, *last("b"), yes=np.array(True), w=weights(4)), tmp_path)


def test_a_branch_that_depends_is_bounded_by_all_that_its_branches_read(tmp_path: Path) -> None:
    """The condition looks at one pixel, the branches at all."""
    made_of = [helper.make_graph([node(op, "x", "r")], op, [], [helper.make_tensor_value_info("r", 11, None)]) for op in OPS]
    nodes = [
        node("Slice", "x start end axes", "p"),
        node("Squeeze", "p", "q"),
        node("Greater", "q one", "c"),
        helper.make_node("If", ["c"], ["y"], then_branch=made_of[0], else_branch=made_of[1]),
    ]
    stored = {"start": np.array([0, 0, 0]), "end": np.array([1, 1, 1]), "axes": np.array([1, 2, 3])}
    both = made(*nodes, **stored)
    both.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", 11, [1, *IMAGE]))
    with pytest.raises(SpecError, match="its condition is not known before the network runs"):
        imported(both, tmp_path)
    graph = imported(both, tmp_path, unknown="bound")
    assert graph.bounded[graph.outputs[0]]
    assert claimed(graph).all()


OPS = ("Relu", "Neg")


def test_each_operator_is_registered_once() -> None:
    handles: Handlers[Any] = Handlers("nowhere", ())
    handles("One", "Two")(lambda call: call)
    with pytest.raises(ValueError, match="Two is registered twice"):
        handles("Two")(lambda call: call)
