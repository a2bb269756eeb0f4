"""The analysis of a network as Python and notebooks have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from rfcalc.analyses import network
from rfcalc.api.shown import Shown, as_text
from rfcalc.api.sources import NOTHING, load
from rfcalc.api.words import in_python, one_of, texts
from rfcalc.errors import Problem, SpecError, no_attribute
from rfcalc.record import fields

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from pandas import DataFrame

    from rfcalc.api.sources import Source
    from rfcalc.api.words import Size
    from rfcalc.report.tables import Report

Unit = tuple[int, ...]
MOST_FRAMED = 3000  # layers, before a notebook would keep too large a page
INSTEAD = {
    "receptive_field": "last_spatial.field.size",
    "field": "last_spatial.field.size",
    "stride": "last_spatial.field.stride",
    "memory": "peak.bytes",
    "parameters": "params",
    "total_params": "params",
    "total_macs": "macs",
    "to_json": "json.dumps(analysis.to_dict())",
    "to_pandas": "to_frame()",
    "summary": "str(analysis)",
    "size": "input.size",
    "to_yaml": "rfcalc.to_yaml(analysis)",
}


class Analysis(Shown, network.Analysis):
    """What the analyses say of a network.

    `params`, `macs`, `flops`: figures of the network; `peak`, `saved`: its memory; `training_flops`, `training`: what a step of
    training costs. `layers`: those that `layers=` chose, or all (`every`); len, iteration and `analysis[0]` are of these,
    `analysis["conv1"]` finds any. `last_spatial`: the last layer that is still a map; `outputs`: the outputs. str is the table
    that the command prints.
    """

    @property
    def name(self) -> str:
        """The network's name."""
        return self.graph.name

    @property
    def flops(self) -> int:
        """Floating-point operations of the network, batch 1: twice its MACs."""
        return 2 * self.macs

    def table(
        self,
        *,
        full: bool = False,
        depth: int | None = None,
        sort: str = "",
        top: int | None = None,
        columns: Sequence[str] = (),
    ) -> str:
        """The table as text: `full`, with a row for each layer, or folded to a `depth`; the largest of a figure first (`sort`),
        the `top` rows of it, with other `columns`, as the options of the command say. Raises ValueError."""
        from rfcalc.analyses.metrics import SORTED
        from rfcalc.analyses.rows import View
        from rfcalc.reports.layers import layer_report
        from rfcalc.reports.parts.columns import CHOICES

        for word, known, what in ((sort, SORTED, "sort"), *((column, CHOICES, "a column") for column in columns)):
            if word:
                one_of(word, dict.fromkeys(known, 0), what)
        return as_text(layer_report(self, View(full, depth, SORTED.get(sort), top, tuple(columns))))

    def to_frame(self) -> DataFrame:
        """A pandas DataFrame with a row for each layer, by its name: what it is, and its figures as numbers.

        Of what a map has one number per axis it holds the one that budgets look at: the least field, the largest stride.
        Raises SpecError where pandas is not installed.
        """
        from rfcalc.backends.optional import require

        pandas = require("pandas", "")
        index = pandas.Index([layer.name for layer in self.layers], name="name")
        return pandas.DataFrame({key: [value(layer) for layer in self.layers] for key, value in _columns()}, index=index)

    def plot_field(self, layer: str | None = None, at: Sequence[int] | None = None, *, ax: Axes | None = None) -> Axes:
        """Draws the pixels that a unit of a layer reads, over the image; gives the matplotlib axes.

        `layer`: its name; the last map if it is left out. `at`: the unit, one number per axis; the middle one. Raises KeyError
        for a layer that is not there, and SpecError for such a unit and where matplotlib is not installed.
        """
        from rfcalc.api.pictures import field_axes

        return field_axes(self, layer, at, ax)

    def plot_erf(self, layer: str | None = None, at: Sequence[int] | None = None, *, ax: Axes | None = None) -> Axes:
        """Draws how much each pixel counts for a unit of a layer under random weights: its effective receptive field.

        The arguments, and what is given and raised, are those of `plot_field`; also SpecError for a layer that sees all.
        """
        from rfcalc.api.pictures import erf_axes

        return erf_axes(self, layer, at, ax)

    def report(self, path: str | Path | None = None) -> str:
        """The page of `rfcalc report` as HTML, which is written to `path` where one is given. Raises OSError."""
        from rfcalc.api.pages import page, written

        return page(self) if path is None else written(self, path)

    def _repr_html_(self) -> str:
        """The page in a frame; of some layers, or of very many, the table."""
        table = super()._repr_html_()
        if len(self.layers) < len(self.every) or len(self.every) > MOST_FRAMED:
            return table
        from rfcalc.api.pages import framed

        return framed(self, table)

    def _report(self) -> Report:
        from rfcalc.reports.layers import layer_report

        return layer_report(self)

    def __repr__(self) -> str:
        return network.Analysis.__repr__(self)

    if not TYPE_CHECKING:  # type checkers know what there is

        def __getattr__(self, name: str) -> NoReturn:
            raise no_attribute(self, name, INSTEAD)


