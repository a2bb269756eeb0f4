"""`check` and `diff` as a project uses them, in a git repository that the test makes."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rfcalc.cli import main
from tests.repositories import NET, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_design_changes_the_check_fails_the_baseline_is_accepted(repository: Repository) -> None:
    assert repository.rfcalc("check", "net.yaml").returncode == 0
    assert repository.rfcalc("check", "net.yaml", "--write-baseline").returncode == 0
    lock = (repository.folder / "rfcalc.lock.json").read_text()
    assert '      "params": 5408' in lock
    assert repository.rfcalc("check", "net.yaml").returncode == 0

    repository.write("net.yaml", NET.replace("out: 32, k: 3", "out: 64, k: 5"))
    failed = repository.rfcalc("check", "net.yaml")
    assert failed.returncode == 1
    assert "error RF502: params is 26,720, the baseline says 5,408" in failed.stdout
    assert "accept it: rfcalc check --write-baseline net.yaml\n" in failed.stdout
    assert "--write-baseline 'net.y*' -f full" in repository.rfcalc("check", "net.y*", "-f", "full").stdout
    assert (repository.folder / "rfcalc.lock.json").read_text() == lock

    shown = repository.rfcalc("diff", "net.yaml", "--base", "main", "--exit-code")
    assert shown.returncode == 1
    assert "conv 3x3 -> conv 5x5" in shown.stdout
    assert "field 7 -> 11" in shown.stdout.splitlines()[-1]

    assert repository.rfcalc("check", "net.yaml", "--write-baseline").returncode == 0
    assert repository.rfcalc("check", "net.yaml").returncode == 0
    assert repository.git("status", "--porcelain").split() == ["M", "net.yaml", "??", "rfcalc.lock.json"]


def test_budgets_from_the_spec_the_settings_and_flags(repository: Repository) -> None:
    repository.write("net.yaml", NET + "budget: {params: <= 5 k, body: {macs: <= 1 M}}\n")
    found = json.loads(repository.rfcalc("check", "net.yaml", "-f", "json").stdout)["findings"]
    assert [(f["code"], f["layer"]) for f in found] == [("RF501", ""), ("RF501", "body")]
    assert found[0]["line"] == 8
    repository.write("net.yaml", NET)
    repository.write("pyproject.toml", '[tool.rfcalc.budget]\nreceptive_field = ">= 20"\n')
    assert "receptive field: 7, the budget is at least 20" in repository.rfcalc("check", "net.yaml").stdout
    assert repository.rfcalc("check", "net.yaml", "--ignore", "RF5").returncode == 0
    (repository.folder / "pyproject.toml").unlink()
    assert repository.rfcalc("check", "net.yaml", "--max-macs", "1k", "--max-rf", "6").stdout.count("RF501") == 2
    assert repository.rfcalc("check", "net.yaml", "--max-macs", "head=1k").stdout.count("RF501") == 1


def test_a_change_against_the_base(repository: Repository) -> None:
    repository.write("net.yaml", NET.replace("out: 32", "out: 40") + "budget: {macs_change: <= 5 %}\n")
    failed = repository.rfcalc("check", "net.yaml", "--base", "main")
    assert failed.returncode == 1
    assert "MACs changed by" in failed.stdout
    assert repository.rfcalc("check", "net.yaml").returncode == 0


def test_a_spec_that_was_renamed(repository: Repository) -> None:
    """It is compared with what it was, under its old name."""
    repository.git("mv", "net.yaml", "detector.yaml")
    repository.write("detector.yaml", NET.replace("out: 32", "out: 40"))
    shown = repository.rfcalc("diff", "detector.yaml", "--base", "main")
    assert (shown.returncode, "body" in shown.stdout) == (0, True)
    repository.write("other.yaml", "input: 1x8\nlayers: [relu]\n")
    assert "other.yaml: new since main" in repository.rfcalc("diff", "other.yaml", "--base", "main").stdout


def test_a_spec_that_extends_one_of_another_folder(repository: Repository) -> None:
    """At the base both are as they were there; a link that leads out of the repository is left out."""
    for folder in ("common", "mine"):
        (repository.folder / folder).mkdir()
    repository.write("common/net.yaml", NET)
    repository.write("mine/net.yaml", "extends: ../common/net.yaml\n")
    (repository.folder / "mine" / "evil.yaml").symlink_to("/etc/passwd")
    repository.commit("apart")
    repository.write("common/net.yaml", NET.replace("out: 32", "out: 40"))
    shown = repository.rfcalc("diff", "mine/net.yaml", "--base", "main")
    assert (shown.returncode, "body" in shown.stdout) == (0, True), shown


def test_a_shallow_clone_says_how_to_fetch(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    repository.write("net.yaml", NET + "# more\n")
    repository.commit("more")
    clone = Repository(tmp_path_factory.mktemp("clone"))
    clone.git("fetch", "-q", "--depth", "1", f"file://{repository.folder}", "main:theirs")
    assert "fetch-depth: 0" in clone.rfcalc("diff", "net.yaml", "--base", "theirs~1").stdout
    assert "fetch-depth" not in repository.rfcalc("diff", "net.yaml", "--base", "nowhere").stdout


def test_a_comment_silences_a_rule_on_its_line(repository: Repository) -> None:
    layer = "  - {name: up, upconv: {out: 8, k: 3, s: 2, p: 1, output_padding: 1}}"
    repository.write("net.yaml", NET + layer + "\n")
    failed = repository.rfcalc("check", "net.yaml", "-f", "concise")
    assert failed.stdout.startswith("net.yaml:8:")
    assert "RF201" in failed.stdout
    for comment, code in (("# rfcalc: ignore[RF201]", 0), ("# rfcalc: ignore", 0), ("# rfcalc: ignore[RF101]", 1)):
        repository.write("net.yaml", NET + f"{layer}  {comment}\n")
        assert repository.rfcalc("check", "net.yaml").returncode == code


def test_formats(repository: Repository) -> None:
    words = ("check", "net.yaml", "--max-params", "1k", "-f")
    entry = json.loads(repository.rfcalc(*words, "gitlab").stdout)[0]
    assert entry["location"] == {"path": "net.yaml", "lines": {"begin": 1}}
    assert len(entry["fingerprint"]) == 64
    log = json.loads(repository.rfcalc(*words, "sarif").stdout)
    assert log["version"] == "2.1.0"
    result, rules = log["runs"][0]["results"][0], log["runs"][0]["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "RF501"
    suites = ElementTree.fromstring(repository.rfcalc(*words, "junit").stdout.split("\n", 1)[1])
    assert (suites.get("tests"), suites.get("failures")) == ("1", "1")
    assert "| RF501 |" in repository.rfcalc(*words, "markdown").stdout


def test_github_is_noticed(repository: Repository) -> None:
    summary = repository.folder / "summary.md"
    done = repository.rfcalc("check", "net.yaml", "--max-params", "1k", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert done.stdout.startswith("::error file=net.yaml,line=1,col=1,title=RF501 budget::")
    assert "RF501" in summary.read_text()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[tool.rfcalc]\nselct = ["RF1"]\n', 'did you mean "select"'),
        ('[tool.rfcalc]\nselect = ["RF999"]\n', 'no rule "RF999"'),
        ('[tool.rfcalc.budget]\nparam = "<= 1k"\n', 'did you mean "params"'),
        ('[tool.rfcalc.budget]\nparams = "a lot"\n', "a sign, a number and a unit"),
        ("[tool.rfcalc\n", "pyproject.toml"),
    ],
)
def test_bad_settings(repository: Repository, settings: str, says: str) -> None:
    repository.write("pyproject.toml", settings)
    done = repository.rfcalc("check", "net.yaml")
    assert done.returncode == 2
    assert says in done.stdout


def test_bad_revisions_and_baselines(repository: Repository) -> None:
    assert 'no revision "nowhere"' in repository.rfcalc("diff", "net.yaml", "--base", "nowhere").stdout
    repository.write("other.json", "{]")
    assert repository.rfcalc("check", "net.yaml", "--baseline", "other.json").returncode == 2
    assert repository.rfcalc("diff", "net.yaml").returncode == 2


def test_a_bad_spec_leaves_the_baseline_alone(repository: Repository) -> None:
    repository.rfcalc("check", "net.yaml", "--write-baseline")
    lock = (repository.folder / "rfcalc.lock.json").read_text()
    repository.write("net.yaml", NET.replace("out: 32", "out: -1"))
    assert repository.rfcalc("check", "net.yaml", "--write-baseline").returncode == 2
    assert (repository.folder / "rfcalc.lock.json").read_text() == lock


@pytest.mark.parametrize("fault", ["chmod", "replace"])
def test_a_failing_write_leaves_the_baseline_alone(
    repository: Repository, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.rfcalc("check", "net.yaml", "--write-baseline")
    before = {path.name: path.read_text() for path in repository.folder.iterdir() if path.is_file()}
    repository.write("net.yaml", NET.replace("out: 32", "out: 48"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.chdir(repository.folder)
    monkeypatch.setattr(os, fault, full)
    monkeypatch.setattr(sys, "argv", ["rfcalc", "check", "net.yaml", "--write-baseline"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "cannot write rfcalc.lock.json: No space left on device" in capsys.readouterr().err
    after = {path.name: path.read_text() for path in repository.folder.iterdir() if path.is_file()}
    assert {**after, "net.yaml": before["net.yaml"]} == before, "no rest of the new file lies about"


def test_a_baseline_that_is_a_link_stays_one(repository: Repository) -> None:
    target = repository.folder / "kept" / "figures.json"
    target.parent.mkdir()
    assert repository.rfcalc("check", "net.yaml", "--write-baseline").returncode == 0
    (repository.folder / "rfcalc.lock.json").rename(target)
    target.chmod(0o640)
    (repository.folder / "rfcalc.lock.json").symlink_to(target)
    repository.write("net.yaml", NET.replace("out: 32", "out: 48"))
    assert repository.rfcalc("check", "net.yaml", "--write-baseline").returncode == 0
    assert "5408" not in target.read_text()
    assert (repository.folder / "rfcalc.lock.json").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
