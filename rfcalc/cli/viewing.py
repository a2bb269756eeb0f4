"""The options that say how the layer table is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from rfcalc.cli import complete
from rfcalc.cli.common import choice, usage
from rfcalc.cli.declared import UsageError, option
from rfcalc.cli.gathered import gathered

if TYPE_CHECKING:
    from rfcalc.analyses.metrics import Metric
    from rfcalc.analyses.rows import View

Full = Annotated[bool, option("--full", help="One row per layer; do not fold repeated blocks.")]
Depth = Annotated[
    int | None,
    option(
        "--depth",
        metavar="N",
        min=1,
        help="One row for each block below N names (layer1.0 is 2 deep), with its sums. Long tables fold by themselves.",
    ),
]
Sort = Annotated[
    str | None,
    option(
        "--sort", metavar="FIGURE", help="The largest first: macs, params, rf, memory, ...", autocompletion=complete.figures
    ),
]
Top = Annotated[int | None, option("--top", metavar="N", min=1, help="The first N rows.")]
Columns = Annotated[
    str | None,
    option(
        "--columns",
        metavar="NAME,...",
        help="The table's columns: op, output, field, stride, share, inputs, start, downsampling, or any figure.",
        autocompletion=complete.columns,
    ),
]
Summary = Annotated[bool, option("--summary", help="Only the totals, without the layers.")]


def _view(values: dict[str, Any]) -> View:
    from rfcalc.analyses.rows import View

    if values["full"] and values["depth"]:
        raise UsageError("--full shows every layer, --depth folds them: choose one")
    return View(
        full=values["full"],
        depth=values["depth"],
        sort=_figure(values["sort"]) if values["sort"] else None,
        top=values["top"],
        columns=_columns(values["columns"]) if values["columns"] else (),
        summary=values["summary"],
    )


def _figure(word: str) -> Metric:
    from rfcalc.analyses.metrics import SORTED

    if word in ("time", "latency"):
        raise usage("--sort time: a spec has no times; rfcalc profile measures each layer and shows the slowest first")
    return SORTED[choice(word, SORTED, "--sort")]


def _columns(text: str) -> tuple[str, ...]:
    from rfcalc.reports.parts.columns import CHOICES

    return tuple(choice(word.strip(), CHOICES, "--columns") for word in text.split(","))


# Gives a command the options of the layer table; it gets them as one argument, `view`.
viewed = gathered(
    "view",
    {
        "full": (Full, False),
        "depth": (Depth, None),
        "sort": (Sort, None),
        "top": (Top, None),
        "columns": (Columns, None),
        "summary": (Summary, False),
    },
    _view,
)
