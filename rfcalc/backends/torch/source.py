"""The graph as readable Python: the source of an nn.Module that runs without rfcalc. Imports no torch itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from keyword import iskeyword
from typing import Any

from rfcalc.backends.torch.variables import identifier, statements
from rfcalc.errors import Problem, RuleError, SpecError
from rfcalc.graph import Graph
from rfcalc.layers.contract import Torch
from rfcalc.version import __version__

Tree = dict[str, Any]  # a module's constructor, or the Tree of a container

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
# What the text of a module defines or imports beside its own class.
TAKEN_CLASSES = ("F", "Tensor", "Attention", "WindowAttention")


def source(graph: Graph, class_name: str = "", record: bool = False) -> str:
    """Python source of a module with the graph's layers as submodules of the same names.

    A name that torch has taken gets a trailing underscore; one that is no Python identifier keeps its state_dict key.
    With `record`, the forward pass also calls `self.seen(index, tensor)` after each layer of the graph.
    Raises SpecError for a layer that cannot be built.
    """
    facts = _facts(graph)
    tree, paths = _tree(graph, facts)
    calls = {i: _access(tree, path) for i, path in paths.items()}
    lines = [*_init(tree), "", *statements(graph, {i: fact.forward for i, fact in facts.items()}, calls, record)]
    helpers = list(dict.fromkeys(fact.helper.strip() for fact in facts.values() if fact.helper))
    head = _head(graph, "\n".join([*helpers, *lines]), class_name or class_for(graph.name), helpers)
    return "\n".join([*head, *lines, ""])


def module_paths(graph: Graph) -> dict[int, str]:
    """For each node that has one, the path of its submodule, as in the keys of a state_dict."""
    return {i: ".".join(path) for i, path in _tree(graph, _facts(graph))[1].items()}


def _facts(graph: Graph) -> dict[int, Torch]:
    facts, problems = {}, []
    for i, node in enumerate(graph.nodes):
        try:
            facts[i] = node.op.torch(node.shapes)
        except RuleError as error:
            problems.append(Problem("E702", f'{node.op.word} "{node.name}" has no form in torch: {error}', node.span))
    if problems:
        raise SpecError(problems)
    return {i: fact for i, fact in facts.items() if not graph.nodes[i].is_input}


def class_for(name: str) -> str:
    """A class name: "mobilenet_v2" becomes "MobilenetV2"."""
    words = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", name, flags=re.ASCII) if part)
    words = identifier(words, "Net")
    return words + "Net" if words in TAKEN_CLASSES else words


def _head(graph: Graph, text: str, class_name: str, helpers: Sequence[str]) -> Iterator[str]:
    params = sum(node.cost.params for node in graph.layers)
    macs = sum(node.cost.macs for node in graph.layers)
    shapes = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
    title = re.sub(r"[^\w .,()+-]", "_", graph.name, flags=re.ASCII) or "A network"
    yield from [f'"""{title}, written by rfcalc {__version__}; needs only torch."""', ""]
    yield from ["import math", ""] if re.search(r"\bmath\.", text) else []
    yield from ["import torch"] if re.search(r"\btorch\.", text) else []
    yield from ["import torch.nn.functional as F"] if re.search(r"\bF\.", text) else []
    yield from ["from torch import Tensor, nn", "", ""]
    for helper in helpers:
        yield from [helper, "", ""]
    yield f"class {class_name}(nn.Module):"
    yield f'    """{params:,} parameters; {macs:,} MACs for one input of {shapes}."""'
    yield ""


def _tree(graph: Graph, facts: dict[int, Torch]) -> tuple[Tree, dict[int, tuple[str, ...]]]:
    """The submodules by name, nested at the dots, and the path of each node that has one."""
    tree: Tree = {}
    paths: dict[int, tuple[str, ...]] = {}
    for i, fact in facts.items():
        if not fact.module:
            continue
        *scopes, last = (_allowed(part) for part in graph.nodes[i].name.split("."))
        at, path = tree, []
        for part in scopes:
            while isinstance(at.setdefault(part, {}), str):
                part += "_"
            at = at[part]
            path.append(part)
        while last in at:
            last += "_"
        at[last] = fact.module
        paths[i] = (*path, last)
    return tree, paths


def _allowed(part: str) -> str:
    return f"{part}_" if part in _TAKEN or part.startswith("_") or not part else part


def _plain(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _quoted(name: str) -> str:
    return repr(name) if re.search(r"[^ !#-[\]-~]", name) else f'"{name}"'


def _ordered(tree: Tree) -> bool:
    return list(tree) == [str(i) for i in range(len(tree))]


def _access(tree: Tree, path: tuple[str, ...]) -> str:
    """The expression that reaches a submodule: self.layer1[0].conv1."""
    first, *rest = path
    text = f"self.{first}" if _plain(first) else f"getattr(self, {_quoted(first)})"
    at = tree[first]
    for part in rest:
        text += f"[{part}]" if _ordered(at) else f".{part}" if _plain(part) else f"[{_quoted(part)}]"
        at = at[part]
    return text


def _init(tree: Tree) -> Iterator[str]:
    yield "    def __init__(self) -> None:"
    yield "        super().__init__()"
    for name, value in tree.items():
        before, after = (f"self.{name} = ", "") if _plain(name) else (f"self.add_module({_quoted(name)}, ", ")")
        yield from _construct(value, 8, before, after)


def _construct(value: str | Tree, indent: int, before: str, after: str) -> Iterator[str]:
    """The lines that construct a submodule or a container."""
    pad = " " * indent
    if isinstance(value, str):
        yield f"{pad}{before}{value}{after}"
        return
    ordered = _ordered(value)
    yield f"{pad}{before}{'nn.ModuleList([' if ordered else 'nn.ModuleDict({'}"
    for name, inner in value.items():
        yield from _construct(inner, indent + 4, "" if ordered else f"{_quoted(name)}: ", ",")
    yield f"{pad}{'])' if ordered else '})'}{after}"
