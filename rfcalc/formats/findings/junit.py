"""JUnit's XML: one test case per network, one failure per finding."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from rfcalc.report.findings import Outcome


def render(outcome: Outcome) -> str:
    """A test suite that CI servers read."""
    cases = list(dict.fromkeys([*outcome.cases, *(finding.source for finding in outcome.findings)]))
    failed = [[f for f in outcome.findings if f.source == case and f.severity != "note"] for case in cases]
    count, failures = str(len(cases)), str(sum(map(bool, failed)))
    suites = Xml.Element("testsuites", name="rfcalc", tests=count, failures=failures, errors="0")
    suite = Xml.SubElement(suites, "testsuite", name=f"rfcalc {outcome.command}", tests=count, failures=failures, errors="0")
    for case, findings in zip(cases, failed, strict=True):
        node = Xml.SubElement(suite, "testcase", name=_clean(case), classname="rfcalc")
        if findings:
            lines = [f"{f.place}: {f.code} {f.text}" + (f"\n  hint: {f.hint}" if f.hint else "") for f in findings]
            what = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
            Xml.SubElement(node, "failure", message=what, type=findings[0].code).text = _clean("\n".join(lines))
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suites, encoding="unicode")


def _clean(text: str) -> str:
    """Text without the control characters that XML forbids."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")
