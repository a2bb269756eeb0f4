"""Random graphs over every layer: what the analysis says about them is what the gradients show."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from .checks import check
from .graphs import recipes
from .recipes import Recipe, build

EXAMPLES = int(os.environ.get("RFCALC_ORACLE_EXAMPLES", "500"))
# In CI, and wherever no number is asked for, always the same graphs.
FIXED = "RFCALC_ORACLE_EXAMPLES" not in os.environ


@settings(
    max_examples=EXAMPLES,
    derandomize=FIXED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
@given(recipe=recipes())
def test_random_graphs(recipe: Recipe) -> None:
    check(build(recipe), seed=len(recipe.steps))
