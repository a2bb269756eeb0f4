"""Settings that nearly all layers of a word share, to be said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rfcalc.converting.model import COUNTS, Expr, First, StepDraft, walk
from rfcalc.language.recipes import FOLLOWED, lookup
from rfcalc.layers.words import WORDS

SHARE, FEWEST = 0.6, 2
CLEAR = 0.85  # of kernels, which one wants to see
OWN = frozenset(("out", "size", "params", "buffers", "name", "function", "index", "start", "count", "pattern", "value"))


def defaults_of(bodies: Iterable[list[StepDraft]], blocks: Iterable[str]) -> dict[str, dict[str, object]]:
    """The defaults of each word: the values that most of its lines have, where they are not those of the language."""
    known = frozenset(blocks)
    lines: dict[str, list[Mapping[str, object]]] = {}
    for body in bodies:
        for step in walk(body):
            if step.word in WORDS and step.word not in known and not step.paths:
                lines.setdefault(step.word, []).append(step.settings)
                for slot in ("norm", "act"):
                    value = step.settings.get(slot)
                    if isinstance(value, tuple):
                        lines.setdefault(value[0], []).append(dict(value[1]))
    by_word = {word: _shared(word, settings) for word, settings in lines.items() if len(settings) >= FEWEST}
    return {word: shared for word, shared in by_word.items() if shared}


def _shared(word: str, lines: list[Mapping[str, object]]) -> dict[str, object]:
    common = {}
    for name in dict.fromkeys(name for line in lines for name in line):
        if name in OWN or name.startswith(COUNTS):
            continue
        values = [line.get(name) for line in lines]
        plain = [value for value in values if not isinstance(value, Expr | First)]
        if not plain:
            continue
        text, count = Counter(map(repr, plain)).most_common(1)[0]
        value = next(value for value in plain if repr(value) == text)
        share = CLEAR if name == "kernel" else SHARE
        if count >= max(FEWEST, share * len(plain)) and value is not None and value != lookup(word)[name].default:
            common[name] = value
    if word in FOLLOWED:
        common = {name: value for name, value in common.items() if name in ("kernel", "norm", "act", "bias")}
    order = [name for name in ("kernel", "norm", "act", "bias") if name in common]
    return {name: common[name] for name in (*order, *(name for name in common if name not in order))}
