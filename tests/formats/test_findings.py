"""What `check`, `diff` and `init` write for other programs is valid by those programs' own schemas."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.formats.schemas import problems
from tests.repositories import NET, Repository

STORE = "https://json.schemastore.org"
GITLAB = "https://gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json"
ROOT = Path(__file__).parents[2]
WORST = """input: 3x65x65
layers:
  - {name: first, conv: {out: 16, k: 1, s: 2}}
  - {name: naïve層, upconv: {out: 16, k: 3, s: 2}}
  - {name: dead, conv: {out: 8, k: 3}, from: first}
  - {name: last, conv: {out: 8, k: 1}, from: naïve層}
"""
BAD = """input: 3x65x65
layers:
  - {name: "a&<b>", conv: {out: 16, k: 1, s: 2}}
  - {name: "naïve ]]> 層\\a", conv: {out: 16, k: 3}}
"""
CASES = [
    ("net.yaml", ()),
    ("net.yaml", ("--max-params", "1k", "--min-rf", "1000")),
    ("worst case.yaml", ("--select", "ALL")),
    ("bad & ugly.yaml", ()),
]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.write("worst case.yaml", WORST)
    made.write("bad & ugly.yaml", BAD)
    made.commit("another")
    made.write("net.yaml", NET.replace("out: 32", "out: 48"))
    return made


def outputs(repository: Repository, name: str) -> list[str]:
    """The format's text for each case, and for a diff."""
    found = [repository.rfcalc("check", file, *words, "-f", name).stdout for file, words in CASES]
    return [*found, repository.rfcalc("diff", "net.yaml", "--base", "HEAD", "-f", name).stdout]


def test_sarif(repository: Repository) -> None:
    texts = outputs(repository, "sarif")
    assert [bool(json.loads(text)["runs"][0]["results"]) for text in texts] == [False, True, True, True, True]
    for text in texts:
        assert problems(f"{STORE}/sarif-2.1.0.json", json.loads(text)) == []


def test_the_schema_can_say_no(repository: Repository) -> None:
    log = json.loads(outputs(repository, "sarif")[1])
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert problems(f"{STORE}/sarif-2.1.0.json", log) != []


def test_junit(repository: Repository) -> None:
    """The elements and attributes that Jenkins' schema of the format asks for, and counts that are those of the elements."""
    texts = outputs(repository, "junit")
    assert "<failure" in texts[2]
    assert "<error" in texts[3]
    for text in texts:
        suites = ElementTree.fromstring(text.encode())
        assert suites.tag == "testsuites"
        assert {suite.tag for suite in suites} == {"testsuite"}
        for suite in suites:
            assert suite.get("name")
            cases = list(suite)
            assert {case.tag for case in cases} <= {"testcase"}
            assert all(case.get("name") and case.get("classname") for case in cases)
            told = [child for case in cases for child in case]
            assert {child.tag for child in told} <= {"failure", "error"}
            assert all(child.get("message") and child.get("type") and child.text for child in told)
            counts = (str(len(cases)), *(str(sum(child.tag == tag for child in told)) for tag in ("failure", "error")))
            assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == counts
            assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == counts


def test_gitlab_code_quality(repository: Repository) -> None:
    """The keys that GitLab's documentation of the report requires; no two entries share a fingerprint."""
    for text in outputs(repository, "gitlab"):
        entries = json.loads(text)
        assert len({entry["fingerprint"] for entry in entries}) == len(entries)
        for entry in entries:
            assert entry.keys() >= {"description", "check_name", "fingerprint", "severity", "location"}
            assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
            assert not entry["location"]["path"].startswith(("/", "./"))
            assert entry["location"]["lines"]["begin"] >= 1


@pytest.mark.parametrize(
    ("system", "path", "schema"),
    [
        ("github", ".github/workflows/rfcalc.yml", f"{STORE}/github-workflow.json"),
        ("gitlab", ".gitlab-ci.yml", GITLAB),
        ("pre-commit", ".pre-commit-config.yaml", f"{STORE}/pre-commit-config.json"),
    ],
)
def test_jobs(repository: Repository, system: str, path: str, schema: str) -> None:
    assert repository.rfcalc("init", "net.yaml models/*.yaml", "--ci", system).returncode == 0
    assert problems(schema, read(repository.folder / path)) == []


def test_the_action() -> None:
    assert problems(f"{STORE}/github-action.json", read(ROOT / "action.yml")) == []


def test_the_hooks() -> None:
    """The keys that pre-commit's documentation requires of each hook."""
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()):
        assert hook.keys() >= {"id", "name", "entry", "language"}


def read(path: Path) -> dict[str, object]:
    """A file of YAML, in which the key `on` is no boolean."""
    return {"on" if key is True else key: value for key, value in yaml.safe_load(path.read_text()).items()}
