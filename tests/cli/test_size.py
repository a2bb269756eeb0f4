"""`rfcalc size`, hidden: the words decide between `design` and `resize`, however the program is called."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.program import app
from tests.running import Run, rfcalc

NET = "input: 1x99x99\nlayers:\n  - {name: a, conv: {out: 4, k: 3, s: 2}, repeat: 3}\n"


def by_runner(*words: str) -> Run:
    """Through typer's own runner, where sys.argv holds the words of the test's own program."""
    result = CliRunner().invoke(app, list(words))
    return Run(result.exit_code, result.output, result.output)  # early versions of click do not tell the streams apart


def installed(*words: str) -> Run:
    """Through the command that is installed beside this Python."""
    command = Path(sysconfig.get_path("scripts"), "rfcalc")
    result = subprocess.run([command, *words], capture_output=True, text=True, check=False)
    return Run(result.returncode, result.stdout, result.stderr)


@pytest.fixture(params=[rfcalc, by_runner, installed], ids=["main", "runner", "installed"])
def run(request: pytest.FixtureRequest) -> Callable[..., Run]:
    return request.param  # type: ignore[no-any-return]


def test_an_option_that_means_nothing_here_is_an_error(run: Callable[..., Run]) -> None:
    for name in ("resize", "size"):
        result = run(name, "resnet50", "--target", "300", "--stride", "8")
        assert result.code == 2, result
        assert "No such option: --stride" in result.err


def test_a_design_says_how_it_was_found(run: Callable[..., Run]) -> None:
    for name in ("design", "size"):
        result = run(name, "--target", "90", "--stride", "8", "-o", "-")
        assert result.code == 0, result
        assert "# Found by: rfcalc design --target 90 --stride 8 -o -\n" in result.out


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--target", "90", "--stride", "16"], "design"),
        (["--target=90", "--all", "-f", "csv"], "design"),
        (["net.yaml", "--target", "31"], "resize"),
        (["--target", "31", "net.yaml", "-s", "a.2.kernel=5"], "resize"),
        (["--no-holes", "-t", "31", "--layer", "a*", "--", "net.yaml"], "resize"),
    ],
)
def test_the_words_decide(words: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)
    old, new = rfcalc("size", *words), rfcalc(name, *words)
    assert old.code == new.code == 0
    assert old.out == new.out
    assert not new.err
    assert f'is now "rfcalc {name}' in old.err


@pytest.mark.parametrize("words", [["--target"], ["net.yaml", "--target"], ["--nonsense"], []])
def test_mistakes_are_those_of_the_command_that_is_meant(words: list[str]) -> None:
    result = rfcalc("size", *words)
    assert result.code == 2
    assert "Traceback" not in result.err


def test_it_is_hidden() -> None:
    commands = {line[9:].split(" ")[0] for line in rfcalc("--help").out.splitlines() if len(line) > 9}
    assert {"design", "resize", "sizes"} <= commands
    assert "size" not in commands
    assert COMMANDS.keys() <= commands
