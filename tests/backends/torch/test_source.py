from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from rfcalc.backends.torch.source import class_for, module_paths, source
from rfcalc.backends.torch.tree import TAKEN
from rfcalc.errors import SpecError
from rfcalc.graph import Builder, Graph
from rfcalc.importers import load
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.nets import Net, residual, unet


def built(graph: Graph) -> nn.Module:
    namespace: dict[str, type[nn.Module]] = {}
    exec(source(graph, "Found"), namespace)
    return namespace["Found"]()


def body(graph: Graph) -> list[str]:
    """The statements of `forward`, without comments."""
    text = source(graph).split("def forward")[1].split("\n")[1:]
    return [line.split("#")[0].strip() for line in text if line.strip()]


def test_names_of_layers_are_names_of_submodules() -> None:
    module = built(load("resnet18"))
    keys = set(module.state_dict())
    assert {"conv1.weight", "layer1.0.conv1.weight", "layer4.1.conv2_bn.running_var", "fc.bias"} <= keys
    assert isinstance(module.get_submodule("layer1"), nn.ModuleList)


def test_a_chain_uses_one_variable() -> None:
    net = Net(3, (8, 8))
    net("conv", name="a", out=4, kernel=3)
    net("relu", name="b")
    assert body(net.graph()) == ["x = self.a(x)", "x = self.b(x)", "return x"]


def test_a_tensor_that_is_read_again_is_kept_and_then_let_go() -> None:
    net = Net(4, (8, 8))
    net("relu", name="first")
    net("conv", name="c", out=4, kernel=3)
    net("add", net.last, 1, name="sum")
    net("relu", name="last")
    assert body(net.graph()) == [
        "x = self.first(x)",
        "skip = x",
        "x = self.c(x)",
        "x = x + skip",
        "del skip",
        "x = self.last(x)",
        "return x",
    ]


def test_several_inputs_and_outputs() -> None:
    builder = Builder("pair", "pair")
    left, right = (builder.add(name, Input(Shape(2, (6, 6)))) for name in ("left", "class"))
    a = builder.add("head.one", make("conv", out=3, kernel=3), [left])
    b = builder.add("both", make("concat"), [a, right])
    module = built(builder.graph([a, b]))
    assert "def forward(self, left: Tensor, class_: Tensor) -> tuple[Tensor, ...]:" in source(builder.graph([a, b]))
    one, both = module(torch.zeros(1, 2, 6, 6), torch.ones(1, 2, 6, 6))
    assert one.shape == (1, 3, 6, 6)
    assert torch.equal(both[:, 3:], torch.ones(1, 2, 6, 6))


def test_a_layer_that_nothing_reads_runs_and_keeps_nothing() -> None:
    net = Net(2, (6, 6))
    x = net("relu", name="kept")
    net("conv", x, name="unread", out=3, kernel=3)
    assert "self.unread(x)" in body(net.graph(x))
    assert built(net.graph(x))(torch.ones(1, 2, 6, 6)).shape == (1, 2, 6, 6)


@pytest.mark.parametrize(
    "name", ["3x3", "a-b", "type", "forward", "class", "_x", "x y", "ünïcode", 'q"uote', "b\\s", "keys", "seen"]
)
def test_names_that_python_or_torch_have_taken(name: str) -> None:
    builder = Builder("n", "n")
    at = builder.add("in", Input(Shape(1, (4, 4))))
    for full in (name, f"{name}2.{name}", f"block.{name}.0", f"block.{name}.1"):
        at = builder.add(full, make("conv", out=1, kernel=1), [at])
    graph = builder.graph([at])
    module = built(graph)
    assert module(torch.zeros(1, 1, 4, 4)).shape == (1, 1, 4, 4)
    paths = module_paths(graph)
    assert {f"{path}.weight" for path in paths.values()} == {key for key in module.state_dict() if key.endswith("weight")}
    if name not in TAKEN and not name.startswith("_"):
        assert paths[1] == name


def test_a_layer_and_a_block_of_the_same_name() -> None:
    net = Net(1, (4, 4))
    for name in ("head", "head.conv", "tail.conv", "tail", "tail_"):
        net("conv", name=name, out=1, kernel=1)
    assert len(built(net.graph()).state_dict()) == 10


def test_torch_has_taken_no_other_names() -> None:
    known = set(TAKEN.split())
    for module in (nn.Module(), nn.ModuleDict(), nn.ModuleList()):
        names = {name for name in dir(module) if not name.startswith("_")}
        assert names <= known, f"add to TAKEN: {sorted(names - known)}"


@pytest.mark.parametrize("name", ['"""\nimport os', "a\nb = 1", "'; raise SystemExit; '", "\\", "{0}", "x" * 300])
def test_a_hostile_name_is_only_a_name(name: str) -> None:
    builder = Builder(name, name)
    at = builder.add(name, Input(Shape(1, (4, 4))))
    for full in (f"a.{name}", f"{name}.b", f"{name}9"):
        at = builder.add(full, make("relu"), [at])
    namespace: dict[str, object] = {}
    exec(source(builder.graph([at])), namespace)
    made = {key for key in namespace if not key.startswith("__")}
    assert made == {"Tensor", "nn", class_for(name)}


def test_class_names() -> None:
    assert [class_for(name) for name in ("mobilenet_v2", "tiny-net", "3d", "", "a b")] == [
        "MobilenetV2",
        "TinyNet",
        "_3d",
        "Net",
        "AB",
    ]


@pytest.mark.parametrize("graph", [unet(32), residual(16, 2, (1,))], ids=["unet", "residual"])
def test_recording_adds_lines_and_nothing_else(graph: Graph) -> None:
    recorded = source(graph, record=True).split("\n")
    assert "\n".join(line for line in recorded if "self.seen(" not in line) == source(graph)
    assert len(recorded) - len(source(graph).split("\n")) == len(graph.layers)


def test_the_source_runs_without_rfcalc(tmp_path: Path) -> None:
    graph = load("resnet18")
    (tmp_path / "net.py").write_text(source(graph, "Net"))
    code = (
        "import sys, torch; sys.path.insert(0, '.'); from net import Net; torch.set_num_threads(1);"
        "m = Net().eval(); y = m(torch.zeros(1, 3, 64, 64));"
        "print(sum(p.numel() for p in m.parameters()), tuple(y.shape), any(n.startswith('rfcalc') for n in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["11689512", "(1,", "1000)", "False"]


def test_writing_the_source_needs_no_torch() -> None:
    code = (
        "import sys; from rfcalc.backends.torch.source import source; from rfcalc.importers import load;"
        "source(load('unet')); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_layer_without_a_form_in_torch_is_an_error_with_its_name() -> None:
    net = Net(2, (6, 6))
    net("pointwise", name="odd", function="where")
    with pytest.raises(SpecError, match='pointwise "odd" has no form in torch'):
        source(net.graph())
