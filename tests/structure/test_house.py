"""The shape of the house: arrows point down, no circles, no orphans in the registries, nothing heavy at start."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "rfcalc"

# A room may import rooms of its own floor's list entry only if they are single modules, and anything on a lower floor.
FLOORS = [
    {"errors", "record", "version"},
    {"report"},
    {"relations"},
    {"layers"},
    {"graph"},
    {"fields"},
    {"analyses"},
    {"language"},
    {"importers"},
    {"converting"},
    {"design", "transforms", "checks"},
    {"backends"},
    {"reports"},
    {"formats"},
    {"cli", "__init__", "__main__"},
]
HEAVY = ("torch", "fvcore", "numpy", "onnx", "PIL", "matplotlib")


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found.append((name, path))
    return found


def imports(path: Path, top_only: bool = False) -> set[str]:
    """Modules of rfcalc that a file imports, without the leading package name, TYPE_CHECKING blocks included."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_only else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "rfcalc" and not node.level:
            base = node.module.removeprefix("rfcalc").lstrip(".")
            for alias in node.names:
                dotted = f"{base}.{alias.name}" if base else alias.name
                is_module = (ROOT / (dotted.replace(".", "/") + ".py")).exists() or (ROOT / dotted.replace(".", "/")).is_dir()
                found.add(dotted if is_module else base)
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("rfcalc.") for a in node.names if a.name.startswith("rfcalc.")}
    return {name for name in found if name}


def floor(name: str) -> int:
    top = name.split(".")[0]
    for level, rooms in enumerate(FLOORS):
        if top in rooms:
            return level
    raise AssertionError(f"{name} stands on no floor: add it to FLOORS")


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_arrows_point_down(name: str, path: Path) -> None:
    if name in ("__init__", "__main__", "cli") or name.startswith("cli."):
        return
    for other in imports(path):
        assert floor(other) <= floor(name), f"{name} imports {other}, which stands above it"


@pytest.mark.parametrize("folder", ["layers.vocabulary", "formats", "formats.findings"])
def test_rooms_of_one_folder_do_not_import_each_other(folder: str) -> None:
    for name, path in modules():
        if name.rpartition(".")[0] == folder:
            others = {other for other in imports(path) if other.rpartition(".")[0] == folder}
            assert not others, f"{name} imports {others}"


def test_no_circles() -> None:
    graph = {name: imports(path, top_only=True) for name, path in modules()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done or name not in graph:
            return
        for other in sorted(graph[name] - {name}):
            visit(other, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def test_every_layer_is_registered() -> None:
    from rfcalc.layers.words import WORDS

    registered = {(room, record) for room, record, _ in WORDS.values()}
    for path in sorted((ROOT / "layers" / "vocabulary").glob("*.py")):
        if path.stem in ("__init__", "source"):
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and any(isinstance(x, ast.FunctionDef) and x.name == "reach" for x in node.body):
                assert (path.stem, node.name) in registered, f"layers/vocabulary/{path.name}: {node.name} has no word"


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
    from importlib import import_module

    from rfcalc.cli import COMMANDS
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
from rfcalc.cli import COMMANDS
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
print([name for name in {(*HEAVY, "rich")!r} if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
