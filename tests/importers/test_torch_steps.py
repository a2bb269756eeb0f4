"""Single steps of torch programs against the module itself; those that cannot be followed name the operator and the line."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.importers import load
from tests.importers.changes import claimed, read
from tests.importers.models.steps import BOUNDED, EXACT, REFUSED, Step
from tests.importers.torch_models import FOLDER

FILE = FOLDER / "steps.py"
LINES = FILE.read_text().splitlines()
IMAGE = (3, 4, 5)
CHANGES = (1e-3, -1e-3, 100.0, -100.0)


def imported(name: str, **more: str) -> Graph:
    return load(f"{FILE}:Step", {"input": "3x4x5", "name": name}, **more)  # type: ignore[arg-type]


def seen(name: str) -> tuple[tuple[int, ...], np.ndarray]:
    """The shape of what the module gives, and what each number of it reads."""
    module = Step(name).double().eval()

    def run(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.concatenate([module(torch.from_numpy(image[None])).double().numpy() for image in images])

    return read(run, IMAGE, CHANGES)


@pytest.mark.parametrize("name", EXACT)
def test_steps_read_what_the_module_reads(name: str) -> None:
    graph, (shape, real) = imported(name), seen(name)
    last = graph.nodes[graph.outputs[0]]
    assert (last.shape.channels, *last.shape.size) == shape
    assert np.array_equal(claimed(graph), real)
    assert not graph.bounded[graph.outputs[0]]


@pytest.mark.parametrize("name", BOUNDED)
def test_steps_that_are_bounded_need_no_option(name: str) -> None:
    graph, (shape, real) = imported(name), seen(name)
    last = graph.nodes[graph.outputs[0]]
    assert (last.shape.channels, *last.shape.size) == shape
    assert not (real & ~claimed(graph)).any()
    assert graph.bounded[graph.outputs[0]]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_followed_names_the_operator_and_the_line(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        imported(name)
    problem = caught.value.problems[0]
    assert f"{name}." in problem.message or f" {name}:" in problem.message
    assert problem.span is not None
    assert problem.span.source == str(FILE)
    assert "self.function(x, self.stored)" in LINES[problem.span.line - 1]


@pytest.mark.parametrize("name", REFUSED)
def test_its_bound_reads_at_least_what_the_module_reads(name: str) -> None:
    graph, (_, real) = imported(name, unknown="bound"), seen(name)
    assert not (real & ~claimed(graph)).any()
    assert graph.bounded[graph.outputs[0]]
