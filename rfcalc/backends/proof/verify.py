"""`verify`: every claim about one network."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from rfcalc.backends.proof.claims import Claim
from rfcalc.backends.proof.fields import field_claims
from rfcalc.backends.proof.structure import fvcore_claim, structure_claims
from rfcalc.graph import Graph, no_layer


def verify_graph(graph: Graph, globs: Sequence[str] = (), units: int = 6, seed: int = 0) -> list[Claim]:
    """Checks every claim; fields for the outputs, the last map and the layers that `globs` name, `units` units each.

    Raises SpecError if a glob matches no layer.
    """
    layers = dict.fromkeys(i for i in graph.outputs if not graph.nodes[i].is_input)
    if graph.last_spatial is not None:
        layers[graph.last_spatial] = None
    for glob in globs:
        chosen = [i for i, node in enumerate(graph.nodes) if not node.is_input and _matches(glob, node.name, node.part_of)]
        if not chosen:
            raise no_layer(graph, glob)
        layers |= dict.fromkeys(chosen)
    claims = [*structure_claims(graph), fvcore_claim(graph)]
    return [*claims, *field_claims(graph, sorted(layers), units, seed)]


def _matches(glob: str, *names: str) -> bool:
    return any(fnmatchcase(name, glob) for name in names)
