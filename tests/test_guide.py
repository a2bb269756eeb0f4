"""The guide is executed, page by page; its pictures are those that the commands draw, and its links lead somewhere."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from math import exp, log
from pathlib import Path
from statistics import NormalDist

import pytest

from tests.documents import ROOT, checked, examples, play
from tests.golden import Golden

GUIDE = ROOT / "docs" / "guide"
PAGES = sorted(path.name for path in GUIDE.glob("*.md"))
LINK = re.compile(r"\]\(([^)#:]+)\)")
MEASURED = {"roofline.png"}  # differs from run to run
MOST_BYTES = 60_000


@pytest.mark.parametrize("page", PAGES)
def test_examples_and_pictures(page: str, tmp_path: Path, golden: Golden) -> None:
    for file in GUIDE.glob("*.csv"):
        shutil.copy(file, tmp_path)
    count = play(GUIDE / page, tmp_path, golden)
    assert count or page == "README.md"
    drawn = {path.name for path in tmp_path.glob("*.png")}
    shown = {Path(link).name for link in LINK.findall((GUIDE / page).read_text()) if link.endswith(".png")}
    assert drawn == shown
    for name in shown:
        kept = GUIDE / "pictures" / name
        if golden.accept and (golden.accept == "timed" or name not in MEASURED):
            shutil.copy(tmp_path / name, kept)
        assert kept.stat().st_size < MOST_BYTES
        if name not in MEASURED:
            assert pixels(kept) == pixels(tmp_path / name), name


def pixels(path: Path) -> tuple[tuple[int, int], bytes]:
    from PIL import Image

    with Image.open(path) as image:
        return image.size, image.convert("RGB").tobytes()


def test_the_python_of_design_spaces(tmp_path: Path) -> None:
    """Optuna leads a search of the space of that page."""
    pytest.importorskip("optuna", reason="the example of docs/guide/design-spaces.md needs optuna")
    text = (GUIDE / "design-spaces.md").read_text()
    (source,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    checked(examples(text)[0], tmp_path)
    run = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("designs that no other one beats\n")


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    for link in LINK.findall((GUIDE / page).read_text()):
        assert (GUIDE / link).exists(), link


def test_every_page_and_picture_is_linked() -> None:
    linked = {link for page in PAGES for link in LINK.findall((GUIDE / page).read_text())}
    assert set(PAGES) - {"README.md"} <= set(LINK.findall((GUIDE / "README.md").read_text()))
    assert {f"pictures/{path.name}" for path in (GUIDE / "pictures").iterdir()} <= linked


def test_the_boxes_follow_their_rule() -> None:
    """The rule at the end of ninety-pixels.md."""
    law = NormalDist(log(50), log(90 / 50) / NormalDist().inv_cdf(0.9))
    with (GUIDE / "boxes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    for i, row in enumerate(rows):
        long = round(exp(law.inv_cdf((i + 0.5) / 200)) / 0.4)
        short = round(long * (1, 0.75, 0.5)[i % 3])
        width, height = (long, short) if i % 2 else (short, long)
        x, y = 37 * i % (1280 - width), 53 * i % (960 - height)
        assert [int(row[key]) for key in ("image_width", "image_height")] == [1280, 960]
        assert [int(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")] == [x, y, x + width, y + height]
