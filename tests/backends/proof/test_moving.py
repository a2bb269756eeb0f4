"""Weights through transforms, as it is typed: proven equal before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rfcalc.backends.proof import moving
from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.importers import load
from tests.cli.run import run

SPEC = """\
input: 3x32x32
defaults: {conv: {norm: bn, act: relu, bias: false}}
layers:
  - {name: a, conv: {out: 8, k: 3, s: 2}}
  - {name: b, conv: {out: 8, k: 3, s: 2}}
  - {name: up, upconv: {out: 8, k: 4, s: 2, p: 1}}
  - {name: c, conv: {out: 8, k: 3, s: 4}}
  - flatten
  - {name: fc, linear: 5}
"""


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC)
    torch.manual_seed(0)
    module = to_torch(load("net.yaml"), seed=1)
    module.train()(*random_inputs(load("net.yaml"), 8))  # statistics of its own
    save_file(module.state_dict(), "net.safetensors")
    torch.save(module.half().state_dict(), "half.pt")
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_new_network_computes_what_the_old_one_did(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["transform", "net.yaml", "--weights", "net.safetensors", "-o", "new.yaml"]
    for to in ("subpixel", "fold-bn", "fully-convolutional"):
        words += ["--to", to]
    done = run(capsys, monkeypatch, *words)
    assert done.code == 0
    assert done.err.splitlines()[:2] == ["wrote new.yaml", "wrote new.safetensors"]
    assert "10 tensors, matched by name; computed in float64 the outputs differ by" in done.err
    old, new = to_torch(load("net.yaml")).eval(), to_torch(load("new.yaml")).eval()
    old.load_state_dict(load_file("net.safetensors"))
    new.load_state_dict(load_file("new.safetensors"))
    images = random_inputs(load("net.yaml"), 2, seed=7)
    with torch.no_grad():
        torch.testing.assert_close(new(*images).flatten(1), old(*images), rtol=1e-4, atol=1e-5)


def test_up_to_where_it_is_equal(trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pooled.yaml").write_text(SPEC.replace("  - flatten\n", "  - {name: pool, gap: {}}\n"))
    save_file(to_torch(load("pooled.yaml")).half().state_dict(), "pooled.safetensors")
    words = ("transform", "pooled.yaml", "--to", "output-stride=4", "--weights", "pooled.safetensors", "-o", "new.yaml")
    done = run(capsys, monkeypatch, *words)
    assert done.code == 0
    assert "(output-stride=4: up to pool)" in done.err
    assert load_file("new.safetensors")["fc.weight"].dtype == torch.float16


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "separable", "-o", "new.yaml"), "E708"),
        (
            (
                "--to",
                "fold-bn",
            ),
            "--weights needs -o",
        ),
        (("--to", "fold-bn", "-o", "-"), "--weights needs -o"),
        (("--to", "fold-bn", "-o", "net.new"), "net.safetensors exists already"),
    ],
)
def test_refusals(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    before = files(trained)
    if "net.new" in words:
        words = (*words[:-1], "net.spec")
    done = run(capsys, monkeypatch, "transform", "net.yaml", "--weights", "net.safetensors", *words)
    assert done.code == 2
    assert message in done.err
    assert files(trained) == before


def test_weights_that_compute_something_else_are_not_written(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = moving.moved

    def wrong(old: object, new: object, state: object) -> object:
        return {key: tensor * 1.001 if key == "a.weight" else tensor for key, tensor in honest(old, new, state).items()}  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "moved", wrong)
    before = files(trained)
    done = run(
        capsys, monkeypatch, "transform", "net.yaml", "--to", "fold-bn", "--weights", "net.safetensors", "-o", "new.yaml"
    )
    assert done.code == 2
    assert 'with these weights "fc" differs by' in done.err
    assert files(trained) == before


def test_export_writes_them_beside_the_source(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(capsys, monkeypatch, "export", "net.yaml", "--to", "torch", "--weights", "half.pt", "-o", "made.py")
    assert done.code == 0
    assert done.err.splitlines() == ["wrote made.py", "wrote made.safetensors", "with the weights of half.pt, matched by name"]
    namespace: dict[str, type[torch.nn.Module]] = {}
    exec(Path("made.py").read_text(), namespace)
    namespace["Net"]().load_state_dict(load_file("made.safetensors"))
    assert load_file("made.safetensors")["fc.bias"].dtype == torch.float16
    refused = run(capsys, monkeypatch, "export", "net.yaml", "--to", "dot", "--weights", "half.pt")
    assert refused.code == 2
    assert "--weights goes with --to torch or onnx" in refused.err


def test_export_writes_them_into_onnx(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    done = run(capsys, monkeypatch, "export", "net.yaml", "--to", "onnx", "--weights", "net.safetensors", "-o", "made.onnx")
    assert done.code == 0
    assert "with the weights of net.safetensors, matched by name" in done.err
    stored = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load("made.onnx").graph.initializer}
    assert (stored["fc.bias"] == load_file("net.safetensors")["fc.bias"].numpy()).all()
