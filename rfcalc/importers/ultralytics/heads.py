"""The heads of Ultralytics' files, as they are built and as they run in training: a map per level, nothing decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rfcalc.errors import RuleError
from rfcalc.importers.translated import WrittenLayer
from rfcalc.importers.ultralytics.modules import Arg
from rfcalc.importers.ultralytics.rows import ArgError, ModuleRow
from rfcalc.layers.settings import Int, Kind, ListOf
from rfcalc.record import record

BINS = 16  # of the distribution over each side of a box
CLASSES = Arg("nc", Int())
Width = Callable[[int], int]
Word = Callable[[str], str]


@record
class Level:
    """What a head reads at one level: the name of the layer, its channels."""

    name: str
    channels: int


@record
class Head:
    """What a head is built from: its row, its levels, how widths are scaled, the words of blocks, the older class branch."""

    row: ModuleRow
    levels: Sequence[Level]
    width: Width
    word: Word
    older: bool


def steps(head: Head) -> tuple[list[WrittenLayer], list[str]]:
    """The layers of a head, and the names of its outputs; raises ArgError."""
    classes = head.row.parsed(CLASSES, 0)
    extra = EXTRAS[head.row.module]
    if head.row.module == "Detect" and len(head.row.args) == 2:
        return _anchored(head, classes)
    if head.row.module == "Segment" and len(head.row.args) == 4:
        return _anchored_masks(head, classes)
    if extra is None:
        head.row.values((CLASSES,), 0)
    twice = head.row.module == "v10Detect"
    older = head.older and not twice
    prefixes = ("", "one2one_") if twice else ("",)
    made = [step for prefix in prefixes for step in _branches(head, classes, prefix, older)]
    distances = _distances(head, prefixes[-1])
    more, names = extra(head) if extra else ([], [])
    levels = [step for prefix in prefixes for step in _levels(head, prefix)]
    outputs = [*(step.name for step in levels), *names, distances[-1].name]
    return [*made, *distances, *more, *levels], outputs


class Anchors(Kind):
    """How many anchors each level has: one number for all, or their widths and heights, a list per level."""

    def parse(self, value: Any) -> int:
        if not isinstance(value, tuple):
            return Int(1, 10**6).parse(value)
        counts = {len(level) if isinstance(level, tuple) else 0 for level in value}
        if len(counts) != 1 or min(counts) < 2 or min(counts) % 2:
            raise RuleError("is a number, or widths and heights of the anchors, as many for each level")
        return min(counts) // 2

    def schema(self) -> dict[str, Any]:
        return Int().schema()


def _anchored(head: Head, classes: int) -> tuple[list[WrittenLayer], list[str]]:
    """The head of the first YOLOv5: a 1x1 convolution per level; for each anchor a box, whether it is one, and classes."""
    return _per_anchor(head, head.row.values((CLASSES, Arg("anchors", Anchors())), 0)["anchors"], classes + 5)


def _per_anchor(head: Head, anchors: int, numbers: int) -> tuple[list[WrittenLayer], list[str]]:
    plain = {"out": anchors * numbers, "k": 1, "norm": "none", "act": "none", "bias": True}
    made = [WrittenLayer(f"{head.row.name}.m.{i}", "conv", plain, (level.name,)) for i, level in enumerate(head.levels)]
    return made, [step.name for step in made]


def _anchored_masks(head: Head, classes: int) -> tuple[list[WrittenLayer], list[str]]:
    """The same with coefficients of masks, and their prototypes at twice the first level's size, which is only repeated."""
    args = (CLASSES, Arg("anchors", Anchors()), Arg("masks", Int(), 32), Arg("protos", Int(), 256))
    given = head.row.values(args, 0)
    made, outputs = _per_anchor(head, given["anchors"], classes + 5 + given["masks"])
    proto, settings = f"{head.row.name}.proto", {"mid": head.width(given["protos"]), "out": given["masks"]}
    return [*made, WrittenLayer(proto, head.word("RepeatedProto"), settings, (head.levels[0].name,))], [*outputs, proto]


