"""Hostile specs: each is refused with a code, in a process that may use 600 MB, without a traceback."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = "input: 3x64x64\nlayers:\n"
MEMORY = 600 * 2**20
READ = """
import sys
from rfcalc.errors import SpecError
from rfcalc.importers import load
try:
    load(sys.argv[1])
except SpecError as error:
    print(" ".join(dict.fromkeys(problem.code for problem in error.problems)))
"""


def chain(count: int) -> str:
    """Blocks that call each other, one after the other."""
    blocks = "".join(f"  b{i}: {{layers: [b{i + 1}]}}\n" for i in range(count))
    return f"input: 3x8x8\nblocks:\n{blocks}  b{count}: {{layers: [relu]}}\nlayers: [b0]\n"


def bomb(levels: int) -> str:
    """Aliases that stand for nine of the one before."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


NESTED = """input: 3x64x64
blocks:
  a: {layers: [{conv: {out: 8, k: 3}, repeat: 1000}]}
  b: {layers: [{a: {}, repeat: 1000}]}
layers: [{b: {}, repeat: 1000}]
"""
EDGES = f"""input: 3x8x8
blocks:
  b: {{layers: [{{concat: {{}}, from: [{", ".join(["in"] * 5000)}]}}, conv: {{out: 3, k: 1}}]}}
layers: [{{b: {{}}, repeat: 1000}}]
"""
CASES = {
    "aliases": (bomb(12), "E009"),
    "deep_aliases": ("a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 5000)), "E010"),
    "huge_repeat": (HEAD + "- {relu: {}, repeat: 1000000000}\n", "E115"),
    "huge_repeat_of_nothing": (HEAD + "- {relu: {}, repeat: 99999, when: i < 0}\n" * 100, "E115"),
    "nested_repeats": (NESTED, "E115"),
    "nested_repeats_of_nothing": (NESTED.replace("repeat: 1000}]}", "repeat: 99999, when: false}]}", 1), "E115"),
    "edges": (EDGES, "E115"),
    "brackets": (HEAD + "- " + "[" * 5000, "E010"),
    "braces": ("{a: " * 5000, "E010"),
    "dashes": ("- " * 5000, "E010"),
    "indents": ("".join(" " * i + "a:\n" for i in range(3000)), "E010"),
    "chain_of_blocks": (chain(10_000), "E114"),
    "power": (HEAD + "- conv: {out: 9**99999999, k: 3}", "E106"),
    "attribute": (HEAD + "- conv: {out: ().__class__, k: 3}", "E106"),
    "import": (HEAD + "- conv: {out: \"__import__('os').system('true')\", k: 3}", "E106"),
    "f_string": (HEAD + "- conv: {out: \"f'{().__class__}'\", k: 3}", "E106"),
    "comprehension": (HEAD + "- conv: {out: '[x for x in [1]*9]', k: 3}", "E106"),
    "long_expression": (HEAD + f"- conv: {{out: '{'1+' * 200_000}1', k: 3}}", "E106"),
    "deep_expression": (HEAD + f"- conv: {{out: '{'-' * 190}1', k: 3}}", "E106"),
    "repeated_word": (HEAD + "- conv: {out: \"'a'*10000000000\", k: 3}", "E104"),
    "growing_number": (HEAD + f"- conv: {{out: '{'999999999*' * 19}9', k: 3}}", "E104"),
    "kernel": (HEAD + "- conv: {out: 8, k: 100000000000}", "E104"),
    "kernel_of_a_transposed": (HEAD + "- upconv: {out: 8, k: 900000000, s: 900000000}", "E201"),
    "padding": (HEAD + "- pad: 900000000", "E201"),
    "upsampling": (HEAD + "- {upsample: 2, repeat: 90000}", "E201"),
    "phases": (HEAD + "- upsample: {size: 1000003}", "E201"),
    "width": ("input: 3x224x123456789012345678901234\nlayers: [relu]", "E118"),
    "digits": (f"input: 3x{'9' * 100_000}\nlayers: [relu]", "E118"),
    "digits_of_a_setting": (HEAD + f"- conv: {{out: {'9' * 100_000}, k: 3}}", "E012"),
    "many_problems": (HEAD + "- convv: {out: 3}\n" * 50_000, "E102 E099"),
    "many_repeated_keys": (HEAD + "- {" + "relu: 1, " * 50_000 + "}\n", "E008 E099"),
    "many_values": (f"input: 3x3x3\nlayers: [{'a,' * 7_000_000}]", "E004"),
    "long_name": (HEAD + f"- {{name: {'a' * 100_000}, relu: {{}}}}", "E111"),
    "globs": (HEAD + "- {name: a, relu: {}, repeat: 30000}\n" + "- {relu: {}, from: 'a.*b'}\n" * 3000, "E109 E115"),
}


@pytest.mark.parametrize(("text", "codes"), CASES.values(), ids=CASES)
def test_a_hostile_spec_is_refused(tmp_path: Path, text: str, codes: str) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(text, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        check=False,
    )
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert set(ended.stdout.split()) <= set(codes.split())
    assert ended.stdout.strip()
