"""Sizes of objects from COCO files and CSVs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rfcalc.designing.boxes import sizes
from rfcalc.errors import SpecError


def csv(tmp_path: Path, text: str) -> str:
    file = tmp_path / "boxes.csv"
    file.write_text(text)
    return str(file)


def test_coco_letterbox(tmp_path: Path) -> None:
    data = {
        "images": [{"id": 1, "width": 1000, "height": 500}, {"id": 2, "width": 500, "height": 1000}],
        "annotations": [
            {"image_id": 1, "bbox": [0, 0, 100, 50]},
            {"image_id": 2, "bbox": [5, 5, 10, 40]},
            {"image_id": 2, "bbox": [5, 5, 0, 40]},
        ],
    }
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps(data))
    found = sizes(str(file), (500, 500), "letterbox")
    assert found.values == (20.0, 50.0)
    assert found.left_out == 1
    assert sizes(str(file), (500, 500), "stretch").values == (20.0, 50.0)
    assert sizes(str(file), (500, 500), "shorter").values == (40.0, 100.0)
    assert sizes(str(file), (500, 500), "none").values == (40.0, 100.0)


def test_stretch_scales_each_axis(tmp_path: Path) -> None:
    text = "w,h,image_width,image_height\n100,100,1000,500\n"
    assert sizes(csv(tmp_path, text), (500, 500), "stretch").values == (100.0,)
    assert sizes(csv(tmp_path, text), (250, 500), "stretch").values == (50.0,)


@pytest.mark.parametrize(
    "text",
    [
        "width,height\n30,40\n10,20\n",
        "30,40\n10,20\n",
        "name,xmin,ymin,xmax,ymax\na,0,0,30,40\nb,5,5,15,25\n",
        "Name , W , H\nx,30,40\ny,10,20\n\n",
    ],
)
def test_csv_forms(tmp_path: Path, text: str) -> None:
    found = sizes(csv(tmp_path, text), (512, 512), "letterbox")
    assert found.values == (20.0, 40.0)
    assert found.rule == "none"  # no sizes of images: boxes as they are


def test_width_and_height_beside_corners_are_those_of_the_image(tmp_path: Path) -> None:
    text = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,1000,500,nut,0,0,100,50\n"
    found = sizes(csv(tmp_path, text), (500, 500), "letterbox")
    assert found.values == (50.0,)


def test_quantiles_and_histogram(tmp_path: Path) -> None:
    found = sizes(csv(tmp_path, "w,h\n" + "".join(f"{n},1\n" for n in range(1, 102))), (512, 512), "none")
    assert found.quantile(0.5) == 51
    assert found.quantile(0.9) == 91
    assert found.quantile(0.905) == pytest.approx(91.5)
    steps = found.histogram()
    assert sum(count for *_, count in steps) == 101
    assert [step[:2] for step in steps] == [(20 * n, 20 * n + 20) for n in range(6)]
    assert [count for *_, count in steps] == [19, 20, 20, 20, 20, 2]
    assert sizes(csv(tmp_path, "w,h\n5,5\n5,5\n"), (512, 512), "none").histogram() == [(5.0, 6.0, 2)]
    wide = sizes(csv(tmp_path, "w,h\n3,1\n30,1\n300,1\n9e6,9\n"), (512, 512), "none").histogram()
    assert [count for *_, count in wide] == [3, *[0] * 8, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "no columns"),
        ("w,h\n1,x\n", "'x' where a number"),
        ("w,h\n1\n", "column 2 is empty"),
        ("w,h\n0,0\n", "no boxes with an area"),
        ("w,h\nnan,3\n", "where a number"),
        ("{", "no JSON"),
        ("[" * 100_000, "nested|JSON"),
        ('{"annotations": 3}', "lists of images"),
        ('{"annotations": [{"bbox": [1, 2]}]}', "no bbox"),
        ('{"annotations": [{"bbox": [1, 2, "a", 4]}]}', "no bbox"),
        ('{"annotations": []}', "no boxes"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        sizes(csv(tmp_path, text), (512, 512), "letterbox")


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read"):
        sizes(str(tmp_path / "none.csv"), (512, 512), "letterbox")
    with pytest.raises(SpecError, match="folder"):
        sizes(str(tmp_path), (512, 512), "letterbox")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SpecError, match="UTF-8"):
        sizes(str(tmp_path / "binary.csv"), (512, 512), "letterbox")


@pytest.mark.parametrize(
    "text",
    [
        "w,h\n1e308,1\n",
        "xmin,ymin,xmax,ymax\n-1e308,0,1e308,1\n",
        "w,h,image_width,image_height\n1,1,1e300,1\n",
        '[{"bbox": [1, 2, 1e308, 3]}]',
        '[{"bbox": [1, 2, ' + "9" * 5000 + ", 3]}]",
    ],
)
def test_numbers_beyond_all_images_are_mistakes(tmp_path: Path, text: str) -> None:
    with pytest.raises(SpecError):
        sizes(csv(tmp_path, text), (512, 512), "letterbox")


@pytest.mark.parametrize("side", ["1e-300", "0", "-5"])
def test_an_image_without_a_pixel_has_no_size(tmp_path: Path, side: str) -> None:
    found = sizes(csv(tmp_path, f"w,h,image_width,image_height\n30,40,{side},500\n"), (512, 512), "shorter")
    assert (found.values, found.rule) == ((40.0,), "none")


def test_a_device_is_no_data_set() -> None:
    with pytest.raises(SpecError) as caught:
        sizes("/dev/zero", (512, 512), "letterbox")
    assert "a device, which has no end" in str(caught.value)
