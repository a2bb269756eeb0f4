"""The Python API: what can be analysed, and that a live module stays as it is."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import rfcalc
from tests.importers.torch_models import FOLDER

TEXT = (
    "input: 3x32x32\nparams: {w: 8}\nlayers:\n  - {name: a, conv: {out: w, k: 3}}\n  - {name: b, conv: {out: 4, k: 3, s: 2}}\n"
)
SPEC = {"input": "3x32x32", "params": {"w": 8}, "layers": [{"name": "a", "conv": {"out": "w", "k": 3}}]}


class Block(nn.Module):
    """A residual block with a batch norm and a dropout."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm, self.drop = nn.BatchNorm2d(width), nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.drop(torch.relu(x + self.norm(self.conv(x))))


class Two(nn.Module):
    """Two inputs of different sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 3), nn.Conv2d(1, 4, 3)

    def forward(self, image: Tensor, depth: Tensor) -> Tensor:
        return self.left(image) + self.right(depth)


def test_a_file_a_text_and_a_dict() -> None:
    assert rfcalc.analyze("resnet18").params == 11_689_512
    assert rfcalc.analyze("resnet50", depth=101, input=(3, 64, 64)).params == 44_549_160
    assert rfcalc.analyze(TEXT).params == 3 * 8 * 9 + 8 + 8 * 4 * 9 + 4
    assert rfcalc.analyze(TEXT, w=16)["a"].params == 3 * 16 * 9 + 16
    assert rfcalc.analyze(SPEC, input="3x8x8").input.size == (8, 8)
    graph = rfcalc.load("espcn")
    assert rfcalc.load(graph) is graph


def test_a_callable_with_arguments() -> None:
    graph = rfcalc.load(f"{FOLDER}/refused.py:Needs", input=(3, 12, 10), width=6, depth=3, groups=3)
    assert graph.nodes[-1].shape.channels == 6


@pytest.mark.parametrize("train", [True, False])
def test_a_live_module_stays_as_it_is(train: bool) -> None:
    module = Block().train(train)
    module.norm.eval()
    before = {name: (tensor, tensor.clone()) for name, tensor in module.state_dict(keep_vars=True).items()}
    modes, numbers = [part.training for part in module.modules()], torch.get_rng_state()
    analysis = rfcalc.analyze(module, input=(3, 20, 24))
    assert analysis.params == sum(p.numel() for p in module.parameters())
    assert analysis["conv"].field.size == (5, 5)
    assert analysis.outputs[0].field.size == (5, 5)
    after = module.state_dict(keep_vars=True)
    assert all(after[name] is tensor and torch.equal(tensor, kept) for name, (tensor, kept) in before.items())
    assert [part.training for part in module.modules()] == modes
    assert torch.equal(torch.get_rng_state(), numbers)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_several_inputs() -> None:
    analysis = rfcalc.analyze(Two(), input={"image": (3, 9, 9), "depth": "1x9x9"})
    assert [analysis.graph.nodes[i].name for i in analysis.graph.inputs] == ["image", "depth"]


def test_what_a_notebook_shows() -> None:
    analysis = rfcalc.analyze("resnet152")
    figures = f"{len(analysis.layers)} layers, 60,192,808 parameters, 11,513,626,624 MACs"
    field = "x".join(map(str, analysis.last_spatial.field.size or ())) if analysis.last_spatial else ""
    assert repr(analysis) == f"<Analysis of resnet152 at 3x224x224: {figures}, receptive field {field}>"
    assert len(repr(analysis.graph)) < 100
    analysis = rfcalc.analyze("espcn")
    assert [layer.name for layer in analysis] == [layer.name for layer in analysis.layers]
    with pytest.raises(KeyError, match="conv1"):
        analysis["conv_1"]


@pytest.mark.parametrize("wrong", [3, None, [1, 2], object()])
def test_anything_else_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="rfcalc takes"):
        rfcalc.analyze(wrong)


def test_bad_input() -> None:
    with pytest.raises(rfcalc.SpecError, match="E402"):
        rfcalc.analyze(Block())
    with pytest.raises(TypeError, match="width"):
        rfcalc.analyze(Block(), input=(3, 8, 8), width=4)
    with pytest.raises(rfcalc.SpecError, match="did you mean"):
        rfcalc.analyze("input: 3x8x8\nlayers:\n  - cnv: 3\n")


CALLS: dict[str, object] = {
    # a network, however it comes
    'rfcalc.analyze("resnet50").params': 25_557_032,
    'rfcalc.analyze("resnet50.yaml").macs': 4_089_184_256,
    "rfcalc.analyze(model, (3, 224, 224)).params": 3 * 8 * 9 + 8 + 8 * 4 * 25 + 4,
    "rfcalc.analyze(model, input=(3, 224, 224))[-1].field.size": (7, 7),
    'rfcalc.analyze(model, "3x64x64").input.size': (64, 64),
    "rfcalc.analyze(model, torch.zeros(2, 3, 64, 48)).input.size": (64, 48),
    "rfcalc.analyze(Path(SPEC)).graph.name": "net",
    "rfcalc.load(SPEC).name": "net",
    'rfcalc.analyze("resnet18", input=320).input.size': (320, 320),
    'rfcalc.analyze("torchvision.models:resnet18", (3, 64, 64)).params': 11_689_512,
    "rfcalc.loads(open(SPEC).read()).name": "net",
    # what nearly is one
    "rfcalc.analyze(model, (1, 3, 224, 224))": (rfcalc.SpecError, r"leave the batch out: input=\(3, 224, 224\)"),
    'rfcalc.analyze("resnet50", (1, 3, 224, 224))': (rfcalc.SpecError, r"leave the batch out: input=\(3, 224, 224\)"),
    'rfcalc.analyze("resnet50", (224, 224, 3))': (rfcalc.SpecError, r"channels come first: input=\(3, 224, 224\)"),
    "rfcalc.analyze(model, 224)": (TypeError, r"leaves out the channels: input=\(3, 224, 224\)"),
    "rfcalc.analyze(model)": (rfcalc.SpecError, r"input=\(3, 224, 224\)"),
    "rfcalc.analyze(nn.Sequential)": (TypeError, r"call it: Sequential\(\)"),
    'rfcalc.analyze(["resnet18", "resnet50"])': (TypeError, "compare takes several"),
    "rfcalc.analyze(model, input_size=(3, 224, 224))": (TypeError, r"is called input here: input=\(3, 224, 224\)"),
    'rfcalc.analyze(model, (3, 64, 64), layer="0")': (TypeError, 'did you mean "layers"'),
    'rfcalc.analyze(model, (3, 64, 64), unknown="guess")': (ValueError, "error, bound"),
    'rfcalc.analyze("resnet18", layers=3)': (TypeError, "layers takes a text, or several"),
    'rfcalc.analyze("resnet5")': (rfcalc.SpecError, "shipped are resnet50"),
    'rfcalc.analyze("resnet50", dept=101)': (rfcalc.SpecError, 'did you mean "depth"'),
    # an analysis
    "analysis.layers[0].name": "conv1",
    'analysis["layer1.0.conv1"].field.size': (19, 19),
    "len(analysis)": 68,
    '"conv1" in analysis': True,
    "[layer.name for layer in analysis][:2]": ["conv1", "conv1_bn"],
    "max(analysis, key=lambda layer: layer.macs).name": "conv1",
    'f"{analysis}".splitlines()[0]': "resnet18 at 3x224x224",
    "len(repr(analysis).splitlines()) <= 3": True,
    'json.loads(json.dumps(analysis.to_dict()))["totals"]["params"]': 11_689_512,
    "pickle.loads(pickle.dumps(analysis)).macs": 1_814_073_344,
    "copy.deepcopy(analysis)[0].name": "conv1",
    'analysis["layer1.0.conv3"]': (KeyError, 'did you mean "layer1.0.conv2"'),
    "analysis.receptive_field": (AttributeError, "last_spatial.field.size"),
    # and the rest
    'rfcalc.check("resnet18")': (),
    "[one.code for one in rfcalc.check(SPEC)]": ["RF501"],
    'rfcalc.diff("resnet18", "resnet18").same': True,
    'rfcalc.diff(SPEC, "nope.yaml")': (rfcalc.SpecError, "no file nope.yaml"),
    '[row.name for row in rfcalc.compare(["resnet18", "resnet50"]).by("macs")]': ["resnet18", "resnet50"],
    '"resnet50" in rfcalc.configs()': True,
    'rfcalc.compare("resnet18", "resnet50")': (TypeError, "compare takes its networks in a list"),
    "rfcalc.compare([])": (TypeError, "this one is empty"),
    'rfcalc.check("resnet18", budget="macs <= 1 G")': (TypeError, "a budget is a dict"),
    'rfcalc.check("resnet18", select=3)': (TypeError, "select and ignore takes a text"),
    'rfcalc.assert_budget("resnet18", {"macs": "<= 1 G"})': (TypeError, "by name"),
    'analysis.plot_field("conv1", at=5)': (TypeError, r"such as \(7, 7\)"),
    'rfcalc.design(90, tolerance="10%")': (TypeError, "such as 0.1 for 10 %"),
    "rfcalc.time(model, (3, 8, 8), seconds=-1)": (ValueError, "a number above 0"),
    "rfcalc.load(SPEC).to_yaml()": (AttributeError, r"rfcalc\.to_yaml\(graph\)"),
    "rfcalc.to_yaml(SPEC).splitlines()[1]": "name: net",
    "rfcalc.to_torch(SPEC)(torch.zeros(1, 3, 32, 32)).shape[1]": 8,
    'rfcalc.assert_budget(model, (3, 64, 64), macs="<= 1 M")': (AssertionError, r"the most in 2: 2\.69 M"),
    'rfcalc.assert_budget(model, (3, 64, 64), mac="<= 1 M")': (rfcalc.SpecError, 'did you mean "macs"'),
    'rfcalc.transform("resnet18", to="output-stride=8").graph.name': "resnet18",
    "rfcalc.design(90).best.field >= 90": True,
    "rfcalc.load(SPEC).params": (AttributeError, r"rfcalc\.analyze\(graph\)\.params"),
    "analysis[0].kernel_size": (AttributeError, r"node\.op\.kernel"),
    "rfcalc.summary(model)": (AttributeError, r"print\(rfcalc\.analyze\(model, \(3, 224, 224\)\)\)"),
    "rfcalc.analyse(model)": (AttributeError, 'did you mean "analyze"'),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_people_type(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call works, or says what to type instead."""
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "net.yaml"
    spec.write_text("name: net\ninput: 3x32x32\nlayers: [{conv: {out: 8, k: 3}}]\nbudget: {macs: <= 1 k}\n")
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 5))
    scope = globals() | {
        "copy": copy,
        "pickle": pickle,
        "model": model,
        "SPEC": str(spec),
        "analysis": rfcalc.analyze("resnet18"),
    }
    expected = CALLS[call]
    if isinstance(expected, tuple) and expected and isinstance(expected[0], type):
        with pytest.raises(expected[0], match=expected[1]):
            eval(call, scope)
    else:
        assert eval(call, scope) == expected