def _branches(head: Head, classes: int, prefix: str, older: bool) -> Iterator[WrittenLayer]:
    """Boxes (cv2) and classes (cv3) at each level."""
    first, name = head.levels[0].channels, head.row.name
    boxes, scores = max(16, first // 4, 4 * BINS), max(first, min(classes, 100))
    for i, level in enumerate(head.levels):
        yield WrittenLayer(f"{name}.{prefix}cv2.{i}", head.word("Branch"), {"mid": boxes, "out": 4 * BINS}, (level.name,))
        settings = {"mid": scores, "out": classes} if older else {"c1": level.channels, "mid": scores, "out": classes}
        yield WrittenLayer(f"{name}.{prefix}cv3.{i}", head.word("Branch" if older else "LightBranch"), settings, (level.name,))


def _levels(head: Head, prefix: str) -> Iterator[WrittenLayer]:
    """Boxes and classes side by side, a map per level."""
    name = f"{head.row.name}.{prefix}"
    for i in range(len(head.levels)):
        yield WrittenLayer(f"{name}level.{i}", "concat", {}, (f"{name}cv2.{i}", f"{name}cv3.{i}"))


def _distances(head: Head, prefix: str) -> list[WrittenLayer]:
    """The four sides of all boxes, each the mean of its distribution (dfl): a fixed 1x1 convolution over the bins."""
    name = head.row.name
    boxes = tuple(f"{name}.{prefix}cv2.{i}" for i in range(len(head.levels)))
    mean = {"out": 1, "k": 1, "norm": "none", "act": "none"}
    return [
        WrittenLayer(f"{name}.boxes", "tokens", {}, boxes),
        WrittenLayer(f"{name}.bins", "rearrange", {"pattern": f"(s b:{BINS}) x -> b s x"}),
        WrittenLayer(f"{name}.dfl.softmax", "softmax"),
        WrittenLayer(f"{name}.dfl.conv", "conv", mean),
        WrittenLayer(f"{name}.distances", "rearrange", {"pattern": "b s x -> (b s) x"}),
    ]


def _coefficients(head: Head, count: int) -> tuple[list[WrittenLayer], list[str]]:
    """A third branch (cv4) of `count` numbers at each level."""
    mid = max(head.levels[0].channels // 4, count)
    made = [
        WrittenLayer(f"{head.row.name}.cv4.{i}", head.word("Branch"), {"mid": mid, "out": count}, (level.name,))
        for i, level in enumerate(head.levels)
    ]
    return made, [step.name for step in made]


def _segment(head: Head) -> tuple[list[WrittenLayer], list[str]]:
    """Coefficients of masks, and the masks' prototypes at twice the first level's size."""
    given = head.row.values((CLASSES, Arg("masks", Int(), 32), Arg("protos", Int(), 256)), 0)
    made, outputs = _coefficients(head, given["masks"])
    width = head.width(given["protos"]) if len(head.row.args) > 2 else given["protos"]
    proto = f"{head.row.name}.proto"
    settings = {"mid": width, "out": given["masks"]}
    return [*made, WrittenLayer(proto, head.word("Proto"), settings, (head.levels[0].name,))], [*outputs, proto]


def _pose(head: Head) -> tuple[list[WrittenLayer], list[str]]:
    """Key points: how many, and numbers for each."""
    shape = head.row.values((CLASSES, Arg("kpt_shape", ListOf(Int()), (17, 3))), 0)["kpt_shape"]
    if len(shape) != 2:
        raise ArgError(f"Pose: kpt_shape is [points, numbers for each], not a list of {len(shape)}", head.row.place(1))
    return _coefficients(head, shape[0] * shape[1])


def _obb(head: Head) -> tuple[list[WrittenLayer], list[str]]:
    """Angles of boxes."""
    return _coefficients(head, head.row.values((CLASSES, Arg("ne", Int(), 1)), 0)["ne"])


Extra = Callable[[Head], tuple[list[WrittenLayer], list[str]]]
EXTRAS: dict[str, Extra | None] = {
    "Detect": None,
    "v10Detect": None,
    "Segment": _segment,
    "Pose": _pose,
    "OBB": _obb,
}
