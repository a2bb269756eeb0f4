"""Which sizes run, which drop rows, and the smallest with a unit that touches no padding: every size of a range, in torch."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from rfcalc.analyses.sizes import Rows, fitting, smallest_clean
from rfcalc.fields.resized import ShapesAtSize
from rfcalc.graph import Graph
from tests.analyses.sizes_brute import Sized, drops, runs
from tests.nets import Net
from tests.oracle.cases import CASES, case, conv, merge, step
from tests.oracle.graphs import recipes
from tests.oracle.recipes import Recipe, build

EXAMPLES = int(os.environ.get("RFCALC_ORACLE_EXAMPLES", "250")) // 10
LIMIT = {1: 70, 2: 30}

SQUEEZE = [step("maxpool", kernel=3, stride=2, ceil_mode=True), conv(3, padding=1)]
SMALL: dict[str, Recipe] = {
    "pools of SqueezeNet": case(1, (40,), conv(3, stride=2, padding=0), *SQUEEZE, *SQUEEZE, *SQUEEZE),
    "a pool of the whole map": case(2, (20,), conv(3, stride=2), step("avgpool", kernel=30, ceil_mode=True)),
    "an average of the whole volume": case(1, (6, 4, 4), conv(3), step("avgpool", kernel=3, stride=2, padding=1)),
    "a fixed size": case(1, (64,), conv(3, stride=2), step("upsample", size=64), merge("concat", 1)),
    "adaptive": case(1, (30,), conv(3), step("adaptivepool", out=5), conv(3)),
    "one in two": case(1, (30,), conv(3), conv(1, stride=2)),
    "one in two of an odd map": case(1, (31,), conv(3, padding=0), conv(1, stride=3), conv(3)),
    "holes of a dilated window": case(1, (40,), conv(2, stride=2, dilation=3, padding=0)),
    "nothing is read": case(1, (9,), step("upconv", out=1, kernel=1, stride=3, padding=2), step("crop", size=1, offset=0)),
    "weights of its own at each position": case(1, (12,), step("upsample", scale=0.5), step("localconv", out=1, kernel=2)),
    "shrunk by a fraction": case(1, (40,), conv(3), step("upsample", scale=0.3, mode="nearest"), conv(1)),
}


def brute(graph: Graph) -> None:
    """Every size along the first axis: what torch says and what the analysis says."""
    image, target = graph.nodes[0].shape.size, len(graph.nodes) - 1
    limit = LIMIT.get(len(image), 12)
    found = fitting(ShapesAtSize(graph), 0, limit)
    each = {n: at for n in range(1, limit + 1) if (at := runs(graph, (n, *image[1:]))) is not None}
    assert [n for n in range(1, limit + 1) if n in found.fits] == list(each)
    assert [n for n in each if n in found.lossless] == [n for n, at in each.items() if not drops(at, 0)]
    clean = [n for n, at in each.items() if some_unit_is_clean(at, target)]
    if graph.nodes[target].shape.rank:
        assert smallest_clean(ShapesAtSize(graph), target, 0, limit)[0] == min(clean, default=None)


def some_unit_is_clean(at: Sized, target: int) -> bool:
    units = at.clean(target)
    return units is not None and bool(units.any())


@pytest.mark.parametrize("recipe", [*SMALL.values(), *CASES.values()], ids=[*SMALL, *CASES])
def test_small(recipe: Recipe) -> None:
    brute(build(recipe))


@settings(
    max_examples=EXAMPLES,
    derandomize="RFCALC_ORACLE_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(recipe=recipes((1, 1, 2)))
def test_random(recipe: Recipe) -> None:
    brute(build(recipe))


def test_rows_that_are_stepped_over() -> None:
    net = Net(1, (20,))
    x = net("conv", out=1, kernel=3)
    down = net("conv", x, out=1, kernel=1, stride=2)
    assert stepped_over(net.graph()) == [(x, [down])]
    net("conv", x, out=1, kernel=3, stride=2)  # which reads the others
    assert stepped_over(net.graph()) == []


def test_rows_dropped_at_the_end_are_not_stepped_over() -> None:
    net = Net(1, (21,))
    net("maxpool", kernel=2)
    assert stepped_over(net.graph()) == []


def stepped_over(graph: Graph) -> list[tuple[int, list[int]]]:
    sizes = ShapesAtSize(graph)
    return list(Rows(sizes, 0).stepped_over(sizes.at(sizes.image)))
