"""Models whose control flow depends on the values of tensors (boxes that are kept or not): the part before is followed.

The program ends where the first such decision is made. Its outputs are what the modules that had returned by then gave, but for
what only leads to others of them; the rest is named.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rfcalc.importers.torch.in_place import VIEWS, base_name, is_in_place
from rfcalc.importers.torch.places import place_of
from rfcalc.record import record

MOST_NAMED = 6


def dependent(error: BaseException) -> bool:
    """Whether an export failed because what the program does depends on values."""
    name = type(error).__name__
    return "GuardOnDataDependent" in name or "DataDependent" in name or "data-dependent" in str(error).lower()


@record(eq=False)
class Call:
    """A call of a module that runs: its path, and the calls within it that have returned, with their results."""

    path: str
    done: list[tuple[str, Any]]


class Cut:
    """What a module's run shows until it breaks off."""

    def __init__(self, module: Any) -> None:
        self.module, self.names = module, {part: name for name, part in module.named_modules()}
        self.open: list[Call] = []
        self.entered: set[str] = set()
        self.error: BaseException | None = None

    def enter(self, part: Any, _: object) -> None:
        """A module is called."""
        path = self.names.get(part, self.open[-1].path if self.open else "")
        self.entered.add(path)
        self.open.append(Call(path, []))

    def leave(self, part: Any, _: object, result: Any) -> None:
        """It has returned."""
        while len(self.open) > 1 and self.open[-1].path != self.names.get(part, self.open[-1].path):
            self.open.pop()  # an error that somebody caught
        path = self.open.pop().path
        if self.open:
            self.open[-1].done.append((path, result))

    @property
    def done(self) -> list[tuple[str, Any]]:
        """The largest calls that have returned."""
        return [call for each in self.open for call in each.done]

    def results(self) -> tuple[Any, ...]:
        """The tensors that they gave, each once."""
        import torch
        from torch.utils._pytree import tree_leaves

        leaves = [leaf for _, result in self.done for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        return tuple({id(leaf): leaf for leaf in leaves}.values())

    @property
    def rest(self) -> str:
        """Up to where the program was followed, and what was not."""
        span = place_of(self.error) if self.error else None
        where = f" ({span.source.rsplit('/', 1)[-1]}:{span.line})" if span else ""
        upto = list(dict.fromkeys(path for path, _ in self.done if self._holds(path)))
        within = [each.path for each in self.open if each.path]
        broken = f"the rest of {within[-1]}" if within else "the rest of the model"
        never = [path for path in self.names.values() if path and self._holds(path) and path not in self.entered]
        never = [path for path in never if not any(path.startswith(f"{other}.") for other in (*never, *self.entered) if other)]
        more = f", nor is {_listed(never)}" if never else ""
        return f"followed up to {_listed(upto)}; {broken} depends on the values of tensors{where} and is not analysed{more}"

    def _holds(self, path: str) -> bool:
        return next(self.module.get_submodule(path).parameters(), None) is not None


@contextmanager
def cut(module: Any) -> Iterator[Cut]:
    """For a while, a module that breaks off because of values gives the results of those in it that have returned."""
    from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

    found, original, own = Cut(module), module.forward, "forward" in vars(module)

    @functools.wraps(original)
    def forward(*args: Any, **kwargs: Any) -> Any:
        found.open, found.entered = [Call("", [])], {""}
        hooks = register_module_forward_pre_hook(found.enter), register_module_forward_hook(found.leave)
        try:
            return original(*args, **kwargs)
        except Exception as error:
            if not dependent(error) or not found.results():
                raise
            found.error = error
            return found.results()
        finally:
            for hook in hooks:
                hook.remove()

    module.forward = forward
    try:
        with _unwinding():
            yield found
    finally:
        del module.forward
        if own:
            module.forward = original


@contextmanager
def _unwinding() -> Iterator[None]:
    """A trace leaves the modules that an error passes, as it leaves those that return."""
    from torch.fx import Tracer

    original = Tracer.call_module

    def call_module(self: Any, *args: Any) -> Any:
        stack = dict(self.module_stack)
        try:
            return original(self, *args)
        except Exception:
            self.module_stack.clear()
            self.module_stack.update(stack)
            raise

    Tracer.call_module = call_module
    try:
        yield
    finally:
        Tracer.call_module = original


def shortened(graph: Any) -> None:
    """Takes from a program the outputs that others depend on, and the steps that no output needs."""
    nodes = list(graph.nodes)
    last = nodes[-1]
    given = [node for node in _flat(last.args[0]) if hasattr(node, "op")]
    needed = {node: _before([node]) for node in given}
    kept = [node for node in given if not any(node in needed[other] for other in given if other is not node)]
    last.args = (tuple(kept),)
    wanted = _before(kept)
    writes = [node for node in nodes[: max(map(nodes.index, kept), default=0)] if is_in_place(node.target)]
    while fresh := [node for node in writes if node not in wanted and wanted & _lineage(node.args[0])]:
        wanted |= _before(fresh) | {*fresh}
    for node in reversed(nodes[:-1]):
        if node not in wanted and node not in kept and node.op != "placeholder":
            graph.erase_node(node)


def _lineage(node: Any) -> set[Any]:
    """A tensor and those that it is a view of."""
    found = {node}
    while base_name(node.target) in VIEWS and node.all_input_nodes:
        node = node.all_input_nodes[0]
        found.add(node)
    return found


def _flat(value: Any) -> list[Any]:
    return [leaf for entry in value for leaf in _flat(entry)] if isinstance(value, list | tuple) else [value]


def _before(nodes: Sequence[Any]) -> set[Any]:
    """All nodes that some need, without themselves."""
    found: set[Any] = set()
    waiting = [source for node in nodes for source in node.all_input_nodes]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += node.all_input_nodes
    return found


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:MOST_NAMED]) + ([f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else [])
    return ", ".join(shown) if shown else "its beginning"
