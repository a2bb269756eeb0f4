"""In-place steps of a program: what is written into a part of a tensor is there when the whole is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rfcalc.importers.programs import joining
from rfcalc.importers.programs.layout import reshape
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.importers.programs.views import widened

VIEWS = frozenset(
    """view reshape permute transpose t swapaxes swapdims movedim squeeze unsqueeze flatten unflatten expand expand_as
    view_as reshape_as contiguous clone detach alias to type_as _to_copy lift_fresh_copy lift_fresh select slice split
    split_with_sizes chunk unbind narrow tensor_split size getitem _assert_tensor_metadata unsafe_chunk unsafe_split
    _unsafe_view numpy_T mT ravel""".split()  # noqa: SIM905
)


COPIES = frozenset(("contiguous", "clone", "to", "type_as", "_to_copy", "lift_fresh_copy", "size", "_assert_tensor_metadata"))


def base_name(target: Any) -> str:
    """An operator without its overload and the underscore of an in-place form: aten.add_.Tensor is add."""
    text = str(target)
    if text.startswith("aten."):
        name = text.split(".")[1]
        return name if name.startswith("__") else name.rstrip("_")
    return getattr(target, "__name__", text)


def operator_name(target: Any) -> str:
    """The same for an operator of any library: torchvision.deform_conv2d.default is deform_conv2d."""
    parts = str(target).split(".")
    return base_name(target) if parts[0] == "aten" or len(parts) < 2 else parts[1].rstrip("_")


def is_in_place(target: Any) -> bool:
    """True for an operator of torch's own that changes the numbers of its first operand."""
    text = str(target)
    name = text.split(".")[1] if text.startswith("aten.") else ""
    return name.endswith("_") and not name.startswith("__") and name != "detach_"


class Writes:
    """In-place steps, given the values of the nodes so far."""

    def __init__(self, program: Program, values: dict[Any, Any]) -> None:
        self.program, self.values = program, values

    def write(self, step: Any, target: Any, new: Any) -> None:
        """`step` has changed `target` in place to `new`: the same holds for the tensor that `target` is a view of."""
        self.values[target] = new
        parent = _parent(target)
        if parent is None or not any(_read_later(node, step) for node in _lineage(parent)):
            self._forget(step, target, target)
            return
        base = self.values[parent]
        if isinstance(new, Const) and isinstance(base, Const):
            changed: Any = Const(base.shape, base.stored | new.stored, base.made | new.made)
        else:
            changed = self._inverse(target, base, new)
        self._forget(step, parent, target)
        self.write(step, parent, changed)

    def _inverse(self, view: Any, parent: Any, new: Any) -> Any:
        """The parent of a view, once the view is `new`."""
        name, args = base_name(view.target), view.args
        if name in ("alias", "detach"):
            return new
        if name in ("view", "reshape", "unsqueeze", "squeeze", "flatten", "unflatten", "_unsafe_view"):
            if isinstance(new, Const):
                return Const(parent.shape, new.stored, new.made)
            return Tensor(new.node, reshape(new.layout, parent.shape))
        if name == "slice" and (len(args) < 5 or args[4] == 1):
            dim = (args[1] if len(args) > 1 else 0) % len(parent.shape)
            start = slice(args[2] if len(args) > 2 else None, None).indices(parent.shape[dim])[0]
            return joining.placed(self.program, parent, new, dim, start)
        if name == "select":
            dim = args[1] % len(parent.shape)
            return joining.placed(self.program, parent, widened(new, dim), dim, args[2] % parent.shape[dim])
        raise UnfollowedError(f"changes in place what {name} has made of a tensor")

    def _forget(self, step: Any, base: Any, but: Any) -> None:
        """Other views of a changed tensor hold what it was: they must not be read any more."""
        waiting = [u for u in base.users if _parent(u) is base]
        while waiting:
            node = waiting.pop()
            if node is but or node not in self.values or not isinstance(self.values[node], Tensor):
                continue
            if any(user > step and _parent(user) is not node for user in node.users):
                raise UnfollowedError("changes in place a tensor that is read in another form later")
            waiting += [u for u in node.users if _parent(u) is node]


def _parent(node: Any) -> Any:
    """The node that a view is a view of; None for what is no view."""
    if node.op != "call_function" or not node.args or not hasattr(node.args[0], "op"):
        return None
    return node.args[0] if base_name(node.target) in VIEWS - COPIES else None


def _lineage(node: Any) -> Iterator[Any]:
    """A node, what it is a view of, and so on."""
    while node is not None:
        yield node
        node = _parent(node)


def _read_later(node: Any, step: Any) -> bool:
    """True if a node, or another view of it, is read after a step."""
    return any(user > step or (_parent(user) is node and _read_later(user, step)) for user in node.users)
