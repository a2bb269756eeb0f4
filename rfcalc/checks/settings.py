"""Settings of `check`: `[tool.rfcalc]` of pyproject.toml, or rfcalc.toml, the nearest one above the working folder."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from rfcalc.checks.budget import Limit, limits
from rfcalc.checks.rules import rules
from rfcalc.errors import RuleError, Span, SpecError, did_you_mean, fail
from rfcalc.record import record

KEYS = ("select", "ignore", "severity", "budget", "baseline", "per-path")
PATH_KEYS = ("select", "ignore", "severity", "budget")
BUDGET_CODES = ("RF501", "RF502")


@record
class Settings:
    """Which rules apply and what the budgets are. `select`: codes or their beginnings that replace the default ones;
    `ignore`: those that are left out; `severity`: code -> warning or error; `paths`: (glob, settings for such files)."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    budget: tuple[Limit, ...] = ()
    baseline: str = ""
    paths: tuple[tuple[str, Settings], ...] = ()
    folder: Path = Path()

    def of(self, source: str) -> Settings:
        """The settings for one file."""
        settings = self
        for glob, extra in self.paths:
            if _matches(source, glob, self.folder):
                settings = replace(
                    settings,
                    select=extra.select or settings.select,
                    ignore=(*settings.ignore, *extra.ignore),
                    severity={**settings.severity, **extra.severity},
                    budget=(*settings.budget, *extra.budget),
                )
        return settings

    def wants(self, code: str, default: bool) -> bool:
        """Whether a code is checked; the longest beginning that is named decides."""
        chosen = _longest(code, self.select)
        dropped = _longest(code, self.ignore)
        if self.select and chosen < 0:
            return False
        if dropped >= 0 and dropped >= chosen:
            return False
        return default or chosen >= 0 or "ALL" in self.select


def _longest(code: str, beginnings: Iterable[str]) -> int:
    return max((0 if b == "ALL" else len(b) for b in beginnings if b == "ALL" or code.startswith(b)), default=-1)


def _matches(source: str, glob: str, folder: Path) -> bool:
    path = Path(source)
    names = [path.as_posix(), path.name]
    with suppress(ValueError):
        names.append(path.resolve().relative_to(folder.resolve()).as_posix())
    return any(fnmatch(name, glob) for name in names)


def read(start: Path) -> Settings:
    """The settings for a working folder; raises SpecError for a file that cannot be understood."""
    for folder in (start, *start.parents):
        for name, inner in (("rfcalc.toml", False), ("pyproject.toml", True)):
            path = folder / name
            if path.is_file():
                table = _table(path, inner)
                if table is not None:
                    return parse(table, path, folder)
    return Settings(folder=start)


def _table(path: Path, inner: bool) -> Any:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise fail("E020", f"{path.name}: {error}", Span(str(path), 1, 1)) from None
    return data.get("tool", {}).get("rfcalc") if inner else data


def parse(table: Any, path: Path, folder: Path) -> Settings:
    """Settings from a table; every problem is raised at once."""
    problems: list[str] = []
    if not isinstance(table, dict):
        raise _broken(path, ["rfcalc's settings are a table"])
    _unknown(table, KEYS, "", problems)
    settings = _part(table, "", problems)
    paths = table.get("per-path", {})
    parts: list[tuple[str, Settings]] = []
    if isinstance(paths, dict):
        for glob, inner in paths.items():
            if isinstance(inner, dict):
                _unknown(inner, PATH_KEYS, f"per-path.{glob}: ", problems)
                parts.append((glob, _part(inner, f"per-path.{glob}: ", problems)))
            else:
                problems.append(f"per-path.{glob} is a table")
    else:
        problems.append("per-path is a table of globs")
    baseline = table.get("baseline", "")
    if not isinstance(baseline, str):
        problems.append("baseline is the name of a file")
    if problems:
        raise _broken(path, problems)
    return replace(settings, paths=tuple(parts), baseline=str(folder / baseline) if baseline else "", folder=folder)


def _part(table: Mapping[str, Any], where: str, problems: list[str]) -> Settings:
    select, ignore = (codes(table.get(key, []), f"{where}{key}", problems) for key in ("select", "ignore"))
    severity = table.get("severity", {})
    if not isinstance(severity, dict) or any(value not in ("warning", "error") for value in severity.values()):
        problems.append(f"{where}severity is a table of codes with warning or error")
        severity = {}
    codes(list(severity), f"{where}severity", problems)
    budget: tuple[Limit, ...] = ()
    try:
        budget = tuple(limits(table.get("budget", {})))
    except RuleError as error:
        problems.append(f"{where}budget: {error}")
    return Settings(select, ignore, severity, budget)


def codes(values: object, where: str, problems: list[str]) -> tuple[str, ...]:
    """Codes, or beginnings of codes, that exist; what is wrong is added to `problems`."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        problems.append(f"{where} is a list of codes, such as RF201")
        return ()
    known = [*rules(), *BUDGET_CODES]
    for value in values:
        if value != "ALL" and not any(code.startswith(value) for code in known):
            hint = did_you_mean(value, known)
            problems.append(f'{where}: there is no rule "{value}"' + (f"; {hint}" if hint else ""))
    return tuple(values)


def _unknown(table: Mapping[str, Any], keys: tuple[str, ...], where: str, problems: list[str]) -> None:
    for key in table:
        if key not in keys:
            hint = did_you_mean(str(key), keys)
            problems.append(f'{where}there is no setting "{key}"' + (f"; {hint}" if hint else ""))


def _broken(path: Path, problems: list[str]) -> SpecError:
    from rfcalc.errors import Problem

    lines = path.read_text(encoding="utf-8").splitlines()
    at = next((k for k, line in enumerate(lines) if "tool.rfcalc" in line), 0)
    text = lines[at] if lines else ""
    return SpecError([Problem("E021", problem, Span(str(path), at + 1, 1, text, len(text))) for problem in problems])
