"""Transforms of a network, as functions of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rfcalc.api.shown import Shown
from rfcalc.api.sources import load
from rfcalc.api.words import in_python, texts
from rfcalc.graph import Graph
from rfcalc.record import record
from rfcalc.transforms.outcome import Transformed

if TYPE_CHECKING:
    from rfcalc.api.sources import Source
    from rfcalc.api.words import Size
    from rfcalc.report.tables import Report


@record
class Transformation(Shown):
    """A transformed network. `steps`: each transform with what it changed, what equals the original and what does not."""

    start: Graph
    steps: tuple[tuple[str, Transformed], ...]

    @property
    def graph(self) -> Graph:
        """The network after the last step."""
        return self.steps[-1][1].graph

    @property
    def equal(self) -> bool:
        """Whether its outputs equal those of the original, with weights that are converted."""
        return all(step.equal for _, step in self.steps)

    def to_yaml(self) -> str:
        """The text of the spec, which says at its head what was done."""
        from rfcalc.transforms.text import spec_of, text_of

        return spec_of(self.start.name, self.steps, text_of(self.start.source))

    def __repr__(self) -> str:
        return f"<{self.start.name}, transformed: {', '.join(word for word, _ in self.steps)}>"

    def _report(self) -> Report:
        from rfcalc.reports.transform import transform_report

        return transform_report(self.start, self.steps, self.to_yaml())


def transform(
    source: Source,
    to: str | Sequence[str],
    input: Size | None = None,
    *,
    layers: str | Sequence[str] = (),
    unknown: str = "error",
    **params: object,
) -> Transformation:
    """Transforms a design, and says what equals the original: `rfcalc transform`.

    `to`: a word such as "fully-convolutional" or "output-stride=8", or several, one after the other; `layers`: globs over the
    layers that may be changed. Raises SpecError.
    """
    from rfcalc.transforms import apply_all

    start = load(source, input, overrides=params, unknown=unknown)
    words, globs = texts(to, "to"), texts(layers, "layers")
    if not words:
        raise TypeError('transform takes what to do, such as "output-stride=8"')
    with in_python():
        return Transformation(start, tuple(apply_all(start, words, globs)))
