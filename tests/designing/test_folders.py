"""Sizes of objects from folders of YOLO labels and of Pascal VOC's annotations."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from rfcalc.designing.boxes import sizes
from rfcalc.designing.images import image_size
from rfcalc.errors import SpecError
from tests.running import rfcalc

VOC = """<annotation><size><width>1000</width><height>500</height><depth>3</depth></size>
<object><name>a</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>100</xmax><ymax>50</ymax></bndbox>
<part><name>p</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part></object>
<object><bndbox><xmin>10</xmin><ymin>11</ymin><xmax>19.0</xmax><ymax>50</ymax></bndbox></object></annotation>"""


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\x00\x00\x00"


def jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xe0" + struct.pack(">H14x", 16) + b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3)


def put(root: Path, name: str, content: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_yolo_with_images_in_their_own_folder(tmp_path: Path) -> None:
    put(tmp_path, "labels/train/a.txt", "0 0.5 0.5 0.1 0.1\n1 0.2 0.2 0.02 0.05 0.9\n")
    put(tmp_path, "labels/val/b.txt", "0 0.1 0.1 0.3 0.1 0.3 0.2\n\n0 0.5 0.5 0 0.1\n")
    put(tmp_path, "labels/val/empty.txt", "")
    put(tmp_path, "labels/classes.txt", "cat\ndog\n")
    put(tmp_path, "README.txt", "not labels")
    put(tmp_path, "images/train/a.png", png(1000, 500))
    put(tmp_path, "images/val/b.JPG", jpeg(400, 800))
    found = sizes(str(tmp_path), (500, 500), "letterbox")
    assert found.values == pytest.approx((12.5, 50.0, 50.0))  # 25 px at a half; 80 px of 800 at 5/8; 100 at a half
    assert (found.rule, found.left_out) == ("letterbox", 1)
    assert sizes(str(tmp_path / "labels/train"), (500, 500), "none").values == pytest.approx((25.0, 100.0))


def test_yolo_beside_its_images_and_without_them(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "0 0.5 0.5 0.1 0.2\n")
    assert sizes(str(tmp_path), (100, 300), "stretch").values == pytest.approx((30.0,))
    with pytest.raises(SpecError, match="no image for these labels"):
        sizes(str(tmp_path), (100, 300), "letterbox")
    put(tmp_path, "a.bmp", b"BM" + bytes(16) + struct.pack("<ii", 200, -100))
    assert sizes(str(tmp_path), (100, 300), "letterbox").values == pytest.approx((20.0,))
    put(tmp_path, "a.bmp", b"BM")
    with pytest.raises(SpecError, match="size of this image cannot be read"):
        sizes(str(tmp_path), (100, 300), "letterbox")


def test_voc(tmp_path: Path) -> None:
    one = put(tmp_path, "Annotations/a.xml", VOC)
    for path in (tmp_path, one):
        found = sizes(str(path), (500, 500), "letterbox")
        assert found.values == (20.0, 50.0)
        assert sizes(str(path), (500, 500), "none").values == (40.0, 100.0)


ENTITIES = '<!DOCTYPE a [<!ENTITY x "1"><!ENTITY y "&x;&x;">]><annotation>&y;</annotation>'


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "0 0.5 0.5 0.1\n", r"a.txt:1:1: .*a label is"),
        ("a.txt", "0 0.5 0.5 0.1 0.1\n0 5 5 1 1 \n", r"a.txt:2:1: .*shares of the image"),
        ("a.txt", "0 nan 0.5 0.1 0.1\n", "shares of the image"),
        ("a.txt", "cat 0.5 0.5 0.1 0.1\n", "a label is"),
        ("a.txt", b"\xff\xfe\x00", "not text in UTF-8"),
        ("a.xml", ENTITIES, r"a.xml:1:\d+: .*no document type"),
        ("a.xml", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "no document type"),
        ("a.xml", "<annotation>\n<object", r"a.xml:2:\d+: .*no XML"),
        ("a.xml", '<?xml version="1.0" encoding="no-such"?><a/>', "no XML"),
        ("a.xml", VOC.replace("<xmax>100</xmax>", ""), "a bndbox without xmax"),
        ("a.xml", VOC.replace("<xmax>100", "<xmax>wide"), "'wide' where a number should be"),
        ("a.xml", "<annotation/>", "no boxes with an area"),
        ("a.md", "", "no .txt files"),
    ],
)
def test_refusals(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    put(tmp_path, name, text)
    with pytest.raises(SpecError, match=message):
        sizes(str(tmp_path), (100, 100), "stretch")


def test_a_folder_of_both(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "0 0.5 0.5 0.1 0.1\n")
    put(tmp_path, "a.xml", VOC)
    with pytest.raises(SpecError, match=r"both \.xml and"):
        sizes(str(tmp_path), (100, 100), "stretch")


def test_sizes_of_images(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for ending in ("png", "jpg", "gif", "bmp"):
        path = tmp_path / f"i.{ending}"
        image.new("RGB", (37, 53)).save(path)
        assert image_size(path) == (37.0, 53.0)


def test_as_it_is_typed(tmp_path: Path) -> None:
    put(tmp_path, "voc/a.xml", VOC.replace("<xmax>100", "<xmax>150").replace("<xmax>19.0", "<xmax>160"))
    done = rfcalc("design", "--dataset", str(tmp_path / "voc"), "--input", "3x1000x1000")
    assert done.code == 0
    assert "2 objects" in done.out
    put(tmp_path, "bomb/a.xml", ENTITIES)
    refused = rfcalc("design", "--dataset", str(tmp_path / "bomb"))
    assert (refused.code, refused.out) == (2, "")
    assert "a.xml:1:" in refused.err
