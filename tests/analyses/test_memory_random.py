"""Random networks: their peak, and what training keeps, are the bytes of torch's own storages."""

from __future__ import annotations

import os
from unittest import mock

import torch
from hypothesis import HealthCheck, Phase, given, settings
from torch.nn import functional

from rfcalc.analyses.memory import peak, saved
from rfcalc.backends.torch.build import random_inputs, to_torch
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from tests.analyses.torch_memory import peak_bytes, saved_bytes
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, Step, build

EXAMPLES = int(os.environ.get("RFCALC_ORACLE_EXAMPLES", "150"))
FIXED = "RFCALC_ORACLE_EXAMPLES" not in os.environ
VIEWS = ("crop", "slice", "take", "spacetodepth", "depthtospace", "reorg", "channelshuffle", "rearrange", "patches", "linear")
COPIES = ("conv", "maxpool", "avgpool", "maskedconv", "windowattention", "rmsnorm", "l2norm", "merge", "gate")

# torch refuses a norm of one value in training; the analysis, which knows of no batch, does not
ONE_VALUE = mock.patch.object(functional, "_verify_batch_size", return_value=None)
fixed = settings(
    max_examples=EXAMPLES,
    derandomize=FIXED,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def prove(graph: Graph) -> None:
    """Peak and saved bytes are those of the module in torch, whose source is flat and overwrites nothing, or say "about"."""
    if not graph.layers:
        return
    try:
        module, inputs = to_torch(graph), random_inputs(graph)
    except SpecError:  # sums of windows over three axes have no form in torch
        return
    most, kept = peak(graph, inplace=False, held=False), saved(graph)
    with ONE_VALUE:
        assert most.about or most.bytes == peak_bytes(module.eval(), *inputs)
        ignored = (*inputs, *module.parameters(), *module.buffers())
        assert kept.about or kept.bytes == saved_bytes(module.train(), *inputs, ignore=ignored)


@fixed
@given(recipe=recipes())
def test_random_networks(recipe: Recipe) -> None:
    prove(build(recipe))


@fixed
@given(recipe=recipes(often=VIEWS))
def test_views(recipe: Recipe) -> None:
    prove(build(recipe))


@fixed
@given(recipe=recipes(often=COPIES))
def test_layers_that_make_copies(recipe: Recipe) -> None:
    prove(build(recipe))


@fixed
@given(recipe=recipes(ranks=(3,), often=("upconv",)))
def test_transposed_convolutions_of_volumes(recipe: Recipe) -> None:
    prove(build(recipe))


torch.set_num_threads(1)


def test_a_group_norm_keeps_a_copy_of_a_map_that_does_not_lie_in_order() -> None:
    for step in (Step("crop", 0, {"margin": 2}), Step("take", 0, {"step": 1, "start": 1, "count": 1, "axis": 1})):
        graph = build(Recipe(3, (12, 14), (step, Step("gn", 0, {}))))
        assert saved(graph).bytes == 4 * graph.nodes[1].shape.elements + 4 * 6
        prove(graph)
