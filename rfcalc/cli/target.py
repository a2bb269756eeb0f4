"""What `rfcalc design` and `rfcalc resize` share: the target in pixels, from the command line, a data set or the spec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from rfcalc.cli.common import choice, usage
from rfcalc.cli.declared import option
from rfcalc.errors import RuleError, fail
from rfcalc.record import record

if TYPE_CHECKING:
    from rfcalc.designing.boxes import ObjectSizes
    from rfcalc.graph import Graph
    from rfcalc.report.tables import Report

Text = str | None
Target = Annotated[
    Text, option("--target", "-t", metavar="PX", help="Pixels that the field should span; median or p90 of --dataset.")
]
Dataset = Annotated[
    Text,
    option("--dataset", metavar="PATH", help="Boxes (COCO, CSV, or a folder: YOLO, VOC) whose sizes propose the target."),
]
Resize = Annotated[
    Text,
    option(
        "--resize",
        metavar="HOW",
        help="How the images of --dataset become the input: letterbox (default), stretch, shorter, none.",
    ),
]
Tolerance = Annotated[str, option("--tolerance", metavar="N%", help="Largest error of the field.")]
Holes = Annotated[bool, option("--holes/--no-holes", help="Whether the field may have holes.")]
Pick = Annotated[int | None, option("--pick", metavar="N", help="--output writes number N, not the recommended one.")]


@record
class Wanted:
    """The target in pixels, and the objects that proposed it, if a data set did."""

    pixels: int
    sizes: ObjectSizes | None = None
    path: str = ""
    image: tuple[int, ...] = ()

    def beside(self, report: Report) -> Report:
        """A report with the objects of the data set, if there is one."""
        if self.sizes is None:
            return report
        from rfcalc.reports.boxes import with_sizes

        return with_sizes(report, self.sizes, self.path, self.image, self.pixels)


@contextmanager
def rules(name: str = "") -> Iterator[None]:
    """Turns a broken rule into a problem that the command line shows."""
    try:
        yield
    except RuleError as error:
        raise fail("E501", f"{name}: {error}" if name else str(error)) from None


def wanted(text: Text, dataset: Text, resize: Text, image: tuple[int, ...], graph: Graph | None = None) -> Wanted:
    """The target: pixels, a quantile of the data set (p90 if nothing is said), or else the spec's object_size."""
    from rfcalc.designing.aims import USUAL, aimed, object_size
    from rfcalc.designing.boxes import RULES, sizes

    found: ObjectSizes | None = None
    if resize is not None:
        choice(resize, RULES, "--resize")
        if dataset is None:
            raise usage("--resize is for the images of a --dataset")
    if dataset is not None:
        found = sizes(dataset, image, resize or "letterbox")
        text = text or USUAL
    if text is None:
        size = object_size(graph) if graph else None
        if size is None:
            more = " (or object_size in the spec)" if graph else ""
            raise usage(f"say how many pixels the field should span: --target 224, or --dataset boxes.csv{more}")
        return Wanted(size)
    pixels = aimed(text, found)
    if pixels is None:
        more = "" if found else ", or with --dataset median or p90"
        raise usage(f"--target takes pixels such as 224{more}, not {text!r}")
    return Wanted(pixels, found, dataset or "", image)


def picked(pick: int | None, best: int, count: int) -> int:
    """The index of what is to be written."""
    if pick is not None and not 1 <= pick <= count:
        raise usage(f"--pick takes 1 to {count}, not {pick}")
    return best if pick is None else pick - 1


def needs_output(pick: int | None, output: Text) -> None:
    """Raises a usage error for --pick where nothing is written."""
    if pick is not None and output is None:
        raise usage("--pick is for --output: it says which of them is written")


def percent(option: str, text: str) -> float:
    """A share: 10% or 0.1."""
    match = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,6})?)\s*(%?)\s*", text)
    if not match:
        raise usage(f"{option} takes a percentage such as 10%, not {text!r}")
    return float(match[1]) / (100 if match[2] else 1)
