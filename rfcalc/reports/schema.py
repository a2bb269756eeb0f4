"""The JSON Schema of what each command prints, made from the types in report/models and from the tables that they leave open:
figures, kinds of operations, and the settings of each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import NoneType, UnionType
from typing import Annotated, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

from rfcalc.analyses.cost import KINDS, MAC
from rfcalc.analyses.metrics import COLUMNS, OF_LAYERS, TOTALS, Metric, Shown, Unit
from rfcalc.layers.settings import EXPRESSION, settings_of
from rfcalc.layers.words import WORDS, class_of
from rfcalc.record import record
from rfcalc.report.tables import Json
from rfcalc.version import SCHEMA_VERSION

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PLAIN = {int: "integer", float: "number", str: "string", bool: "boolean", NoneType: "null"}
COUNTS = (Unit.OPERATIONS, Unit.NUMBERS, Unit.BYTES, Unit.LAYERS)

Schema = dict[str, Json]
LAYER = "LayerData"


@record
class Printed:
    """What a command prints: the module of report/models and the types in it. `many`: it takes several networks."""

    module: str
    models: tuple[str, ...]
    many: bool = False


COMMANDS: dict[str, Printed] = {
    "analyze": Printed("analyze", ("NetworkData",), many=True),
    "compare": Printed("compare", ("ComparisonData",)),
    "report": Printed("page", ("PageData", "ComparePageData", "FrontPageData")),
    "sizes": Printed("sizes", ("SizesData", "TilesData"), many=True),
    "paths": Printed("paths", ("PathsData",), many=True),
    "explain-cost": Printed("costs", ("CostsData",), many=True),
    "check": Printed("findings", ("CheckData",)),
    "diff": Printed("findings", ("DiffData",)),
    "design": Printed("designs", ("DesignsData",)),
    "resize": Printed("designs", ("ChangesData",)),
    "sweep": Printed("sweep", ("SweepData",)),
    "transform": Printed("transform", ("TransformData",)),
    "verify": Printed("verify", ("ProofData",), many=True),
    "time": Printed("timing", ("TimingData",)),
    "profile": Printed("timing", ("ProfileData",)),
    "erf": Printed("erf", ("EffectiveData",)),
    "lesson": Printed("lesson", ("LessonData",)),
    "max-batch": Printed("timing", ("MaxBatchData",)),
}


def output_schema(command: str) -> Schema:
    """The schema of the JSON that a command prints, a key of COMMANDS: of a whole document, and of each line of jsonl."""
    printed = COMMANDS[command]
    made = _Definitions()
    module = import_module(f"rfcalc.report.models.{printed.module}")
    one: list[Json] = [made.headed(getattr(module, name)) for name in printed.models]
    forms = one
    if printed.many:
        problem = made.headed(import_module("rfcalc.report.models.parts").ProblemData)
        forms = [*one, {"type": "array", "items": _any(one), "description": "several networks"}, problem]
    return {
        "$schema": DRAFT,
        "title": f"rfcalc {command} --format json",
        "description": f"Version {SCHEMA_VERSION}. A later rfcalc may add keys; those that are here keep their meaning.",
        **_any(forms),
        "$defs": made.found,
    }


class _Definitions:
    """Schemas of objects by the names of their types."""

    def __init__(self) -> None:
        self.found: Schema = {}

    def headed(self, model: type) -> Schema:
        """A reference to an object that a document, or a line of one, consists of: it begins with the versions."""
        head: Schema = {
            "schema_version": {
                "const": SCHEMA_VERSION,
                "description": "grows where a key goes, or means something else",
            },
            "rfcalc_version": {"type": "string", "description": "the version of rfcalc that printed this"},
        }
        return self._reference(model, head)

    def _reference(self, model: type, head: Schema) -> Schema:
        name = model.__name__
        if name not in self.found:
            self.found[name] = {}  # a type may hold itself
            self.found[name] = self._object(model, head)
        return {"$ref": f"#/$defs/{name}"}

    def _object(self, model: type, head: Schema) -> Schema:
        properties, required = dict(head), list(head)
        for key, hint in get_type_hints(model, include_extras=True).items():
            if get_origin(hint) is NotRequired:
                (hint,) = get_args(hint)
            elif getattr(model, "__total__", True):
                required.append(key)
            properties[key] = self.of(hint)
        figures = FIGURES.get(model.__name__, {})
        return {
            "type": "object",
            "description": model.__doc__ or "",
            "properties": {**properties, **figures, **(_words() if model.__name__ == LAYER else {})},
            "required": [*required, *figures],
            "additionalProperties": False,
            **({"allOf": [_settings(word) for word in WORDS]} if model.__name__ == LAYER else {}),
        }

    def of(self, hint: object) -> Schema:
        """The schema of a type; raises KeyError for one that JSON does not have."""
        origin, parts = get_origin(hint), get_args(hint)
        if origin is Annotated:
            one, text, *words = parts
            enum: Schema = {"enum": list(words[0])} if words else {}
            return {**self.of(one), "description": text, **enum}
        if isinstance(hint, type) and is_typeddict(hint):
            return self._reference(hint, {})
        if origin is UnionType:
            return _any([self.of(part) for part in parts])
        if origin is tuple:
            if len(set(parts)) > 1:
                return {"type": "array", "prefixItems": list(map(self.of, parts)), "items": False, "minItems": len(parts)}
            return {"type": "array", "items": self.of(parts[0]), "minItems": len(parts), "maxItems": len(parts)}
        if origin is Sequence:
            return {"type": "array", "items": self.of(parts[0])}
        if origin is Mapping:
            return {"type": "object", "additionalProperties": True if parts[1] is object else self.of(parts[1])}
        assert isinstance(hint, type)
        return {"type": PLAIN[hint]}


def _any(forms: Sequence[Json]) -> Schema:
    """One of several forms."""
    if len(forms) == 1 and isinstance(forms[0], dict):
        return forms[0]
    return {"anyOf": list(forms)}


def _figure(metric: Metric) -> Schema:
    return {"type": "integer" if metric.unit in COUNTS else "number", "description": metric.text}


def _pair(metric: Metric) -> Schema:
    """A figure before and after; null where there is no such layer."""
    return {"type": "array", "items": _any([_figure(metric), {"type": "null"}]), "minItems": 2, "maxItems": 2}


# The figures that an object has beside the keys of its type.
FIGURES: Mapping[str, Schema] = {
    LAYER: {metric.stored: _figure(metric) for metric in OF_LAYERS},
    "TotalsData": {metric.stored: _figure(metric) for metric in TOTALS},
    "ChangedLayerData": {metric.stored: _pair(metric) for metric in COLUMNS if Shown.DIFF in metric.shown and metric.adds_up},
}


def _words() -> Schema:
    """The keys of a layer whose words stand in tables."""
    kinds: Schema = {"enum": [kind for kind in KINDS if kind != MAC]}
    return {
        "op": {"enum": list(WORDS), "description": "its word in the spec language"},
        "element_operations": {
            "type": "object",
            "propertyNames": kinds,
            "additionalProperties": {"type": "integer"},
            "description": "operations beside multiply-accumulates, by kind; rfcalc explain-cost tells what each is",
        },
    }


def _settings(word: str) -> Schema:
    """That a layer of a word has all settings of it, none of them an expression."""
    known = settings_of(class_of(word))
    settings: Schema = {
        "type": "object",
        "properties": {one.name: {**_worked_out(one.kind.schema()), "description": one.help} for one in known},
        "required": [one.name for one in known],
        "additionalProperties": False,
    }
    return {"if": {"properties": {"op": {"const": word}}}, "then": {"properties": {"settings": settings}}}


def _worked_out(schema: Schema) -> Schema:
    """The schema of a setting without expressions, which are values by now."""
    return {key: _without(value) for key, value in schema.items()}


def _without(value: Json) -> Json:
    if isinstance(value, dict):
        return _worked_out(value)
    if isinstance(value, list):
        return [_without(entry) for entry in value if entry != EXPRESSION]
    return value
