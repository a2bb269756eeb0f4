"""The bundle that the page carries is what web/ makes, byte for byte, and its own tests pass."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB, ASSETS = ROOT / "web", ROOT / "rfcalc" / "page" / "assets"
NAMES = ("page.js", "page.css", "compare.js", "front.js", "designs.css")
MOST = 46_400  # bytes of what the page of a network carries


@pytest.fixture
def node() -> str:
    """Node, with the packages of web/ as its lock has them."""
    found = shutil.which("node")
    if not found:
        pytest.skip("node is not installed: the bundle is not rebuilt")
    wanted = json.loads((WEB / "package.json").read_text())["devDependencies"]["esbuild"]
    package = WEB / "node_modules" / "esbuild" / "package.json"
    if not package.exists():
        pytest.skip("web/node_modules is not installed (`make web`): the bundle is not rebuilt")
    assert json.loads(package.read_text())["version"] == wanted, "web/node_modules is not what package.json asks for: make web"
    return found


def test_the_source_makes_the_bundle(node: str, tmp_path: Path) -> None:
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=WEB, check=True)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (ASSETS / name).read_bytes(), f"{name} is not what web/ makes: run `make web`"


def test_its_types_and_its_own_tests_hold(node: str) -> None:
    for words in (["node_modules/typescript/bin/tsc", "--noEmit"], ["test.mjs"]):
        done = subprocess.run([node, *words], cwd=WEB, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_bundle_is_small() -> None:
    assert sum((ASSETS / name).stat().st_size for name in NAMES[:2]) < MOST


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_the_bundle_ends_the_element_around_it_or_asks_for_a_file(name: str) -> None:
    text = (ASSETS / name).read_text(encoding="utf-8")
    assert not [sign for sign in ("</script", "</style", "<!--", "@import", "url(", "innerHTML", "eval(") if sign in text]
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_versions_are_exact() -> None:
    wanted = json.loads((WEB / "package.json").read_text())
    assert "dependencies" not in wanted
    assert all(version[0].isdigit() for version in wanted["devDependencies"].values())
