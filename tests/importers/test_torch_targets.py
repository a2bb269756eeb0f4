"""What can be named: modules in this folder, files, saved programs; without weights in memory, and without mixing folders."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import torch

from rfcalc.analyses.network import Analysis, analyze
from rfcalc.errors import SpecError
from rfcalc.importers import is_program, load
from rfcalc.importers.torch.importing import _lies_in, imported
from rfcalc.importers.torch.target import target_of, wanted
from tests.importers.torch_models import CLASSIC, FOLDER, graph_of, module_of, shapes_of

NET = """
from torch import nn
from {helper} import width

def net(depth: int = 2):
    return nn.Sequential(*(nn.Conv2d(3 if not i else width, width, 3) for i in range(depth)))

class Group:
    small = staticmethod(lambda: net(1))
"""


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ("1x3x64x48", "leave the batch out: --input 3x64x48"),
        ("8x3x64x48", "leave the batch out: --input 3x64x48"),
        ("64x48", "the channels come first: --input 3x64x48"),
        ("64x48x3", "the channels come first: --input 3x64x48"),
        ("4x64x48", "the model reads 3 channels: --input 3x64x48"),
    ],
)
def test_shapes_that_are_meant_otherwise(tmp_path: Path, shape: str, hint: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET.replace("from {helper} import width", "width = 4"))
    with pytest.raises(SpecError) as caught:
        load(f"{path}:net", {"input": shape})
    assert caught.value.problems[0].hint == hint
    assert load(f"{path}:net", {"input": "3,64,48"}).nodes[0].shape == load(f"{path}:net", {"input": "3x64x48"}).nodes[0].shape


def test_what_is_a_program() -> None:
    for text in ("models:net", "pkg.models:Group.small", "net.py:net", "a/b.py:C", "net.pt2"):
        assert is_program(text)
    for text in ("resnet50", "net.yaml", "-", "models:"):
        assert not is_program(text)


def rfcalc(folder: Path, *words: str) -> Analysis:
    done = subprocess.run(
        [sys.executable, "-m", "rfcalc", "analyze", *words, "--format", "json"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def test_modules_are_found_from_this_folder(tmp_path: Path) -> None:
    """As `python -m` finds them: the folder itself, and packages in it, without an installation."""
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(NET.format(helper="pkg.parts"))
    (package / "parts.py").write_text("width = 5\n")
    first = rfcalc(tmp_path, "pkg.models:net", "--arg", "depth=3", "--input", "3x9x9")
    assert first["totals"]["params"] == 3 * 5 * 9 + 5 + 2 * (5 * 5 * 9 + 5)
    assert rfcalc(tmp_path, "pkg.models:Group.small", "--input", "3x9x9")["totals"]["layers"] == 1


def test_folders_do_not_mix(tmp_path: Path) -> None:
    """Two versions of a model, each with a helper of the same name beside it."""
    for name, width in (("old", 4), ("new", 6)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "net.py").write_text(NET.format(helper="parts"))
        (tmp_path / name / "parts.py").write_text(f"width = {width}\n")
    for name, width in (("old", 4), ("new", 6), ("old", 4)):
        graph = load(f"{tmp_path}/{name}/net.py:net", {"input": "3x9x9"})
        assert graph.nodes[-1].shape.channels == width


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    for channels in (4, 7):
        file.write_text(f"from torch import nn\nnet = nn.Conv2d(3, {channels}, 1)\n" + "#" * channels)
        assert load(f"{file}:net", {"input": "3x9x9"}).nodes[-1].shape.channels == channels


@pytest.mark.parametrize("name", ["Residual", "Shuffle", "FeaturePyramid", "UNet"])
def test_saved_programs(name: str, tmp_path: Path) -> None:
    """A .pt2 file gives the figures that its module gives."""
    model = f"classic.py:{name}"
    graph = graph_of(model)
    inputs = tuple(torch.zeros(shape) for shape in shapes_of(graph).values())
    torch.export.save(torch.export.export(module_of(model), inputs), tmp_path / "net.pt2")
    saved = load(str(tmp_path / "net.pt2"))
    assert [str(node.shape) for node in saved.nodes] == [str(node.shape) for node in graph.nodes]
    a, b = analyze(saved), analyze(graph)
    assert (a.macs, a.params) == (b.macs, b.params)
    assert [layer.field for layer in a.layers] == [layer.field for layer in b.layers]
    assert CLASSIC[name]


def test_damaged_programs(tmp_path: Path) -> None:
    """Every damage is an error, never anything else."""
    module = module_of("classic.py:Inception")
    torch.export.save(torch.export.export(module, (torch.zeros(1, 3, 16, 16),)), tmp_path / "net.pt2")
    whole = (tmp_path / "net.pt2").read_bytes()
    draw = random.Random(0)
    cases = [b"", b"PK", whole[: len(whole) // 2], whole[:100], b"\0" * 1000, whole[::-1], b"PK\3\4" + b"\xff" * 200]
    for _ in range(15):
        broken = bytearray(whole)
        for _ in range(draw.choice((1, 20, 400))):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        cases.append(bytes(broken))
    errors = 0
    for case in cases:
        (tmp_path / "broken.pt2").write_bytes(case)
        try:
            load(str(tmp_path / "broken.pt2"))
        except SpecError as error:
            errors += error.problems[0].code in ("E406", "E410", "E201")
    assert errors >= 7
    for text in (str(tmp_path / "none.pt2"), str(tmp_path)):
        with pytest.raises(SpecError):
            load(text)
    with pytest.raises(SpecError, match="its input and its arguments are fixed"):
        load(str(tmp_path / "net.pt2"), {"input": "3x8x8"})


HUGE = """
import resource
resource.setrlimit(resource.RLIMIT_AS, ({bytes}, {bytes}))
from rfcalc.analyses.network import analyze
from rfcalc.importers import load
print(analyze(load({target!r}, {{"input": "3x64x64"}})).params)
"""


def test_no_weights_are_allocated(tmp_path: Path) -> None:
    """Ten billion parameters are 40 GB; the process may have 12 GB of address space, of which torch itself takes some."""
    (tmp_path / "huge.py").write_text(
        "from torch import nn\n"
        "def net():\n"
        "    return nn.Sequential(nn.Conv2d(3, 50000, 1), *(nn.Conv2d(50000, 50000, 1) for _ in range(4)))\n"
    )
    code = HUGE.format(bytes=12 << 30, target=f"{tmp_path / 'huge.py'}:net")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(3 * 50000 + 50000 + 4 * (50000 * 50000 + 50000)), done.stderr[-300:]


def test_a_module_is_not_changed(tmp_path: Path) -> None:
    """Importing leaves a module instance as it was: its weights are there, its forward is its own."""
    (tmp_path / "net.py").write_text("from torch import nn\nMODULE = nn.Conv2d(3, 4, 3)\n")
    target = target_of(f"{tmp_path / 'net.py'}:MODULE")
    assert target is not None
    module = imported(target).MODULE
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    load(target.text, {"input": "3x8x8"})
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert module(torch.zeros(1, 3, 8, 8)).device.type == "cpu"


def test_modules_that_were_there_before_stay(tmp_path: Path) -> None:
    """A program that calls rfcalc keeps its own modules, even those beside the model."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "net.py").write_text("from torch import nn\nimport own_helper\nnet = nn.Conv2d(3, 4, 1)\n")
        (tmp_path / name / "own_helper.py").write_text(f"name = {name!r}\n")
    code = """
import sys
sys.path.insert(0, "a")
import own_helper
from rfcalc.importers import load
for folder in ("a", "b", "a"):
    load(f"{folder}/net.py:net", {"input": "3x4x4"})
assert sys.modules["own_helper"] is own_helper and "__main__" in sys.modules
assert sys.path.count("a") == 1
"""
    (tmp_path / "main.py").write_text(code)
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


