"""The command line: parse, call, print. Plain lines are read by the lane, all others by typer."""

from __future__ import annotations

import errno
import sys

from rfcalc.cli import streams
from rfcalc.cli.declared import UsageError
from rfcalc.errors import SpecError, summed_up

INTERRUPTED = 130


def main() -> None:
    """Runs the command line; bad input ends with its problems on standard error and exit code 2, never a traceback."""
    streams.prepare()
    sys.exit(streams.finish(_run()))


def _run() -> int:
    """Runs the command line; gives the exit code."""
    from rfcalc.cli.color import complain
    from rfcalc.cli.waiting import watched

    try:
        with watched():
            _called()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except SpecError as error:
        complain(summed_up([error]))
        return 2
    except RecursionError:
        complain("error E301: the input is nested too deeply")
        return 2
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return streams.failed(error)
    return 0


def _called() -> None:
    """Calls the command. A mistake in its words is typer's to tell, which reads the line anew for it."""
    from rfcalc.cli.lane import read

    mistake = None
    try:
        if call := read(sys.argv[1:]):  # noqa: TID251 - the one place
            call.function(**call.values)
            return
    except UsageError as error:
        mistake = error
    from rfcalc.cli.program import app

    app(obj=mistake)
