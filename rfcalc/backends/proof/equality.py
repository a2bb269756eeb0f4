"""The rebuilt network against the module that its graph was made of: the same numbers for the same weights and inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from rfcalc.backends.proof.claims import Claim, where
from rfcalc.backends.proof.positive import Bare
from rfcalc.backends.proof.rules import NoRuleError
from rfcalc.backends.torch.build import drawing, recorded, seeded
from rfcalc.backends.torch.source import module_paths
from rfcalc.backends.torch.watched import layers_of_run
from rfcalc.errors import SpecError
from rfcalc.graph import Graph
from rfcalc.origin import Origin, call_with
from rfcalc.report.units import percent

CLOSE = 1e-6  # of the largest number, in float64
MOST_NAMES = 8
MOST_BYTES = 8 * 10**9
WHAT = "the same numbers as the model itself"
HOW = "one input, the model's weights; activations, norms and other constants left out"


def equality_claim(graph: Graph, origin: Origin, module: nn.Module) -> Claim:
    """Whether what is built of the graph's layers gives what the module gives, output by output and module by module. The
    module is changed: its weights become random."""
    compared = f"{len(_wanted(graph, origin))} layers"
    if 4 * torch.float64.itemsize * sum(node.shape.elements for node in graph.nodes) > MOST_BYTES:
        return Claim(WHAT, compared, "-", None, f"needs more than {MOST_BYTES / 1e9:.0f} GB; a smaller --input needs less", HOW)
    try:
        own, rebuilt = _both(graph, origin, module)
    except NoRuleError as error:
        return Claim(WHAT, compared, "-", None, f"nothing is known that stands for {error}", HOW)
    except SpecError as error:
        return Claim(WHAT, compared, "-", None, f"it cannot be built: {error.problems[0].message}", HOW)
    except Exception as error:
        return Claim(WHAT, compared, "-", None, f"it did not run: {type(error).__name__}: {error}".splitlines()[0], HOW)
    both = sorted(own.keys() & rebuilt.keys())
    missing = [i for i in _outputs(origin) if i not in own]
    differ = [i for i in both if not _close(own[i], rebuilt[i])]
    if not both:
        return Claim(WHAT, compared, "-", None, "no tensor of the model is a layer of the graph", HOW)
    detail = ""
    if missing:
        detail = f"{where(graph.nodes[missing[0]])}: the model's output has another shape"
    elif differ:
        gap = percent(_gap(own[differ[0]], rebuilt[differ[0]]), 0)
        detail = f"the first of {len(differ)}: {where(graph.nodes[differ[0]])}: they differ by {gap} of the largest"
        between = [graph.nodes[i].name for i in _between(graph, differ[0], both)]
        detail += f"; not compared on the way to it: {', '.join(between[:MOST_NAMES])}" if between else ""
    return Claim(WHAT, f"{len(both)} layers", f"{len(both) - len(differ)} equal", not detail, detail, HOW)


def _between(graph: Graph, target: int, compared: Sequence[int]) -> list[int]:
    """The layers from which a layer is computed, back to those that were compared, in order."""
    found: set[int] = set()
    waiting = list(graph.nodes[target].inputs)
    while waiting:
        i = waiting.pop()
        if i not in found and i not in compared and not graph.nodes[i].is_input:
            found.add(i)
            waiting += graph.nodes[i].inputs
    return sorted(found)


def _wanted(graph: Graph, origin: Origin) -> set[int]:
    places = [place for calls in origin.calls.values() for place in calls]
    return {place.layer for place in places if place} | set(_outputs(origin))


def _outputs(origin: Origin) -> list[int]:
    return [place.layer for place in origin.outputs if place]


def _both(graph: Graph, origin: Origin, module: nn.Module) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
    """What the module and the rebuilt network give for each layer that both have."""
    wanted, rebuilt = _wanted(graph, origin), dict[int, Tensor]()

    def keep(index: int, output: Tensor) -> None:
        if index in wanted:
            rebuilt[index] = output.clone()

    other = recorded(graph, keep, dtype=torch.float64).requires_grad_(False)
    module = _random(module.to(torch.float64).requires_grad_(False))
    _load(graph, origin, module, other)
    draw = drawing(1, "cpu", torch.float64, 0)
    call = call_with(origin.arguments, lambda shape: draw(shape).requires_grad_().clone())
    shapes = [graph.nodes[i].shape for i in graph.inputs]
    inputs = [x.reshape(1, shape.channels, *shape.size) for x, shape in zip(call.tensors, shapes, strict=True)]
    with Bare():
        other(*(x.clone() for x in inputs))
        own = layers_of_run(graph, origin, module, call, wanted)
    return _kept(own), _kept(rebuilt)


def _kept(tensors: Mapping[int, Tensor]) -> dict[int, Tensor]:
    return {i: tensor.detach() for i, tensor in tensors.items()}


def _random(module: nn.Module) -> nn.Module:
    """Nothing is zero any more that an initialization has made zero."""
    with seeded(0), torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * (0.1 if parameter.dim() < 2 else 0.02))
    return module


def _load(graph: Graph, origin: Origin, module: nn.Module, other: nn.Module) -> None:
    """Gives the rebuilt network the weights of the module; raises NoRuleError for a matrix that has none there."""
    tensors = {**dict(module.named_parameters(remove_duplicate=False)), **dict(module.named_buffers(remove_duplicate=False))}
    with torch.no_grad():
        for i, path in module_paths(graph).items():
            if graph.nodes[i].weights is not None:
                continue
            names = list(origin.stored[i])
            for key, mine in other.get_submodule(path).state_dict().items():
                name = next((name for name in names if _is_called(name, key) and tensors[name].numel() == mine.numel()), None)
                if name is not None:
                    names.remove(name)
                    mine.copy_(tensors[name].reshape(mine.shape))
                elif mine.dim() > 1 and graph.nodes[i].op.sliding is not None:
                    raise NoRuleError(f"weight of {graph.nodes[i].name}")


def _is_called(name: str, key: str) -> bool:
    last = name.rpartition(".")[2]
    return last == key or last.endswith(f"_{key}") or key in ("weight", "value")


def _gap(one: Tensor, other: Tensor) -> float:
    """The largest difference as a share of the largest number."""
    return float((one - other).abs().max() / one.abs().max().clamp_min(1e-300))


def _close(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and _gap(one, other) <= CLOSE
