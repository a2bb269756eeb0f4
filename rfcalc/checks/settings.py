"""Settings of `check`: `[tool.rfcalc]` of pyproject.toml, or rfcalc.toml, the nearest one above the working folder."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path

from rfcalc.checks.keys import NAMES, PATH_NAMES
from rfcalc.checks.rules import rules
from rfcalc.checks.toml import placed
from rfcalc.errors import Placed, RuleError, Span, did_you_mean, fail
from rfcalc.language.budget import Limit, limits
from rfcalc.language.problems import Problems
from rfcalc.record import field, record, replace

BUDGET_CODES = ("RF501", "RF502", "RF503")


@record
class Settings:
    """What is checked, which rules apply and what the budgets are. `include`: specs, folders and patterns, from `folder`;
    `exclude`: what is left out of folders and patterns. `select`: codes or their beginnings that replace the default ones;
    `ignore`: those that are left out; `severity`: a code or its beginning -> warning or error;
    `paths`: (glob, settings for such files)."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    budget: tuple[Limit, ...] = ()
    baseline: str = ""
    paths: tuple[tuple[str, Settings], ...] = ()
    folder: Path = Path()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def included(self) -> tuple[str, ...]:
        """What is checked where the command line names nothing, as seen from the working folder."""
        return tuple(_shown(self.folder / name) if _is_path(name, self.folder) else name for name in self.include)

    def leaves_out(self, source: str) -> bool:
        """Whether a file, or a folder above it, is excluded."""
        path = Path(os.path.abspath(source))
        if self.folder not in path.parents:
            return False
        inside = path.relative_to(self.folder)
        names = [name for part in (inside, *inside.parents[:-1]) for name in (part.as_posix(), part.name)]
        return any(fnmatch(name, glob) for name in names for glob in self.exclude)

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

    def severity_of(self, code: str, default: str) -> str:
        """How severe a code is; the longest beginning that is named decides."""
        named = [b for b in self.severity if b == "ALL" or code.startswith(b)]
        return self.severity[max(named, key=lambda b: 0 if b == "ALL" else len(b))] if named else default


def _longest(code: str, beginnings: Iterable[str]) -> int:
    return max((0 if b == "ALL" else len(b) for b in beginnings if b == "ALL" or code.startswith(b)), default=-1)


def _matches(source: str, glob: str, folder: Path) -> bool:
    path = Path(source)
    names = [path.as_posix(), path.name]
    with suppress(ValueError):
        names.append(path.resolve().relative_to(folder.resolve()).as_posix())
    return any(fnmatch(name, glob) for name in names)


def _is_path(name: str, folder: Path) -> bool:
    """Whether a name is a path or a pattern, rather than a shipped network or a torch model."""
    return any(sign in name for sign in "*?[") or (folder / name).exists()


def read(start: Path) -> Settings:
    """The settings for a working folder; raises SpecError for a file that cannot be understood."""
    for folder in (start, *start.parents):
        for name, inner in (("rfcalc.toml", False), ("pyproject.toml", True)):
            path = folder / name
            if path.is_file():
                table = _table(path, inner)
                if table is not None:
                    return parse(table, folder)
    return Settings(folder=start)


def _table(path: Path, inner: bool) -> Placed | None:
    """The settings in a file; None where it has none."""
    shown, text = _shown(path), ""
    try:
        text = path.read_text(encoding="utf-8")
        table: Placed | None = placed(text, shown)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = re.search(r"at line (\d+), column (\d+)", str(error))
        place = (int(line[1]), int(line[2])) if line else (max(1, len(text.splitlines())), 1)
        raise fail("E020", f"{path.name}: {error}", Span(shown, *place)) from None
    for key in ("tool", "rfcalc") if inner else ():
        table = table.entries.get(key) if table else None
    return table


def _shown(path: Path) -> str:
    """A path as people type it, from the working folder."""
    with suppress(ValueError):  # another drive
        return Path(os.path.relpath(path)).as_posix()
    return str(path)


