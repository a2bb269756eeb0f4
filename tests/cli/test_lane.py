"""The lane and typer read every line alike: where the lane does not decline, values and mistakes are the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from rfcalc.cli import commands, lane
from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.declared import NEEDED, Context, UsageError, parameters
from rfcalc.cli.program import typed
from rfcalc.errors import SpecError
from tests.running import rfcalc

PLAIN = sorted(set(COMMANDS) - {"lesson"})  # whose context is typer's own
VALUES = ["net.yaml", "json", "2", "0", "-", "a=b", "1" * 18, "made.png", __file__, "never"]
ODD = ["", "-3", "--", "1_0", "٣", "3.5", "9" * 30, "-x", "--no-such", "--help", "-h", "=", "--=1", "-s=2", "\udcff", "al ways"]


def recorder(command: Callable[..., None]) -> tuple[Callable[..., None], list[dict[str, Any]]]:
    """A command with the same parameters, which keeps what it is called with."""
    calls: list[dict[str, Any]] = []

    def run(**values: Any) -> None:
        calls.append({name: "context" if hasattr(value, "params") else value for name, value in values.items()})

    run.parameters = parameters(command)  # type: ignore[attr-defined]
    return run, calls


def by_typer(name: str, words: list[str]) -> object:
    """The values that typer reads, or the kind of the error."""
    run, calls = recorder(commands.command(name))
    single = typer.Typer(add_completion=False)
    single.command(name=name)(typed(run))
    try:
        code = typer.main.get_command(single).main(list(words), standalone_mode=False)
    except SpecError as error:
        return str(error)
    except Exception as error:
        return "mistake", str(error)
    return calls[0] if calls else ("ended", code)


def by_lane(name: str, words: list[str]) -> object:
    """The values that the lane reads, or the error; None where it declines."""
    try:
        call = lane.read([name, *words])
    except SpecError as error:
        return str(error)
    except UsageError as error:
        return "mistake", str(error)
    return call and {key: "context" if isinstance(value, Context) else value for key, value in call.values.items()}


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A command, and words that it may or may not know."""
    name = draw(st.sampled_from(PLAIN))
    known = [word for one in parameters(commands.command(name)) for word in one.words]
    value = st.sampled_from(VALUES)
    word = st.sampled_from(known)
    said = st.one_of(
        value.map(lambda v: [v]),
        word.map(lambda w: [w]),
        st.tuples(word, value).map(list),
        st.tuples(word, value).map(lambda pair: ["=".join(pair)]),
        st.tuples(word, value).map(lambda pair: ["".join(pair)]),
        st.sampled_from(ODD).map(lambda v: [v]),
    )
    return name, [one for part in draw(st.lists(said, max_size=6)) for one in part]


@settings(max_examples=300, deadline=None)
@given(lines())
def test_both_lanes_read_alike(line: tuple[str, list[str]]) -> None:
    name, words = line
    with mock.patch.dict(os.environ):
        read = by_lane(name, words)
    if read is not None:
        with mock.patch.dict(os.environ):
            told = by_typer(name, words)
        assert read == told or (isinstance(read, tuple) and isinstance(told, tuple) and read[1] in told[1]), (name, words)


@pytest.mark.parametrize("name", PLAIN)
def test_each_option_is_read_by_the_lane(name: str) -> None:
    """Alone beside the arguments, in all its spellings, but for numbers with a point, which are rare."""
    known = parameters(commands.command(name))
    needed = [word for one in known if one.said and one.default is NEEDED for word in [*one.words[:1], "net.yaml"]]
    plain = [one for one in known if one.kind not in (float, float | None) and one.default is not NEEDED and one.said]
    for one, word in ((each, word) for each in plain for word in each.words):
        least = str(one.said.how.get("min", 2)) if one.said else ""
        value = "never" if word == "--color" else least if one.kind in lane.NUMBER else "new"
        words = [*needed, word, *([] if one.kind is bool else [value])]
        with mock.patch.dict(os.environ):
            read = by_lane(name, words)
            assert read is not None, (name, words)
            assert read == by_typer(name, words)


@pytest.mark.parametrize("words", [[], ["nosuch"], ["size"], ["--version"], ["lesson"], ["analyze"], ["analyze", "--help"]])
def test_the_lane_declines(words: list[str]) -> None:
    assert lane.read(words) is None


def test_mistakes_are_in_typers_words() -> None:
    """Found by the command, by the callback of an option, and by typer itself: one look."""
    for words in (("--format", "jsn"), ("--color", "alway"), ("--depth", "0"), ("--mask",)):
        run = rfcalc("analyze", "resnet18", *words)
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith("Usage: rfcalc analyze [OPTIONS] SPEC...\nTry 'rfcalc analyze -h' for help.\n")


def test_a_plain_line_imports_no_typer() -> None:
    code = """
import sys
sys.argv = ["rfcalc", *sys.argv[1:]]
from rfcalc.cli import main
try:
    main()
finally:
    print([name for name in ("typer", "click", "rich", "pydantic") if name in sys.modules], file=sys.stderr)
"""
    for words in (["analyze", "resnet18", "--format", "json", "-s", "depth=34"], ["check", "resnet18", "--max-macs=9G"]):
        run = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
        assert run.stderr == "[]\n"
