"""`verify`: every claim about one network, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase

from rfcalc.backends.proof.claims import Claim
from rfcalc.backends.proof.fields import field_claims
from rfcalc.backends.proof.structure import fvcore_claim, structure_claims
from rfcalc.errors import did_you_mean, fail
from rfcalc.graph import Graph
from rfcalc.report.tables import Column, Report, Table

COLUMNS = (
    Column("ok", "", lambda ok: {True: "✓", False: "✗", None: "-"}[ok]),
    Column("claim", "Claim", ratio=2, wrap=True),
    Column("stated", "Stated", ratio=2, wrap=True),
    Column("measured", "Torch", ratio=2, wrap=True),
    Column("how", "How", ratio=3, wrap=True),
)


def report(graph: Graph, claims: Sequence[Claim]) -> Report:
    """The claims as a table, with the differences below it."""
    rows = tuple((claim.ok, claim.what, claim.stated, claim.measured, claim.how) for claim in claims)
    wrong = [claim for claim in claims if claim.ok is False]
    open_ones = [claim for claim in claims if claim.ok is None]
    notes = [("Difference", f"{claim.what}: {claim.detail}") for claim in wrong]
    notes += [("Not checked", f"{claim.what}: {claim.detail}") for claim in open_ones]
    checked = len(claims) - len(open_ones)
    notes.append(("Verdict", f"{checked - len(wrong)} of {checked} claims hold"))
    table = Table("", COLUMNS, rows)
    flat = Table(
        "", (*COLUMNS, Column("detail", "Detail")), tuple((*row, c.detail) for row, c in zip(rows, claims, strict=True))
    )
    data = {
        "name": graph.name,
        "source": graph.source,
        "verified": not wrong,
        "claims": [asdict(claim) for claim in claims],
    }
    return Report(f"{graph.name}: the analysis against torch", (table,), tuple(notes), flat, data)


def verify_graph(graph: Graph, globs: Sequence[str] = (), units: int = 6, seed: int = 0) -> list[Claim]:
    """Checks every claim; fields for the outputs, the last map and the layers that `globs` name, `units` units each.

    Raises SpecError if a glob matches no layer.
    """
    layers = dict.fromkeys(i for i in graph.outputs if not graph.nodes[i].is_input)
    if graph.last_spatial is not None:
        layers[graph.last_spatial] = None
    for glob in globs:
        found = [i for i, node in enumerate(graph.nodes) if not node.is_input and _matches(glob, node.name, node.part_of)]
        if not found:
            raise fail("E120", f"{graph.name}: no layer matches {glob}", None, did_you_mean(glob, graph.by_name))
        layers |= dict.fromkeys(found)
    claims = [*structure_claims(graph), fvcore_claim(graph)]
    return [*claims, *field_claims(graph, sorted(layers), units, seed)]


def _matches(glob: str, *names: str) -> bool:
    return any(fnmatchcase(name, glob) for name in names)
