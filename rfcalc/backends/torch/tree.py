"""The submodules of a network by name, nested at the dots, and how each is reached."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from keyword import iskeyword
from typing import Any

from rfcalc.graph import Graph
from rfcalc.layers.contract import Torch
from rfcalc.record import record

Tree = dict[str, Any]  # a module's constructor, or the Tree of a container
Path = tuple[str, ...]

# What nn.Module, ModuleDict and ModuleList have already, so that no submodule may be called so.
TAKEN = (
    "T_destination add_module append apply bfloat16 buffers call_super_init children clear compile cpu cuda double "
    "dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half insert "
    "ipu items keys load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters pop "
    "register_backward_hook register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook "
    "register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module "
    "register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ seen set_extra_state "
    "set_submodule share_memory state_dict to to_empty train training type update values xpu zero_grad"
)
_TAKEN = frozenset(TAKEN.split())


@record
class Layout:
    """The submodules as a tree; for each node that has one, its path in it, and for every node that of its scope."""

    tree: Tree
    paths: Mapping[int, Path]
    scopes: Mapping[int, Path]


def layout(graph: Graph, facts: Mapping[int, Torch]) -> Layout:
    """Where each layer stands: one that uses another's weights, in that one's place; one without a submodule, in the innermost
    scope that has one."""
    tree: Tree = {}
    paths: dict[int, Path] = {}
    known: dict[Path, Path] = {(): ()}
    again = _again(graph, facts)
    for i, fact in facts.items():
        if not fact.module:
            continue
        if i in again:
            paths[i] = paths[again[i]]
            continue
        *scopes, last = graph.nodes[i].name.split(".")
        at: Tree = tree
        path: Path = ()
        for depth, name in enumerate(scopes, 1):
            part = _allowed(name)
            while isinstance(at.setdefault(part, {}), str):
                part += "_"
            at, path = at[part], (*path, part)
            known[tuple(scopes[:depth])] = path
        last = _allowed(last)
        while last in at:
            last += "_"
        at[last] = fact.module
        paths[i] = (*path, last)
    return Layout(tree, paths, {i: _innermost(graph.nodes[i].name.split(".")[:-1], known) for i in facts})


def _again(graph: Graph, facts: Mapping[int, Torch]) -> dict[int, int]:
    """The layers that run the submodule of an earlier one: those that use its weights, and what follows them without weights
    as it followed there."""
    again: dict[int, int] = {}
    for i in facts:
        node = graph.nodes[i]
        if node.weights is not None:
            again[i] = node.weights
        elif len(node.inputs) == 1 and node.inputs[0] in again and not (node.unshared.params or node.unshared.buffers):
            before = again[node.inputs[0]]
            k = before + i - node.inputs[0]
            if k < i and graph.nodes[k].inputs == (before,) and facts.get(k) == facts[i] and k not in again:
                again[i] = k
    return again


def _innermost(scopes: list[str], known: Mapping[Path, Path]) -> Path:
    while tuple(scopes) not in known:
        scopes = scopes[:-1]
    return known[tuple(scopes)]


def _allowed(part: str) -> str:
    return f"{part}_" if part in _TAKEN or part.startswith("_") or not part else part


def plain(name: str) -> bool:
    """Whether a name can be written behind a dot."""
    return name.isidentifier() and not iskeyword(name)


def quoted(name: str) -> str:
    """A name as a string of Python."""
    return repr(name) if re.search(r"[^ !#-[\]-~]", name) else f'"{name}"'


def ordered(names: Collection[str]) -> bool:
    """Whether the submodules are numbered: 0, 1, 2, ..."""
    return list(names) == [str(i) for i in range(len(names))]


def access(tree: Tree, path: Path) -> str:
    """The expression that reaches a submodule: self.layer1[0].conv1."""
    first, *rest = path
    text = f"self.{first}" if plain(first) else f"getattr(self, {quoted(first)})"
    at = tree[first]
    for part in rest:
        text += f"[{part}]" if ordered(at) else f".{part}" if plain(part) else f"[{quoted(part)}]"
        at = at[part]
    return text


def assigned(name: str) -> tuple[str, str]:
    """What stands before and behind the constructor of a submodule."""
    return (f"self.{name} = ", "") if plain(name) else (f"self.add_module({quoted(name)}, ", ")")
