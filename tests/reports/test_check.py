"""A spec that cannot be read is a finding in every format of `check` and `diff`, with exit code 2."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rfcalc.formats.findings import FORMATS
from tests.formats.schemas import problems
from tests.repositories import NET, Repository
from tests.running import rfcalc

BAD = NET.replace("conv: {out: 32, k: 3}", "convv: {out: 32, k: 3}")
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    made = Repository(tmp_path)
    made.write("bad.yaml", BAD)
    made.commit("a bad one")
    return made


CHECK = ("check", "net.yaml", "bad.yaml", "nowhere.yaml")
DIFFS = [
    ("diff", "net.yaml", "bad.yaml"),
    ("diff", "bad.yaml", "net.yaml"),
    ("diff", "net.yaml", "bad.yaml", "--base", "main"),
    ("diff", "net.yaml", "bad.yaml", "--baseline", "rfcalc.lock.json"),
]
COMMANDS = [CHECK, *DIFFS]


def codes(name: str, text: str) -> set[str]:
    """The error codes that a document of a format holds, read as its readers do."""
    if name == "json":
        return {f["code"] for f in json.loads(text)["findings"] if f["severity"] == "error"}
    if name == "gitlab":
        return {e["check_name"].split()[0] for e in json.loads(text) if e["severity"] == "critical"}
    if name == "sarif":
        run = json.loads(text)["runs"][0]
        assert problems(SARIF, json.loads(text)) == []
        (invocation,) = run["invocations"]
        assert invocation["executionSuccessful"] is False
        told = {n["descriptor"]["id"] for n in invocation["toolExecutionNotifications"]}
        assert told == {r["ruleId"] for r in run["results"] if r["ruleId"].startswith("E")}
        assert all(
            run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"] if "ruleIndex" in r
        )
        return told
    if name == "junit":
        suites = ElementTree.fromstring(text.encode())
        errors = list(suites.iter("error"))
        assert suites.get("errors") == str(len(errors))
        return {error.get("type") or "" for error in errors}
    if name == "github":
        return {line.split("title=")[1][:4] for line in text.splitlines() if line.startswith("::error ")}
    return {code for code in ("E001", "E021", "E022", "E023", "E102") if code in text}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_format_has_it(repository: Repository, command: tuple[str, ...], name: str) -> None:
    assert rfcalc("check", "net.yaml", "--write-baseline").code == 0
    done = rfcalc(*command, "-f", name)
    assert done.code == 2
    assert codes(name, done.out) == ({"E102", "E001"} if command is CHECK else {"E102"})


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_none_of_the_specs(repository: Repository, name: str) -> None:
    """A baseline, settings or a revision that cannot be read."""
    repository.write("rfcalc.lock.json", "<<<<<<< HEAD\n")
    assert codes(name, rfcalc("check", "net.yaml", "-f", name).out) == {"E022"}
    assert codes(name, rfcalc("diff", "net.yaml", "--baseline", "rfcalc.lock.json", "-f", name).out) == {"E022"}
    (repository.folder / "rfcalc.lock.json").unlink()
    for command in (("check", "net.yaml"), ("diff", "net.yaml")):
        done = rfcalc(*command, "--base", "nowhere", "-f", name)
        assert done.code == 2
        assert codes(name, done.out) == {"E023"}
    repository.write("rfcalc.toml", "severity = 3\nselct = []\n")
    done = rfcalc("check", "net.yaml", "-f", name)
    assert done.code == 2
    assert codes(name, done.out) == {"E021"}


def test_the_summary_counts_them(repository: Repository) -> None:
    last = rfcalc("check", "net.yaml", "bad.yaml", "nowhere.yaml").out.splitlines()[-1]
    assert last == "1 network checked, no findings; 2 of 3 specs cannot be read; rfcalc explain CODE tells more"
    assert rfcalc("check", "bad.yaml").out.splitlines()[-1].startswith("0 networks checked; 1 of 1 spec cannot be")
    both = rfcalc("check", "net.yaml", "bad.yaml", "--max-macs", "1k")
    assert both.code == 2
    assert both.out.splitlines()[-1].startswith("1 error in 1 of 1 network checked; 1 of 2 specs cannot be read; ")


def test_the_place_is_told(repository: Repository) -> None:
    finding = rfcalc("check", "bad.yaml", "-f", "json")
    (one,) = json.loads(finding.out)["findings"]
    assert (one["file"], one["line"], one["column"], one["name"]) == ("bad.yaml", 6, 18, "unknown-op")
    full = rfcalc("check", "bad.yaml").out.splitlines()
    assert full[0] == 'bad.yaml:6:18: error E102: unknown op "convv"'
    assert full[2].endswith("^^^^^")
    assert 'did you mean "conv"?' in full[3]


def test_people_see_it_once(repository: Repository) -> None:
    """On standard output, and on standard error only where standard output is for a program."""
    for name in FORMATS:
        done = rfcalc("check", "bad.yaml", "-f", name)
        assert ("E102" in done.err) == (name in ("json", "gitlab", "sarif", "junit"))


def test_a_good_run_says_so(repository: Repository) -> None:
    run = json.loads(rfcalc("check", "net.yaml", "-f", "sarif").out)["runs"][0]
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_one_bad_budget_leaves_the_rest_alone(repository: Repository) -> None:
    repository.write("net.yaml", NET + "budget: {parms: <= 1 M}\n")
    repository.write("other.yaml", NET + "budget: {params: <= 1 k}\n")
    found = json.loads(rfcalc("check", "net.yaml", "other.yaml", "-f", "json").out)["findings"]
    assert [(f["code"], f["file"], f["line"]) for f in found] == [("E123", "net.yaml", 8), ("RF501", "other.yaml", 8)]
