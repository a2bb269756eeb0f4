"""`rfcalc init`, and the GitHub action's steps run as a shell would, in a git repository that the test makes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repositories import Repository

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INPUT = re.compile(r"\$\{\{ (.*?) \}\}")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "project"
    folder.mkdir()
    return Repository(folder)


def test_the_starter_spec_checks_clean(repository: Repository) -> None:
    done = repository.rfcalc("init", "models/mine.yaml")
    assert (done.returncode, done.stdout) == (0, "models/mine.yaml: a starter spec; next: rfcalc analyze models/mine.yaml\n")
    assert "rfcalc check mine.yaml" in (repository.folder / "models/mine.yaml").read_text()
    checked = repository.rfcalc("check", "models/mine.yaml")
    assert checked.stdout == "1 network checked, no findings\n"
    over = repository.rfcalc("check", "models/mine.yaml", "-s", "width=64")
    assert over.returncode == 1
    assert "RF501" in over.stdout, "the starter's budget is a real one"


def test_nothing_is_overwritten(repository: Repository) -> None:
    net = repository.folder / "net.yaml"
    before = net.read_text()
    done = repository.rfcalc("init")
    assert done.returncode == 2
    assert "net.yaml exists already" in done.stderr
    assert net.read_text() == before
    printed = repository.rfcalc("init", "-").stdout
    assert net.read_text() == before
    assert repository.rfcalc("init", "--force").returncode == 0
    assert net.read_text() == printed != before
    assert "is a folder" in repository.rfcalc("init", ".", "--force").stderr
    assert repository.rfcalc("init", "net.yaml/inner.yaml").returncode == 2


def test_a_copy_of_a_shipped_network(repository: Repository) -> None:
    """Its own text, comments and all, which is the same network; a file is replaced only with --force."""
    text = (ROOT / "configs" / "resnet101.yaml").read_text()
    done = repository.rfcalc("init", "--from", "resnet101")
    assert (done.returncode, done.stdout) == (0, "resnet101.yaml: a copy of resnet101; next: rfcalc analyze resnet101.yaml\n")
    copy = repository.folder / "resnet101.yaml"
    assert copy.read_text() == text == repository.rfcalc("configs", "resnet101").stdout
    copy.write_text("mine")
    again = repository.rfcalc("init", "--from", "resnet101")
    assert (again.returncode, copy.read_text()) == (2, "mine")
    assert "exists already" in again.stderr
    assert repository.rfcalc("init", "--from", "resnet101.yaml", "--force").returncode == 0
    assert copy.read_text() == text
    assert repository.rfcalc("init", "-", "--from", "resnet101").stdout == text
    assert repository.rfcalc("init", "models/mine.yaml", "--from", "lessons/aspp").returncode == 0
    assert repository.rfcalc("analyze", "models/mine.yaml").returncode == 0


def test_a_copy_of_none(repository: Repository) -> None:
    done = repository.rfcalc("init", "--from", "resnet5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error E001: there is no shipped network resnet5\n  hint: shipped are resnet50\n\n1 error")
    assert "one of them" in repository.rfcalc("init", "--from", "resnet50", "--ci", "github").stderr


@pytest.mark.parametrize(
    ("system", "path"),
    [("github", ".github/workflows/rfcalc.yml"), ("gitlab", ".gitlab-ci.yml"), ("pre-commit", ".pre-commit-config.yaml")],
)
def test_jobs(repository: Repository, system: str, path: str) -> None:
    words = ("init", "net.yaml models/*.yaml", "--ci", system, "--install", "git+https://example.org/rfcalc@v1")
    assert repository.rfcalc(*words).stdout.startswith(f"{path}: ")
    text = (repository.folder / path).read_text()
    job = yaml.safe_load(text)
    assert "git+https://example.org/rfcalc@v1" in text
    if system == "pre-commit":
        files = job["repos"][0]["hooks"][0]["files"]
        assert [bool(re.search(files, name)) for name in ("net.yaml", "models/a.yaml", "a/net.yaml", "models/a/b.yaml")] == [
            True, True, False, False,
        ]  # fmt: skip
    else:
        values = job["jobs"]["check"]["env"] if system == "github" else job["rfcalc"]["variables"]
        assert values["SPECS"] == "net.yaml models/*.yaml"
    again = repository.rfcalc(*words)
    assert again.returncode == (2 if system == "github" else 0)
    assert (repository.folder / path).read_text() == text
    if system != "github":
        assert "left alone" in again.stdout
        assert yaml.safe_load(again.stdout) == job
        assert repository.rfcalc(*words, "--force").stdout == again.stdout


def test_the_workflows_steps(repository: Repository, tmp_path: Path) -> None:
    repository.rfcalc("init", "--ci", "github")
    job = yaml.safe_load((repository.folder / ".github/workflows/rfcalc.yml").read_text())["jobs"]["check"]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert "pip install" in runs[0]
    for base, codes in (("", [0]), ("main", [0, 0])):
        values = {"SPECS": job["env"]["SPECS"], "BASE": base}
        assert [_bash(run, repository, tmp_path, values).returncode for run in runs[1 : 1 + len(codes)]] == codes
    assert _bash(runs[3], repository, tmp_path, {"SPECS": "net.yaml none.yaml"}).returncode == 0
    assert (repository.folder / "pages/net.html").read_text().startswith("<!doctype html>")
    assert [path.name for path in (repository.folder / "pages").iterdir()] == ["net.html"]
    uploaded = next(step["with"]["path"] for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    assert uploaded.splitlines() == ["rfcalc.sarif", "pages"]


def test_gitlabs_script(repository: Repository, tmp_path: Path) -> None:
    repository.rfcalc("init", "--ci", "gitlab")
    job = yaml.safe_load((repository.folder / ".gitlab-ci.yml").read_text())["rfcalc"]
    installed, *script = job["script"]
    assert "pip install" in installed
    done = [_bash(line, repository, tmp_path, {"SPECS": "net.yaml none.yaml"}).returncode for line in script]
    assert done == [0, 2], "pages are made before the check can fail"
    assert [path.name for path in (repository.folder / "pages").iterdir()] == ["net.html"]
    assert (job["artifacts"]["when"], job["artifacts"]["paths"]) == ("always", ["pages/"])


def test_the_actions_steps_interpolate_nothing() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert ("run" in step) == (step.get("shell") == "bash")


def test_the_action_on_a_pull_request(repository: Repository, tmp_path: Path) -> None:
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "origin.git"))
    repository.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    repository.git("checkout", "-q", "-b", "wider")
    spec = repository.folder / "net.yaml"
    repository.write("net.yaml", spec.read_text().replace("out: 32", "out: 64"))
    repository.commit("wider")
    repository.git("branch", "-q", "-D", "main")
    steps = _action(
        repository, tmp_path, {"inputs.specs": "*.yaml", "inputs.args": "--max-params 6k", "github.base_ref": "main"}
    )
    assert [done.returncode for done in steps.values()] == [0, 1, 0], [done.stderr for done in steps.values()]
    assert steps["Check"].stdout.startswith("::error file=net.yaml,line=1,col=1,title=RF501 budget::")
    summary = (tmp_path / "summary.md").read_text()
    assert "RF501" in summary
    assert "MACs +" in summary


def test_the_action_on_a_push(repository: Repository, tmp_path: Path) -> None:
    steps = _action(repository, tmp_path, {"inputs.specs": "net.yaml"})
    assert {name: done.returncode for name, done in steps.items()} == {"Find the base": 0, "Check": 0}


def test_the_action_runs_no_words_of_its_inputs(repository: Repository, tmp_path: Path) -> None:
    evil = "$(touch harmed) `touch harmed`; touch harmed"
    for name in ("inputs.specs", "inputs.args", "inputs.base"):
        steps = _action(repository, tmp_path, {"inputs.specs": "net.yaml", name: evil})
        assert any(done.returncode for done in steps.values())
        assert not (repository.folder / "harmed").exists()


def _action(repository: Repository, place: Path, values: dict[str, str]) -> dict[str, subprocess.CompletedProcess[str]]:
    """Runs the steps behind the installation; the last one only with a base, as its `if` says."""
    done = {}
    for step in ACTION["runs"]["steps"][2:]:
        known = {**values, "steps.base.outputs.revision": _output(place)}
        if "if" in step and not known["steps.base.outputs.revision"]:
            continue
        done[step["name"]] = _bash(step["run"], repository, place, {k: _fill(v, known) for k, v in step["env"].items()})
    return done


def _fill(text: str, known: dict[str, Any]) -> str:
    """An expression of names joined by ||."""
    return INPUT.sub(lambda found: next((v for n in found[1].split(" || ") if (v := known.get(n))), ""), text)


def _output(place: Path) -> str:
    path = place / "output"
    return path.read_text().strip().rpartition("revision=")[2] if path.exists() else ""


def _bash(run: str, repository: Repository, place: Path, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A step as GitHub runs it, in the repository."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
        "GITHUB_OUTPUT": str(place / "output"),
    }
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run]
    return subprocess.run(
        words, cwd=repository.folder, env={**clean, **github, **path, **values}, capture_output=True, text=True, check=False
    )
