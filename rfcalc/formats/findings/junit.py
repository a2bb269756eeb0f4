"""JUnit's XML: one test case per network; its findings are one failure, and what could not be read one error."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.findings import Finding, Outcome


def render(outcome: Outcome, screen: Screen) -> str:
    """A test suite that CI servers read."""
    cases = list(dict.fromkeys([*outcome.cases, *(finding.case for finding in outcome.findings)]))
    told = [finding for finding in outcome.findings if finding.severity != "note"]
    failed, broken = ({f.case for f in told if f.unread is unread} for unread in (False, True))
    counts = {"tests": str(len(cases)), "failures": str(len(failed)), "errors": str(len(broken))}
    suites = Xml.Element("testsuites", {"name": "rfcalc", **counts})
    suite = Xml.SubElement(suites, "testsuite", {"name": f"rfcalc {outcome.command}", **counts})
    for case in cases:
        node = Xml.SubElement(suite, "testcase", name=_clean(case), classname="rfcalc")
        for tag, unread in (("error", True), ("failure", False)):
            _told(node, tag, [f for f in told if f.case == case and f.unread is unread])
    Xml.indent(suites)
    text: str = Xml.tostring(suites, encoding="us-ascii").decode("ascii")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'


def _told(node: Xml.Element, tag: str, findings: Sequence[Finding]) -> None:
    """The findings as one element of a test case."""
    if findings:
        lines = [f.headline + (f"\n  hint: {f.hint}" if f.hint else "") for f in findings]
        what = f"{len(findings)} {'error' if tag == 'error' else 'finding'}{'s' if len(findings) > 1 else ''}"
        Xml.SubElement(node, tag, message=what, type=findings[0].code).text = _clean("\n".join(lines))


def _clean(text: str) -> str:
    """Text without the control characters that XML forbids."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")
