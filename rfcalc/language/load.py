"""The spec language: YAML text to a graph, with every problem of the text reported at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import PurePath
from typing import Any

from rfcalc.errors import did_you_mean
from rfcalc.graph import Builder, Graph, Stated, layer_hint
from rfcalc.language.budget import limits, unmatched
from rfcalc.language.definitions import blocks, defaults, params
from rfcalc.language.expand import Expansion
from rfcalc.language.files import STDIN, find, read_bytes, text_of
from rfcalc.language.limits import MAX_LAYERS, MOST_VALUES
from rfcalc.language.marked import Marked, MarkedList, MarkedScalar, placed
from rfcalc.language.objects import object_sizes, written
from rfcalc.language.overrides import LayerOverrides, parsed
from rfcalc.language.problems import Problems
from rfcalc.language.reading import Reader
from rfcalc.language.recipes import Defaults
from rfcalc.language.scopes import Frame, Sources
from rfcalc.language.shapes import inputs
from rfcalc.language.space import stated
from rfcalc.language.steps import Block, Body
from rfcalc.language.top import Top, merged
from rfcalc.layers.vocabulary.source import Input
from rfcalc.record import record


def load(path: str, overrides: Mapping[str, str], max_layers: int) -> Graph:
    """The graph of a spec file, of a shipped network, or of standard input (`-`); raises SpecError."""
    path_found = None if path == "-" else find(path)
    source = STDIN if path_found is None else str(path_found)
    return load_spec(text_of(read_bytes(path_found, source), source), source, overrides, max_layers)


def load_spec(text: str, source: str, overrides: Mapping[str, str] | None = None, max_layers: int = MAX_LAYERS) -> Graph:
    """The graph of a spec; raises SpecError with all that is wrong in it.

    `source` is the file's name for messages, and where `extends` looks first. `overrides` are those of `-s key=value`.
    """
    with _paused_collector():
        problems = Problems()
        given = parsed(overrides or {}, problems)
        top = merged(text, source, problems, max(MOST_VALUES, 20 * max_layers))
        return _Load(top, given, problems, max_layers).graph(source)


class Template:
    """A spec that is read once, of which many graphs are made. `choices`: what its `space:` says. Raises SpecError."""

    def __init__(self, text: str, source: str, max_layers: int = MAX_LAYERS) -> None:
        problems = Problems()
        self.source, self.max_layers = source, max_layers
        self.top = merged(text, source, problems, max(MOST_VALUES, 20 * max_layers))
        node = self.top.nodes.pop("space", None)
        self.choices = {} if node is None else stated(node, list(self.top.params), problems)
        self.read: _Read | None = None
        if problems.found:
            problems.stop()

    @cached_property
    def plain(self) -> dict[str, Any] | None:
        """The params, where none depends on another one."""
        if not all(_is_plain(node) for _, node in self.top.params.values()):
            return None
        problems = Problems()
        found = params(self.top, {}, problems)
        return None if problems.found else found

    def params(self, given: Mapping[str, Marked]) -> dict[str, Any]:
        """The values of the params, with overrides; raises SpecError."""
        if self.plain is not None and all(_is_plain(node) and key in self.plain for key, node in given.items()):
            return {**self.plain, **{key: node.plain() for key, node in given.items()}}
        problems = Problems()
        found = params(self.top, given, problems)
        if problems.found:
            problems.stop()
        return found

    def graph(self, given: Mapping[str, Marked]) -> Graph:
        """The graph, with overrides; raises SpecError. Its layers are read once, as long as defaults do not change."""
        load = _Load(self.top, given, Problems(), self.max_layers)
        load.read, self.read = self.read, None  # a layer that cannot be made tells so only once
        found = load.graph(self.source)
        self.read = load.read
        return found


def _is_plain(node: Marked) -> bool:
    """Whether a value is a number, true, false or nothing."""
    return isinstance(node, MarkedScalar) and not isinstance(node.value, str | tuple | dict)


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Many small objects that all stay alive: the cyclic collector would look at them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@record(eq=False)
class _Read:
    """The layers of a spec as they are read, before they are expanded: with which defaults, and its blocks."""

    defaults: Defaults
    blocks: Mapping[str, Block]
    body: Body


class _Load:
    """One spec on its way from tree to graph. `read`: its layers, where they were read before."""

    read: _Read | None = None

    def __init__(self, top: Top, given: Mapping[str, Marked], problems: Problems, most: int) -> None:
        self.top, self.problems, self.most = top, problems, most
        self.given, self.asked = dict(given), bool(given)
        self.output_names: dict[int, str] = {}
        own = {key: self.given.pop(key) for key in list(self.given) if key in top.params}
        self.image = self.given.pop("input", None)
        self.params = params(top, own, problems)
        self.overrides = LayerOverrides(self.given)

    def graph(self, source: str) -> Graph:
        """The finished graph; raises SpecError."""
        known = frozenset(self.params)
        given = defaults(self.top, self.params, self.problems)
        if self.read is None or self.read.defaults != given:
            checker = blocks(self.top, known, self.problems, given)
            self.read = _Read(given, checker.blocks, Reader(checker).body(self.top.nodes.get("layers"), known))
        body = self.read.body
        builder = Builder(self._name(source), source)
        expansion = Expansion(builder, self.problems, self.read.blocks, self.params, self.overrides, self.most)
        frame = Frame(self.params, body)
        last = expansion.run(body, frame, self._inputs(builder, expansion))
        outputs = self._outputs(expansion, frame, last, bool(body.steps))
        for problem in builder.problems:
            self.problems.add(problem.code, problem.message, problem.span, problem.hint)
        self._unused(expansion)
        if not self.problems.found and all(node.is_input for node in builder.nodes):
            self.problems.add("E108", "every layer is left out, by its when or repeat", self.top.nodes["layers"])
        settings = self._settings(builder, [i for i in outputs if i is not None])
        if self.problems.found:
            self.problems.stop()
        return builder.graph([i for i in outputs if i is not None], settings)

    def _name(self, source: str) -> str:
        node = self.top.nodes.get("name")
        if node is None:
            return PurePath(source).stem.strip("<>")
        if not isinstance(node, MarkedScalar) or not isinstance(node.value, str):
            self.problems.add("E111", "name must be a word or words in quotes", node)
        return str(node.plain())

    def _inputs(self, builder: Builder, expansion: Expansion) -> Sources:
        indices: list[int | None] = []
        for name, shape, mark in inputs(self.top, self.image, self.params, self.problems):
            index = None if shape is None else builder.add(name, Input(shape), (), mark.span)
            expansion.names.named[name] = ((index,), 0)
            indices.append(index)
        return tuple(indices) or (None,)

    def _outputs(self, expansion: Expansion, frame: Frame, last: Sources, layers: bool) -> Sources:
        node = self.top.nodes.get("outputs")
        if node is None:
            if not layers and "layers" in self.top.nodes:
                self.problems.add("E108", "the spec has no layers", self.top.nodes["layers"])
            return last
        entries = node.items if isinstance(node, MarkedList) else [node]
        left_out = [entry for entry in entries if expansion.names.left_out(entry.plain(), frame)]
        indices: list[int | None] = []
        for entry in entries:
            name = entry.plain()
            if entry in left_out and len(left_out) < len(entries):
                continue
            if isinstance(name, str) and name:
                found = expansion.names.find(name, entry, frame)
                indices += found
                self.output_names |= {i: name for i in found if i is not None and "*" not in name}
            else:
                self.problems.add("E119", "outputs is a list of names of layers", entry)
        if not entries:
            self.problems.add("E119", "outputs is a list of names of layers", node)
        return tuple(dict.fromkeys(indices))

    def _unused(self, expansion: Expansion) -> None:
        """Overrides that changed nothing: a mistake, unless a broken layer may be why."""
        for key, pattern, setting, node in self.overrides.patterns:
            if key in self.overrides.used or (self.problems.found and pattern):
                continue
            if key in self.overrides.seen:
                self.problems.add("E116", f'no layer that matches "{pattern}" has a setting "{setting}"', node)
                continue
            what = f'no layer matches "{pattern}"' if pattern else f'there is no param "{key}"'
            hint = "" if "*" in pattern else did_you_mean(key, [*self.params, "input"])
            if pattern and not hint and "*" not in pattern:
                hint = layer_hint(pattern, list(expansion.builder.names)[:5000], f".{setting}")
            self.problems.add("E116", what, node, hint)

    def _called(self, builder: Builder, outputs: Sequence[int]) -> dict[str, list[str]]:
        """What each output may be called: as `outputs` does, as its layer in the spec, or as its last layer."""
        called = {}
        for i in outputs:
            node = builder.nodes[i]
            called[node.name] = list(dict.fromkeys([self.output_names.get(i, node.part_of), node.part_of, node.name]))
        return called

    def _settings(self, builder: Builder, outputs: Sequence[int]) -> dict[str, Stated]:
        """The top keys that an analysis may ask for, read."""
        settings: dict[str, Stated] = {}
        if (node := self.top.nodes.get("object_size")) is not None:
            axes = {one.shape.rank for one in builder.nodes if one.is_input}
            called = self._called(builder, outputs)
            sizes = object_sizes(node, axes, called, self.problems)
            settings["object_size"] = Stated(written(node, called), sizes)
        node = self.top.nodes.get("budget")
        if node is not None and node.plain() is not None:
            budget = placed(node)
            bounds = limits(budget, self.problems)
            settings["budget"] = Stated(budget.value, bounds)
            if not self.problems.found and not self.asked:  # an override may leave layers out
                unmatched(budget, bounds, builder.nodes, self.problems)
        if (node := self.top.nodes.get("train")) is not None:
            from rfcalc.language.training import trained

            training = trained(node, self.params, self.problems)
            if training is not None:
                said = {"batch": training.batch, "optimizer": training.optimizer}
                settings["train"] = Stated({key: said[str(key)] for key in node.plain()}, training)
        if (node := self.top.nodes.get("space")) is not None:
            stated(node, list(self.top.params), self.problems)  # of a family of designs; of this one only what is wrong
        if (node := self.top.nodes.get("published")) is not None and not self.asked:  # of the network as it is written
            from rfcalc.language.published import published

            given = placed(node)
            settings["published"] = Stated(given.value, published(given, builder.nodes, self.problems), own=True)
        return settings
