"""Tests mirror the source: who looks for the tests of a module finds them in the folder and under the name of the module."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.structure.floors import PACKAGE

TESTS = Path(__file__).resolve().parents[1]
MODULES = sorted(path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))

# Folders and modules of tests without a counterpart, because what they hold goes through many rooms.
ALONE = {
    "browser": "the page of a report, in a browser",
    "mistakes": "one broken spec for each error, with the text that a user reads",
    "oracle": "the whole analysis against gradients",
    "structure": "the shape of the house",
    "web": "web/, the page's source",
    "zoo": "the specs in configs/",
    "test_benchmarks.py": "benchmarks/",
    "test_guide.py": "docs/guide/",
    "test_prose.py": "all documents",
    "test_readme.py": "README.md",
    "test_progress.py": "progress.py, at the root",
    "test_record.py": "record.py, at the root",
    "test_site.py": "the documentation as a site",
    "test_api.py": "__init__.py, at the root",
    "test_version.py": "version.py, at the root",
}
# Modules of tests about something that all members of their folder have.
OF_THE_WHOLE = {
    "analyses": ("alone",),
    "api": ("page",),
    "cli": ("help", "imported_files"),
    "converting": ("counts", "formats", "models", "random", "round_trip", "values"),
    "fields": ("limits", "phases", "together"),
    "importers": ("broken_files",),
    "language": ("language", "names"),
    "layers": ("reach", "rules", "training", "values"),
    "transforms": ("composed", "layers", "random", "shipped"),
}


def members(folder: Path) -> set[str]:
    """The modules and folders that stand in a folder of the package."""
    return {path.stem for path in (PACKAGE / folder).glob("*") if path.suffix == ".py" or path.is_dir()} - {"__init__"}


def subject(module: Path) -> str | None:
    """The member of the counterpart folder that a module of tests is named for: test_edits_enumerated.py for edits."""
    name = module.stem.removeprefix("test_")
    return max((one for one in members(module.parent) if f"{name}_".startswith(f"{one}_")), key=len, default=None)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_of_tests_has_its_counterpart(module: Path) -> None:
    folder = module.parent.as_posix()
    if module.parts[0] not in ALONE and module.stem.removeprefix("test_") not in OF_THE_WHOLE.get(folder, ()):
        assert (PACKAGE / folder).is_dir(), f"there is no rfcalc/{folder}"
        assert subject(module), f"rfcalc/{folder} has no member of that name"


def test_every_room_has_its_tests() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert not {room for room in rooms if not list((TESTS / room).rglob("test_*.py"))}


def test_the_exceptions_are_there_and_needed() -> None:
    assert all((TESTS / name).exists() and not (PACKAGE / name).exists() for name in ALONE)
    for folder, names in OF_THE_WHOLE.items():
        for name in names:
            module = Path(folder, f"test_{name}.py")
            assert module in MODULES
            assert not subject(module), f"{module} is no exception"


def test_helpers_are_no_tests() -> None:
    """A module that pytest does not collect has no tests that would never run."""
    for path in TESTS.rglob("*.py"):
        if not path.name.startswith("test_"):
            assert "\ndef test_" not in path.read_text(), path
