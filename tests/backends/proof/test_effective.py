from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from rfcalc.backends.proof.effective import effective_field
from rfcalc.backends.torch.build import to_torch
from rfcalc.backends.torch.checkpoint import load_weights, read_checkpoint
from rfcalc.backends.torch.subject import subject
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.importers.torch_models import FOLDER, graph_of
from tests.nets import chain
from tests.running import rfcalc

CONVS = [("conv", {"out": 24, "kernel": 3, "bias": False}), ("relu", {})] * 6


def weights_of(graph: Graph, seed: int = 0) -> dict[str, Tensor]:
    return to_torch(graph, seed=seed).state_dict()


def test_random_weights_spread_as_the_theory_says() -> None:
    graph = chain((41, 41), *CONVS, channels=3)
    found = effective_field(subject(graph), len(graph.nodes) - 1, 40, 0)
    assert found.theory == pytest.approx((2.0, 2.0))
    assert found.sigma == pytest.approx(found.theory, rel=0.08)
    assert float(found.energy.sum()) == pytest.approx(1)
    assert 0 < found.pixels <= 13 * 13


def test_on_one_axis(tmp_path: Path) -> None:
    """As far as on one axis of two, which the theory says of both."""
    graph = chain((41,), *CONVS, channels=3)
    found = effective_field(subject(graph), len(graph.nodes) - 1, 40, 0)
    assert found.theory == pytest.approx((2.0,))
    assert found.sigma == pytest.approx(found.theory, rel=0.15)
    (tmp_path / "net.yaml").write_text("input: 4x50\nlayers: [{conv: {out: 8, k: 3}}]\n")
    assert rfcalc("erf", str(tmp_path / "net.yaml"), "--samples", "2", "--device", "cpu").code == 0


def test_a_trained_network_s_field_is_that_of_its_weights() -> None:
    """Identity kernels: each unit sees one pixel, whatever the theory says about random weights."""
    graph = chain((15, 15), *[("conv", {"out": 2, "kernel": 3, "bias": False})] * 3, channels=2)
    tensors = {}
    for key, value in weights_of(graph).items():
        tensors[key] = torch.zeros_like(value)
        tensors[key][:, :, 1, 1] = torch.eye(2)
    found = effective_field(subject(graph), 3, 3, 0, tensors=tensors)
    assert found.sigma == (0.0, 0.0)
    assert found.pixels == 1
    assert found.energy[7, 7] == 1


def test_a_seed_repeats_the_measurement() -> None:
    graph = chain((15,), *CONVS[:4], channels=1)
    one, two = (effective_field(subject(graph), 4, 2, 5) for _ in range(2))
    assert torch.equal(one.energy, two.energy)


def test_a_vanished_gradient_is_an_error() -> None:
    graph = chain((9, 9), ("conv", {"out": 1, "kernel": 3, "bias": False}), ("relu", {}))
    with pytest.raises(SpecError, match="vanishes"):
        effective_field(subject(graph), 2, 2, 0, tensors={key: torch.zeros_like(t) for key, t in weights_of(graph).items()})


def test_maps_that_no_memory_holds_are_refused_with_the_layer() -> None:
    graph = chain((64, 64), *[("patches", {"kernel": 3, "padding": 1})] * 6, channels=1)
    with pytest.raises(SpecError, match=r'need more than 8 GB; "patches6" alone has 531441x64x64'):
        effective_field(subject(graph), len(graph.nodes) - 1, 1, 0)


def test_the_command(tiny: str, tmp_path: Path) -> None:
    png = tmp_path / "erf.png"
    run = rfcalc("erf", tiny, "--samples", "3", "--png", str(png), "--device", "cpu", "--format", "json")
    assert run.code == 0
    assert run.data["layer"] == "pool"
    assert run.data["receptive_field"] == [8, 8]
    assert len(run.data["sigma"]) == 2
    assert Image.open(png).size[0] >= 144
    assert "Sigma" in rfcalc("erf", tiny, "--layer", "stem", "--samples", "2").out


def test_trained_weights_by_file(tiny: str, tmp_path: Path) -> None:
    tensors = weights_of(load(tiny), seed=9)
    save_file(tensors, tmp_path / "w.safetensors")
    torch.save({"state_dict": {f"module.{key}": value for key, value in tensors.items()}, "epoch": 3}, tmp_path / "w.pt")
    answers = [
        rfcalc("erf", tiny, "--trained", str(tmp_path / name), "--samples", "2", "--format", "json").data
        for name in ("w.safetensors", "w.pt")
    ]
    assert answers[0]["sigma"] == answers[1]["sigma"]
    assert "matched by name" in answers[0]["weights"]


