"""Layers that use the weights of others: `weights: NAME` beside a layer, or beside a block for all of its layers."""

from __future__ import annotations

from rfcalc.errors import RuleError
from rfcalc.graph import Builder
from rfcalc.language.marked import Marked
from rfcalc.language.problems import KnownError
from rfcalc.language.scopes import Frame, Names, Sources
from rfcalc.language.steps import BlockCall, Step
from rfcalc.layers.contract import Op
from rfcalc.record import record


@record(eq=False)
class Owner:
    """The layer whose weights another one uses, with the norm and the activation on its line; `alone`: it was named itself, not
    a block around it; `mark`: where it was named."""

    name: str
    alone: bool
    mark: Marked


class Owners:
    """Finds the owners of weights; `users` knows which names share those of which others."""

    def __init__(self, names: Names) -> None:
        self.names, self.builder = names, names.builder
        self.users: dict[str, str] = {}

    def layer(self, step: Step, frame: Frame, name: str) -> Owner | None:
        """The owner of a layer's weights; None for itself. Raises RuleError; KnownError for one whose problem is kept."""
        if step.weights is None:
            return Owner(_moved(name, frame), False, frame.weights[2]) if frame.weights else None
        return Owner(_moved(self._named(step.weights, frame, name), frame), True, step.weights[1])

    def block(self, step: Step, call: BlockCall, frame: Frame, name: str) -> tuple[str, str, Marked] | None:
        """The same of a block, for its frame."""
        if step.weights is None:
            return (name, _moved(name, frame), frame.weights[2]) if frame.weights else None
        owner = _moved(self._named(step.weights, frame, name), frame)
        kind = self.builder.kinds.get(owner)
        if kind != call.block:
            what = f"a block {kind}" if kind else "no block"
            raise RuleError(f'"{owner}" is {what}, and this is a block {call.block}')
        return name, owner, step.weights[1]

    def index(self, owner: Owner, suffix: str, op: Op, current: Sources) -> int | None:
        """The layer that owns the weights of one layer of a line; None for one that has none. Raises RuleError."""
        weighs = _weighs(op, current, self.builder)
        if not weighs and (suffix or not owner.alone):
            return None
        found = self.builder.names.get(owner.name + suffix)
        if found is not None:
            return found
        sources, _ = self.names.named.get(owner.name, (None, 0))
        if sources and None in sources:
            raise KnownError
        if owner.name in self.builder.kinds:
            raise RuleError(f'"{owner.name}" is a block, and this is {op.word}')
        if f"{owner.name}.0" in self.names.named:
            raise RuleError(f'"{owner.name}" is repeated: name one of its turns, such as {owner.name}.0')
        raise RuleError(f'"{owner.name}" has no {op.word} of its own' if suffix else f'there is no layer "{owner.name}"')

    def _named(self, given: tuple[str, Marked], frame: Frame, name: str) -> str:
        full = given[0] and self.names.full(*given, frame)
        if not full:
            raise KnownError
        first = self.users.get(full)
        if first is not None and frame.weights is None:
            raise RuleError(f'"{full}" uses the weights of "{first}" itself: name that one')
        self.users[name] = full
        return full


def _moved(name: str, frame: Frame) -> str:
    """The name of the layer that stands in the owner's block where this one stands in its own."""
    if frame.weights and name.startswith(f"{frame.weights[0]}."):
        return frame.weights[1] + name[len(frame.weights[0]) :]
    return name


def _weighs(op: Op, current: Sources, builder: Builder) -> bool:
    """Whether a layer has weights; no for one whose inputs do not fit, which is a problem of its own."""
    shapes = tuple(builder.nodes[i].shape for i in current if i is not None)
    try:
        op.shape(shapes)
    except RuleError:
        return False
    cost = op.cost(shapes)
    return bool(cost.params or cost.buffers)
