"""What stands above the rows of an Ultralytics file: classes, input, activation, and how depth and width are scaled."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.files import SCALED
from rfcalc.language.marked import Marked, MarkedList, MarkedMapping
from rfcalc.language.problems import Problems
from rfcalc.layers.settings import Int, ListOf, Number, name_of
from rfcalc.layers.traits import LayerKind
from rfcalc.layers.words import class_of, words_in
from rfcalc.record import record

COUNT, FACTOR, POINTS = Int(), Number(0, 64), ListOf(Int())
KEYS = ("scale", "nc", "ch", "activation", "depth_multiple", "width_multiple", "kpt_shape", "anchors")
ACTIVATIONS = {word: word for word in words_in("activation") if class_of(word).kind is LayerKind.ACTIVATION}
ACTIVATIONS["identity"] = "none"
CALL = re.compile(r"(?:torch\.)?nn\.(\w+)\(([^()]*)\)")
NUMBER = re.compile(r"(?:negative_slope=|alpha=)?([0-9.]+(?:e-?[0-9]+)?)")


@record(eq=False)
class Options:
    """The values above the rows. `most`: no layer has more channels before the width scales them."""

    scale: str
    depth: float
    width: float
    most: float
    channels: int
    act: Any
    names: Mapping[str, Any]

    def repeats(self, count: int) -> int:
        """How often a row is repeated at this depth; once stays once."""
        return max(round(count * self.depth), 1) if count > 1 else count

    def widened(self, channels: int) -> int:
        """Channels at this width: a multiple of 8, rounded up."""
        return math.ceil(min(channels, self.most) * self.width / 8) * 8


def scale_of(path: str) -> str:
    """The letter of the scale in a file's name, as in yolov8n.yaml or yolo11s-seg.yaml; empty if it has none."""
    match = SCALED.search(PurePath(path).name)
    return match[2] if match else ""


def options(top: MarkedMapping, given: Mapping[str, Marked], path: str, problems: Problems) -> Options:
    """The options of a file; `given` values win. Wrong values are kept as problems and replaced by usual ones."""
    reader = _Reader(top, given, problems)
    scale, (depth, width, most) = reader.scale(scale_of(path))
    names: dict[str, Any] = {"depth": depth, "width": width}
    for key, kind in (("nc", COUNT), ("kpt_shape", POINTS)):
        value = reader.value(key, kind, None)
        if value is not None:
            names[key] = value
    anchors = reader.node("anchors")
    if anchors is not None:
        names["anchors"] = anchors.plain()  # checked by the head that takes them
    return Options(scale, depth, width, most, reader.value("ch", COUNT, 3), reader.activation(), names)


class _Reader:
    """Values of a file's keys, or of the command line's."""

    def __init__(self, top: MarkedMapping, given: Mapping[str, Marked], problems: Problems) -> None:
        self.top, self.given, self.problems = top, given, problems

    def node(self, key: str) -> Marked | None:
        """The value of a key with its place."""
        return self.given.get(key) or self.top.get(key)

    def value(self, key: str, kind: Any, usual: Any) -> Any:
        """The value of a key."""
        node = self.node(key)
        if node is None or node.plain() is None:
            return usual
        try:
            return kind.parse(node.plain())
        except RuleError as error:
            self.problems.add("E616", f"{key} {error}", node)
            return usual

    def scale(self, letter: str) -> tuple[str, tuple[float, float, float]]:
        """The scale: as given, else by the file's name, else the first; and its depth, width and most channels."""
        table = self.top.get("scales")
        if not isinstance(table, MarkedMapping) or not table.entries:
            if "scale" in self.given:
                self.problems.add("E615", "the file has no scales", self.given["scale"])
            elif table is not None and table.plain() is not None:
                self.problems.add("E615", f"scales is a mapping, not {name_of(table.plain())}", table)
            return letter, (self.value("depth_multiple", FACTOR, 1.0), self.value("width_multiple", FACTOR, 1.0), math.inf)
        wanted = self.node("scale")
        known = [str(key) for key in table.entries]
        name = letter or known[0]
        if wanted is not None and wanted.plain() is not None:
            name = str(wanted.plain())
        if name not in known:
            hint = did_you_mean(name, known) or f"there are {', '.join(known[:10])}"
            self.problems.add("E615", f'there is no scale "{name[:40]}" in the file', wanted or table, hint)
            return name, (1.0, 1.0, math.inf)
        return name, self._numbers(next(node for key, node in table.entries.values() if str(key.value) == name))

    def _numbers(self, node: Marked) -> tuple[float, float, float]:
        """[depth, width, most channels]."""
        if not isinstance(node, MarkedList) or len(node.items) != 3:
            self.problems.add("E615", f"a scale is [depth, width, most channels], not {name_of(node.plain())}", node)
            return 1.0, 1.0, math.inf
        numbers = []
        for entry, (what, kind) in zip(node.items, (("depth", FACTOR), ("width", FACTOR), ("channels", COUNT)), strict=True):
            try:
                numbers.append(kind.parse(entry.plain()))
            except RuleError as error:
                self.problems.add("E615", f"{what} {error}", entry)
                numbers.append(1.0)
        return numbers[0], numbers[1], numbers[2]

    def activation(self) -> Any:
        """The activation of every convolution, as the spec language writes it; SiLU if the file names none."""
        node = self.node("activation")
        text = None if node is None else node.plain()
        if node is None or text is None:
            return "silu"
        call = CALL.fullmatch(text.strip()) if isinstance(text, str) else None
        word = ACTIVATIONS.get(call[1].lower(), "") if call else ""
        if not call or not word:
            hint = (
                did_you_mean(text, [f"nn.{name}()" for name in ("SiLU", "ReLU", "LeakyReLU")]) if isinstance(text, str) else ""
            )
            self.problems.add("E616", f"activation is a layer of torch such as nn.SiLU(), not {name_of(text)}", node, hint)
            return "silu"
        number = NUMBER.match(call[2].strip())
        if number and class_of(word).main in ("slope", "alpha"):
            try:
                return {word: float(number[1])}
            except ValueError:
                self.problems.add("E616", f"activation: {name_of(number[1])} is no number", node)
        return word