def test_a_list_of_images() -> None:
    """Such an image has no batch axis: its first one are the channels."""
    graph = load(f"{FOLDER / 'code.py'}:Listed", {"input": "3x9x8"})
    assert [str(node.shape) for node in graph.nodes if node.op.word in ("input", "conv")] == ["3x9x8", "4x7x6"]
    assert analyze(graph).layers[-1].field.size == (3, 3)


class Hostile:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_a_saved_program_runs_nothing(tmp_path: Path) -> None:
    module = torch.nn.Conv2d(3, 4, 3).eval()
    torch.export.save(torch.export.export(module, (torch.zeros(1, 3, 8, 8),)), tmp_path / "net.pt2")
    trap, pickled = tmp_path / "it ran", BytesIO()
    torch.save(((Hostile(trap),), {}), pickled)
    with ZipFile(tmp_path / "net.pt2") as good, ZipFile(tmp_path / "bad.pt2", "w") as bad:
        for name in good.namelist():
            bad.writestr(name, pickled.getvalue() if name.endswith("sample_inputs/model.pt") else good.read(name))
    with pytest.raises(SpecError, match="pickled object, which could run code"):
        load(str(tmp_path / "bad.pt2"))
    assert not trap.exists()
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ
    torch.load(BytesIO(pickled.getvalue()), weights_only=False)
    assert trap.exists(), "the trap works"


def test_rfcalc_never_steps_aside() -> None:
    """Also where the working folder is its own source: a class that was loaded twice would not be itself any more."""
    root = str(Path(__file__).resolve().parents[2])
    ours = [module for name, module in sys.modules.items() if name.split(".")[0] == "rfcalc"]
    assert not [module.__name__ for module in ours if _lies_in(module, root)]
    assert _lies_in(sys.modules[__name__], root)


def test_no_library_loads_weights(tmp_path: Path) -> None:
    """Neither torch's own function nor a library's of the same name is called, and both are there again."""
    (tmp_path / "weights.py").write_text("def load_state_dict_from_url(url):\n    raise OSError('no net here')\n")
    (tmp_path / "net.py").write_text(
        "import weights\nfrom torch import hub, nn\nfrom weights import load_state_dict_from_url\n\n\n"
        "class Net(nn.Conv2d):\n    def __init__(self):\n        super().__init__(3, 4, 1)\n"
        "        self.load_state_dict(load_state_dict_from_url('x.pth')['state']['model'])\n"
        "        hub.load_state_dict_from_url('y.pth')\n"
    )
    before = torch.hub.load_state_dict_from_url
    assert load(f"{tmp_path}/net.py:Net", {"input": "3x4x4"}).nodes[-1].shape.channels == 4
    assert torch.hub.load_state_dict_from_url is before
    with pytest.raises(OSError, match="no net here"):
        imported(wanted(f"{tmp_path}/net.py:Net")).load_state_dict_from_url("x.pth")
