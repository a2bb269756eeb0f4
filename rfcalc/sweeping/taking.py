"""A design of a sweep as a spec: one that extends the spec of the space, or, where a layer's own setting was swept, one with
every layer written out."""

from __future__ import annotations

import json
import os

from rfcalc.analyses.network import analyze
from rfcalc.errors import fail
from rfcalc.importers import load
from rfcalc.language.files import shipped_files
from rfcalc.language.writer import expanded
from rfcalc.sweeping.figures import BY_KEY
from rfcalc.sweeping.view import Design


def taken(design: Design, output: str) -> str:
    """The text of a spec that is written to `output`; raises SpecError for a design that is impossible, or where the spec that
    it was made of has changed since."""
    if design.state == "error":
        raise fail("E505", f"the design {design.number} cannot be made: {design.note}")
    graph = load(design.source, design.values)
    analysis = analyze(graph)
    for key, figure in design.figures.items():
        if key in BY_KEY and BY_KEY[key].of_network(analysis) != figure:
            what = f"{design.source} has changed since the sweep: {BY_KEY[key].text} of the design {design.number} differ"
            raise fail("E505", what, None, "sweep it again")
    head = f"# Design {design.number} of a sweep of {os.path.basename(design.source)}\n"
    if any("." in key for key in design.values):
        return head + expanded(graph)
    return head + _extending(design, output)


def _extending(design: Design, output: str) -> str:
    """The spec of the space, with the values of the design."""
    shipped = {str(path): name for name, path in shipped_files().items()}
    source = shipped.get(design.source, design.source)
    if os.path.exists(source):
        folder = os.path.dirname(os.path.abspath(output)) if output != "-" else os.getcwd()
        source = os.path.relpath(source, folder)
    values = {key: text for key, text in design.values.items() if key != "input"}
    lines = [f"extends: {json.dumps(source)}"]
    lines += [f"input: {design.values['input']}"] if "input" in design.values else []
    lines += ["params:", *(f"  {key}: {text}" for key, text in values.items())] if values else []
    return "\n".join(lines) + "\n"
