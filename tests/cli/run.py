"""Runs the command line in this process and gives exit code, output and errors."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from rfcalc.cli import main


@dataclass
class Result:
    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    """`rfcalc WORDS...`; the test fails on a traceback, because an exception would reach it."""
    monkeypatch.setattr(sys, "argv", ["rfcalc", *words])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    captured = capsys.readouterr()
    return Result(code, captured.out, captured.err)
