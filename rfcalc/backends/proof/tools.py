"""Tools that count FLOPs, run on a network: what each of them measures against what its convention states, and why they differ.

torch's FlopCounterMode and fvcore tell what each module has; thop and ptflops a total.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from itertools import combinations

import torch

from rfcalc.analyses.cost import amount, terms
from rfcalc.backends.proof.own import flops_by_module
from rfcalc.backends.proof.rebuild import ancestors
from rfcalc.backends.torch.source import module_paths
from rfcalc.backends.torch.subject import Subject
from rfcalc.progress import each
from rfcalc.record import record
from rfcalc.version import to_install

MOST_MODULES = 20  # that differ, of one tool
HOOKED = ("thop", "ptflops")  # which see modules, and of what is done in a forward nothing or little


@record
class ModuleCount:
    """A module whose own part differs: its path, what is stated and what was measured of it, without the
    modules inside."""

    path: str
    stated: int
    measured: int


@record
class ToolCount:
    """What a tool measures of a network. `measured`: None where it did not run, and `cause` says why; else `cause` is why it
    differs, empty where that is not known. `modules`: those that differ, where the tool tells them."""

    tool: str
    stated: int
    measured: int | None
    cause: str = ""
    modules: tuple[ModuleCount, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether it measures what is stated."""
        return self.measured == self.stated


@record
class _Run:
    """A tool's total, that of each module by its path, and what it says it does not count."""

    total: int
    modules: Mapping[str, int]
    unsupported: Mapping[str, int]


def run_tools(network: Subject, tools: Sequence[str]) -> list[ToolCount]:
    """What each of the tools, keys of TOOLS, measures of the network as it runs; one that is not installed is said."""
    return [_counted(network, tool) for tool in each("running tools that count FLOPs", tools)]


def _counted(network: Subject, tool: str) -> ToolCount:
    amounts = [amount(node, tool) for node in network.graph.nodes]
    stated = sum(amounts)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            ran = TOOLS[tool](network)
    except ModuleNotFoundError as error:
        name = (error.name or tool).partition(".")[0]
        return ToolCount(tool, stated, None, f"{name} is not installed: {to_install('torch', name)}")
    except Exception as error:
        return ToolCount(tool, stated, None, f"it did not run: {type(error).__name__}: {str(error).partition(chr(10))[0]}")
    if ran.total == stated:
        return ToolCount(tool, stated, ran.total)
    modules = tuple(_modules(network, tool, amounts, ran)) if ran.modules else ()
    return ToolCount(tool, stated, ran.total, _cause(network, tool, amounts, ran), modules)


def _cause(network: Subject, tool: str, amounts: Sequence[int], ran: _Run) -> str:
    """Why a total differs: causes are named only where what they account for is the whole difference; else it is empty."""
    missing = sum(amounts) - ran.total
    unknown = [node.name for node in network.graph.nodes if node.op.uncounted]
    if missing < 0 and unknown:
        more = f" and {len(unknown) - 1} more" if unknown[1:] else ""
        return f"the multiply-accumulates of {unknown[0]}{more} are not stated"
    known = [(count, text) for count, text in _causes(network, tool, amounts) if count]
    for chosen in (some for size in (1, 2) for some in combinations(known, size)):
        if sum(count for count, _ in chosen) == missing:
            names = ", ".join(f"{name} ({count})" for name, count in Counter(ran.unsupported).most_common(3))
            return "; ".join(text for _, text in chosen) + (f"; without a rule for {names}" if names else "")
    return ""


def _causes(network: Subject, tool: str, amounts: Sequence[int]) -> Iterator[tuple[int, str]]:
    """What may be missing of what is stated, and why."""
    graph = network.graph
    live = set().union(*(ancestors(graph, i) for i in graph.outputs))
    yield (
        sum(count for i, count in enumerate(amounts) if i not in live),
        "its trace leaves out layers that no output reads",
    )
    if tool in HOOKED and (loose := _loose(network, amounts)):
        yield loose[1], f"it sees modules, and not what is done in a forward, as {loose[0]} is"
    for term in terms(graph):
        yield term.amount(tool), f"it counts no {term.meaning}"


def _loose(network: Subject, amounts: Sequence[int]) -> tuple[str, int] | None:
    """What is stated of layers that are no module of their own, and the first of them."""
    alone = Counter(scope for scope, count in zip(_scopes(network), amounts, strict=True) if count)
    loose = [
        (node.name, count)
        for node, scope, count in zip(network.graph.nodes, _scopes(network), amounts, strict=True)
        if count and (not scope or alone[scope] > 1)
    ]
    return (loose[0][0], sum(count for _, count in loose)) if loose else None


def _scopes(network: Subject) -> Sequence[str]:
    """The module in which each layer is computed, by its path; empty for the network's own forward."""
    if network.own and network.graph.origin:
        return network.graph.origin.scopes
    paths = module_paths(network.graph)
    return [paths.get(i, "") for i in range(len(network.graph.nodes))]


def _modules(network: Subject, tool: str, amounts: Sequence[int], ran: _Run) -> Iterator[ModuleCount]:
    """The modules whose own part differs, the largest difference first."""
    stated: Counter[str] = Counter()
    for scope, count in zip(_scopes(network), amounts, strict=True):
        stated[scope] += count
    own = Counter(ran.modules)
    for path, count in ran.modules.items():
        if path:
            own[path.rpartition(".")[0] if path.rpartition(".")[0] in ran.modules else ""] -= count
    differ = [path for path in {**stated, **own} if stated[path] != own[path]]
    for path in sorted(differ, key=lambda path: -abs(stated[path] - own[path]))[:MOST_MODULES]:
        yield ModuleCount(path, stated[path], own[path])


def _torch(network: Subject) -> _Run:
    found = flops_by_module(network, network.module())
    return _Run(found[""], found if network.own else {}, {})


def _fvcore(network: Subject) -> _Run:
    from fvcore.nn import FlopCountAnalysis

    call = network.call()
    counter = FlopCountAnalysis(network.module(), (*call.positional, *call.words.values()))
    counter.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    modules = {path: int(count) for path, count in counter.by_module().items()}
    return _Run(int(counter.total()), modules, dict(counter.unsupported_ops()))


def _thop(network: Subject) -> _Run:
    from thop import profile

    call = network.call()
    total, _ = profile(network.module(), inputs=(*call.positional, *call.words.values()), verbose=False)
    return _Run(int(total), {}, {})


def _ptflops(network: Subject) -> _Run:
    from ptflops import get_model_complexity_info

    graph, call = network.graph, network.call()
    if len(graph.inputs) > 1 or call.words:
        raise ValueError("it takes one input")
    shape = tuple(call.tensors[0].shape[1:])
    with torch.no_grad():
        macs, _ = get_model_complexity_info(
            network.module(), shape, as_strings=False, print_per_layer_stat=False, backend="pytorch"
        )
    return _Run(int(macs), {}, {})


TOOLS: Mapping[str, Callable[[Subject], _Run]] = {"torch": _torch, "fvcore": _fvcore, "thop": _thop, "ptflops": _ptflops}
