"""New designs and changed ones: design, resize."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rfcalc.api.shown import Shown
from rfcalc.api.sources import NOTHING, is_text, load
from rfcalc.api.words import in_python, one_of, texts, yaml_text
from rfcalc.designing.edits import DesignFigures, Edit, Task
from rfcalc.designing.space import Design, Limits, Space
from rfcalc.errors import RuleError, fail
from rfcalc.graph import Graph
from rfcalc.record import record
from rfcalc.relations.shape import Shape
from rfcalc.reports.designs import Choice

if TYPE_CHECKING:
    from rfcalc.api.sources import Source
    from rfcalc.api.words import Size
    from rfcalc.report.tables import Report


@record
class Designs(Shown):
    """The designs that no other one beats, nearest to the target first; `best`: the recommended one, and `why`."""

    space: Space
    designs: tuple[Design, ...]
    choice: Choice

    @property
    def best(self) -> Design:
        """Of the designs that cover the target, the one with the least product of MACs and parameters."""
        return self.designs[self.choice.index]

    @property
    def why(self) -> str:
        """Why it is recommended."""
        return self.choice.why

    def to_yaml(self, design: Design | None = None) -> str:
        """A design, the best one if none is given, as the text of a spec."""
        from rfcalc.designing.text import spec_of

        return spec_of(self.space, design or self.best)

    def __iter__(self) -> Iterator[Design]:
        return iter(self.designs)

    def __len__(self) -> int:
        return len(self.designs)

    def __getitem__(self, index: int) -> Design:
        return self.designs[index]

    def __repr__(self) -> str:
        return f"<{len(self)} designs for {self.space.target} pixels; the best: {self.why}>"

    def _report(self) -> Report:
        from rfcalc.reports.designs import designs_report

        return designs_report(self.space, self.designs, self.choice)


@record
class Changes(Shown):
    """The changes of a spec after which its field has the wanted size, the cheapest first. `base`: the design as it is."""

    task: Task
    base: DesignFigures
    changes: tuple[Edit, ...]
    name: str

    @property
    def best(self) -> Edit | None:
        """The first change that covers the target, or else the first; None where there is none."""
        from rfcalc.reports.resize import recommended

        return self.changes[recommended(self.task, self.changes)] if self.changes else None

    def to_yaml(self, change: Edit | None = None) -> str:
        """The text of the spec after a change, the best one if none is given."""
        chosen = change or self.best
        return chosen.text if chosen else self.task.text

    def __iter__(self) -> Iterator[Edit]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __getitem__(self, index: int) -> Edit:
        return self.changes[index]

    def __repr__(self) -> str:
        return f"<{len(self)} changes of {self.name} after which {self.base.layer} sees {self.task.target} pixels>"

    def _report(self) -> Report:
        from rfcalc.reports.resize import changes_report

        return changes_report(self.name, self.task, self.base, self.changes)


def design(
    target: int | str | None = None,
    input: int | Sequence[int] = 512,
    *,
    dataset: str | os.PathLike[str] | None = None,
    images: str = "letterbox",
    stride: int = 32,
    tolerance: float = 0.1,
    holes: bool = False,
    max_macs: float | str | None = None,
    max_params: float | str | None = None,
    max_depth: int | None = None,
    stages: int | None = None,
    widths: Sequence[int] | None = None,
    stem: int | None = None,
    kernels: Sequence[int] = (3, 5, 7),
    dilations: Sequence[int] = (1, 2, 4),
    blocks: Sequence[str] = ("plain",),
    layers: tuple[int, int] = (1, 8),
    effective: bool = False,
) -> Designs:
    """New designs whose receptive field spans `target` pixels: `rfcalc design`.

    `target`: pixels, or of a `dataset` (boxes: COCO, CSV, YOLO, VOC) "median" or "p90". `input`: the image, 512, (384, 512) or
    (3, 512, 512); `images`: how those of the data set become it. The other arguments bound what may be built, as the options
    of the command do. Raises SpecError where no design is possible.
    """
    from rfcalc.designing.space import usual_stages, usual_stem, usual_widths
    from rfcalc.reports.designs import searched

    image = _image(input)
    channels = tuple(widths) if widths is not None else usual_widths(usual_stages(stride) if stages is None else stages)
    with in_python(), _rules():
        space = Space(
            target=_target(target, dataset, images, image.size, None),
            input=image,
            stride=stride,
            widths=channels,
            stem=usual_stem(channels) if stem is None else stem,
            kernels=tuple(kernels),
            dilations=tuple(dilations),
            kinds=texts(blocks, "blocks"),
            layers=layers,
            tolerance=_share(tolerance),
            holes=holes,
            effective=effective,
            limits=Limits(_amount("max_macs", max_macs), _amount("max_params", max_params), max_depth),
        )
        designs, choice = searched(space)
    return Designs(space, tuple(designs), choice)


def resize(
    source: Source,
    target: int | str | None = None,
    input: Size | None = None,
    *,
    dataset: str | os.PathLike[str] | None = None,
    images: str = "letterbox",
    layer: str | None = None,
    tolerance: float = 0.1,
    holes: bool = False,
    overrides: Mapping[str, object] = NOTHING,
    **params: object,
) -> Changes:
    """The cheapest changes of one or two numbers of a spec after which its field spans `target` pixels (or those of a
    `dataset`, or its own object_size): `rfcalc resize`.

    `source`: as for `analyze`; of a module, what `to_yaml` writes is changed. `layer`: a glob, whose last layer is meant.
    Raises SpecError.
    """
    from rfcalc.designing.edits import searched
    from rfcalc.importers.sized import with_size

    text, name, place = _text(source, input)
    graph = load(text if name is None else name, input, overrides={**overrides, **params})
    given = {key: yaml_text(value) for key, value in {**overrides, **params}.items()}
    size = ",".join(f"{node.name}={node.shape}" for node in graph.nodes if node.is_input)
    asked = None if input is None else size if len(graph.inputs) > 1 else size.partition("=")[2]
    with in_python(), _rules():
        pixels = _target(target, dataset, images, graph.nodes[graph.inputs[0]].shape.size, graph)
        task = Task(text, place, pixels, _share(tolerance), holes, layer, with_size(given, asked))
        base, changes = searched(task)
    return Changes(task, base, tuple(changes), graph.name)


@contextmanager
def _rules() -> Iterator[None]:
    """A rule that is broken is a problem, as on the command line."""
    try:
        yield
    except RuleError as error:
        raise fail("E501", str(error)) from None


def _target(
    asked: int | str | None, dataset: str | os.PathLike[str] | None, images: str, image: tuple[int, ...], graph: Graph | None
) -> int:
    """The target in pixels; raises RuleError where nothing says it."""
    from rfcalc.designing.aims import USUAL, aimed, object_size
    from rfcalc.designing.boxes import RULES, sizes

    one_of(images, dict.fromkeys(RULES, 0), "images")
    found = None if dataset is None else sizes(os.fspath(dataset), image, images)
    if asked is None and found is None and graph is not None:
        pixels = object_size(graph)
    else:
        pixels = int(asked) if isinstance(asked, int | float) else aimed(asked or (USUAL if found else ""), found)
    if pixels is None:
        of = "" if asked is None else f", not {asked!r}"
        raise RuleError(f'say how many pixels the field should span: target=224, or "median" or "p90" of a dataset{of}')
    return pixels


def _image(input: int | Sequence[int]) -> Shape:
    """The image: 512, (384, 512) or (3, 512, 512); raises TypeError."""
    numbers = (input, input) if isinstance(input, int) else tuple(input)
    if not all(isinstance(n, int) for n in numbers) or len(numbers) not in (1, 2, 3):
        raise TypeError(f"input takes 512, (384, 512) or (3, 512, 512), not {input!r:.60}")
    return Shape(numbers[0], numbers[1:]) if len(numbers) == 3 else Shape(3, numbers * (3 - len(numbers)))


def _share(value: float) -> float:
    """A share from 0 to 1; raises TypeError."""
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise TypeError(f"tolerance is a share, such as 0.1 for 10 %, not {value!r:.60}")
    return value


def _amount(name: str, value: float | str | None) -> int | None:
    """A limit on a cost: a number, or a text such as "4 G"; raises RuleError."""
    from rfcalc.language.budget import limit

    if value is None:
        return None
    bound = limit(name.removeprefix("max_"), f"{value:.0f}" if isinstance(value, float) else value)
    if bound.sign != "<=":
        raise RuleError(f'{name} takes a number such as "4 G", not {value!r}')
    return int(bound.value)


def _text(source: Source, input: Size | None) -> tuple[str, str | None, str]:
    """The text of a spec, its file's name (None for a text), and what messages call it; that of a module is written."""
    from rfcalc.converting import convert
    from rfcalc.importers import spec_text

    if isinstance(source, Mapping) or (isinstance(source, str) and is_text(source)):
        return yaml_text(source), None, "<spec>"
    if not isinstance(source, str | os.PathLike):
        return convert(load(source, input)), None, "<spec>"
    with in_python():
        text, place = spec_text(os.fspath(source))
    return text, os.fspath(source), place
