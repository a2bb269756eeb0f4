"""The page of an analysis: written to a file, and in a frame in a notebook."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from rfcalc.checks.folding import per_place
from rfcalc.checks.runner import findings_of
from rfcalc.checks.settings import Settings
from rfcalc.page.data import Asked, network_data
from rfcalc.page.html import html

if TYPE_CHECKING:
    from rfcalc.analyses.network import Analysis

FRAME = (
    '<iframe title="{title}" sandbox="allow-scripts allow-popups" style="width:100%;height:640px;border:0" srcdoc="{page}">'
    "{table}</iframe>"
)


def page(analysis: Analysis) -> str:
    """The page of an analysis as HTML, with what the rules find that hold where nothing else is set."""
    return html(network_data(analysis, Asked(found=per_place(findings_of(analysis, Settings())))))


def framed(analysis: Analysis, table: str) -> str:
    """The page in a frame that runs its script apart from the notebook; the table where frames are not shown."""
    return FRAME.format(title=escape(analysis.graph.name), page=escape(page(analysis)), table=table)


def written(analysis: Analysis, path: str | Path) -> str:
    """Writes the page, and gives it; raises OSError."""
    text = page(analysis)
    Path(path).write_text(text, encoding="utf-8")
    return text
