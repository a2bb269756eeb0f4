"""Darknet's .cfg files (YOLOv1 to YOLOv4, Darknet-19 and -53, classifiers) as specs, and those as graphs.

Layers are named by their word and darknet's own number: conv0, maxpool1, yolo82. Convolutions, pools, routes and reorg follow
darknet's rules (its src/*_layer.c), which are not torch's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from rfcalc.errors import Span, did_you_mean, fail
from rfcalc.graph import Graph
from rfcalc.importers.darknet.layers import Layers
from rfcalc.importers.darknet.repeats import folded
from rfcalc.importers.darknet.sections import OptionError, Section, mistyped, sections
from rfcalc.importers.darknet.words import WORDS
from rfcalc.importers.translated import Written, WrittenLayer, channels_of, printable, written
from rfcalc.language.files import find, read_bytes, text_of
from rfcalc.language.limits import MAX_LAYERS
from rfcalc.language.marked import Marked
from rfcalc.language.overrides import parsed
from rfcalc.language.problems import Problems
from rfcalc.language.writer import scalar
from rfcalc.language.writer import text_of as value_text

NETS = ("net", "network")
SHARED = ("norm", "act", "bias")
DEFAULTED = "conv"  # the word whose usual settings are written once


def load(path: str, overrides: Mapping[str, str], max_layers: int) -> Graph:
    """The graph of a file; raises SpecError. Overrides are the input, and settings of layers by name."""
    return _translated(path, overrides, max_layers).load(overrides, max_layers)


def to_spec(path: str, overrides: Mapping[str, str]) -> str:
    """The same network as a spec, with residual blocks and their repeats; raises SpecError for what is wrong in the file, or
    cannot be written."""
    spec = _translated(path, overrides, MAX_LAYERS)
    spec.load(overrides, MAX_LAYERS)
    spec.only_input(overrides)
    return _translated(path, overrides, MAX_LAYERS, fold=True).text


def _translated(path: str, overrides: Mapping[str, str], most: int, fold: bool = False) -> Written:
    source = str(find(path))
    problems = Problems()
    given = parsed({key: text for key, text in overrides.items() if key == "input"}, problems).get("input")
    blocks = sections(text_of(read_bytes(find(path), source), source), source, problems)
    if len(blocks) > most + 1:
        raise fail("E115", f"{source} has more than {most:,} layers", blocks[most + 1].span, "--max-layers raises the limit")
    if not blocks or blocks[0].word not in NETS:
        raise fail("E621", "a darknet file begins with [net]", blocks[0].span if blocks else Span(source, 1, 1))
    if len(blocks) == 1:
        problems.add("E621", "the file has no layers behind [net]", blocks[0].span)
    mistyped(blocks[0], ("channels", "height", "width"), problems)
    shape = _input(blocks[0], given, problems)
    layers = Layers(channels_of(given) or shape[0])
    places = _all(blocks[1:], layers, problems)
    if problems.found:
        problems.stop()
    name = PurePath(path).stem
    lines = list(_head(name, source, given, shape, layers.steps))
    ends = [] if layers.steps and layers.current.name == layers.steps[-1].name else [layers.current.name]
    outputs = list(dict.fromkeys(layers.outputs)) or ends
    steps = _usual(layers.steps)[1]
    return written(source, lines, folded(steps, outputs or [layers.current.name]) if fold else steps, outputs, places)


def _input(net: Section, given: Marked | None, problems: Problems) -> tuple[int, int, int]:
    """Channels, height and width; the command line's input stands for missing ones."""
    sizes = []
    for key, usual in (("channels", 3), ("height", 0), ("width", 0)):
        try:
            value = net.whole(key, usual)
        except OptionError as error:
            problems.add("E623", str(error), error.span, error.hint)
            value = 1
        if not value and given is None:
            problems.add("E621", f"[net] needs {key}", net.span, "or give another input: --input 3x416x416")
        sizes.append(value or 1)
    return sizes[0], sizes[1], sizes[2]


def _all(found: Sequence[Section], layers: Layers, problems: Problems) -> dict[str, Span]:
    """Translates the sections; gives the places of the layers. After a broken one only words and options are checked."""
    places: dict[str, Span] = {}
    whole = True
    for number, section in enumerate(found):
        word = WORDS.get(section.word)
        if word is None:
            hint = did_you_mean(section.word, WORDS)
            problems.add("E622", f"unknown layer [{section.word[:40]}]", section.span, hint)
            whole = False
            continue
        mistyped(section, word.options, problems)
        name = f"{word.name}{number}"
        places[name] = section.span
        if whole:
            try:
                layers.maps.append(word.make(section, layers, name))
            except OptionError as error:
                problems.add("E623", str(error), error.span, error.hint)
                whole = False
    return places


def _usual(steps: Sequence[WrittenLayer]) -> tuple[dict[str, Any], list[WrittenLayer]]:
    """Norm, activation and bias of most convolutions, and the layers without them."""
    keys = [str([step.settings.get(key) for key in SHARED]) for step in steps if step.word == DEFAULTED]
    if not keys:
        return {}, list(steps)
    most = Counter(keys).most_common(1)[0][0]
    sample = next(s for s in steps if s.word == DEFAULTED and str([s.settings.get(key) for key in SHARED]) == most)
    usual = {key: sample.settings[key] for key in SHARED}
    return usual, [_without(step, usual) if step.word == DEFAULTED else step for step in steps]


def _without(step: WrittenLayer, usual: Mapping[str, Any]) -> WrittenLayer:
    settings = {key: value for key, value in step.settings.items() if usual.get(key, usual) != value}
    return WrittenLayer(step.name, step.word, settings, step.sources, step.repeat)


def _head(
    name: str, source: str, given: Marked | None, shape: tuple[int, int, int], steps: Sequence[WrittenLayer]
) -> Iterator[str]:
    yield f"# {printable(name)}: from darknet's {printable(PurePath(source).name)}"
    yield f"name: {scalar(name)}"
    yield f"input: {value_text(given.plain()) if given else 'x'.join(map(str, shape))}"
    usual, _ = _usual(steps)
    if usual:
        yield "defaults:"
        yield f"  {DEFAULTED}: {value_text(usual)}"
