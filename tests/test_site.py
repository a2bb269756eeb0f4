"""The documentation as a whole: generated pages are current, every page is in the navigation, pictures show what is printed,
and an editor's problem matcher reads what `check` prints."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from html import unescape
from pathlib import Path

import pytest

from rfcalc.checks import keys
from tests import pages
from tests.documents import ROOT
from tests.golden import Golden
from tests.running import rfcalc

DOCS = ROOT / "docs"
PICTURED = "rfcalc analyze unet.yaml --depth 1"
MADE = {
    "reference/commands.md": pages.commands,
    "reference/settings.md": lambda: keys.page() + "\n",
    "rules/README.md": pages.codes,
    "llms.txt": pages.llms,
}


@pytest.mark.parametrize("name", MADE)
def test_a_generated_page_is_current(name: str, golden: Golden) -> None:
    golden.check(DOCS / name, MADE[name]())


def test_every_page_is_in_the_navigation() -> None:
    listed = [file for _, _, file in pages.navigation()]
    assert sorted(listed) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_every_option_is_documented() -> None:
    text = (DOCS / "reference" / "commands.md").read_text()
    for word in ("`--at`", "`--base`", "`--max-layers`", "`--max-params`", "### max-batch"):
        assert word in text


@pytest.mark.parametrize("theme", pages.THEMES)
def test_a_picture_shows_what_the_command_prints(theme: str, golden: Golden) -> None:
    path = DOCS / "pictures" / f"analyze-{theme}.svg"
    if golden.accept:
        path.write_text(pages.picture(PICTURED, theme), encoding="utf-8")
    drawn = path.read_text(encoding="utf-8")
    ElementTree.fromstring(drawn)
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", ""), "a picture asks nobody for anything"
    shown = "".join(unescape(part) for part in re.findall(r"<text[^>]*>([^<]*)</text>", drawn)).replace("\xa0", "")
    printed = rfcalc(*PICTURED.split()[1:], columns=pages.COLUMNS).out
    assert "".join(printed.split()) == "".join(shown.split()).removeprefix("$" + "".join(PICTURED.split()))


def test_the_problem_matcher_reads_what_check_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.rfcalc.yaml").write_text("input: 3x32x32\nlayers:\n  - conv: {out: 8, kernel_size: 3}\n")
    Path("odd.rfcalc.yaml").write_text("input: 3x32x32\nlayers:\n  - upconv: {out: 8, k: 3, s: 2}\n")
    blocks = re.findall(r"^```json\n(.*?)^```$", (DOCS / "guide" / "editors.md").read_text(), re.M | re.S)
    (task,) = (json.loads(block)["tasks"][0] for block in blocks if "tasks" in block)
    pattern = task["problemMatcher"]["pattern"]
    lines = rfcalc("check", "--format", "concise", "*.rfcalc.yaml").out.splitlines()
    found = [match for match in map(re.compile(pattern["regexp"]).match, lines) if match]
    got = {tuple(match[pattern[key]] for key in ("file", "line", "column", "severity", "code")) for match in found}
    assert ("bad.rfcalc.yaml", "3", "20", "error", "E103") in got
    assert ("odd.rfcalc.yaml", "3", "5", "warning", "RF201") in got
    assert len(found) == len(lines) - 1, "all but the last line, which sums up"
