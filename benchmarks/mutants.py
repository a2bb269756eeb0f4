"""A pass of mutations over the rooms that compute the figures: which changes of the code does no test notice?

    python benchmarks/mutants.py --minutes 30 fields relations
    python benchmarks/mutants.py --each 3 rfcalc/fields/clean.py
    python benchmarks/mutants.py --list              # what is known, without running anything; 1 if a survivor has no reason

Each mutant is one change (a comparison, a sign, a constant, and/or, min/max, a `not`) in a copy of the repository; `--each` of
every function are tried, first against the tests that are named for the module, then against those of its room. What a run
finds stands in results/mutants.json, and the next run goes on behind it. It takes minutes and is not part of CI. Survivors
whose reason is known stand in survivors.txt.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from copy import copy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KNOWN = Path(__file__).with_name("survivors.txt")
RESULTS = Path(__file__).parent / "results" / "mutants.json"
CASES = "tests/oracle/test_mutants.py::test_every_case_holds"
TESTS = {
    "relations": ["tests/relations", "tests/fields", CASES, "tests/layers/test_reach.py"],
    "fields": ["tests/fields", CASES, "tests/analyses/test_sizes.py", "tests/analyses/test_tiles.py"],
    "layers": ["tests/layers"],
    "analyses": ["tests/analyses"],
}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def places(source: str) -> dict[str, list[int]]:
    """The numbers of the expressions that can be changed, by the innermost function that they are in."""
    tree = ast.parse(source)
    inside = functions(tree)
    found: dict[str, list[int]] = {}
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.expr) and changed(copy(node)):
            found.setdefault(inside.get(node.lineno, ""), []).append(number)
    return found


def mutant(source: str, number: int) -> tuple[int, str, str, str]:
    """(line, the expression, what it becomes, the module's text) of a single change."""
    tree = ast.parse(source)
    node = next(node for i, node in enumerate(ast.walk(tree)) if i == number)
    assert isinstance(node, ast.expr)
    before = ast.unparse(node)
    changed(node)
    return node.lineno, before, ast.unparse(node), ast.unparse(tree)


def changed(node: ast.AST) -> bool:
    """Changes an expression in place; False where there is nothing to change."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        node.ops = [SWAPS[type(node.ops[0])](), *node.ops[1:]]  # type: ignore[list-item]
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        node.value += 1
    elif isinstance(node, ast.Name) and node.id in ("min", "max"):
        node.id = "max" if node.id == "min" else "min"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    else:
        return False
    return True


def functions(tree: ast.AST) -> dict[int, str]:
    """The innermost function of each line that is in one."""
    found: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.name)
    return found


def chosen(path: Path, each: int, seed: int) -> Iterator[tuple[str, int, str, str, str]]:
    """Some mutants of every function of a module: their key, line, expression, what it becomes, the module's text."""
    source, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
    for function, numbers in places(source).items():
        for number in random.Random(f"{seed} {name} {function}").sample(numbers, min(each, len(numbers))):
            line, before, after, text = mutant(source, number)
            yield f"{name}: {before} -> {after}", line, before, after, text


def stages(path: str) -> Iterator[list[str]]:
    """The tests that are named for a module, then those of its room."""
    room, stem = path.split("/")[1], Path(path).stem
    named = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "tests" / room).glob(f"test_{stem}*.py"))
    yield from [named] if named else []
    yield TESTS[room]


def outcome(root: Path, path: str, text: str, seconds: float) -> str:
    """What the tests say of a changed module: killed, survived, or stopped because it took too long."""
    target = root / path
    before = target.read_text(encoding="utf-8")
    target.write_text(text, encoding="utf-8")
    try:
        for tests in stages(path):
            words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
            if subprocess.run(words, cwd=root, capture_output=True, timeout=seconds, check=False).returncode:
                return "killed"
        return "survived"
    except subprocess.TimeoutExpired:
        return "stopped"
    finally:
        target.write_text(before, encoding="utf-8")


def files_of(asked: list[str]) -> list[Path]:
    """The modules of rooms, and single ones."""
    found = [[ROOT / one] if one.endswith(".py") else sorted((ROOT / "rfcalc" / one).rglob("*.py")) for one in asked]
    return [path for files in found for path in files]


def told(results: dict[str, str]) -> int:
    """Prints the survivors with their reasons, and how many there are; 1 if one has none."""
    known = dict(line.split("  # ", 1) for line in KNOWN.read_text(encoding="utf-8").splitlines() if "  # " in line)
    alive = [key for key, result in sorted(results.items()) if result == "survived"]
    for key in alive:
        print(f"{key}  # {known.get(key, 'UNKNOWN')}")
    unknown = sum(key not in known for key in alive)
    counts = ", ".join(f"{sum(one == word for one in results.values())} {word}" for word in ("killed", "survived", "stopped"))
    print(f"{len(results)} mutants: {counts}; {unknown} survived without a known reason")
    return 1 if unknown else 0


def main() -> int:
    """Tries what has not been tried, then prints what is known of the asked rooms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=list(TESTS), help="of rfcalc/; or files")
    parser.add_argument("--each", type=int, default=1, help="how many mutants of every function are tried")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=120, help="the most that the tests of a mutant may take")
    parser.add_argument("--minutes", type=float, default=600, help="begin no mutant after so many minutes")
    parser.add_argument("--list", action="store_true", help="run nothing")
    asked = parser.parse_args()
    results: dict[str, str] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "copy"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", "__pycache__", "node_modules"))
        for path in [] if asked.list else files_of(asked.rooms):
            name = path.relative_to(ROOT).as_posix()
            for key, line, before, after, text in chosen(path, asked.each, asked.seed):
                if key in results or time.perf_counter() - start > 60 * asked.minutes:
                    continue
                results[key] = outcome(root, name, text, asked.seconds)
                print(f"{name}:{line}: {before} -> {after}: {results[key]}", flush=True)
                RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    return told(results)


if __name__ == "__main__":
    sys.exit(main())
