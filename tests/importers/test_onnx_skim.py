"""Large ONNX files without their weights: the graph is the same, every damage is the same error, and memory stays small."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from rfcalc.errors import SpecError
from rfcalc.importers.onnx import model as files
from rfcalc.importers.onnx import skim
from rfcalc.importers.onnx.load import load
from rfcalc.importers.onnx.skim import Left
from tests.importers.onnx_oracle import model, node, weights

IMAGE = ["n", 3, 8, 8]
Reading = Callable[[str], tuple[bytes, Left]]


def whole(path: str) -> tuple[bytes, Left]:
    return Path(path).read_bytes(), Left()


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skim, "FEW", 0)
    monkeypatch.setattr(skim, "MOST_KEPT", 8)


def constant(value: Any, name: str) -> Any:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))


def shared() -> onnx.ModelProto:
    """One tensor of equal numbers in two modules, whose values tell whether it counts twice; a computed shape; an If."""
    nodes = [
        node("Conv", "x w", "/a/Conv_output_0", name="/a/Conv"),
        node("Add", "/a/Conv_output_0 b", "/a/Add_output_0", name="/a/Add"),
        node("Mul", "/a/Add_output_0 b", "/b/Mul_output_0", name="/b/Mul"),
        node("Identity", "b", "copy"),
        node("Add", "/b/Mul_output_0 copy", "c"),
        node("Concat", "sizes more", "shape", axis=0),
        node("Reshape", "c shape", "r"),
        constant(weights(4, 5, seed=3), "k"),
        node("MatMul", "r k", "y"),
    ]
    stored = {"w": weights(4, 3, 3, 3), "b": np.ones((4, 1, 1)), "sizes": np.array([0, 4]), "more": np.array([-1, 4])}
    return model(nodes, IMAGE, stored)


def branched() -> onnx.ModelProto:
    inner = helper.make_graph(
        [constant(weights(4, 3, 3, 3), "w"), node("Conv", "x w", "z")],
        "then",
        [],
        [helper.make_tensor_value_info("z", TensorProto.DOUBLE, None)],
    )
    other = helper.make_graph(
        [node("Relu", "x", "z")], "else", [], [helper.make_tensor_value_info("z", TensorProto.DOUBLE, None)]
    )
    chosen = constant(np.array(True), "c")
    return model([chosen, node("If", "c", then_branch=inner, else_branch=other)], IMAGE)


def filled() -> onnx.ModelProto:
    """A tensor of another node than Constant: its numbers are read with the node."""
    value = numpy_helper.from_array(np.array([2.0, 2.0]))
    nodes = [node("ConstantOfShape", "s", "o", value=value), node("Conv", "x w", "c"), node("Add", "c o")]
    return model(nodes, IMAGE, {"s": np.array([1, 4, 1, 1]), "w": weights(4, 3, 3, 3)})


def half() -> onnx.ModelProto:
    made = model([node("Conv", "x w")], IMAGE, {"w": weights(4, 3, 3, 3).astype(np.float16)})
    made.graph.initializer[0].raw_data += b"\0\0"
    return made


# each with how many tensors are left in the file: graphs within nodes, and nodes but for Constant, are whole
MODELS = {
    "shared": (shared(), 5),
    "branched": (branched(), 0),
    "filled": (filled(), 2),
    "a size that does not fit": (half(), 1),
}


def told(path: str, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> str:
    """All that a graph says, or its error."""
    with monkeypatch.context() as patch:
        patch.setattr(files, "skimmed", reading)
        try:
            graph = load(path, unknown="bound")
        except SpecError as error:
            return str(error)
    return repr([(n.name, n.op, n.inputs, str(n.shape), n.cost) for n in graph.nodes])


@pytest.mark.parametrize("name", MODELS)
def test_the_same_graph_or_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "net.onnx")
    made, count = MODELS[name]
    Path(path).write_bytes(made.SerializeToString())
    data, left = skim.skimmed(path)
    assert left.mark
    assert data.count(left.mark) == count
    assert told(path, skim.skimmed, monkeypatch) == told(path, whole, monkeypatch)


def test_what_is_left_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(shared().SerializeToString())
    data, left = skim.skimmed(str(path))
    found = onnx.load_model_from_string(data)
    short = found.graph.initializer[0]
    assert short.raw_data != left.whole(short).raw_data
    assert [left.size(t) for t in found.graph.initializer] == [len(t.raw_data) for t in shared().graph.initializer]
    found.graph.initializer[0].CopyFrom(left.whole(short))
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(SpecError, match="has changed while it was read"):
        left.whole(found.graph.initializer[1])
    path.unlink()
    with pytest.raises(SpecError, match="cannot read"):
        left.whole(found.graph.initializer[1])


def damaged(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    how = chance.randrange(4)
    if how == 0:
        return data[:at]
    if how == 1:
        return data[:at] + data[at + chance.randint(1, 9) :]
    if how == 2:
        return data[:at] + bytes(chance.choices(range(256), k=chance.randint(1, 4))) + data[at:]
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def test_damaged_files_are_the_same_graphs_and_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "net.onnx")
    made = [one.SerializeToString() for one, _ in MODELS.values()]
    seen, skims = set(), 0
    for seed in range(400):
        chance = random.Random(seed)
        Path(path).write_bytes(damaged(made[seed % len(made)], chance))
        skims += bool(skim.skimmed(path)[1].mark)
        found = told(path, skim.skimmed, monkeypatch)
        assert found == told(path, whole, monkeypatch), seed
        seen.add(found[:10])
    assert len(seen) > 4
    assert 50 < skims < 390


@pytest.mark.parametrize("piece", [b"\x4a\x90\x00" + bytes(16), b"\xa3\x06\xa4\x06", b"\x4a\x7f"])
def test_what_no_exporter_writes_is_read_whole(piece: bytes, tmp_path: Path) -> None:
    """A size that is written long, a group, a size beyond the end."""
    path = tmp_path / "net.onnx"
    path.write_bytes(shared().SerializeToString() + piece)
    data, left = skim.skimmed(str(path))
    assert data == path.read_bytes()
    assert not left.mark


def test_fields_that_stand_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """protobuf takes the last of two, and what stands for them is such a field."""
    made = shared()
    tensor = made.graph.initializer.pop(0)
    doubled = tensor.SerializeToString() + b"\x4a\x10" + bytes(16)
    graph = b"\x2a" + bytes([len(doubled) & 127 | 128, len(doubled) >> 7]) + doubled
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString() + b"\x3a" + bytes([len(graph) & 127 | 128, len(graph) >> 7]) + graph)
    found = told(str(path), skim.skimmed, monkeypatch)
    assert "has 16 bytes of data" in found
    assert found == told(str(path), whole, monkeypatch)


def test_small_files_and_pipes_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(shared().SerializeToString())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[path.read_bytes()])
    writer.start()
    assert skim.skimmed(str(pipe))[0] == path.read_bytes()
    writer.join()
    monkeypatch.setattr(skim, "FEW", 1 << 20)
    assert skim.skimmed(str(path))[0] == path.read_bytes()


def test_memory_does_not_grow_with_the_weights(tmp_path: Path) -> None:
    """A file of 128 MB, of which nothing but its holes is on the disk."""
    size, path = 1 << 25, tmp_path / "net.onnx"
    made = model([node("Flatten", "x", "f"), node("MatMul", "f w")], ["n", 1 << 15], kind=TensorProto.FLOAT)
    tensor = TensorProto(name="w", dims=[1 << 15, size >> 15], data_type=TensorProto.FLOAT).SerializeToString()
    rest = b"\x4a" + skim._varint(4 * size)
    tensor_size = skim._varint(len(tensor) + len(rest) + 4 * size)
    graph_size = skim._varint(1 + len(tensor_size) + len(tensor) + len(rest) + 4 * size)
    with path.open("wb") as file:
        file.write(made.SerializeToString() + b"\x3a" + graph_size + b"\x2a" + tensor_size + tensor + rest)
        file.truncate(file.tell() + 4 * size)
    code = (
        "import sys; from rfcalc.importers.onnx.load import load; print(len(load(sys.argv[1]).nodes),"
        " int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024)"  # rusage has that of who started it
    )
    found = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    nodes, megabytes = map(int, found.stdout.split())
    assert nodes > 1
    assert megabytes < 100
