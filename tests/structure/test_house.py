"""The shape of the house: arrows point down, no circles, rooms that keep apart, no orphans in the registries."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from tests.golden import Golden
from tests.structure.floors import APART, FLOORS, PACKAGE, described, floor, imports, modules

HEAVY = ("torch", "fvcore", "numpy", "onnx", "PIL", "matplotlib")
MARK = "<!-- the floors, by tests/structure/floors.py; make accept writes them -->\n"


@pytest.mark.parametrize("name", modules())
def test_arrows_point_down(name: str) -> None:
    room = name.split(".")[0]
    for other in imports(name):
        if other.split(".")[0] != room:
            assert floor(other) < floor(name), f"{name} imports {other}, which does not stand below it"


def test_every_room_of_a_floor_exists() -> None:
    rooms = [room for rooms, _ in FLOORS for room in rooms]
    assert sorted(rooms) == sorted({name.split(".")[0] for name in modules()})


def arrows(folder: str) -> set[tuple[str, str]]:
    """The pairs of different members of a folder of which the first imports the second."""
    depth, inside = folder.count(".") + 1, f"{folder}."
    pairs = (
        (name, other) for name in modules() for other in imports(name) if name.startswith(inside) and other.startswith(inside)
    )
    members = ((name.split(".")[depth], other.split(".")[depth]) for name, other in pairs)
    return {(one, other) for one, other in members if one != other}


@pytest.mark.parametrize("folder", APART)
def test_members_keep_apart(folder: str) -> None:
    shared = APART[folder]
    assert not {(one, other) for one, other in arrows(folder) if one not in shared and other not in shared}
    assert {member for arrow in arrows(folder) for member in arrow}.issuperset(shared), "a shared member that nobody shares"


def test_no_folder_whose_members_keep_apart_is_forgotten() -> None:
    folders = {name for name, path in modules().items() if path.stem == "__init__"} - {"__init__"}
    apart = {
        folder for folder in folders if not arrows(folder) and sum(name.rpartition(".")[0] == folder for name in modules()) > 1
    }
    assert apart <= APART.keys()


@pytest.mark.parametrize("name", modules())
def test_members_do_not_import_their_own_init(name: str) -> None:
    for other in imports(name):
        assert not name.startswith(f"{other}."), f"{name} imports the __init__ of {other}"


def test_no_circles() -> None:
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for other in sorted(imports(name) - {name}):
                visit(other, (*trail, name))
            done.add(name)

    for name in modules():
        visit(name, ())


def test_formats_know_reports_and_nothing_else() -> None:
    for name in modules():
        if name.split(".")[0] == "formats":
            rooms = {other.split(".")[0] for other in imports(name)}
            assert rooms <= {"formats", "report", "record", "errors", "version"}, name


def test_reports_are_built_in_reports() -> None:
    made = {"rfcalc.report.tables": {"Report", "Table", "Column"}, "rfcalc.report.findings": {"Outcome"}}
    for name, path in modules().items():
        if name.split(".")[0] not in ("report", "reports"):
            nodes = list(ast.walk(ast.parse(path.read_text())))
            imported = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module in made]
            names = {
                alias.asname or alias.name for node in imported for alias in node.names if alias.name in made[node.module or ""]
            }
            calls = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
            assert not names & calls, f"{name} makes a {names & calls}"


def test_fields_and_analyses_name_no_layer() -> None:
    """None but the input, which is where a layer's facts end."""
    for name in modules():
        if name.split(".")[0] in ("fields", "analyses"):
            named = {other for other in imports(name) if other.startswith("layers.vocabulary")} - {"layers.vocabulary.source"}
            assert not named, f"{name} imports {named}"


def test_contributing_prints_the_floors(golden: Golden) -> None:
    path = PACKAGE.parent / "CONTRIBUTING.md"
    before, _, after = path.read_text(encoding="utf-8").split(MARK)
    golden.check(path, f"{before}{MARK}{described()}{MARK}{after}")


def records() -> Iterator[tuple[str, str]]:
    """Every record that states a reach: its module in the vocabulary, and its name."""
    for path in sorted((PACKAGE / "layers" / "vocabulary").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and any(isinstance(x, ast.FunctionDef) and x.name == "reach" for x in node.body):
                yield path.stem, node.name


def test_every_layer_is_registered() -> None:
    from rfcalc.layers.words import WORDS

    registered = {(room, record) for room, record, _ in WORDS.values()}
    for room, record in records():
        assert (room, record) in registered or room == "source", f"layers/vocabulary/{room}.py: {record} has no word"


def test_every_layer_states_its_facts_and_its_kind() -> None:
    from rfcalc.layers.contract import Op
    from rfcalc.layers.traits import LayerKind
    from rfcalc.layers.vocabulary.source import Input
    from rfcalc.layers.words import WORDS, class_of

    for cls in {Input, *map(class_of, WORDS)}:
        assert issubclass(cls, Op)
        assert isinstance(cls.kind, LayerKind), cls.__name__
        for fact in ("shape", "reach", "cost", "torch"):
            assert getattr(cls, fact) is not getattr(Op, fact), f"{cls.__name__} does not state {fact}"


def test_every_registered_module_exists() -> None:
    from rfcalc.cli.commands import COMMANDS
    from rfcalc.formats import FORMATS
    from rfcalc.layers.words import WORDS, class_of

    for word in WORDS:
        assert class_of(word)
    for name in FORMATS.values():
        assert import_module(name).render
    for module, function in COMMANDS.values():
        assert getattr(import_module(module), function)


def test_nothing_heavy_is_imported_at_start() -> None:
    code = f"""
import sys
from rfcalc.cli.commands import COMMANDS
from importlib import import_module
for module, _ in COMMANDS.values():
    import_module(module)
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_analysis_imports_nothing_heavy() -> None:
    code = f"""
import sys, io
sys.argv = ["rfcalc", "analyze", "resnet18.yaml", "--format", "json"]
out, sys.stdout = sys.stdout, io.StringIO()
from rfcalc.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stdout = out
print([name for name in {(*HEAVY, "rich", "pydantic")!r} if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
