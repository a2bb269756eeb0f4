"""The JSON Schema of the spec language, for editors and validators; made of the same declarations as the reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rfcalc.analyses.metrics import CHANGE, METRICS, Metric
from rfcalc.analyses.training import OPTIMIZERS
from rfcalc.language.marked import read
from rfcalc.language.reading import COUNTS, MERGES
from rfcalc.language.recipes import ACT, NORM, lookup, main_of, settings_for
from rfcalc.layers.settings import EXPRESSION, Setting
from rfcalc.layers.words import WORDS, class_of
from rfcalc.record import MISSING

DRAFT = "https://json-schema.org/draft/2020-12/schema"
LAYERS = {"$ref": "#/$defs/layers"}
SHAPE = {
    "description": "channels, then the size of each axis: 3x224x224, or a list that may hold expressions",
    "anyOf": [
        {"type": "string"},
        {"type": "integer", "minimum": 1},
        {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1, "maxItems": 4},
    ],
}
PIXELS = {"type": "number", "minimum": 1}
BOX = {"anyOf": [PIXELS, {"type": "array", "items": PIXELS, "minItems": 1, "maxItems": 3}]}
SIZES_OF_OUTPUT = {
    "anyOf": [
        PIXELS,
        {"type": "array", "items": PIXELS, "minItems": 2, "maxItems": 2, "description": "the smallest and the largest objects"},
        {
            "type": "object",
            "properties": {
                "anchors": {"type": "array", "items": BOX, "minItems": 1, "description": "boxes, one number per axis each"}
            },
            "required": ["anchors"],
            "additionalProperties": False,
        },
    ]
}
OBJECT_SIZE = {
    "description": "pixels of the objects that the task is about: a number, a list of one number per axis, or by output "
    "(names or globs) a number, [smallest, largest] or {anchors: [[30, 60], [60, 30]]}",
    "anyOf": [*BOX["anyOf"], {"type": "object", "additionalProperties": SIZES_OF_OUTPUT, "minProperties": 1}],
}
SPACE = {
    "type": "object",
    "description": "the values of params in a family of designs, for rfcalc sweep: w: 16:512:8, depth: [18, 34], w2: w*2",
    "additionalProperties": {"type": ["string", "number", "boolean", "array"]},
    "minProperties": 1,
}
COUNTED = {
    "type": "object",
    "properties": {key: {"anyOf": [{"type": "integer", "minimum": 0}, EXPRESSION]} for key in COUNTS},
    "additionalProperties": False,
    "description": "what the layer counts instead, such as params: 0 for weights that are stored elsewhere",
}
WEIGHTS = "the layer or block above whose weights this one uses too, by name; the two are equal but for their maps' sizes"
FROM = {
    "description": "the layers that this one reads, by name; in a block, in is the block's input",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
}
PARAMS = {"type": "object", "description": "names and their values; a value may use those above it"}


def json_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    words = {word: _word(word) for word in WORDS}
    words["sepconv"] = _op("sepconv", "A depthwise convolution, then a 1x1 convolution.")
    return {
        "$schema": DRAFT,
        "title": "rfcalc spec",
        "description": "A convolutional network: its input, its layers, its blocks.",
        "type": "object",
        "properties": _top(words),
        "additionalProperties": False,
        "anyOf": [{"required": ["layers", "input"]}, {"required": ["layers", "inputs"]}, {"required": ["extends"]}],
        "$defs": {
            "layers": {
                "type": "array",
                "items": {"$ref": "#/$defs/layer"},
                "description": "a list of layers; each reads the one above it, unless it says from",
            },
            "layer": _layer(words),
            "words": words,
            "block": _block(),
        },
    }


def _word(word: str) -> dict[str, Any]:
    """A word, with what an editor shows where it stands: what the layer is, and an example."""
    meaning = " ".join((class_of(word).__doc__ or "").split("\n\n")[0].split())
    return _op(word, meaning) | {"examples": [read(class_of(word).example[0] or "{}", word)[1].plain()]}


def _top(words: Iterable[str]) -> dict[str, Any]:
    ops = {word: {"$ref": f"#/$defs/words/{word}"} for word in words}
    after = {"residual": {"type": "object", "properties": _settings((NORM, ACT)), "additionalProperties": False}}
    return {
        "name": {"type": "string", "description": "the network's name; the file's if left out"},
        "input": SHAPE,
        "inputs": {"type": "object", "additionalProperties": SHAPE, "minProperties": 1, "description": "named inputs"},
        "params": PARAMS,
        "defaults": {
            "type": "object",
            "properties": ops | after,
            "additionalProperties": False,
            "description": "settings per op, where a layer says nothing",
        },
        "blocks": {"type": "object", "additionalProperties": {"$ref": "#/$defs/block"}, "description": "layers with a name"},
        "layers": LAYERS,
        "outputs": {
            **FROM,
            "description": "names of the outputs, but for those that their when leaves out; the last layer if left out",
        },
        "budget": _budget(),
        "train": _train(),
        "published": _published(),
        "object_size": OBJECT_SIZE,
        "lesson": _lesson(),
        "space": SPACE,
        "extends": {"type": "string", "description": "a spec whose params, defaults and blocks this one takes over"},
    }


def _budget() -> dict[str, Any]:
    """Limits on figures and on their changes; any other key is a glob over layers, with limits on theirs."""

    def limits(metrics: Iterable[Metric], of: str = "", key: str = "") -> dict[str, Any]:
        kinds = {True: ["string", "number"], False: "string"}  # of costs, a number alone is the most that is allowed
        return {m.name + key: {"type": kinds[m.unit.is_cost], "description": of + m.text} for m in metrics}

    single = limits(metric for metric in METRICS if metric.per_layer)
    return {
        "type": "object",
        "description": "limits, such as macs: <= 4.2 G",
        "properties": limits(METRICS) | limits(METRICS, "change in percent against the base: ", CHANGE),
        "additionalProperties": {
            "type": "object",
            "description": "limits on the layers whose name matches",
            "properties": single,
            "additionalProperties": False,
        },
    }


def _published() -> dict[str, Any]:
    """Figures with their sources; any other key is a layer with figures of its own."""
    amount = {"type": ["number", "string"]}
    keys = {"value": amount, "source": {"type": "string"}, "tolerance": amount}
    one = {"type": "object", "properties": keys, "required": ["value", "source"], "additionalProperties": False}
    entry = {"anyOf": [one, {"type": "array", "items": one}]}

    def figures(metrics: Iterable[Metric]) -> dict[str, Any]:
        return {metric.name: {**entry, "description": metric.text} for metric in metrics}

    single = figures(metric for metric in METRICS if metric.per_layer)
    return {
        "type": "object",
        "description": "figures that are published: params: {value: 25_557_032, source: He et al. 2015}; check holds them",
        "properties": figures(METRICS),
        "additionalProperties": {"type": "object", "properties": single, "additionalProperties": False},
    }


def _train() -> dict[str, Any]:
    batch = {"type": ["integer", "string"], "description": "images that a device sees at a time"}
    optimizer = {"enum": list(OPTIMIZERS), "description": "of training_memory"}
    return {
        "type": "object",
        "properties": {"batch": batch, "optimizer": optimizer},
        "minProperties": 1,
        "additionalProperties": False,
        "description": "how it is trained: batch, the images on a device at a time (RF308), and optimizer, for training_memory",
    }


def _lesson() -> dict[str, Any]:
    text = {"type": "string"}

    def mapping(description: str, **keys: dict[str, Any]) -> dict[str, Any]:
        required = {"type": "object", "required": list(keys), "additionalProperties": False}
        return {**required, "properties": keys, "description": description}

    claim = mapping("what a run shows", say=text, that={**text, "description": "an expression over the JSON of the run"})
    run = mapping("a command without the spec's name", run=text, claims={"type": "array", "items": claim})
    return mapping("what rfcalc lesson shows of this spec", text=text, runs={"type": "array", "items": run})


def _block() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "params": {**PARAMS, "type": ["object", "null"]},
            "layers": LAYERS,
            "outputs": {**FROM, "description": "names of what the block gives; its last layer if left out"},
        },
        "required": ["layers"],
        "additionalProperties": False,
    }


def _layer(words: Iterable[str]) -> dict[str, Any]:
    """A bare word, or a mapping of one op (a word, a construct, or a block of the spec) and how it stands."""
    merge = {"enum": list(MERGES), "description": "how the paths are joined"}
    residual = {
        "type": "object",
        "description": "main and skip on the same input, added; an empty skip is the identity",
        "properties": {"main": LAYERS, "skip": {"anyOf": [LAYERS, {"type": "null"}]}, "merge": merge, **_settings((NORM, ACT))},
        "required": ["main"],
        "additionalProperties": False,
    }
    branches = {
        "type": "object",
        "description": "several lists of layers on the same input, joined",
        "properties": {"merge": merge},
        "additionalProperties": {"anyOf": [LAYERS, {"type": "null"}]},
        "minProperties": 1,
    }
    properties = {
        "name": {"type": "string", "pattern": r"^\w[\w./:-]*$", "description": "a name that others can refer to"},
        "from": FROM,
        "repeat": {"anyOf": [{"type": "integer", "minimum": 0}, EXPRESSION], "description": "how often; i counts from 0"},
        "when": {"anyOf": [{"type": "boolean"}, EXPRESSION], "description": "false leaves the layer out"},
        "merge": merge,
        "counts": COUNTED,
        "weights": {"type": "string", "description": WEIGHTS},
        **{word: {"$ref": f"#/$defs/words/{word}"} for word in words},
        "residual": residual,
        "branches": branches,
    }
    return {"anyOf": [{"type": "string"}, {"type": "object", "properties": properties, "minProperties": 1}]}


def _op(word: str, description: str) -> dict[str, Any]:
    forms: list[dict[str, Any]] = [
        {"type": "object", "properties": _settings(settings_for(word)), "additionalProperties": False},
        {"type": "null"},
    ]
    if main_of(word):
        forms.append({**lookup(word)[main_of(word)].kind.schema(), "description": main_of(word)})
    return {"description": description, "anyOf": forms}


def _settings(settings: Iterable[Setting]) -> dict[str, Any]:
    properties = {}
    for setting in settings:
        schema = {**setting.kind.schema(), "description": setting.help}
        if setting.default is not MISSING:
            schema["default"] = list(setting.default) if isinstance(setting.default, tuple) else setting.default
        properties[setting.name] = schema
        if setting.alias:
            properties[setting.alias] = {**schema, "description": f"{setting.name}: {setting.help}"}
    return properties
