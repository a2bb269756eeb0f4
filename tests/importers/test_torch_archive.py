"""Saved programs that would run code when torch loads them, and targets that run code where nothing is trusted."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import torch

from rfcalc.importers.torch.archive import Found, is_arithmetic, suspect
from rfcalc.importers.torch.capture import read
from tests.importers.torch_models import module_of
from tests.running import rfcalc


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved program whose sizes are symbols."""
    path = tmp_path_factory.mktemp("saved") / "net.pt2"
    sizes = {0: torch.export.Dim("n", min=1, max=64), 2: 2 * torch.export.Dim("h", min=4, max=99)}
    program = torch.export.export(torch.nn.Conv2d(3, 4, 3).eval(), (torch.zeros(2, 3, 16, 16),), dynamic_shapes=(sizes,))
    torch.export.save(program, path)
    return path


def changed(saved: Path, to: Path, change: Callable[[Any], None], extra: str = "", member: str = "models/model.json") -> Path:
    """A copy of an archive with one of its JSON members changed, and with one more member."""
    with ZipFile(saved) as old, ZipFile(to, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.endswith(member):
                value = json.loads(data)
                change(value)
                data = json.dumps(value).encode()
            new.writestr(part, data)
        if extra:
            new.writestr(extra, b"x")
    return to


def texts(value: Any, key: str) -> list[dict[str, Any]]:
    """The mappings below a value that have this key with a text."""
    found, waiting = [], [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found += [part] if isinstance(part.get(key), str) else []
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found


def put(key: str, text: str) -> Callable[[Any], None]:
    """Writes a text in place of every other one at a key."""
    return lambda program: [part.update({key: text}) for part in texts(program, key)]  # type: ignore[return-value]


def rename(text: str) -> Callable[[Any], None]:
    """Gives the input another name everywhere."""

    def change(program: Any) -> None:
        for key in ("name", "as_name"):
            for part in texts(program, key):
                part[key] = text if part[key] == "input" else part[key]

    return change


def run(marker: Path) -> str:
    return f"open({str(marker)!r}, 'w').close()"


ATTACKS: dict[str, tuple[Callable[[Path], Callable[[Any], None]], str]] = {
    "an expression": (lambda marker: put("expr_str", f"[{run(marker)}, 1][1]"), "the expression"),
    "an endless number": (lambda marker: put("expr_str", "9**9**9**9"), "the expression"),
    "an argument's default": (lambda marker: rename(f"x={run(marker)}"), "the name"),
    "a call": (lambda marker: put("target", "torch.os.system"), "the call of"),
    "an operator that writes": (lambda marker: put("target", "torch.ops.aten.from_file.default"), "the call of"),
    "a getter": (lambda marker: put("target", "_operator.attrgetter"), "the call of"),
    "a guard": (lambda marker: lambda program: program.update(guards_code=[run(marker)]), "the guard"),
    "a range": (lambda marker: lambda program: program.update(range_constraints={run(marker): {}}), "the expression"),
    "a container": (
        lambda marker: put("in_spec", '[1, {"type": "collections.defaultdict", "context": "os", "children_spec": []}]'),
        "the container",
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_program_that_would_run_code(attack: str, saved: Path, tmp_path: Path) -> None:
    make, what = ATTACKS[attack]
    marker = tmp_path / "ran"
    path = changed(saved, tmp_path / "net.pt2", make(marker))
    for command in (["analyze"], ["check"], ["verify"]):
        done = rfcalc(*command, str(path))
        assert done.code == 2
        assert "E409" in done.err + done.out
        assert f"holds {what}" in done.err + done.out
    assert not marker.exists()


def test_torch_alone_runs_such_code(saved: Path, tmp_path: Path) -> None:
    """What the attacks above would do, and what --trust is for."""
    marker = tmp_path / "ran"
    with contextlib.suppress(Exception):  # torch goes on with what it has evaluated
        read(str(changed(saved, tmp_path / "a.pt2", put("expr_str", f"[{run(marker)}, 1][1]"))), trust=True)
    assert marker.exists()


@pytest.mark.parametrize(
    ("member", "what"),
    [("net/data/aotinductor/model/a.so", "the member"), ("net/data/constants/opaque_obj_0", "the pickled object")],
)
def test_members_that_are_no_tensors(member: str, what: str, saved: Path, tmp_path: Path) -> None:
    path = changed(saved, tmp_path / "net.pt2", lambda program: None, member)
    done = rfcalc("analyze", str(path))
    assert (done.code, f"holds {what} '{member}'" in done.err) == (2, True)
    assert "--trust" in done.err


def test_a_constant_that_is_an_object(saved: Path, tmp_path: Path) -> None:
    config = {"a": {"path_name": "custom_obj_0"}}
    path = changed(
        saved, tmp_path / "net.pt2", lambda value: value["config"].update(config), "", "constants/model_constants_config.json"
    )
    assert suspect(str(path)) == Found("the pickled object", "custom_obj_0")


def test_an_archive_that_unpacks_to_gigabytes(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    path.write_bytes(saved.read_bytes())
    with ZipFile(path, "a", ZIP_DEFLATED) as archive, archive.open("net/data/weights/weight_9", "w") as member:
        for _ in range(200):
            member.write(bytes(1 << 20))
    found = suspect(str(path))
    assert found is not None
    assert found.what == "members that unpack to"


@pytest.mark.parametrize("model", ["Residual", "Shuffle", "UNet", "Inception"])
def test_programs_of_torch_pass(model: str, tmp_path: Path) -> None:
    module = module_of(f"classic.py:{model}")
    torch.export.save(torch.export.export(module, (torch.zeros(1, 3, 32, 32),)), tmp_path / "net.pt2")
    assert suspect(str(tmp_path / "net.pt2")) is None


def test_sizes_that_are_symbols_pass(saved: Path) -> None:
    assert suspect(str(saved)) is None


@pytest.mark.parametrize(
    "text",
    ["s0", "2*s39", "Mul(Integer(2), Symbol('s39', positive=True, integer=True))", "Max(1, s0//2) - 1", "s0**2", "Pow(s0, 2)",
     "(s0 + 1) % 8 >= 3", "Mul(s0, Pow(Symbol('h', integer=True), Integer(-1)))"],
)  # fmt: skip
def test_arithmetic(text: str) -> None:
    assert is_arithmetic(text)


@pytest.mark.parametrize(
    "text",
    ["", "x.y", "f(1)", "[1]", "'a'", "lambda: 0", "__import__('os')", "Symbol('a', cls=x)", "Symbol(a)", "(s0**64)**64",
     "Pow(Pow(s0, 64), 64)", "s0**65", "10**400", "LShift(1, 9)", "x if y else z", "(yield)", "1" * 30_000, "(" * 900],
)  # fmt: skip
def test_no_arithmetic(text: str) -> None:
    assert not is_arithmetic(text)


NET = "import pathlib\nfrom torch import nn\npathlib.Path('ran').touch()\n\ndef net(): return nn.Conv2d(3, 4, 1)\n"


@pytest.mark.parametrize("command", [["check"], ["diff", "resnet18"]])
def test_commands_of_ci_run_no_python(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    done = rfcalc(*command, "net.py:net", "--input", "3x9x9")
    assert done.code == 2
    assert "net.py:net would run the code of net.py" in done.err + done.out
    assert "--trust" in done.err + done.out
    assert not Path("ran").exists()
    assert rfcalc(*command, "net.py:net", "--input", "3x9x9", "--trust").code < 2
    assert Path("ran").exists()


def test_a_file_is_no_python_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell's pattern may give the name of an empty file that reads as one."""
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    Path("net.py:net").touch()
    assert rfcalc("analyze", "net.py:net", "--input", "3x9x9").code == 2
    assert not Path("ran").exists()


@pytest.mark.parametrize("words", [["-m", "rfcalc", "analyze", "vgg16"], ["-c", "from rfcalc.cli import main; main()"]])
def test_what_lies_in_the_folder_is_not_imported(words: list[str], tmp_path: Path) -> None:
    """An installed target imports what is installed, though a file here has that name; so does the command itself."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "named.py").write_text("import helper_of_named\nfrom torch import nn\nnet = nn.Conv2d(3, 4, 1)\n")
    (there / "helper_of_named.py").write_text("")
    for name in ("helper_of_named", "yaml", "typer", "rich", "numpy", "simpleeval"):
        (here / f"{name}.py").write_text("open('ran', 'w').close()\n")
    if words[0] == "-c":
        words = ["-P", *words, "analyze", "named:net", "--input", "3x9x9"]
    path = os.pathsep.join([str(there), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    done = subprocess.run(
        [sys.executable, *words], cwd=here, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (here / "ran").exists()
