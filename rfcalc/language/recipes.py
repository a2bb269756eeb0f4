"""From the settings of one layer to its chain of operations: the layer, its norm, its activation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.expressions import key_of
from rfcalc.language.marked import Marked
from rfcalc.language.problems import Problems
from rfcalc.language.synonyms import IMPLIED, SETTINGS, op_hint
from rfcalc.language.values import BROKEN, parsed
from rfcalc.layers.contract import Op
from rfcalc.layers.settings import Kind, Setting, name_of, settings_of
from rfcalc.layers.traits import LayerKind
from rfcalc.layers.words import WORDS, class_of, make, words_in
from rfcalc.record import MISSING, record

Chain = tuple[tuple[str, Op], ...]  # (suffix of the name, operation)
MOST_KEPT = 1 << 14  # chains of one recipe
FOLLOWED = ("conv", "dwconv", "sepconv", "upconv", "linear", "add", "residual")
NORMS = words_in("norm")
ACTS = words_in("activation")


@record
class Attached(Kind):
    """A norm or activation behind a layer: a word, {word: settings}, or none. Parsed: None or (word, settings)."""

    known: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        """The words that stand for themselves."""
        return (*self.known, "none")

    def parse(self, value: Any) -> tuple[str, Any] | None:
        if value is None or value is False or value == "none":
            return None
        word, settings = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else (value, None)
        if not isinstance(word, str) or word not in self.known:
            hint = op_hint(word, self.known) if isinstance(word, str) else f"name one, such as {self.known[0]}"
            raise RuleError(f"must be one of {', '.join(self.words)}, not {name_of(value)}" + (f"; {hint}" if hint else ""))
        return word, settings

    def schema(self) -> dict[str, Any]:
        one = {"type": "object", "propertyNames": {"enum": list(self.known)}, "minProperties": 1, "maxProperties": 1}
        return {"anyOf": [{"enum": [*self.words, None, False]}, {"type": "string"}, one]}


NORM = Setting("norm", "", Attached(NORMS), None, "the normalization behind the layer")
ACT = Setting("act", "", Attached(ACTS), None, "the activation behind the layer")
MID = (
    Setting("mid_norm", "", Attached(NORMS), None, "the normalization between the depthwise and the 1x1 convolution"),
    Setting("mid_act", "", Attached(ACTS), None, "the activation between the depthwise and the 1x1 convolution"),
)


@cache
def settings_for(word: str) -> tuple[Setting, ...]:
    """The settings of a word of the language, with norm and act where they may follow."""
    if word in ("residual", "branches"):
        return (NORM, ACT) if word == "residual" else ()
    if word == "sepconv":
        (out,) = (setting for setting in _own("conv") if setting.name == "out")
        return (out, *_own("dwconv"), *MID, NORM, ACT)
    own = _own(word)
    return (*own, NORM, ACT) if followed(word) else own


def _own(word: str) -> tuple[Setting, ...]:
    return settings_of(class_of(word))


def followed(word: str) -> bool:
    """Whether a norm and an activation may be settings of a word."""
    return word in FOLLOWED


def kind_of(word: str) -> LayerKind | None:
    """What a word of the language does; None for one that stands for layers of several kinds, and for unknown ones."""
    return class_of(word).kind if word in WORDS else LayerKind.CONVOLUTION if word == "sepconv" else None


@cache
def lookup(word: str) -> dict[str, Setting]:
    """The settings of a word by long name and by alias."""
    settings = {setting.alias: setting for setting in settings_for(word) if setting.alias}
    return settings | {setting.name: setting for setting in settings_for(word)}


@cache
def main_of(word: str) -> str:
    """The setting that a scalar stands for; the empty string if there is none."""
    return "out" if word == "sepconv" else class_of(word).main if word in WORDS else ""


@cache
def required(word: str) -> tuple[Setting, ...]:
    """The settings that have no default."""
    return tuple(setting for setting in settings_for(word) if setting.default is MISSING)


Defaults = Mapping[str, Mapping[str, Any]]  # word -> setting -> parsed value


@record
class GivenSetting:
    """One setting as the spec gives it."""

    setting: Setting
    raw: Any
    mark: Marked


class LayerRecipe:
    """The settings of one layer; `chain` makes its operations and keeps them for equal params.

    `word` is the operation, `kind` the word whose settings and defaults it takes (a residual's merge: "residual").
    """

    __slots__ = ("defaults", "entries", "kept", "kind", "least", "most", "names", "word")

    def __init__(
        self, word: str, kind: str, entries: Mapping[str, GivenSetting], names: tuple[str, ...], defaults: Defaults
    ) -> None:
        self.word, self.kind, self.entries, self.names = word, kind, entries, tuple(dict.fromkeys(names))
        self.defaults = defaults
        self.least, self.most = (1, 1) if word == "sepconv" else class_of(word).arity
        self.kept: dict[Any, Chain | None] = {}

    def chain(self, params: Mapping[str, Any], problems: Problems, changed: tuple[GivenSetting, ...] = ()) -> Chain | None:
        """The operations, or None if a setting is wrong (the problem is kept). `changed` settings win."""
        try:
            key = (changed, key_of(self.names, params)) if self.names or changed else None
            if key in self.kept:
                return self.kept[key]
        except TypeError:  # not kept
            return self._made(params, problems, changed)
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[key] = self._made(params, problems, changed)
        return self.kept[key]

    def _made(self, params: Mapping[str, Any], problems: Problems, changed: tuple[GivenSetting, ...]) -> Chain | None:
        values, whole = dict(self.defaults.get(self.kind, {})), True
        entries = {**self.entries, **{entry.setting.name: entry for entry in changed}}
        for name, entry in entries.items():
            try:
                values[name] = parsed(name, entry.setting.kind, entry.raw, params)
            except RuleError as error:
                problems.rule("E104", f"{self.word}: ", error, entry.mark)
                whole = False
        if not whole or any(value is BROKEN for value in values.values()):
            return None
        try:
            return assemble(self.word, values, self.defaults)
        except RuleError as error:
            mark = next((e.mark for e in entries.values() if isinstance(e.setting.kind, Attached)), None)
            problems.rule("E104", f"{self.word}: ", error, mark)
            return None


def assemble(word: str, values: dict[str, Any], defaults: Defaults) -> Chain:
    """The chain of a word from its parsed settings; raises RuleError for a wrong norm or activation."""
    own = {setting.name for setting in _own(word)} if word in WORDS else set()  # se has an act of its own, within it
    attached = {name: None if name in own else values.pop(name, None) for name in ("norm", "act", "mid_norm", "mid_act")}
    after = _followers("", attached["norm"], attached["act"], defaults)
    if word != "sepconv":
        return (("", make(word, **values)), *after)
    out = values.pop("out")
    depthwise = make("dwconv", **values)
    pointwise = make("conv", out=out, kernel=1, bias=depthwise.biased)
    middle = _followers("_dw", attached["mid_norm"], attached["mid_act"], defaults)
    return (("_dw", depthwise), *middle, ("", pointwise), *after)


def _followers(stem: str, norm: Any, act: Any, defaults: Defaults) -> Chain:
    return tuple((f"{stem}_{what[0]}", attached(what[0], what[1], defaults)) for what in (norm, act) if what is not None)


def attached(word: str, settings: Any, defaults: Defaults) -> Op:
    """The operation of a norm or activation from evaluated settings; raises RuleError."""
    values = dict(defaults.get(word, {}))
    if not isinstance(settings, dict):
        settings = {} if settings is None else {main_of(word) or word: settings}
    for key, value in settings.items():
        setting = lookup(word).get(key)
        if setting is None:
            raise RuleError(unknown_setting(word, key))
        try:
            values[setting.name] = setting.kind.parse(value)
        except RuleError as error:
            raise RuleError(f"{word}: {setting.name} {error}") from None
    missing = [setting.name for setting in required(word) if setting.name not in values]
    if missing:
        raise RuleError(f"{word} needs {', '.join(missing)}")
    return make(word, **values)


def unknown_setting(word: str, key: Any) -> str:
    """What is wrong with a setting that a word does not have."""
    known = lookup(word)
    if key in ("name", "from", "when", "repeat"):
        return f"{key} stands beside {word}, not inside it: {{{key}: ..., {word}: {{...}}}}"
    if key in IMPLIED and key not in known:
        return f'{word} has no setting "{key}": it follows from what the layer reads; leave it out'
    meant = SETTINGS.get(key, "") if isinstance(key, str) else ""
    hint = f'did you mean "{meant}"?' if meant in known else did_you_mean(str(key), known)
    names = ", ".join(f"{s.name} ({s.alias})" if s.alias else s.name for s in settings_for(word))
    return f'{word} has no setting "{str(key)[:40]}"; {hint or (f"it has {names}" if names else "it has none")}'
