"""`-s key=value`: params, the input, and settings of layers by name."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from rfcalc.errors import SpecError
from rfcalc.language.marked import Marked, read
from rfcalc.language.problems import Problems
from rfcalc.language.recipes import GivenSetting, LayerRecipe, lookup
from rfcalc.record import replace


def parsed(overrides: Mapping[str, str], problems: Problems) -> dict[str, Marked]:
    """The values of the overrides, read as YAML; broken ones are left out."""
    values = {}
    for key, text in overrides.items():
        line = f"{key}={text}"
        try:
            document, node = read(" " * (len(key) + 1) + text if text.strip() else "null", "command line")
        except SpecError as error:
            for problem in error.problems:
                problems.add(problem.code, f"{key}: {problem.message}", problem.span and replace(problem.span, text=line))
            continue
        document.lines = [line]
        values[key] = node
    return values


class LayerOverrides:
    """The overrides whose key is a layer's name (a glob) and a setting."""

    def __init__(self, given: Mapping[str, Marked]) -> None:
        self.patterns: list[tuple[str, str, str, Marked]] = []
        for key, node in given.items():
            pattern, _, setting = key.rpartition(".")
            self.patterns.append((key, pattern, setting, node))
        self.used: set[str] = set()
        self.seen: set[str] = set()
        self.kept: dict[tuple[str, str], GivenSetting] = {}

    def of(self, name: str, recipe: LayerRecipe) -> tuple[GivenSetting, ...]:
        """The settings that overrides change in a layer."""
        entries = []
        for key, pattern, word, node in self.patterns:
            if not fnmatchcase(name, pattern):
                continue
            self.seen.add(key)
            setting = lookup(recipe.kind).get(word)
            if setting is None:
                continue
            self.used.add(key)
            entries.append(self.kept.setdefault((key, recipe.kind), GivenSetting(setting, node.plain(), node)))
        return tuple(entries)
