"""How a network is trained, as far as a design depends on it: `train:` of a spec."""

from __future__ import annotations

from collections.abc import Mapping

from rfcalc.analyses.training import OPTIMIZERS, Training
from rfcalc.errors import RuleError, did_you_mean
from rfcalc.language.marked import Marked, MarkedMapping
from rfcalc.language.problems import Problems
from rfcalc.language.values import parsed
from rfcalc.layers.settings import Int, Word, name_of

# Images on a device at a time, a number or an expression over params; what torch.optim calls the optimizer.
KINDS = {"batch": Int(1, 10**9), "optimizer": Word(tuple(OPTIMIZERS))}


def trained(node: Marked, params: Mapping[str, object], problems: Problems) -> Training | None:
    """What `train:` says; None where that is wrong, or nothing."""
    if not isinstance(node, MarkedMapping):
        problems.add("E101", f"train is a mapping such as {{batch: 2}}, not {name_of(node.plain())}", node)
        return None
    found: dict[str, object] = {}
    for key, (mark, given) in node.entries.items():
        if key not in KINDS:
            problems.add(
                "E101", f'train has {" and ".join(KINDS)}, not "{mark.text[:40]}"', mark, did_you_mean(mark.text, KINDS)
            )
            continue
        try:
            found[str(key)] = parsed(str(key), KINDS[str(key)], given.plain(), params)
        except RuleError as error:
            problems.rule("E101", "train: ", error, given)
    if not node.entries:
        problems.add("E105", "train needs batch or optimizer", node, "train: {batch: 2}")
    return Training(**found) if found else None  # type: ignore[arg-type]
