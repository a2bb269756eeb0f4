"""What `check` and `diff` say, ready for a format to print. Knows no format."""

from __future__ import annotations

from collections.abc import Mapping

from rfcalc.errors import Span, one_line, told
from rfcalc.record import record
from rfcalc.report.tables import Table

SEVERITIES = ("note", "warning", "error")


@record
class Finding:
    """One thing that was found: a stable code, its severity (note, warning, error), the layer and its place in the spec;
    `layers` are all layers of that place that it holds for, `layer` the first; `spec` is the file that was looked at, which
    need not be the one where the place is (`source`): a line may stand in what it extends, or in the settings.

    An error code (E...) is no verdict on a design: something could not be read, and was not checked.
    """

    code: str
    name: str
    severity: str
    message: str
    hint: str
    network: str
    layer: str
    source: str
    span: Span | None
    layers: tuple[str, ...] = ()
    spec: str = ""

    @property
    def case(self) -> str:
        """What was looked at when this was found."""
        return self.spec or self.source

    @property
    def unread(self) -> bool:
        """True if something could not be read."""
        return self.code.startswith("E")

    @property
    def line(self) -> int:
        """Line of the place, 1 where none is known."""
        return self.span.line if self.span else 1

    @property
    def column(self) -> int:
        """Column of the place, 1 where none is known."""
        return self.span.column if self.span else 1

    @property
    def place(self) -> str:
        """file:line:column, as far as it is known."""
        return f"{self.source}:{self.line}:{self.column}" if self.span else self.source

    @property
    def text(self) -> str:
        """The message with its layer, and with the spec where the place is in another file."""
        parts = [self.spec] if self.case != self.source else []
        if self.layer:
            parts.append(f'"{self.layer}"' + (f" (first of {len(self.layers)} layers)" if len(self.layers) > 1 else ""))
        return ": ".join([*parts, self.message])

    @property
    def headline(self) -> str:
        """The finding in one line, as compilers print theirs."""
        return one_line(f"{self.place}: {self.severity} {self.code}: {self.text}")

    def __str__(self) -> str:
        """As `check` prints it: with the source line, a caret and the hint."""
        return told(self.headline, self.span, self.hint)

    def __repr__(self) -> str:
        return f"<{self.headline}>"


@record
class Explained:
    """What a format may tell of a code: its name, one sentence, the page that explains it."""

    code: str
    name: str
    summary: str
    severity: str


@record
class Outcome:
    """The whole result. `command`: check or diff; `tables` and `summary` for people; `data`: more keys for JSON;
    `cases`: what was looked at, whether or not something was found; `codes`: those that could have been found, and those of
    the errors that were."""

    command: str
    findings: tuple[Finding, ...]
    summary: str
    tables: tuple[Table, ...] = ()
    cases: tuple[str, ...] = ()
    codes: tuple[Explained, ...] = ()
    data: Mapping[str, object] | None = None

    @property
    def complete(self) -> bool:
        """False if something could not be read."""
        return not any(finding.unread for finding in self.findings)
