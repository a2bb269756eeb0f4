"""The graph as readable Python: the source of an nn.Module that runs without rfcalc. Imports no torch itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rfcalc.backends.torch.tree import Tree, access, assigned, layout, ordered, quoted
from rfcalc.backends.torch.variables import Step, body_of, identifier, statements
from rfcalc.errors import Problem, RuleError, SpecError
from rfcalc.graph import Graph
from rfcalc.layers.contract import Torch
from rfcalc.version import __version__

# What the text of a module defines or imports beside its own class.
TAKEN_CLASSES = ("F", "Tensor", "Attention", "WindowAttention")


def source(graph: Graph, class_name: str = "", record: bool = False) -> str:
    """Python source of a module with the graph's layers as submodules of the same names.

    A name that torch has taken gets a trailing underscore; one that is no Python identifier keeps its state_dict key.
    With `record`, the forward pass also calls `self.seen(index, tensor)` after each layer of the graph.
    Raises SpecError for a layer that cannot be built.
    """
    facts = facts_of(graph)
    place = layout(graph, facts)
    calls = {i: access(place.tree, path) for i, path in place.paths.items()}
    steps = [
        Step((i,), graph.nodes[i].inputs, reached(fact.forward, calls.get(i, "self")), str(graph.nodes[i].shape))
        for i, fact in facts.items()
    ]
    lines = [*_init(place.tree), "", *statements(body_of(graph, steps), record)]
    return written(graph, class_name or class_for(graph.name), helpers_of(facts), lines)


def written(graph: Graph, class_name: str, definitions: Sequence[str], lines: Sequence[str]) -> str:
    """The text of the file: what it imports, the classes that it needs, and the network's, whose methods are `lines`."""
    head = _head(graph, "\n".join([*definitions, *lines]), class_name, definitions)
    return "\n".join([*head, *lines, ""])


def helpers_of(facts: Mapping[int, Torch]) -> list[str]:
    """The classes that layers need and torch does not have, each once."""
    return list(dict.fromkeys(fact.helper.strip() for fact in facts.values() if fact.helper))


def reached(text: str, access: str) -> str:
    """The expression with its submodule filled in."""
    return text.replace("{self}", access.replace("{", "{{").replace("}", "}}"))


def module_paths(graph: Graph) -> dict[int, str]:
    """For each node that has one, the path of its submodule, as in the keys of a state_dict."""
    return {i: ".".join(path) for i, path in layout(graph, facts_of(graph)).paths.items()}


def facts_of(graph: Graph) -> dict[int, Torch]:
    """Each layer as torch source; raises SpecError with every layer that has no form in torch."""
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


def _init(tree: Tree) -> Iterator[str]:
    yield "    def __init__(self) -> None:"
    yield "        super().__init__()"
    for name, value in tree.items():
        yield from _construct(value, 8, *assigned(name))


def _construct(value: str | Tree, indent: int, before: str, after: str) -> Iterator[str]:
    """The lines that construct a submodule or a container."""
    pad = " " * indent
    if isinstance(value, str):
        yield f"{pad}{before}{value}{after}"
        return
    numbered = ordered(value)
    yield f"{pad}{before}{'nn.ModuleList([' if numbered else 'nn.ModuleDict({'}"
    for name, inner in value.items():
        yield from _construct(inner, indent + 4, "" if numbered else f"{quoted(name)}: ", ",")
    yield f"{pad}{'])' if numbered else '})'}{after}"