def test_other_names_are_matched_in_order_if_all_shapes_agree(tiny: str) -> None:
    module, tensors = to_torch(load(tiny)), weights_of(load(tiny), seed=2)
    renamed = {f"layer{i}.{key.rsplit('.', 1)[1]}": value for i, (key, value) in enumerate(tensors.items())}
    assert load_weights(module, renamed).startswith("by order")
    assert all(torch.equal(module.state_dict()[key], tensors[key]) for key in tensors)


def test_what_does_not_fit_is_listed_by_tensor_and_shape(tiny: str, tmp_path: Path) -> None:
    tensors = weights_of(load(tiny))
    tensors["fc.weight"] = torch.zeros(7, 8)
    del tensors["stem_bn.weight"]
    tensors["head.extra"] = torch.zeros(3)
    torch.save(tensors, tmp_path / "w.pt")
    run = rfcalc("erf", tiny, "--trained", str(tmp_path / "w.pt"))
    assert (run.code, run.out) == (2, "")
    assert run.err.splitlines()[::2] == [
        "error E706: fc.weight: the network has 5x8, the checkpoint 7x8",
        "error E706: stem_bn.weight (8) is missing in the checkpoint",
        "error E706: head.extra (3) is not in the network",
        "3 errors; rfcalc explain CODE tells more",
    ]


def test_long_lists_are_cut(tiny: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_weights(to_torch(load(tiny)), {f"t{i}": torch.zeros(1) for i in range(30)})
    assert "22 more tensors are not in the network" in str(caught.value)
    assert len(caught.value.problems) < 20


class Hostile:
    """Runs a command when it is unpickled by a reader that trusts it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("way", ["torch", "torch legacy", "pickle 2", "pickle 4"])
def test_a_hostile_pickle_is_refused_and_runs_nothing(tiny: str, tmp_path: Path, way: str) -> None:
    mark, path = tmp_path / "mark", tmp_path / "weights.pt"
    if way.startswith("torch"):
        torch.save({"w": Hostile(mark)}, path, _use_new_zipfile_serialization=way == "torch")
    else:
        path.write_bytes(pickle.dumps({"w": Hostile(mark)}, protocol=int(way[-1])))
    run = rfcalc("erf", tiny, "--trained", str(path))
    assert run.code == 2
    assert "refused" in run.err
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken zip", bytes(1000)])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_damaged_files(tiny: str, tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    run = rfcalc("erf", tiny, "--trained", str(path))
    assert run.code == 2
    assert run.err.startswith("error E705")
    assert "Traceback" not in run.err


def test_a_checkpoint_of_something_else(tiny: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save([torch.zeros(2)], buffer)
    (tmp_path / "w.pt").write_bytes(buffer.getvalue())
    with pytest.raises(SpecError, match="no table of tensors"):
        read_checkpoint(str(tmp_path / "w.pt"))
    assert "no such file" in rfcalc("erf", tiny, "--trained", str(tmp_path / "none.pt")).err
    assert "is a folder" in rfcalc("erf", tiny, "--trained", str(tmp_path)).err


def test_bad_options(tiny: str) -> None:
    assert 'did you mean "stem"' in rfcalc("erf", tiny, "--layer", "stme").err
    assert rfcalc("erf", tiny, "--samples", "0").code == 2


def test_the_model_itself_runs() -> None:
    words = ("erf", f"{FOLDER}/counting.py:Counting", "--input", "3x8x8", "--samples", "2", "--device", "cpu")
    run = rfcalc(*words, "--format", "json")
    assert run.data["runs"] == "own"
    assert run.err.count("called Tensor (1, 3, 8, 8) torch.float32 cpu Parameter") == 2
    assert "called Tensor" not in rfcalc(*words, "--rebuilt").err
    plain = (f"{FOLDER}/classic.py:Residual", "--input", "3x32x32", "--samples", "2", "--device", "cpu")
    told = " ".join(rfcalc("erf", *plain, "--layer", "layers.2.add", columns=160).out.split())
    assert "built of the layers: layers.2.add is no module of the model, nor an output" in told


def test_both_modules_have_the_same_field() -> None:
    graph = graph_of("classic.py:Residual")
    last = graph.outputs[0]
    own, built = (effective_field(subject(graph, rebuilt), last, 30, 0).sigma for rebuilt in (False, True))
    assert own == pytest.approx(built, rel=0.15)
