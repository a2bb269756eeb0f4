"""Random graphs over every layer: what the analysis says about them is what the gradients show."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from rfcalc.layers.words import WORDS

from .checks import check
from .graphs import recipes
from .layers import LAYERS
from .recipes import Recipe, build

# Words that importers write: tests/layers proves each of them alone. An unknown or declared layer is no claim of ours.
LEFT_OUT = {"rearrange", "contract", "attend", "normalize", "tokens", "constant", "unused", "unknown", "declared"}
LEFT_OUT |= {"patches", "fold", "resample"}

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


def test_every_word_has_its_oracle() -> None:
    assert set(WORDS) - LEFT_OUT == set(LAYERS)
