"""`rfcalc lesson`: the list, a lesson with its runs and claims, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rfcalc.language.lessons import lesson_names
from tests.running import rfcalc

HEAD = """# Three layers
input: 3x16x16
params: {k: 3}
layers:
  - {name: conv, conv: {out: 4, k: k}}
"""


def taught(tmp_path: Path, runs: str) -> tuple[int, str, str]:
    (tmp_path / "net.yaml").write_text(f"{HEAD}lesson:\n  text: What it is about.\n  runs:\n{runs}")
    run = rfcalc("lesson", str(tmp_path / "net.yaml"))
    return run.code, run.out, run.err


def claims(*those: str, run: str = "analyze") -> str:
    return f"    - run: {run}\n      claims:\n" + "".join(f"        - {{say: So it is., that: '{that}'}}\n" for that in those)


def test_the_list() -> None:
    lines = rfcalc("lesson").out.splitlines()
    assert [line.split()[0] for line in lines] == lesson_names()
    assert all(len(line.split()) > 4 for line in lines)


def test_a_lesson(tmp_path: Path) -> None:
    text = claims('params["conv"] == 112') + claims(
        'size["conv"] == [5, 5] and first["size"]["conv"] == [3, 3]', 'totals["params"] > first["totals"]["params"]',
        run="analyze -s k=5 --columns op,field",
    )  # fmt: skip
    code, out, err = taught(tmp_path, text)
    assert (code, err) == (0, "")
    assert out.startswith("Three layers\n\nWhat it is about.\n\n> rfcalc analyze ")
    assert out.count("✓ So it is.\n") == 3
    assert f"> rfcalc analyze {tmp_path}/net.yaml -s k=5 --columns op,field\nnet at 3x16x16\n" in out


def test_a_claim_that_does_not_hold(tmp_path: Path) -> None:
    code, out, err = taught(tmp_path, claims('params["conv"] == 112', 'params["conv"] > macs["conv"]'))
    assert code == 1
    assert "✓ So it is.\n✗ So it is.\n" in out
    assert err == (
        f'{tmp_path}/net.yaml:12: does not hold: params["conv"] > macs["conv"]; params["conv"] is 112, macs["conv"] is 27,648\n'
    )


def test_findings(tmp_path: Path) -> None:
    assert taught(tmp_path, claims("findings == code == []", run="check --select RF201"))[0] == 0
    assert taught(tmp_path, claims('"RF501" in code and severity[0] == "error"', run="check --max-macs 1"))[0] == 0


@pytest.mark.parametrize(
    ("that", "says"),
    [
        ('parms["conv"] == 1', 'the answer has no "parms"; did you mean "params"?'),
        ('params["cov"] == 1', "there is no entry 'cov'; there are 'conv'"),
        ('params["conv"]', "a claim is true or false, not 112"),
        ('params["conv"] ==', "is no expression"),
        ("params.conv == 1", "attributes (a.b) cannot be used in an expression"),
    ],
)
def test_a_claim_that_cannot_be_worked_out(that: str, says: str, tmp_path: Path) -> None:
    code, _, err = taught(tmp_path, claims(that))
    assert code == 2
    assert f"{tmp_path}/net.yaml:11:" in err
    assert "error E127: that: " in err
    assert says in err


@pytest.mark.parametrize(
    ("run", "says"),
    [("analyze --nonsense", "--nonsense"), ("anlyze", "analyze"), ("analyze -s q=3", 'there is no param "q"')],
)
def test_a_run_that_cannot_be_run(run: str, says: str, tmp_path: Path) -> None:
    code, _, err = taught(tmp_path, claims("true == true", run=run))
    assert code == 2
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("analyze --at 99,99", "E127: this cannot be run: rfcalc analyze"),
        ("analyze --at x", "E127: run: Invalid value: --at takes one number per axis"),
        ("analyze --nonsense", "E127: run: No such option: --nonsense"),
        ("analyze -s q=3", "E127: this cannot be run: rfcalc analyze"),
    ],
)
def test_a_run_that_cannot_be_run_has_a_place(run: str, said: str, tmp_path: Path) -> None:
    code, _, err = taught(tmp_path, claims("true == true", run=run))
    assert code == 2
    assert f"{tmp_path}/net.yaml:9:12: error {said}" in err


def test_as_json(tmp_path: Path) -> None:
    taught(tmp_path, claims('params["conv"] == 112') + claims('params["conv"] > 200', run="analyze -s k=5 --columns op,field"))
    run = rfcalc("lesson", str(tmp_path / "net.yaml"), "--format", "json")
    assert run.code == 0
    data = run.data
    assert (data["title"], data["text"], data["holds"]) == ("Three layers", "What it is about.", True)
    assert [one["command"].split()[0] for one in data["runs"]] == ["rfcalc", "rfcalc"]
    assert data["runs"][0]["claims"] == [
        {"say": "So it is.", "that": 'params["conv"] == 112', "holds": True, "figures": ['params["conv"] is 112']}
    ]
    taught(tmp_path, claims('params["conv"] == 113'))
    run = rfcalc("lesson", str(tmp_path / "net.yaml"), "-f", "json")
    assert (run.code, run.data["holds"]) == (1, False)


def test_the_list_as_json() -> None:
    assert [one["name"] for one in rfcalc("lesson", "--format", "json").data] == lesson_names()
    assert rfcalc("lesson", "--format", "xml").code == 2


def test_names() -> None:
    run = rfcalc("lesson", "checkerbord")
    assert (run.code, 'there is no lesson checkerbord\n  hint: did you mean "checkerboard"?' in run.err) == (2, True)
    run = rfcalc("lesson", "resnet50")
    assert (run.code, "E105: resnet50 has no lesson" in run.err) == (2, True)


def test_other_commands_leave_it_alone(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(f"{HEAD}lesson: [anything]\n")
    (tmp_path / "more.yaml").write_text("extends: net.yaml\n")
    for name in ("net", "more"):
        assert rfcalc("analyze", str(tmp_path / f"{name}.yaml")).code == 0
    assert "E105" in rfcalc("lesson", str(tmp_path / "more.yaml")).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("export --to onnx", "a lesson does not run export"),
        ("analyse", 'did you mean "analyze"?'),
        ("transform --to separable -o other.yaml", "writes no files and chooses no format: -o"),
        ("transform --to separable -oother.yaml", "writes no files and chooses no format: -o"),
        ("check --format=sarif=x.sarif", "writes no files and chooses no format: --format"),
        ("check --write-baseline", "writes no files and chooses no format: --write-baseline"),
        ("analyze --at 3,3 --mask-png=x.png", "writes no files and chooses no format: --mask-png"),
        ("compare evil.py:Net", "runs no code: evil.py:Net"),
        ("compare os:getcwd", "runs no code: os:getcwd"),
    ],
)
def test_a_lesson_only_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('ran', 'w').close()\ndef Net(): ...\n")
    code, _, err = taught(tmp_path, f"    - run: {words}\n      claims: []\n")
    assert code == 2
    assert "net.yaml:9:12: error E127" in err
    assert said in err
    assert {path.name for path in tmp_path.iterdir()} == {"net.yaml", "evil.py"}
