"""The readable form of the source: short, and the same module as the flat form, key by key."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rfcalc.backends.torch.build import random_inputs, seeded, to_torch
from rfcalc.backends.torch.classes import readable
from rfcalc.backends.torch.source import source
from rfcalc.graph import Builder, Graph
from rfcalc.importers import load
from rfcalc.language.files import shipped_files
from rfcalc.language.load import load_spec
from rfcalc.layers.vocabulary.source import Input
from rfcalc.layers.words import make
from rfcalc.relations.shape import Shape
from tests.running import rfcalc
from tests.transforms.test_random import networks, some

# Shipped networks at sizes that run in a moment; "" is their own.
SMALL = {
    "resnet18": "3x64x64",
    "resnet50": "3x32x32",
    "mobilenet_v2": "3x64x64",
    "se_resnet50": "3x32x32",
    "espcn": "1x40x40",
    "srresnet": "3x12x12",
    "tcn": "",
    "unet": "1x188x188",
    "vit_b16": "3x32x32",
    **{name: "" for name in shipped_files() if name.startswith("lessons/") and name != "lessons/fc_as_convolution"},
}


def made(text: str, device: str = "cpu", seed: int = 0) -> nn.Module:
    namespace: dict[str, Any] = {"__name__": "written"}
    exec(compile(text, "written", "exec"), namespace)
    with torch.device(device), seeded(seed):
        module: nn.Module = namespace["Written"]()
    return module


def same(graph: Graph) -> None:
    """The same weights from the same seed, the same state_dict back and forth, the same outputs."""
    module, built = made(readable(graph, "Written")).eval(), to_torch(graph, seed=0).eval()
    mine, theirs = module.state_dict(), built.state_dict()
    assert list(mine) == list(theirs)
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    other = to_torch(graph, seed=1).eval()
    module.load_state_dict(other.state_dict(), strict=True)
    images = random_inputs(graph, 2)
    with torch.no_grad():
        found, wanted = (out if isinstance(out, tuple) else (out,) for out in (module(*images), other(*images)))
    assert all(torch.equal(a, b) or (a.isnan() == b.isnan()).all() for a, b in zip(found, wanted, strict=True))
    built.load_state_dict(module.state_dict(), strict=True)


@pytest.mark.parametrize("name", SMALL)
def test_it_is_the_module_that_is_built(name: str) -> None:
    same(load(name, {"input": SMALL[name]} if SMALL[name] else {}))


HEADS = """\
input: 3x32x32
blocks:
  head:
    layers:
      - {name: tower, conv: {out: 8, k: 3, norm: bn, act: relu}, repeat: 3}
      - {name: scores, conv: {out: 5, k: 1}}
      - {name: boxes, conv: {out: 4, k: 1}, from: tower}
      - {concat: {}, from: [scores, boxes]}
layers:
  - {name: c3, conv: {out: 8, k: 3, s: 2}}
  - {name: c4, conv: {out: 8, k: 3, s: 2}}
  - {name: p3, head: {}, from: c3}
  - {name: p4, head: {}, weights: p3, from: c4}
  - {name: p5, head: {}, weights: p3, from: c4}
