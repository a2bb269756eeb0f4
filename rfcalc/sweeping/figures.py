"""The figures that a sweep keeps of a design, by the words that people write for them."""

from __future__ import annotations

from collections.abc import Iterable

from rfcalc.analyses.metrics import METRICS, Better, Metric, Shown
from rfcalc.errors import RuleError, did_you_mean

FINDINGS = "findings"  # how many things `rfcalc check` finds, which is no figure of the table
WAYS = {"less": Better.LESS, "more": Better.MORE}


def foldable(metric: Metric) -> bool:
    """Whether a figure is the sum over layers, or that of the last map."""
    return metric.adds_up if metric.axes is None else metric.whole is None


# Without --columns and --front: those that diff shows and that need no design's graph. Without --front: costs, and what has no
# better direction by itself.
USUAL = tuple(metric for metric in METRICS if Shown.DIFF in metric.shown and foldable(metric))
USUAL_FRONT = tuple(metric for metric in USUAL if metric.unit.is_cost or metric.better is Better.NEITHER)


def figure(word: str) -> Metric | None:
    """The figure of a word: its name, its key, that of its option, or the beginning of its key; None for no figure."""
    for metric in METRICS:
        if word in (metric.name, metric.key, metric.option) and word:
            return metric
    begun = [metric for metric in METRICS if word and metric.stored.startswith(f"{word}_")]
    return begun[0] if len(begun) == 1 else None


def words() -> list[str]:
    """The words that figures are best called by."""
    return [metric.name for metric in METRICS]


def figures(text: str, option: str, others: Iterable[str] = ()) -> list[str]:
    """The keys of figures in a list with commas; `others` are known too. Raises RuleError with the nearest word."""
    return [key_of(word.strip(), option, others) for word in text.split(",") if word.strip()]


def key_of(word: str, option: str, others: Iterable[str] = ()) -> str:
    """The key of a figure; raises RuleError."""
    known = [*others, FINDINGS]
    if word in known:
        return word
    metric = figure(word)
    if metric is None:
        hint = did_you_mean(word, [*words(), *known]) or f"there are {', '.join([*words(), *known])}"
        raise RuleError(f'{option}: there is no figure "{word[:60]}"; {hint}')
    return metric.stored


def direction(text: str, option: str, others: Iterable[str] = ()) -> list[tuple[str, bool]]:
    """The figures of a front, each with whether more of it is better: as its word says after a colon, else as the table says
    it. Raises RuleError."""
    found = {}
    for part in text.split(","):
        word, colon, way = part.strip().partition(":")
        if not word:
            continue
        if colon and way not in WAYS:
            raise RuleError(f'{option}: "{part.strip()[:60]}": after the colon is less or more')
        key = key_of(word, option, others)
        found[key] = WAYS[way] is Better.MORE if colon else usually_more(key)
    return list(found.items())


def usually_more(key: str) -> bool:
    """Whether more of a figure is better, where nobody says: of the receptive field, and of figures that people bring."""
    metric = BY_KEY.get(key)
    return key != FINDINGS if metric is None else metric.better is not Better.LESS


BY_KEY = {metric.stored: metric for metric in METRICS}
