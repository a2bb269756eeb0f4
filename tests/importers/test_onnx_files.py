"""ONNX files as a whole: inputs, names, what counts as a parameter, unknown operators, damaged files."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.importers.onnx_oracle import agrees, imported, model, node, weights
from tests.running import rfcalc

IMAGE = (3, 8, 8)


def conv(**more: Any) -> onnx.ModelProto:
    return model([node("Conv", "x w b")], ["n", *IMAGE], {"w": weights(4, 3, 3, 3), "b": weights(4)}, **more)


def saved(made: onnx.ModelProto, folder: Path, name: str = "net.onnx") -> str:
    (folder / name).write_bytes(made.SerializeToString())
    return str(folder / name)


def params(graph: Graph) -> int:
    return sum(layer.cost.params for layer in graph.layers)


def names(graph: Graph) -> list[str]:
    return [layer.name for layer in graph.layers]


def error_of(made: onnx.ModelProto | bytes, folder: Path, **options: Any) -> str:
    path = folder / "bad.onnx"
    path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
    with pytest.raises(SpecError) as error:
        load(str(path), **options)
    return str(error.value)


class TestInputs:
    def test_a_free_batch_becomes_one(self, tmp_path: Path) -> None:
        assert imported(conv(), tmp_path).layers[-1].cost.macs == 108 * 36

    def test_figures_of_a_fixed_batch_are_per_image(self, tmp_path: Path) -> None:
        made = model([node("Conv", "x w")], [5, *IMAGE], {"w": weights(4, 3, 3, 3)})
        assert imported(made, tmp_path).layers[-1].cost.macs == 108 * 36

    def test_free_axes_need_a_size(self, tmp_path: Path) -> None:
        made = model([node("Conv", "x w")], ["n", 3, "h", "w"], {"w": weights(4, 3, 3, 3)})
        assert "leaves axis 2 open" in error_of(made, tmp_path)
        path = saved(made, tmp_path)
        assert load(path, {"input": "3x20x30"}).layers[-1].shape.size == (18, 28)

    def test_another_size_than_the_files(self, tmp_path: Path) -> None:
        path = saved(conv(), tmp_path)
        assert load(path, {"input": "3x16x9"}).layers[-1].shape.size == (14, 7)
        with pytest.raises(SpecError, match="has 3 channels, not 4"):
            load(path, {"input": "4x16x16"})
        with pytest.raises(SpecError, match="leave the batch out: --input 3x16x9"):
            load(path, {"input": "1x3x16x9"})
        with pytest.raises(SpecError, match="the channels come first: --input 3x16x9"):
            load(path, {"input": "16x9x3"})
        with pytest.raises(SpecError, match="3 axes besides the batch"):
            load(path, {"input": "3x16"})

    def test_channels_last(self, tmp_path: Path) -> None:
        """Converters from TensorFlow keep its order and transpose; an offset before that does not matter."""
        nodes = [node("Sub", "x o", "c"), node("Transpose", "c", "t", perm=[0, 3, 1, 2]), node("Conv", "t w")]
        made = model(nodes, ["n", 8, 9, 3], {"o": weights(3), "w": weights(4, 3, 3, 3)})
        graph = imported(made, tmp_path)
        assert str(graph.nodes[0].shape) == "3x8x9"
        assert graph.layers[-1].shape.size == (6, 7)
        assert [layer.op.word for layer in graph.layers] == ["stored", "conv"]

    def test_several_inputs_are_given_by_name(self, tmp_path: Path) -> None:
        inputs = [helper.make_tensor_value_info(name, 1, ["n", 3, "h", "w"]) for name in ("left", "right")]
        graph = helper.make_graph([node("Add", "left right")], "g", inputs, [helper.make_tensor_value_info("y", 1, None)])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        path = saved(made, tmp_path)
        found = load(path, {"input": "left=3x4x5,right=3x4x5"})
        assert [found.nodes[i].name for i in found.inputs] == ["left", "right"]
        assert load(path, {"input": "3x4x5"}).layers[-1].shape.size == (4, 5)
        with pytest.raises(SpecError, match='"middle"'):
            load(path, {"input": "middle=3x4x5"})

    def test_initializers_may_be_listed_as_inputs(self, tmp_path: Path) -> None:
        made = conv()
        made.graph.input.append(helper.make_tensor_value_info("w", TensorProto.DOUBLE, [4, 3, 3, 3]))
        assert len(imported(made, tmp_path).inputs) == 1

    def test_other_overrides_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="depth is nothing that an ONNX model has"):
            load(saved(conv(), tmp_path), {"depth": "50"})


class TestParameters:
    def test_a_weight_used_twice_counts_once(self, tmp_path: Path) -> None:
        made = model([node("Conv", "x w", "c"), node("Conv", "c w")], ["n", *IMAGE], {"w": weights(3, 3, 3, 3)})
        graph = imported(made, tmp_path)
        assert params(graph) == 81
        assert [layer.cost.macs for layer in graph.layers] == [81 * 36, 81 * 16]

    def test_equal_untrained_tensors_that_an_exporter_merged_count_each(self, tmp_path: Path) -> None:
        stored = {"a.weight": weights(3, 3, 1, 1), "b.weight": weights(3, 3, 1, 1, seed=1), "a.bias": np.zeros(3)}
        nodes = [
            node("Identity", "a.bias", "b.bias"),
            node("Identity", "a.weight", "c.weight"),
            node("Conv", "x a.weight a.bias", "c"),
            node("Conv", "c b.weight b.bias", "d"),
            node("Conv", "d c.weight"),
        ]
        assert params(imported(model(nodes, ["n", *IMAGE], stored), tmp_path)) == 9 + 9 + 3 + 3

    def test_so_do_those_that_several_modules_use(self, tmp_path: Path) -> None:
        nodes = [node("Conv", "x w z", "c"), node("Conv", "c v z", "d"), node("Conv", "d v z", "e"), node("Add", "e z2")]
        for each, name in zip(nodes, ("/a/Conv", "/b/Conv", "/b/Conv_1", "/Add"), strict=True):
            each.name = name
        stored = {"w": weights(3, 3, 1, 1), "v": weights(3, 3, 1, 1), "z": np.zeros(3), "z2": np.zeros((3, 1, 1))}
        assert params(imported(model(nodes, ["n", *IMAGE], stored), tmp_path)) == 9 + 9 + 3 + 3 + 3

    def test_weights_of_constant_nodes_count_and_settings_do_not(self, tmp_path: Path) -> None:
        def constant(name: str, value: Any) -> onnx.NodeProto:
            return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))

        nodes = [
            constant("w", weights(4, 3, 3, 3)),
            constant("half", 0.5),
            constant("grid", weights(1, 1, 6, 6)),
            node("Conv", "x w", "c"),
            node("Mul", "c half", "h"),
            node("Add", "h grid"),
        ]
        assert params(imported(model(nodes, ["n", *IMAGE]), tmp_path)) == 108

    def test_weights_that_are_computed(self, tmp_path: Path) -> None:
        """A transposed and scaled weight is made of the stored tensors; a product of two costs MACs."""
        nodes = [
            node("Transpose", "w", "t", perm=[1, 0]),
            node("Mul", "t g", "s"),
            node("MatMul", "s v", "m"),
            node("Flatten", "x", "f"),
            node("MatMul", "f m"),
        ]
        stored = {"w": weights(5, 192), "g": weights(1, 5), "v": weights(5, 7)}
        graph = imported(model(nodes, ["n", *IMAGE], stored), tmp_path)
        assert params(graph) == 5 * 192 + 5 + 35
        assert sum(layer.cost.macs for layer in graph.layers) == 192 * 7 + 192 * 5 * 7

    def test_unused_weights_are_told(self, tmp_path: Path) -> None:
        made = model([node("Relu", "x")], ["n", *IMAGE], {"head.weight": weights(7, 3), "axes": np.array([1, 2])})
        graph = imported(made, tmp_path)
        assert [(layer.op.word, layer.cost.params) for layer in graph.layers] == [("relu", 0), ("unused", 21)]

    def test_external_data_are_not_read(self, tmp_path: Path) -> None:
        made = conv()
        for tensor in made.graph.initializer:
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="nowhere.bin")
        assert params(imported(made, tmp_path)) == 112


class TestNames:
    @pytest.mark.parametrize(
        ("written", "weight", "name"),
        [
            ("/layer1/layer1.0/conv1/Conv", "layer1.0.conv1.weight", "layer1.0.conv1"),
            ("/features/features.1/conv/conv.0/conv.0.0/Conv", "onnx::Conv_12", "features.1.conv.0.0"),
            ("Conv_0", "stem.conv.weight", "stem.conv"),
            ("Conv_7", "193", "Conv_7"),
            ("", "w", "conv"),
            ("StatefulPartitionedCall/resnet50/conv1_conv/Conv2D", "k", "resnet50.conv1_conv"),
            ("model/conv 1/[0]/Conv2D__6", "k", "model.conv_1._0"),
        ],
    )
    def test_of_layers(self, tmp_path: Path, written: str, weight: str, name: str) -> None:
        made = model([node("Conv", f"x {weight}", name=written)], ["n", *IMAGE], {weight: weights(4, 3, 3, 3)})
        assert names(imported(made, tmp_path)) == [name]

    def test_of_several_operators_in_one_module(self, tmp_path: Path) -> None:
        nodes = [
            node("Sigmoid", "x", "s", name="/act/Sigmoid"),
            node("Mul", "x s", "m", name="/act/Mul"),
            node("Relu", "m", "r", name="/relu/Relu"),
            node("Relu", "r", "q", name="/relu/Relu_1"),
            node("Add", "q x", name="/Add"),
        ]
        found = names(imported(model(nodes, ["n", *IMAGE]), tmp_path))
        assert found == ["act.sigmoid", "act.mul", "relu", "relu_2", "add"]

    def test_from_the_metadata_of_torchs_newer_exporter(self, tmp_path: Path) -> None:
        made = conv()
        made.graph.node[0].name = "node_conv2d"
        made.graph.node[0].metadata_props.add(key="pkg.torch.onnx.name_scopes", value="['', 'head', 'head.0', 'conv2d']")
        assert names(imported(made, tmp_path)) == ["head.0"]


class TestUnknown:
    made = staticmethod(
        lambda: model([node("Twist", "x w", domain="my.ops")], ["n", *IMAGE], {"w": weights(5)}, domains=["my.ops"])
    )

    def test_is_an_error_that_names_it(self, tmp_path: Path) -> None:
        text = error_of(self.made(), tmp_path)
        assert "E610" in text
        assert "my.ops.Twist" in text
        assert "--unknown bound" in text
        assert "--declare my.ops.Twist=pointwise" in text

    def test_declared(self, tmp_path: Path) -> None:
        graph = imported(self.made(), tmp_path, declare=["my.ops.Twist=window 3 2 1"])
        assert (graph.layers[-1].shape.size, params(graph)) == ((4, 4), 5)
        assert imported(self.made(), tmp_path, declare=["Twist=pointwise"]).layers[-1].shape.size == (8, 8)

    def test_bounded_where_its_shape_is_known(self, tmp_path: Path) -> None:
        assert "shape of what it gives is not known" in error_of(self.made(), tmp_path, unknown="bound")
        made = self.made()
        made.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", 1, [1, 6, 4, 4]))
        graph = imported(made, tmp_path, unknown="bound")
        assert (str(graph.layers[-1].shape), params(graph)) == ("6x4x4", 5)
        assert graph.layers[-1].op.bound

    def test_a_known_operator_that_cannot_be_followed_has_the_shape_of_its_rule(self, tmp_path: Path) -> None:
        made = model([node("GridSample", "x g")], [1, *IMAGE], {"g": weights(1, 5, 6, 2)}, opset=20)
        assert "GridSample" in error_of(made, tmp_path)
        assert imported(made, tmp_path, unknown="bound").layers[-1].shape.size == (5, 6)

    def test_what_no_output_needs_is_left_out(self, tmp_path: Path) -> None:
        made = conv()
        made.graph.node.append(node("Twist", "x", "z", domain="my.ops"))
        assert len(imported(made, tmp_path).layers) == 1


class TestFunctions:
    def test_are_written_out(self, tmp_path: Path) -> None:
        made = conv(domains=["local"])
        body = [node("Sigmoid", "a", "s"), node("Mul", "a s", "b")]
        made.functions.append(helper.make_function("local", "Swish", ["a"], ["b"], body, [helper.make_opsetid("", 17)]))
        made.graph.node[0].output[0] = "c"
        made.graph.node.append(node("Swish", "c", domain="local"))
        assert [layer.op.word for layer in imported(made, tmp_path).layers] == ["conv", "sigmoid", "mul"]
        declared = imported(made, tmp_path, declare=["local.Swish=pointwise"])
        assert [layer.op.word for layer in declared.layers] == ["conv", "declared"]

    def test_that_grow_without_end_are_refused(self, tmp_path: Path) -> None:
        made = conv(domains=["local"])
        opset = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
        for i in range(40):
            body = [node(f"F{i + 1}", "a", "s", domain="local"), node(f"F{i + 1}", "s", "b", domain="local")]
            made.functions.append(helper.make_function("local", f"F{i}", ["a"], ["b"], body, opset))
        made.functions.append(helper.make_function("local", "F40", ["a"], ["b"], [node("Relu", "a", "b")], opset))
        made.graph.node.append(node("F0", "x", "z", domain="local"))
        assert "more than 100,000 nodes" in error_of(made, tmp_path)

    def test_that_call_themselves_are_refused(self, tmp_path: Path) -> None:
        made = conv(domains=["local"])
        body = [node("Again", "a", "b", domain="local")]
        made.functions.append(helper.make_function("local", "Again", ["a"], ["b"], body, [helper.make_opsetid("local", 1)]))
        made.graph.node.append(node("Again", "x", "z", domain="local"))
        assert "calls itself" in error_of(made, tmp_path)


def test_a_branch_whose_condition_is_known_is_followed(tmp_path: Path) -> None:
    def branch(op: str) -> onnx.GraphProto:
        return helper.make_graph([node(op, "x", "o")], op, [], [helper.make_tensor_value_info("o", 1, None)])

    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s i", "c", axis=0),
        node("Equal", "c three", "q"),
        helper.make_node("If", ["q"], ["y"], then_branch=branch("Tanh"), else_branch=branch("Relu")),
    ]
    made = model(nodes, ["n", *IMAGE], {"i": np.int64(1), "three": np.int64(3)})
    assert [layer.op.word for layer in imported(made, tmp_path).layers] == ["tanh"]


class TestDamaged:
    def test_no_model(self, tmp_path: Path) -> None:
        assert "E602" in error_of(b"", tmp_path)
        assert "E602" in error_of(b"\x08\x08 this is no model", tmp_path)
        assert "E602" in error_of(b"input: 3x224x224\n", tmp_path)

    def test_cut_off(self, tmp_path: Path) -> None:
        data = conv().SerializeToString()
        for end in (10, len(data) // 2, len(data) - 1):
            assert "error E60" in error_of(data[:end], tmp_path)

    def test_opsets(self, tmp_path: Path) -> None:
        assert "opset 999 is unknown" in error_of(conv(opset=999), tmp_path)
        made = conv()
        del made.opset_import[:]
        assert "E604" in error_of(made, tmp_path)

    def test_data_that_do_not_fit_the_shape(self, tmp_path: Path) -> None:
        made = conv()
        made.graph.initializer[0].dims[0] = 5
        assert "E606" in error_of(made, tmp_path)

    def test_names_that_are_no_text(self, tmp_path: Path) -> None:
        """Found by mutating bytes: the package hands such names out as bytes."""
        data = conv().SerializeToString().replace(b"Conv", b"C\xabnv")
        assert "no text" in error_of(data, tmp_path)

    def test_a_version_beyond_all_numbers(self, tmp_path: Path) -> None:
        """Found by mutating bytes."""
        made = conv(domains=["my.ops"])
        made.opset_import[1].version = 2**62
        made.graph.node[0].domain = "my.ops"
        assert "E610" in error_of(made, tmp_path)

    def test_shapes_that_do_not_go_together(self, tmp_path: Path) -> None:
        """Found by mutating operators: a division by a weight whose axes are others."""
        made = model([node("Div", "x w")], ["n", *IMAGE], {"w": weights(4, 3, 3, 3)})
        assert "do not go together" in error_of(made, tmp_path)

    def test_nothing_left_cannot_be_bounded(self, tmp_path: Path) -> None:
        """Found by mutating indices."""
        made = model([node("Slice", "x s s a")], [1, *IMAGE], {"s": np.array([2]), "a": np.array([2])})
        assert "nothing is left" in error_of(made, tmp_path, unknown="bound")

    def test_a_layer_that_is_refused_is_told_with_its_node(self, tmp_path: Path) -> None:
        """Found by mutating numbers."""
        nodes = [node("Tile", "x t", "u"), node("Conv", "u w", name="/head/Conv")]
        made = model(nodes, [1, *IMAGE], {"t": np.array([1, 2**31, 1, 1]), "w": weights(4, 3, 3, 3)})
        assert "E610" in error_of(made, tmp_path)

    def test_padding_beyond_all_networks(self, tmp_path: Path) -> None:
        """Found by mutating numbers: every index of the padding was written down."""
        made = model([node("Pad", "x p", mode="edge")], [1, *IMAGE], {"p": np.array([0, 2**40, 0, 0, 0, 0, 0, 0])})
        assert "beyond the limit" in error_of(made, tmp_path)

    def test_sizes_beyond_all_networks(self, tmp_path: Path) -> None:
        """Found by mutating shapes: sets of two thousand million channels filled the memory."""
        assert "E607" in error_of(model([node("Relu", "x")], ["n", 2**31, 4, 4]), tmp_path)
        made = TestUnknown.made()
        made.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", 1, [1, 2**31, 4, 4]))
        assert "beyond 10,000,000" in error_of(made, tmp_path, unknown="bound")
        made = conv()
        made.graph.initializer[0].dims[0] = 2**31
        assert "E606" in error_of(made, tmp_path)

    def test_a_missing_input(self, tmp_path: Path) -> None:
        made = conv()
        made.graph.node[0].input[1] = "nowhere"
        assert 'reads "nowhere"' in error_of(made, tmp_path)

    def test_too_many_layers(self, tmp_path: Path) -> None:
        nodes = [node("Relu", "x" if i == 0 else f"v{i}", f"v{i + 1}") for i in range(20)]
        nodes.append(node("Relu", "v20"))
        path = saved(model(nodes, ["n", *IMAGE]), tmp_path)
        with pytest.raises(SpecError, match="E115"):
            load(path, max_layers=10)
        assert len(load(path, max_layers=22).layers) == 21

    def test_too_large_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "large.onnx"
        with path.open("wb") as file:
            file.truncate((2 << 30) + 1)  # a hole: nothing is written, nothing is read
        with pytest.raises(SpecError, match="E603"):
            load(str(path))

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="E001"):
            load(str(tmp_path / "none.onnx"))


class TestCommands:
    def test_analyze_finds_a_model_by_its_first_bytes(self, tmp_path: Path) -> None:
        run = rfcalc("analyze", saved(conv(), tmp_path, "weights.bin"), "--format", "json")
        assert run.code == 0
        assert run.data["totals"]["params"] == 112

    def test_check_diff_and_show(self, tmp_path: Path) -> None:
        a, b = saved(conv(), tmp_path, "a.onnx"), saved(model([node("Relu", "x")], ["n", *IMAGE]), tmp_path, "b.onnx")
        assert rfcalc("check", a).code == 0
        assert "1 removed" in rfcalc("diff", a, b).out
        shown = rfcalc("show", a)
        assert shown.code == 0
        (tmp_path / "again.yaml").write_text(shown.out)
        assert params(load(str(tmp_path / "again.yaml"))) == 112

    def test_bad_files_end_with_exit_code_2(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.onnx"
        path.write_bytes(b"\x08\x08\x12")
        run = rfcalc("analyze", str(path))
        assert (run.code, "Traceback" in run.err, "E602" in run.err) == (2, False, True)

    def test_without_the_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import importlib.util

        find = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "onnx" else find(name, *more))
        run = rfcalc("analyze", saved(conv(), tmp_path))
        assert (run.code, "pip install onnx" in run.err) == (2, True)


def test_asking_what_a_file_is_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rfcalc.importers import is_program

    original = builtins.__import__

    def guarded(name: str, *more: Any) -> Any:
        assert not name.startswith(("onnx", "numpy", "google"))
        return original(name, *more)

    monkeypatch.setattr(builtins, "__import__", guarded)
    assert is_program("model.onnx")


def test_the_oracle_can_fail(tmp_path: Path) -> None:
    """A model that is compared with another one."""
    other = conv()
    other.graph.node[0].attribute.append(helper.make_attribute("pads", [1, 1, 1, 1]))
    with pytest.raises(AssertionError):
        agrees(conv(), IMAGE, tmp_path, by=lambda _, images: onnx_run(other, images))


def onnx_run(made: onnx.ModelProto, images: Any) -> Any:
    from tests.importers.onnx_oracle import run

    return run(made, images)


def test_memory_is_about_right(tmp_path: Path) -> None:
    """A file does not say what its runtime overwrites or how long it keeps a tensor."""
    run = rfcalc("analyze", saved(conv(), tmp_path))
    assert "peak of live activations about " in run.out
    assert "keeps about " in run.out
    assert '"approximate"' in rfcalc("analyze", saved(conv(), tmp_path), "--format", "json").out


def test_numbers_in_the_computation_of_a_weight_are_no_parameters(tmp_path: Path) -> None:
    """A standardized weight: its epsilon and its count belong to the program; the products that make a weight count."""
    steps = [
        helper.make_node("Constant", [], ["e"], value=numpy_helper.from_array(np.float32(1e-5))),
        node("Mul", "w w", "s"),
        node("Add", "s e", "v"),
        node("Sqrt", "v", "d"),
        node("Div", "w d", "n"),
        node("Conv", "x n"),
    ]
    assert params(imported(model(steps, ["n", *IMAGE], {"w": weights(4, 3, 3, 3)}), tmp_path)) == 108
    product = [node("MatMul", "a b", "w"), node("Unsqueeze", "w axes", "k"), node("Conv", "x k")]
    stored = {"a": weights(8, 16), "b": weights(16, 3), "axes": np.array([2, 3])}
    made = imported(model(product, ["n", *IMAGE], stored), tmp_path)
    assert made.layers[-1].cost.macs == 8 * 16 * 3 + 24 * 64