def test_importing_it_costs_next_to_nothing() -> None:
    heavy = ("torch", "numpy", "pydantic", "yaml", "rich", "typer", "rfcalc.graph")
    code = f"""
from time import process_time
start = process_time()
import rfcalc, sys
spent = process_time() - start
import json
print(json.dumps([spent, [name for name in {heavy} if name in sys.modules]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    spent, imported = json.loads(done.stdout)
    assert imported == []
    assert spent < 0.05


def test_every_name_is_there_and_no_module_takes_its_place() -> None:
    """Also for a type checker, which sees the imports that are not run."""
    import rfcalc.cli.design
    import rfcalc.cli.resize

    for name in rfcalc.__all__:
        assert getattr(rfcalc, name) is not None
        assert not isinstance(getattr(rfcalc, name), type(rfcalc)), name
        assert name in dir(rfcalc)
    text = Path(rfcalc.__file__).read_text(encoding="utf-8")
    [block] = [node for node in ast.parse(text).body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)]
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == rfcalc.LAZY
    assert {*seen, "__version__"} == set(rfcalc.__all__)
    with pytest.raises(AttributeError, match='did you mean "analyze"'):
        rfcalc.analyse  # noqa: B018


def test_a_type_checker_knows_what_there_is(tmp_path: Path) -> None:
    """The hints of __getattr__ hide no wrong name from it."""
    mypy = pytest.importorskip("mypy.api")
    file = tmp_path / "use.py"
    file.write_text(
        "import rfcalc\n"
        'analysis: rfcalc.Analysis = rfcalc.analyze("resnet50", depth=101)\n'
        "size: tuple[int, ...] | None = analysis[0].field.size\n"
        "rfcalc.nothing\nanalysis.nothing\nanalysis[0].nothing\nanalysis.graph.nothing\n"
    )
    settings = str(Path(__file__).parents[1] / "pyproject.toml")
    told, _, _ = mypy.run(["--strict", "--config-file", settings, "--cache-dir", str(tmp_path / "cache"), str(file)])
    assert [line.partition(": error: ")[0].rpartition(":")[2] for line in told.splitlines() if ": error: " in line] == list(
        "4567"
    )
