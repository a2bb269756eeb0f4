"""The command line, run within the test's process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

from rfcalc.cli import main


@dataclass
class Run:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def rfcalc(*args: str, columns: int = 100) -> Run:
    """Runs `rfcalc ARGS...` on a screen that is `columns` wide."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    with (
        mock.patch.object(sys, "argv", ["rfcalc", *args]),
        mock.patch.dict("os.environ", environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Run(code, out.getvalue(), err.getvalue())
