"""Nothing that a network names ends a script, or is read as a tag."""

from __future__ import annotations

import json
import re

import pytest

from rfcalc.analyses.network import analyze
from rfcalc.page.data import Asked, network_data
from rfcalc.page.html import embedded, html
from rfcalc.report.findings import Finding
from tests.nets import Net

HOSTILE = [
    "</script>",
    "<!--<script>",
    "<img src=x>",
    "\"'",
    "\u202e\u202b",
    "\u2028\u2029",
    "&lt;",
    "]]>",
    "{0}{data}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(name: str) -> None:
    net = Net(3, (8, 8))
    net("relu", name=name)
    net.builder.name = net.builder.source = name
    graph = net.graph()
    finding = Finding("RF201", name, "warning", name, name, name, name, name, None)
    page = html(network_data(analyze(graph), Asked(name, [finding])))
    inside = page.partition('id="data">')[2].partition("</script>")[0]
    data = json.loads(inside)
    assert (data["title"], data["layers"]["name"][1], data["command"]) == (name, name, name)
    assert data["findings"][0]["message"] == name
    assert data["findings"][0]["layers"] == [1]
    assert not re.search("[<>&\u2028\u2029]", inside)
    assert page.count("<script") == page.count("</script>") == 2
    assert "<img" not in page


def test_what_is_embedded_is_the_same() -> None:
    data = {"title": "".join(HOSTILE)}
    assert json.loads(embedded(data))["title"] == data["title"]