outputs: [p3, p4, p5]
"""


def test_what_shares_its_weights_is_one_module_that_is_called_again() -> None:
    graph = load_spec(HEADS, "heads.yaml")
    same(graph)
    text = readable(graph, "Written")
    assert text.count("self.p3(") == 3
    assert text.count("nn.Conv2d(") == 2 + 3 + 2
    assert "p4 = " not in text.partition("def forward")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weights: p3, from: c4", "weights: p3, from: input"),  # the same, but for channels
        ("repeat: 3}", "repeat: 3}\n      - {name: more, conv: {out: 8, k: 3}, weights: tower.1}"),
        ("from: tower}", "from: tower}\n      - {name: twice, conv: {out: 5, k: 1}, weights: scores, from: tower}"),
        ("outputs: [p3, p4, p5]", "outputs: [p3, p4, p5, p5.tower]"),
        ("outputs: [p3, p4, p5]", "  - {name: out, conv: {out: 8, k: 3, norm: bn}, weights: p3.tower.0, from: c3}"),
        ("{name: p4, head: {}, weights: p3, from: c4}", "{name: p4, conv: {out: 5, k: 1}, weights: p3.scores, from: c4}"),
    ],
)
def test_shared_in_other_ways(old: str, new: str) -> None:
    """Some layers only, layers within the block, or calls of which more is read: whatever cannot be one call is several."""
    text = HEADS.replace("input: 3x32x32", "input: 8x32x32")
    assert old in text
    same(load_spec(text.replace(old, new), "heads.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*shipped_files()} - SMALL.keys()))
def test_the_other_shipped_networks_too(name: str) -> None:
    graph = load(name)
    one, two = made(readable(graph, "Written"), "meta"), made(source(graph, "Written"), "meta")
    described = [
        [(key, tuple(tensor.shape)) for key, tensor in module.state_dict().items()]
        + [(path, repr(part)) for path, part in module.named_modules() if path and not list(part.children())]
        for module in (one, two)
    ]
    assert described[0] == described[1]
    outs = [module.eval()(*random_inputs(graph, device="meta")) for module in (one, two)]
    shapes = [[out.shape for out in (each if isinstance(each, tuple) else (each,))] for each in outs]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("name", "most"),
    [("resnet152", 119), ("resnet18", 100), ("vit_b16", 80), ("deepercut", 140), ("hourglass", 280), ("mobilenet_v2", 125)],
)
def test_it_is_short(name: str, most: int) -> None:
    text = readable(load(name))
    assert len(text.splitlines()) <= most
    assert "nn.Sequential(" in text or name == "hourglass"  # each of whose stacks is read twice
    names = [one.name for one in ast.parse(text).body if isinstance(one, ast.ClassDef)]
    assert len(names) == len(set(names)) > 1


def test_blocks_have_the_names_of_the_spec_and_arguments_that_say_what_they_are() -> None:
    text = readable(load("resnet50"))
    assert "class Bottleneck(nn.Module):" in text
    assert "def __init__(self, channels: int, width: int, out: int, stride: int = 1) -> None:" in text
    assert "nn.Sequential(Bottleneck(64, 64, 256), Bottleneck2(256, 64), Bottleneck2(256, 64))" in text
    assert "*(Bottleneck2(1024, 256) for _ in range(5)))" in text


SPEC = """\
input: 4x8x8
blocks:
  two:
    params: {w: 4}
    layers: [{name: a, conv: {out: w, k: 3}}, {name: b, conv: {out: w, k: 1}}]
layers:
  - {name: x, two: {w: 4}, repeat: 3}
  - {name: y, two: {w: 6}}
  - {name: z, conv: {out: 6, k: 3}, repeat: 2}
  - {name: join, concat: {}, from: [x.1, y]}
"""


def test_what_others_read_is_in_no_sequential() -> None:
    """The second of three blocks is read again at the end."""
    graph = load_spec(SPEC, "net.yaml")
    text = readable(graph)
    assert "self.x = nn.ModuleList([" in text
    assert "self.z = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1))" in text
    assert text.count("class Two") == 1
    same(graph)


def test_a_block_with_two_results() -> None:
    text = readable(load("wavenet"))
    assert "-> tuple[Tensor, ...]:" in text
    assert "x, skip = self.layer[0](x)" in text


POOL = ("a", "a.0", "a.1", "a.2", "b.c", "b.c.0", "b.c.1", "type.x", "q r", "0", "1", "")


@some(60)
@given(networks(("conv", "linear", "bn")), st.lists(st.sampled_from(POOL), min_size=4, max_size=40), st.integers(1, 6))
def test_random_networks_in_random_scopes(graph: Graph, scopes: list[str], run: int) -> None:
    """Layers that follow each other share a scope, or do not."""
    nodes = [
        node
        if node.is_input
        else replace(node, name=".".join(part for part in (scopes[k // run % len(scopes)], node.name) if part))
        for k, node in enumerate(graph.nodes)
    ]
    same(replace(graph, nodes=tuple(nodes)))


@pytest.mark.parametrize(
    "name", ['"""\nimport os', "a\nb = 1", "'; raise SystemExit; '", "\\", "{0}", "{self}", "class", "F", "nn"]
)
def test_a_hostile_name_is_only_a_name(name: str) -> None:
    builder = Builder(name, name)
    at = builder.add(name, Input(Shape(1, (4, 4))))
    for full in (f"a.{name}", f"{name}.b", f"{name}.c", f"{name}9", f"d.{name}.0", f"d.{name}.1"):
        at = builder.add(full, make("conv", out=1, kernel=1), [at])
    builder.kinds |= {name: name, f"d.{name}": "Tensor", "a": "__class__"}
    graph = builder.graph([at])
    same(graph)
    assert "os" not in {
        word.name for one in ast.walk(ast.parse(readable(graph))) if isinstance(one, ast.Import) for word in one.names
    }


def test_writing_it_needs_no_torch() -> None:
    code = (
        "import sys; from rfcalc.backends.torch.classes import readable; from rfcalc.importers import load;"
        "readable(load('unet')); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_command_writes_it_and_the_flat_form_when_asked(tiny: str) -> None:
    graph = load(tiny)
    assert rfcalc("export", tiny, "--to", "torch").out == readable(graph)
    assert rfcalc("export", tiny, "--to", "torch", "--flat").out == source(graph)
    refused = rfcalc("export", tiny, "--to", "dot", "--flat")
    assert (refused.code, refused.out) == (2, "")
    assert "--flat is a form of --to torch" in refused.err
