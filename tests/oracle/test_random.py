"""Random graphs over every layer: what the analysis says about them is what the gradients show."""

from __future__ import annotations

import os
from unittest import mock

from hypothesis import HealthCheck, given, settings

from rfcalc.layers.facts import forget
from rfcalc.layers.vocabulary import patches
from rfcalc.layers.words import WORDS
from rfcalc.relations import digits

from .checks import check
from .graphs import recipes
from .layers import LAYERS
from .recipes import Recipe, build

# Words that importers write: tests/layers proves each of them alone. An unknown or declared layer is no claim of ours.
LEFT_OUT = {"attend", "normalize", "tokens", "constant", "unused", "unknown", "declared", "resample"}

JOINT = ("patches", "fold", "rearrange")

EXAMPLES = int(os.environ.get("RFCALC_ORACLE_EXAMPLES", "250"))
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


@settings(max_examples=EXAMPLES // 5, derandomize=FIXED, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipe=recipes((1, 2), often=JOINT))
def test_channels_that_are_known_together(recipe: Recipe) -> None:
    """As windows of very many taps: what is said of some of their channels is a bound, and labelled."""
    with mock.patch.object(patches, "MOST_READS", 1), mock.patch.object(digits.reads, "__defaults__", (1,)):
        forget()
        check(build(recipe), seed=len(recipe.steps), joint=JOINT)
    forget()


def test_every_word_has_its_oracle() -> None:
    assert set(WORDS) - LEFT_OUT == set(LAYERS)
