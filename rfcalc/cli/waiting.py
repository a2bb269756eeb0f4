"""What a command does while it takes long, shown in a line on standard error: on a terminal only, and gone before anything is
printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rfcalc.cli.color import IN_THE_WAY, welcome
from rfcalc.progress import heard

if TYPE_CHECKING:
    from threading import Thread

    from rich.progress import Task

PATIENCE = 1.0  # seconds until a command is said to take long
TICK = 0.1


class Line:
    """A listener to the work. A thread draws, so that the line lives while torch is loaded or a network is traced."""

    def __init__(self) -> None:
        from threading import Event

        self.now: tuple[str, float, float] = ("", 0, 0)
        self.stream = sys.stderr  # somebody else's code may redirect it
        self.ended = Event()
        self.thread: Thread | None = None

    def __call__(self, what: str, done: float, total: float) -> None:
        from threading import Thread

        self.now = (what, done, total)
        if self.thread is None:
            self.ended.clear()
            self.thread = Thread(target=self._draw, daemon=True)
            self.thread.start()

    def close(self) -> None:
        """Takes the line away; what is told after that opens it anew."""
        self.ended.set()
        if self.thread is not None:
            self.thread.join()
        self.thread = None

    def _draw(self) -> None:
        if self.ended.wait(PATIENCE):
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.text import Text

        from rfcalc.errors import visible

        class Known(BarColumn):
            """A bar where it is known how much there is to do."""

            def render(self, task: Task) -> Any:
                return super().render(task) if task.total else Text()

        what = TextColumn("{task.description}", markup=False)
        console = Console(file=self.stream, force_terminal=True, no_color=not welcome(self.stream))
        columns = (SpinnerColumn(), what, Known(30), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
            task = bar.add_task(visible(self.now[0]), total=None)
            while not self.ended.wait(TICK):
                text, done, total = self.now
                bar.update(task, description=visible(text), completed=done, total=total or None)


@contextmanager
def watched() -> Iterator[None]:
    """While it lasts, long work is shown if standard error is a terminal that can take lines away again."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        yield
        return
    line = Line()
    IN_THE_WAY.append(line.close)
    try:
        with heard(line):
            yield
    finally:
        line.close()
        IN_THE_WAY.remove(line.close)