def _columns() -> Iterable[tuple[str, Any]]:
    """The columns of a frame, each with its value of a layer."""
    from rfcalc.analyses.metrics import METRICS
    from rfcalc.report.units import times

    yield "op", lambda layer: layer.op
    yield "channels", lambda layer: layer.shape.channels
    yield "size", lambda layer: times(layer.shape.size) if layer.shape.rank else ""
    yield from ((metric.stored, metric.of_layer) for metric in METRICS if not metric.whole)
    yield "coverage", lambda layer: layer.field.coverage
    yield "whole_input", lambda layer: layer.field.whole_input
    yield "unproductive", lambda layer: layer.unproductive
    yield "upper_bound", lambda layer: layer.bounded


def analyze(
    source: Source,
    input: Size | None = None,
    *,
    layers: str | Sequence[str] = (),
    units: Unit | Sequence[Unit] = (),
    dtype: str = "fp32",
    why: bool = False,
    erf: bool = False,
    convention: str = "",
    optimizer: str = "",
    overrides: Mapping[str, object] = NOTHING,
    unknown: str = "error",
    declare: Sequence[str] = (),
    **params: object,
) -> Analysis:
    """Every figure of a network: `rfcalc analyze`.

    `source`, `input`, `overrides`, `unknown`, `declare` and `params` are those of `load`. `layers`: a glob, or several, over
    the names of the layers to show; `units`: a unit such as (7, 7), or several, to trace in each of them. `dtype`: of the
    memory figures. `why`: what sets the field of the last chosen layer; `erf`: sigma of every layer's effective field;
    `convention`: the cost as another tool counts it, torch, fvcore, thop, ptflops or macs;
    `optimizer`: what training is reckoned with, sgd, momentum, adam or adamw; the spec's own, or sgd, if empty.

    Raises SpecError, and TypeError for what is no network.
    """
    from rfcalc.analyses.asked import refused

    globs = texts(layers, "layers")
    graph = load(source, input, overrides=overrides, unknown=unknown, declare=declare, **params)
    at = _units(units)
    with in_python():
        found = viewed(
            network.analyze(
                graph,
                select=globs,
                at=at,
                dtype_bytes=one_of(dtype, network.DTYPES, "dtype"),
                why=why,
                erf=erf,
                convention=_convention(convention),
                optimizer=_optimizer(optimizer),
            )
        )
        if error := refused(found, globs, at):
            raise error
    return found


def viewed(found: network.Analysis) -> Analysis:
    """An analysis as the API gives it."""
    return Analysis(*(getattr(found, name) for name in fields(network.Analysis)))


def analysis_of(
    source: Source,
    input: Size | None = None,
    params: Mapping[str, object] = NOTHING,
    *,
    unknown: str = "error",
    erf: bool = False,
) -> network.Analysis:
    """The analysis of a network, which may be one already that has what is asked for."""
    if isinstance(source, network.Analysis) and input is None and not params and (source.erf or not erf):
        return source
    return analyze(source, input, overrides=params, unknown=unknown, erf=erf)


def analyses_of(
    sources: Sequence[Source],
    input: Size | None = None,
    params: Mapping[str, object] = NOTHING,
    *,
    unknown: str = "error",
    erf: bool = False,
) -> list[network.Analysis]:
    """The analyses of several networks; raises SpecError with what is wrong with any of them."""
    found: list[network.Analysis] = []
    problems: list[Problem] = []
    for source in sources:
        try:
            found.append(analysis_of(source, input, params, unknown=unknown, erf=erf))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return found


def _convention(word: str) -> str:
    if word:
        from rfcalc.analyses.cost import CONVENTIONS

        one_of(word, dict.fromkeys(CONVENTIONS, 0), "convention")
    return word


def _optimizer(word: str) -> str:
    from rfcalc.analyses.training import OPTIMIZERS

    if word:
        one_of(word, OPTIMIZERS, "optimizer")
    return word


def _units(units: Unit | Sequence[Unit]) -> tuple[Unit, ...]:
    """Several units from one or several; raises TypeError."""
    if not isinstance(units, tuple | list):
        raise TypeError(f"units takes one number per axis, such as (7, 7), or several of these, not {units!r:.60}")
    several = [units] if units and all(isinstance(n, int) for n in units) else units
    for unit in several:
        if not isinstance(unit, tuple | list) or not all(isinstance(n, int) for n in unit):
            raise TypeError(f"a unit has one number per axis, such as (7, 7), not {unit!r:.60}")
    return tuple(tuple(unit) for unit in several)  # type: ignore[arg-type]
