"""The report of `rfcalc verify`: every claim beside what torch says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rfcalc.backends.proof.claims import Claim
from rfcalc.backends.torch.subject import Subject
from rfcalc.report.tables import Column, Report, Table
from rfcalc.reports.parts.flat import flat_table

if TYPE_CHECKING:
    from rfcalc.report.models.verify import ClaimData, ProofData

COLUMNS = (
    Column("ok", "", lambda ok: {True: "✓", False: "✗", None: "-"}[ok]),
    Column("claim", "Claim", ratio=2, wrap=True),
    Column("stated", "Stated", ratio=2, wrap=True),
    Column("measured", "Torch", ratio=2, wrap=True),
    Column("how", "How", ratio=3, wrap=True),
)


def verify_report(network: Subject, claims: Sequence[Claim]) -> Report:
    """The claims as a table, with the differences below it."""
    graph = network.graph
    rows = tuple((claim.ok, claim.what, claim.stated, claim.measured, claim.how) for claim in claims)
    wrong = [claim for claim in claims if claim.ok is False]
    open_ones = [claim for claim in claims if claim.ok is None]
    notes = [("Runs", network.remark)] if network.remark else []
    notes += [("Difference", f"{claim.what}: {claim.detail}") for claim in wrong]
    notes += [("Not checked", f"{claim.what}: {claim.detail}") for claim in open_ones]
    checked = len(claims) - len(open_ones)
    notes.append(("Verdict", f"{checked - len(wrong)} of {checked} claims hold"))
    table = Table("", COLUMNS, rows)
    keys = (*(column.key for column in COLUMNS), "detail")
    flat = flat_table(graph.name, keys, ((*row, c.detail) for row, c in zip(rows, claims, strict=True)))
    data: ProofData = {
        "name": graph.name,
        "source": graph.source,
        "runs": network.runs,
        "verified": not wrong,
        "claims": [_claim(claim) for claim in claims],
    }
    return Report(f"{graph.name}: the analysis against torch", (table,), tuple(notes), flat, data)


def _claim(claim: Claim) -> ClaimData:
    return {
        "what": claim.what,
        "stated": claim.stated,
        "measured": claim.measured,
        "ok": claim.ok,
        "detail": claim.detail,
        "how": claim.how,
    }
