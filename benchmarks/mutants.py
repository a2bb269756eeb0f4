"""A pass of mutations over the rooms that compute the figures: which changes of the code does no test notice?

    python benchmarks/mutants.py --sample 40 --seed 1 fields

Each mutant is one change (a comparison, a sign, a constant, and/or, min/max, a `not`) in a copy of the repository, against the
tests of its room. It takes minutes and is not part of CI. Survivors whose reason is known stand in survivors.txt.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KNOWN = Path(__file__).with_name("survivors.txt")
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


def mutants(source: str) -> Iterator[tuple[int, str, str, str]]:
    """(line, the expression, what it becomes, the module's text) of each single change."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.expr):
            continue
        copy = deepcopy(tree)
        twin = next(n for i, n in enumerate(ast.walk(copy)) if i == number)
        before = ast.unparse(node)
        if changed(twin) and (after := ast.unparse(twin)) != before:
            yield node.lineno, before, after, ast.unparse(copy)


def changed(node: ast.AST) -> bool:
    """Changes an expression in place; False where there is nothing to change."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        node.ops[0] = SWAPS[type(node.ops[0])]()  # type: ignore[assignment]
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


def survives(copy: Path, room: str, path: str, text: str) -> bool:
    """Whether the tests of a room pass with a changed module."""
    target = copy / path
    before = target.read_text(encoding="utf-8")
    target.write_text(text, encoding="utf-8")
    tests = [test for test in TESTS[room] if (copy / test.split("::")[0]).exists()]
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(words, cwd=copy, capture_output=True, timeout=600, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_text(before, encoding="utf-8")


def main() -> int:
    """Prints each survivor, and the reason if it is known; 1 if one is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rooms", nargs="*", default=list(TESTS), help="of rfcalc/; or files")
    parser.add_argument("--sample", type=int, default=40, help="how many mutants are tried")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    files = [
        p for room in asked.rooms for p in ([ROOT / room] if room.endswith(".py") else (ROOT / "rfcalc" / room).rglob("*.py"))
    ]
    every = [(p.relative_to(ROOT).as_posix(), *m) for p in sorted(files) for m in mutants(p.read_text(encoding="utf-8"))]
    chosen = random.Random(asked.seed).sample(every, min(asked.sample, len(every)))
    known = dict(line.split("  # ", 1) for line in KNOWN.read_text(encoding="utf-8").splitlines() if "  # " in line)
    unknown = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "__pycache__", "node_modules"))
        for room, path in {path.split("/")[1]: path for path, *_ in chosen}.items():
            if not survives(copy, room, path, (copy / path).read_text(encoding="utf-8")):
                sys.exit(f"the tests of {room} fail without any change")
        for path, line, before, after, text in sorted(chosen):
            if survives(copy, path.split("/")[1], path, text):
                key = f"{path}: {before} -> {after}"
                unknown += key not in known
                sys.stdout.write(f"{path}:{line}: {before} -> {after}  # {known.get(key, 'UNKNOWN')}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} of {len(every)} mutants tried, {unknown} survived without a known reason\n")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
