"""How a network is trained, as far as a design depends on it: `train:` of a spec."""

from __future__ import annotations

from collections.abc import Mapping

from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.marked import Marked, MarkedMapping
from rfcalc.language.problems import Problems
from rfcalc.language.values import parsed
from rfcalc.layers.settings import Int, name_of

BATCH = Int(1, 10**9)


def batch(node: Marked, params: Mapping[str, object], problems: Problems) -> int | None:
    """How many images a device sees at a time, a number or an expression over params; None where that is wrong."""
    if not isinstance(node, MarkedMapping):
        problems.add("E101", f"train is a mapping such as {{batch: 2}}, not {name_of(node.plain())}", node)
        return None
    for key, (mark, _) in node.entries.items():
        if key != "batch":
            problems.add("E101", f'train has batch, not "{mark.text[:40]}"', mark, did_you_mean(mark.text, ["batch"]))
    given = node.get("batch")
    if given is None:
        if not any(key != "batch" for key in node.entries):
            problems.add("E105", "train needs batch", node, "train: {batch: 2}")
        return None
    try:
        found: int = parsed("batch", BATCH, given.plain(), params)
    except RuleError as error:
        problems.rule("E101", "train: ", error, given)
        return None
    return found
