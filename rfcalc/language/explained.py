"""The page of a word or a key of the spec language, made of the records that the reader uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from textwrap import fill
from typing import Any

from rfcalc.analyses.network import analyze
from rfcalc.errors import RuleError
from rfcalc.language.load import load_spec
from rfcalc.language.recipes import main_of, required, settings_for
from rfcalc.language.schema import json_schema
from rfcalc.layers.settings import EXPRESSION, LARGEST, Setting
from rfcalc.layers.words import WORDS, class_of, make
from rfcalc.record import MISSING
from rfcalc.relations.shape import Shape
from rfcalc.report.units import joined, short, times

TORCH_NAME = re.compile(r"\b(?:nn|F|torch)(?:\.[A-Za-z]\w*)+")
CONTAINERS = {"nn.ParameterList", "nn.Sequential"}  # which hold something, and name no layer
EXAMPLES = (3, 1, 2, 16, True, [0], [1, 2], "a")
MAPS = tuple(Shape(16, (16,) * rank) for rank in (1, 2, 3, 0))
SCALARS = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "words"}
WIDTH = 100


@cache
def words() -> dict[str, str]:
    """Every word that a layer can be, with one sentence."""
    layer = json_schema()["$defs"]["layer"]["anyOf"][1]["properties"]
    words = {word: entry["description"] for word, entry in json_schema()["$defs"]["words"].items()}
    return words | {word: layer[word]["description"] for word in ("residual", "branches")}


@cache
def keys() -> dict[str, tuple[str, ...]]:
    """Every key that is no word, with a sentence for each place where it may stand."""
    schema = json_schema()
    layer = schema["$defs"]["layer"]["anyOf"][1]["properties"]
    places = {"At the top of a spec": schema["properties"], "Beside a layer's word": layer}
    where: dict[str, tuple[str, ...]] = {}
    for place, entries in places.items():
        for key, entry in entries.items():
            if key not in words():
                text = entry.get("description") or schema["$defs"][entry["$ref"].rpartition("/")[2]]["description"]
                where[key] = (*where.get(key, ()), f"{place}: {text}.")
    return where


def page(word: str) -> str:
    """The page of a word or a key, as Markdown; raises KeyError for what is neither."""
    if word in keys():
        return "\n\n".join([f"# {word}", *keys()[word]])
    parts = [f"# {word}", fill(words()[word].rstrip(".") + ".", WIDTH)]
    names = torch_names(word) if word in WORDS else ()
    if names:
        parts.append(f"In torch: {', '.join(names)}.")
    settings = [fill(text, WIDTH, subsequent_indent="  ") for text in _settings(word)]
    parts.append("\n".join(settings) if settings else "It has no settings.")
    if main_of(word) and all(setting.name == main_of(word) for setting in required(word)):
        parts.append(f"A single value sets {main_of(word)}: `{word}: ...`")
    if word in WORDS:
        parts.append(_example(word))
    return "\n\n".join(parts)


def example(word: str) -> tuple[str, str]:
    """A layer of a spec with this word, and a whole spec around it."""
    settings, *shapes = class_of(word).example
    names = [f"in{k}" for k in range(len(shapes))]
    line = f"{word}: {settings}" if settings else word
    if len(shapes) == 1:
        return line, f"input: {shapes[0]}\nlayers: [{line}]\n"
    inputs = ", ".join(f"{name}: {shape}" for name, shape in zip(names, shapes, strict=True)) or "unread: 1x1"
    source = f", from: [{', '.join(names)}]" if shapes else ""
    line = f"{{{word}: {settings or '{}'}{source}}}"
    return line, f"inputs: {{{inputs}}}\nlayers: [{line}]\n"


def _example(word: str) -> str:
    """An example and its figures."""
    line, spec = example(word)
    shapes = class_of(word).example[1:]
    (layer,) = analyze(load_spec(spec, word)).every[-1:]
    field = "sees the whole input" if layer.field.whole_input else ""
    if layer.field.size:
        field = f"receptive field {'at most ' * layer.bounded}{times(layer.field.size)}"
    if layer.field.stride:
        field += f", stride {joined([float(x) for x in layer.field.stride])}"
    figures = [str(layer.node.shape), field]
    figures += [f"{short(layer.params)} parameters"] if layer.params else []
    figures += [f"{short(layer.macs, 'MACs')}"] if layer.macs else []
    on = f", on {' and '.join(shapes)}" if shapes else ""
    return f"Example{on}: `{line}` gives {', '.join(filter(None, figures))}."


def families() -> dict[str, list[str]]:
    """The words by their families, in the order of the vocabulary; what is no single layer comes first."""
    found: dict[str, list[str]] = {"constructs": [word for word in words() if word not in WORDS]}
    for word, (room, *_) in WORDS.items():
        found.setdefault(room, []).append(word)
    return found


def reference() -> str:
    """Every word and every key, as the second half of docs/language.md."""
    parts = ["## The words"]
    for family, members in families().items():
        parts += [f"### {family.capitalize()}", *(_below(page(word)) for word in members)]
    parts += ["## The keys", *(_below(page(key)).replace("####", "###", 1) for key in keys())]
    return "\n\n".join(parts) + "\n"


def _below(text: str) -> str:
    return text.replace("# ", "#### ", 1)


def _settings(word: str) -> Iterator[str]:
    """Each setting: its names, its meaning, what it takes, its default."""
    own = {setting.name for setting in settings_for(word)}
    if word not in WORDS and word != "sepconv":
        construct = json_schema()["$defs"]["layer"]["anyOf"][1]["properties"][word]
        for key, entry in construct["properties"].items():
            if key not in own:
                yield f"- `{key}`: {takes(entry)}{'; must be given' if key in construct.get('required', ()) else ''}."
    for setting in settings_for(word):
        name = f"`{setting.name}` (`{setting.alias}`)" if setting.alias else f"`{setting.name}`"
        yield f"- {name}: {setting.help}. Takes {takes(setting.kind.schema())}; {_default(setting)}."


def _default(setting: Setting) -> str:
    value = setting.default
    if value is MISSING:
        return "must be given"
    shown = "none" if value in (None, ()) else str(value).lower() if isinstance(value, bool) else value
    return f"{shown} by default"


def takes(schema: dict[str, Any]) -> str:
    """What a value may be, in words; every number may also be an expression, which is not said each time."""
    choices = [one for one in schema.get("anyOf", [schema]) if one not in (EXPRESSION, {"type": "string"})] or [schema]
    parts = list(dict.fromkeys(part for one in choices for part in _parts(one)))
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}{', ' if len(parts) > 2 else ' '}or {parts[-1]}"


def _parts(schema: dict[str, Any]) -> Iterator[str]:
    kind = schema.get("type")
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        yield from (str(value) for value in values if isinstance(value, str))
    elif "anyOf" in schema:
        yield takes(schema)
    elif "$ref" in schema:
        yield "a list of layers"
    elif kind == "null":
        yield "none"
    elif kind == "object":
        yield "one of them with its settings" if "propertyNames" in schema else "a mapping"
    elif kind == "array":
        yield _list(schema)
    else:
        yield SCALARS[str(kind)] + _limits(schema)


def _list(schema: dict[str, Any]) -> str:
    items = schema["items"]
    if "$ref" in items:
        return "a list of layers"
    if schema.get("minItems") == schema.get("maxItems") == 2:
        return "a pair"
    if schema.get("maxItems") == 8:
        pair = any(one.get("maxItems") == 2 for one in items.get("anyOf", ()))
        return "a list with one per axis" + (", which may be a pair [before, after]" if pair else "")
    return f"a list (each {takes(items)})"


def _limits(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum", -LARGEST), schema.get("maximum", LARGEST)
    return (f" from {low:,}" if low > -LARGEST else "") + (f" to {high:,}" if high < LARGEST else "")


def torch_names(word: str) -> tuple[str, ...]:
    """The names of torch in a layer's own form, for maps of one to three axes and for vectors."""
    names: dict[str, None] = {}
    for shape in MAPS:
        names.update(dict.fromkeys(_torch_name(word, shape)))
    return tuple(names)


def _torch_name(word: str, shape: Shape) -> list[str]:
    """The name for one shape of the inputs; empty where the layer does not take it, or torch has no such layer."""
    given = {}
    for setting in required(word):
        for value in EXAMPLES:
            with suppress(RuleError):
                given[setting.name] = setting.kind.parse(value)
                break
    with suppress(RuleError, TypeError, ValueError, IndexError):
        op, inputs = make(word, **given), (shape,) * max(1, class_of(word).arity[0])
        op.shape(inputs)
        form = op.torch(inputs)
        named = TORCH_NAME.findall(f"{form.module} {form.forward}")
        return named[:1] if not form.helper and CONTAINERS.isdisjoint(named) else []
    return []
