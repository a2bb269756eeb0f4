"""Options of `rfcalc size` from text to values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any

from rfcalc.cli.common import usage
from rfcalc.errors import RuleError, fail
from rfcalc.record import record

if TYPE_CHECKING:
    from rfcalc.design.boxes import Sizes
    from rfcalc.design.edits import Task
    from rfcalc.design.space import Limits
    from rfcalc.graph import Graph
    from rfcalc.relations.shape import Shape
    from rfcalc.report.tables import Report

WIDEST = 512
FOR_DESIGNS = (
    "--stride", "--max-macs", "--max-params", "--max-depth", "--stages", "--widths", "--stem", "--kernels", "--dilations",
    "--blocks", "--layers", "--effective",
)  # fmt: skip


@record
class Wanted:
    """The target in pixels, and the objects that proposed it, if a data set did."""

    pixels: int
    sizes: Sizes | None = None
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


def resize_rules() -> Mapping[str, str]:
    """The rules by which an image becomes the input."""
    from rfcalc.design.boxes import RULES

    return RULES


def only_for_designs(words: Sequence[str]) -> None:
    """Raises a usage error for options that a given SPEC has no use for."""
    for word in words:
        if word.split("=")[0] in FOR_DESIGNS:
            raise usage(f"{word.split('=')[0]} is for new designs; with a SPEC the changes are found in the spec")


def target(text: str | None, dataset: str | None, rule: str, image: tuple[int, ...], graph: Graph | None = None) -> Wanted:
    """The target: pixels, a quantile of the data set (p90 if nothing is said), or the spec's object_size."""
    found: Sizes | None = None
    if dataset is not None:
        from rfcalc.design.boxes import sizes

        found = sizes(dataset, image, rule)
        text = text or "p90"
    if text is None:
        size = object_size(graph)
        if size is None:
            raise usage(
                "say how many pixels the field should span: --target 224" + (" (or object_size in the spec)" if graph else "")
            )
        return Wanted(size)
    share = re.fullmatch(r"median|p(\d{1,2}(?:\.\d{1,3})?)", text.strip())
    if share and found:
        pixels = max(1, round(found.quantile(float(share[1]) / 100 if share[1] else 0.5)))
        return Wanted(pixels, found, dataset or "", image)
    if not text.strip().isdecimal() or len(text) > 9:
        more = "" if found else ", or with --dataset median or p90"
        raise usage(f"--target takes pixels such as 224{more}, not {text!r}")
    return Wanted(int(text), found, dataset or "", image)


def object_size(graph: Graph | None) -> int | None:
    """The largest number of a spec's `object_size`, in whole pixels; None if it has none."""
    value, _ = graph.settings.get("object_size", (None, None)) if graph else (None, None)
    if value is None:
        return None
    sizes: Any = value if isinstance(value, list | tuple) else [value]
    return int(max(map(ceil, sizes)))


def task(
    spec: str, settings: Mapping[str, str], layers: Sequence[str] | None, tolerance: float, holes: bool
) -> tuple[Task, Graph]:
    """The spec that is to be changed, and its graph; raises SpecError."""
    from rfcalc.design.edits import Task
    from rfcalc.importers import is_spec
    from rfcalc.language.files import STDIN, find, read_bytes, text_of
    from rfcalc.language.load import load_spec

    if spec != "-" and not is_spec(spec):
        raise fail("E501", f"{spec} is no spec, and size changes the text of one", None, f"rfcalc convert {spec} -o net.yaml")
    path = None if spec == "-" else find(spec)
    source = STDIN if path is None else str(path)
    text = text_of(read_bytes(path, source), source)
    if layers and len(layers) > 1:
        raise usage("--layer names one layer here")
    return Task(text, source, 0, tolerance, holes, layers[0] if layers else None, settings), load_spec(text, source, settings)


def aimed(task: Task, pixels: int) -> Task:
    """The task with its target."""
    from dataclasses import replace

    if not 1 <= pixels <= 1 << 20:
        raise usage(f"--target takes 1 to {1 << 20:,} pixels, not {pixels}")
    return replace(task, target=pixels)


def picked(pick: int | None, best: int, count: int) -> int:
    """The index that is to be written."""
    if pick is not None and not 1 <= pick <= count:
        raise usage(f"--pick takes 1 to {count}, not {pick}")
    return best if pick is None else pick - 1


def numbers(option: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    parts = text.replace(" ", "").split(",")
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise usage(f"{option} takes whole numbers such as 3,5,7, not {text!r}")
    return tuple(dict.fromkeys(map(int, parts))) if option != "--widths" else tuple(map(int, parts))


def span(option: str, text: str) -> tuple[int, int]:
    """A range such as 2-6, or one number for both ends."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6}))?\s*", text)
    if not found:
        raise usage(f"{option} takes a range such as 2-6, not {text!r}")
    return int(found[1]), int(found[2] or found[1])


def percent(option: str, text: str) -> float:
    """A share: 10% or 0.1."""
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,6})?)\s*(%?)\s*", text)
    if not found:
        raise usage(f"{option} takes a percentage such as 10%, not {text!r}")
    return float(found[1]) / (100 if found[2] else 1)


def shape(text: str) -> Shape:
    """The image: 512, 512x384 or 3x512x512."""
    from rfcalc.relations.shape import Shape

    parts = text.split("x")
    if not 1 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise usage(f"--input takes 512, 512x384 or 3x512x512, not {text!r}")
    sizes = tuple(map(int, parts))
    if len(sizes) == 3:
        return Shape(sizes[0], sizes[1:])
    return Shape(3, sizes if len(sizes) == 2 else sizes * 2)


def widths(text: str | None, stages: int | None, stride: int) -> tuple[int, ...]:
    """The channels of each stage: as given, or doubling from 64 up to 512."""
    if text is not None:
        found = numbers("--widths", text)
        if stages is not None and stages != len(found):
            raise usage(f"--widths has {len(found)} numbers for {stages} stages")
        return found
    count = stages if stages is not None else max(4, stride.bit_length() - 2)
    if not 1 <= count <= 64:
        raise usage(f"--stages takes 1 to 8, not {count}")
    return tuple(min(64 << i, WIDEST) for i in range(count))


def limits(macs: str | None, params: str | None, depth: int | None) -> Limits:
    """The limits on the costs."""
    from rfcalc.design.space import Limits

    return Limits(_amount("--max-macs", macs), _amount("--max-params", params), depth)


def _amount(option: str, text: str | None) -> int | None:
    from rfcalc.checks.budget import limit
    from rfcalc.errors import RuleError

    if text is None:
        return None
    try:
        found = limit("macs", text)
    except RuleError:
        found = None
    if found is None or found.sign != "<=":
        raise usage(f"{option} takes a number such as 4G, 4.2M or 300k, not {text!r}")
    return int(found.value)
