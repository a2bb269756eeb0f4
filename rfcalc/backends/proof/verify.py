"""`verify`: every claim about one network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from rfcalc.backends.proof.claims import Claim
from rfcalc.backends.proof.equality import equality_claim
from rfcalc.backends.proof.fields import field_claims
from rfcalc.backends.proof.own import own_claims
from rfcalc.backends.proof.structure import fvcore_claim, structure_claims
from rfcalc.backends.torch.subject import Subject
from rfcalc.errors import SpecError
from rfcalc.graph import Graph, no_layer
from rfcalc.progress import say


def verify_network(network: Subject, globs: Sequence[str] = (), units: int = 6, seed: int = 0) -> list[Claim]:
    """Checks every claim; fields for the outputs, the last map and the layers that `globs` name, `units` units each. An
    imported graph is set against the module that it was made of, then against the one that is built of its layers.

    Raises SpecError if a glob matches no layer.
    """
    graph = network.graph
    layers = _layers(graph, globs)
    return [*_own(network), *_built(network), *field_claims(network, layers, units, seed)]


def _layers(graph: Graph, globs: Sequence[str]) -> list[int]:
    layers = dict.fromkeys(i for i in graph.outputs if not graph.nodes[i].is_input)
    if graph.last_spatial is not None:
        layers[graph.last_spatial] = None
    for glob in globs:
        chosen = [i for i, node in enumerate(graph.nodes) if not node.is_input and _matches(glob, node.name, node.part_of)]
        if not chosen:
            raise no_layer(graph, glob)
        layers |= dict.fromkeys(chosen)
    return sorted(layers)


def _own(network: Subject) -> Iterator[Claim]:
    """The claims of one's own module."""
    if network.own and network.graph.origin is not None:
        say(f"{network.graph.name}: its own module against its layers")
        module = network.module(seed=0)
        yield from own_claims(network, network.graph.origin, module)
        yield equality_claim(network.graph, network.graph.origin, module)


def _built(network: Subject) -> Iterator[Claim]:
    """The claims of the module that is built of the layers; if one's own has been asked already, it may be that none can."""
    say(f"{network.graph.name}: parameters, shapes and FLOPs of what is built of its layers")
    try:
        yield from structure_claims(network.graph)
        yield fvcore_claim(network.graph)
    except SpecError as error:
        if not network.own:
            raise
        yield Claim("each layer, built", "", "", None, f"it cannot be built: {error.problems[0].message}")


def _matches(glob: str, *names: str) -> bool:
    return any(fnmatchcase(name, glob) for name in names)
