"""Broken files of rows and of darknet's sections: nothing but an error that says where, within bounds of memory."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rfcalc.errors import SpecError
from rfcalc.importers.darknet import load as darknet
from rfcalc.importers.ultralytics import load as ultralytics
from tests.importers import cfg_files, row_files
from tests.importers.broken_files import broken

KINDS = {"rows": (ultralytics, row_files.FILES, ".yaml"), "cfg": (darknet, cfg_files.FILES, ".cfg")}
CASES = 250
DEEP, WIDE = "[" * 100_000, "[1, 1, Conv, [8]]," * 50_000
HOSTILE: dict[str, str] = {
    "nested.yaml": f"backbone: {DEEP}",
    "many-rows.yaml": f"backbone: [{WIDE}]",
    "repeats.yaml": "backbone: [[-1, 1, Conv, [8]], [-1, 1000000, Conv, [8]], [-1, 1000000, C2f, [8]]]",
    "repeats-of-repeats.yaml": "backbone: [[-1, 999999, C3k2, [8, True]], [-1, 999999, RepNCSPELAN4, [8, 8, 8, 999999]]]",
    "depth.yaml": "depth_multiple: 64\nbackbone: [[-1, 1000000, C2f, [8]]]",
    "channels.yaml": "backbone: [[-1, 1, Conv, [1000000000]], [-1, 1, C2f, [1000000000]], [-1, 1, SPPF, [1000000000]]]",
    "kernel.yaml": "backbone: [[-1, 1, Conv, [8, 1000000001, 1, 0]], [-1, 1, nn.MaxPool2d, [999999999, 1, 0]]]",
    "wide-kernel.yaml": "backbone: [[-1, 1, Conv, [8, 9999999]]]",
    "padding.yaml": "backbone: [[-1, 1, Conv, [8, 3, 1, 1000000000]]]",
    "upsampled.yaml": "backbone: [[-1, 1, nn.Upsample, [None, 4096]], [-1, 1, nn.Upsample, [None, 4096]]]",
    "aliases.yaml": "a: &a [1, 1]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\n"
    "d: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\n"
    "g: &g [*f, *f, *f, *f, *f, *f, *f, *f]\nbackbone: [[*g, 1, Concat, [1]]]",
    "pools.yaml": f"backbone: [[-1, 1, SPP, [8, [{'5, ' * 300_000}5]]]]",
    "classes.yaml": "nc: 1000000000\nbackbone: [[-1, 1, Conv, [8]], [[0], 1, Detect, [nc]]]",
    "points.yaml": "kpt_shape: [999999999, 999999999]\nnc: 1\nhead: [[-1, 1, Conv, [8]], [[0], 1, Pose, [nc, kpt_shape]]]",
    "layers.cfg": "[net]\nwidth=8\nheight=8\n" + "[convolutional]\n" * 150_000,
    "routes.cfg": "[net]\nwidth=8\nheight=8\n[convolutional]\n" + f"[route]\nlayers={'-1,' * 400_000}-1\n" * 3,
    "doubled.cfg": "[net]\nwidth=8\nheight=8\n[convolutional]\n" + "[route]\nlayers=-1,-1\n" * 100,
    "reorg.cfg": "[net]\nwidth=64\nheight=64\n[convolutional]\nfilters=1048576\n[reorg]\nstride=2\n",
    "size.cfg": "[net]\nwidth=999999999\nheight=999999999\n[maxpool]\nsize=99999999\nstride=1\n[convolutional]\nsize=9999999\n",
    "one-line.cfg": "[net]\nwidth=" + "9" * 1_000_000,
    "brackets.cfg": "[" * 1_000_000,
}


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """At most 2 GB more than now, so that a case which needs more is an error of the test."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 2 * 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def asked(kind: str, path: Path, size: str = "3x64x64") -> None:
    graph = KINDS[kind][0].load(str(path), {"input": size}, 20_000)
    for node in graph.nodes:
        assert node.reads is not None
        assert node.cost.params >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_a_spec_error(kind: str, tmp_path: Path) -> None:
    _, files, suffix = KINDS[kind]
    path = tmp_path / f"net{suffix}"
    for seed in range(CASES):
        path.write_text(broken(list(files.values())[seed % len(files)], seed))
        with suppress(SpecError):
            asked(kind, path)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_soon(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(HOSTILE[name])
    with suppress(SpecError):
        asked("rows" if name.endswith("yaml") else "cfg", path)