def parse(table: Placed, folder: Path) -> Settings:
    """Settings from a table; every problem is raised at once."""
    problems = Problems()
    settings = Settings()
    if _mapping(table, "rfcalc's settings are a table", problems):
        _unknown(table, NAMES, "", problems)
        settings = _part(table, "", problems)
    parts: list[tuple[str, Settings]] = []
    paths = table.entries.get("per-path")
    if paths and _mapping(paths, "per-path is a table of globs", problems):
        for glob, inner in paths.entries.items():
            if _mapping(inner, f"per-path.{glob} is a table", problems):
                _unknown(inner, PATH_NAMES, f"per-path.{glob}: ", problems)
                parts.append((glob, _part(inner, f"per-path.{glob}: ", problems)))
    baseline = table.entries.get("baseline")
    if baseline and not isinstance(baseline.value, str):
        problems.add("E021", "baseline is the name of a file", baseline.span)
    include, exclude = (_texts(table.entries.get(key), key, problems) for key in ("include", "exclude"))
    if problems.found:
        problems.stop()
    lock = str(folder / baseline.value) if baseline and baseline.value else ""
    return replace(settings, paths=tuple(parts), baseline=lock, folder=folder, include=include, exclude=exclude)


def _texts(given: Placed | None, name: str, problems: Problems) -> tuple[str, ...]:
    values = given.value if given else []
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        problems.add(
            "E021", f'{name} is a list of specs, folders and patterns, such as ["models"]', given.span if given else None
        )
        return ()
    return tuple(values)


def _mapping(table: Placed, otherwise: str, problems: Problems) -> bool:
    if not isinstance(table.value, dict):
        problems.add("E021", otherwise, table.span)
        return False
    return True


def _part(table: Placed, where: str, problems: Problems) -> Settings:
    """The settings that may hold for some files only."""
    select, ignore = (_codes(table.entries.get(key), f"{where}{key}", problems) for key in ("select", "ignore"))
    severity: dict[str, str] = {}
    given = table.entries.get("severity")
    if given and _mapping(given, f"{where}severity is a table of codes with warning or error", problems):
        for name, entry in given.entries.items():
            severity[name] = entry.value
            _known(name, entry.key, f"{where}severity", problems)
            if entry.value not in ("warning", "error"):
                problems.add("E021", f"{where}severity of {name} is warning or error, not {entry.value!r}", entry.span)
    budget = table.entries.get("budget")
    return Settings(select, ignore, severity, limits(budget, problems) if budget else ())


def _codes(given: Placed | None, where: str, problems: Problems) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given.value, list) or not all(isinstance(value, str) for value in given.value):
        problems.add("E021", f"{where} is a list of codes, such as RF201", given.span)
        return ()
    for entry in given.entries.values():
        _known(entry.value, entry.span, where, problems)
    return tuple(given.value)


def _known(code: str, place: Span | None, where: str, problems: Problems) -> None:
    try:
        code_or_beginning(code)
    except RuleError as error:
        problems.add("E021", f"{where}: {error}", place)


def narrowed(settings: Settings, select: Iterable[str], ignore: Iterable[str]) -> Settings:
    """The settings with other codes, or their beginnings, to select, and more to ignore. Raises RuleError."""
    chosen, dropped = (tuple(map(code_or_beginning, codes)) for codes in (select, ignore))
    return replace(settings, select=chosen or settings.select, ignore=(*settings.ignore, *dropped))


def code_or_beginning(code: str) -> str:
    """A code, the beginning of some, or ALL; raises RuleError for anything else."""
    known = [*rules(), *BUDGET_CODES]
    if code != "ALL" and not any(each.startswith(code) for each in known):
        hint = did_you_mean(code, known)
        raise RuleError(f'there is no rule "{code}"' + (f"; {hint}" if hint else ""))
    return code


def _unknown(table: Placed, keys: tuple[str, ...], where: str, problems: Problems) -> None:
    for key, entry in table.entries.items():
        if key not in keys:
            hint = did_you_mean(str(key), keys) or f"the settings are {', '.join(keys)}"
            problems.add("E021", f'{where}there is no setting "{key}"', entry.key, hint)
