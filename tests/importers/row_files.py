"""Small files of rows for the tests, put together from tables: the public architectures, and what is published about them."""

from __future__ import annotations

from collections.abc import Sequence

UP = '-1 1 nn.Upsample [None, 2, "nearest"]'
V8 = "n: [0.33, 0.25, 1024], s: [0.33, 0.5, 1024], m: [0.67, 0.75, 768], l: [1, 1, 512], x: [1, 1.25, 512]"
V5 = "n: [0.33, 0.25, 1024], s: [0.33, 0.5, 1024], m: [0.67, 0.75, 1024], l: [1, 1, 1024], x: [1.33, 1.25, 1024]"
V11 = "n: [0.5, 0.25, 1024], s: [0.5, 0.5, 1024], m: [0.5, 1, 512], l: [1, 1, 512], x: [1, 1.5, 512]"


def text(backbone: Sequence[str], head: Sequence[str], scales: str = "", more: str = "") -> str:
    """A file; a row is written "from repeats module args"."""
    lines = ["nc: 80", *([f"scales: {{{scales}}}"] if scales else []), *([more] if more else [])]
    for key, rows in (("backbone", backbone), ("head", head)):
        lines.append(f"{key}:")
        for row in rows:
            source, rest = (row.split("] ", 1)[0] + "]", row.split("] ", 1)[1]) if row[0] == "[" else row.split(" ", 1)
            repeats, module, args = rest.split(" ", 2)
            lines.append(f"  - [{source}, {repeats}, {module}, {args}]")
    return "\n".join(lines) + "\n"


def cat(row: int) -> str:
    return f"[-1, {row}] 1 Concat [1]"


def stem(stages: Sequence[str], down: Sequence[str] = ("Conv",) * 4, first: str = "[64, 3, 2]") -> list[str]:
    """A convolution, then for each stage a convolution of stride 2 and the stage."""
    rows = [f"-1 1 Conv {first}"]
    for width, word, stage in zip((128, 256, 512, 1024), down, stages, strict=True):
        rows += [f"-1 1 {word} [{width}, 3, 2]", f"-1 {stage}"]
    return rows


def pan(stages: Sequence[str], backbone: Sequence[int], head: Sequence[int], down: Sequence[str], last: str) -> list[str]:
    """Two steps up and two down; `backbone` and `head` number the rows that are joined."""
    up = [row for i in range(2) for row in (UP, cat(backbone[i]), f"-1 {stages[i]}")]
    return [*up, *(row for i in range(2) for row in (f"-1 1 {down[i]}", cat(head[i]), f"-1 {stages[2 + i]}")), last]


def v8(last: str = "Detect [nc]") -> str:
    backbone = [
        *stem(["3 C2f [128, True]", "6 C2f [256, True]", "6 C2f [512, True]", "3 C2f [1024, True]"]),
        "-1 1 SPPF [1024, 5]",
    ]
    stages = ["3 C2f [512]", "3 C2f [256]", "3 C2f [512]", "3 C2f [1024]"]
    down = ["Conv [256, 3, 2]", "Conv [512, 3, 2]"]
    return text(backbone, pan(stages, (6, 4), (12, 9), down, f"[15, 18, 21] 1 {last}"), V8, "kpt_shape: [17, 3]")


def v8_p2() -> str:
    backbone = [
        *stem(["3 C2f [128, True]", "6 C2f [256, True]", "6 C2f [512, True]", "3 C2f [1024, True]"]),
        "-1 1 SPPF [1024, 5]",
    ]
    up = [row for i, width in ((6, 512), (4, 256), (2, 128)) for row in (UP, cat(i), f"-1 3 C2f [{width}]")]
    down = [r for i, w in ((15, 128), (12, 256), (9, 512)) for r in (f"-1 1 Conv [{w}, 3, 2]", cat(i), f"-1 3 C2f [{2 * w}]")]
    return text(backbone, [*up, *down, "[18, 21, 24, 27] 1 Detect [nc]"], V8)


def v8_p6() -> str:
    stages = [(128, 3), (256, 6), (512, 6), (768, 3), (1024, 3)]
    backbone = ["-1 1 Conv [64, 3, 2]"]
    backbone += [row for w, n in stages for row in (f"-1 1 Conv [{w}, 3, 2]", f"-1 {n} C2f [{w}, True]")] + [
        "-1 1 SPPF [1024, 5]"
    ]
    up = [row for i, w in ((8, 768), (6, 512), (4, 256)) for row in (UP, cat(i), f"-1 3 C2 [{w}, False]")]
    steps = ((17, 256, 512), (14, 512, 768), (11, 768, 1024))
    down = [row for i, w, out in steps for row in (f"-1 1 Conv [{w}, 3, 2]", cat(i), f"-1 3 C2 [{out}, False]")]
    return text(backbone, [*up, *down, "[20, 23, 26, 29] 1 Detect [nc]"], V8)


def v8_cls() -> str:
    rows = stem(["3 C2f [128, True]", "6 C2f [256, True]", "6 C2f [512, True]", "3 C2f [1024, True]"])
    return text(rows, ["-1 1 Classify [nc]"], V8.replace("768", "1024").replace("512]", "1024]")).replace("nc: 80", "nc: 1000")


def v11(last: str = "Detect [nc]") -> str:
    stages = ["2 C3k2 [256, False, 0.25]", "2 C3k2 [512, False, 0.25]", "2 C3k2 [512, True]", "2 C3k2 [1024, True]"]
    ups = ["2 C3k2 [512, False]", "2 C3k2 [256, False]", "2 C3k2 [512, False]", "2 C3k2 [1024, True]"]
    down = ["Conv [256, 3, 2]", "Conv [512, 3, 2]"]
    backbone = [*stem(stages), "-1 1 SPPF [1024, 5]", "-1 2 C2PSA [1024]"]
    return text(backbone, pan(ups, (6, 4), (13, 10), down, f"[16, 19, 22] 1 {last}"), V11, "kpt_shape: [17, 3]")


def v12() -> str:
    stages = ["2 C3k2 [256, False, 0.25]", "2 C3k2 [512, False, 0.25]", "4 A2C2f [512, True, 4]", "4 A2C2f [1024, True, 1]"]
    ups = ["2 A2C2f [512, False, -1]", "2 A2C2f [256, False, -1]", "2 A2C2f [512, False, -1]", "2 C3k2 [1024, True]"]
    last = "[14, 17, 20] 1 Detect [nc]"
    return text(stem(stages), pan(ups, (6, 4), (11, 8), ["Conv [256, 3, 2]", "Conv [512, 3, 2]"], last), V11)


def v10(scale: str, backbone: Sequence[str], head: Sequence[str]) -> str:
    rows = [*stem(["3 C2f [128, True]", "6 C2f [256, True]", *backbone], ("Conv", "Conv", "SCDown", "SCDown"))]
    stages = [head[0], "3 C2f [256]", head[1], head[2]]
    down = ["Conv [256, 3, 2]", "SCDown [512, 3, 2]"]
    last = "[16, 19, 22] 1 v10Detect [nc]"
    return text([*rows, "-1 1 SPPF [1024, 5]", "-1 1 PSA [1024]"], pan(stages, (6, 4), (13, 10), down, last), scale)


def v5() -> str:
    backbone = [*stem([f"{n} C3 [{w}]" for n, w in ((3, 128), (6, 256), (9, 512), (3, 1024))], first="[64, 6, 2, 2]")]
    up = [r for i, w in ((6, 512), (4, 256)) for r in (f"-1 1 Conv [{w}, 1, 1]", UP, cat(i), f"-1 3 C3 [{w}, False]")]
    down = [r for i, w in ((14, 256), (10, 512)) for r in (f"-1 1 Conv [{w}, 3, 2]", cat(i), f"-1 3 C3 [{2 * w}, False]")]
    return text([*backbone, "-1 1 SPPF [1024, 5]"], [*up, *down, "[17, 20, 23] 1 Detect [nc]"], V5)


def v5_anchored(depth: float, width: float) -> str:
    """As in YOLOv5's own repository: two multiples, and anchors."""
    more = f"depth_multiple: {depth}\nwidth_multiple: {width}\nanchors:\n" + "  - [10, 13, 16, 30, 33, 23]\n" * 3
    return v5().replace(f"scales: {{{V5}}}", more.rstrip()).replace("Detect, [nc]", "Detect, [nc, anchors]")


def v6() -> str:
    backbone = [*stem([f"{n} Conv [{w}, 3, 1]" for n, w in ((6, 128), (12, 256), (18, 512), (6, 1024))]), "-1 1 SPPF [1024, 5]"]
    head = []
    for row, width in ((6, 256), (4, 128)):
        head += [f"-1 1 Conv [{width}, 1, 1]", f"-1 1 nn.ConvTranspose2d [{width}, 2, 2, 0]", cat(row)]
        head += [f"-1 1 Conv [{width}, 3, 1]", f"-1 9 Conv [{width}, 3, 1]"]
    for row, width in ((15, 128), (10, 256)):
        head += [f"-1 1 Conv [{width}, 3, 2]", cat(row), f"-1 1 Conv [{2 * width}, 3, 1]", f"-1 9 Conv [{2 * width}, 3, 1]"]
    return text(backbone, [*head, "[19, 23, 27] 1 Detect [nc]"], V8, "activation: nn.ReLU()")


def v3(second: str = "Conv [512, 1, 1]") -> str:
    backbone = ["-1 1 Conv [32, 3, 1]"]
    for width, count in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        backbone += [f"-1 1 Conv [{width}, 3, 2]", f"-1 {count} Bottleneck [{width}]"]
    head = ["-1 1 Bottleneck [1024, False]", f"-1 1 {second}", "-1 1 Conv [1024, 3, 1]", "-1 1 Conv [512, 1, 1]"]
    head += ["-1 1 Conv [1024, 3, 1]", "-2 1 Conv [256, 1, 1]", UP, cat(8)]
    head += ["-1 1 Bottleneck [512, False]", "-1 1 Bottleneck [512, False]", "-1 1 Conv [256, 1, 1]", "-1 1 Conv [512, 3, 1]"]
    head += ["-2 1 Conv [128, 1, 1]", UP, cat(6), "-1 1 Bottleneck [256, False]", "-1 2 Bottleneck [256, False]"]
    return text(backbone, [*head, "[27, 22, 15] 1 Detect [nc]"], more="depth_multiple: 1.0\nwidth_multiple: 1.0")


def v3_tiny() -> str:
    backbone = [row for w in (16, 32, 64, 128, 256) for row in (f"-1 1 Conv [{w}, 3, 1]", "-1 1 nn.MaxPool2d [2, 2, 0]")]
    backbone += ["-1 1 Conv [512, 3, 1]", "-1 1 nn.ZeroPad2d [[0, 1, 0, 1]]", "-1 1 nn.MaxPool2d [2, 1, 0]"]
    head = ["-1 1 Conv [1024, 3, 1]", "-1 1 Conv [256, 1, 1]", "-1 1 Conv [512, 3, 1]", "-2 1 Conv [128, 1, 1]", UP, cat(8)]
    return text(backbone, [*head, "-1 1 Conv [256, 3, 1]", "[19, 15] 1 Detect [nc]"])


def v9_small(letter: str) -> str:
    stem_, elan1, widths, half = {
        "t": ((16, 32), "ELAN1 [32, 32, 16]", (32, 64, 96, 128), (48, 64)),
        "s": ((32, 64), "ELAN1 [64, 64, 32]", (64, 128, 192, 256), (96, 128)),
        "m": ((32, 64), "RepNCSPELAN4 [128, 128, 64, 1]", (128, 240, 360, 480), (180, 240)),
    }[letter]
    n = 1 if letter == "m" else 3
    rows = [f"-1 1 Conv [{w}, 3, 2]" for w in stem_] + [f"-1 1 {elan1}"]
    for w in widths[1:]:
        rows += [f"-1 1 AConv [{w}]", f"-1 1 RepNCSPELAN4 [{w}, {w}, {w // 2}, {n}]"]
    stages = [f"1 RepNCSPELAN4 [{w}, {w}, {w // 2}, {n}]" for w in (widths[2], widths[1], widths[2], widths[3])]
    down = [f"AConv [{w}]" for w in half]
    head = pan(stages, (6, 4), (12, 9), down, "[15, 18, 21] 1 Detect [nc]")
    return text([*rows, f"-1 1 SPPELAN [{widths[3]}, {widths[3] // 2}]"], head)


def v9c() -> str:
    rows = ["-1 1 Conv [64, 3, 2]", "-1 1 Conv [128, 3, 2]", "-1 1 RepNCSPELAN4 [256, 128, 64, 1]", "-1 1 ADown [256]"]
    rows += ["-1 1 RepNCSPELAN4 [512, 256, 128, 1]"]
    rows += ["-1 1 ADown [512]", "-1 1 RepNCSPELAN4 [512, 512, 256, 1]"] * 2 + ["-1 1 SPPELAN [512, 256]"]
    wide, narrow = "1 RepNCSPELAN4 [512, 512, 256, 1]", "1 RepNCSPELAN4 [256, 256, 128, 1]"
    last = "[15, 18, 21] 1 Detect [nc]"
    return text(rows, pan([wide, narrow, wide, wide], (6, 4), (12, 9), ["ADown [256]", "ADown [512]"], last))


def v9e() -> str:
    elans = ["[256, 128, 64, 2]", "[512, 256, 128, 2]", "[1024, 512, 256, 2]", "[1024, 512, 256, 2]"]
    rows = ["-1 1 nn.Identity []", "-1 1 Conv [64, 3, 2]", "-1 1 Conv [128, 3, 2]", f"-1 1 RepNCSPELAN4 {elans[0]}"]
    for width, elan in zip((256, 512, 1024), elans[1:], strict=True):
        rows += [f"-1 1 ADown [{width}]", f"-1 1 RepNCSPELAN4 {elan}"]
    for i, row in enumerate((1, 3, 5, 7, 9)):
        rows.append(f"{row} 1 CBLinear [[{', '.join(str(64 << j) for j in range(i + 1))}]]")
    for i in range(5):
        rows.append(f"{0 if not i else -1} 1 {'Conv' if i < 2 else 'ADown'} [{64 << i}{', 3, 2' if i < 2 else ''}]")
        rows.append(f"[{', '.join(map(str, range(10 + i, 15)))}, -1] 1 CBFuse [[{', '.join([str(i)] * (5 - i))}]]")
        rows += [f"-1 1 RepNCSPELAN4 {elans[i - 1]}"] if i else []
    wide, narrow = "1 RepNCSPELAN4 [512, 512, 256, 2]", "1 RepNCSPELAN4 [256, 256, 128, 2]"
    stages, down = [wide, narrow, wide, "1 RepNCSPELAN4 [512, 1024, 512, 2]"], ["ADown [256]", "ADown [512]"]
    rows.append("-1 1 SPPELAN [512, 256]")
    return text(rows, pan(stages, (25, 22), (32, 29), down, "[35, 38, 41] 1 Detect [nc]"))


C2F6, C2F3, CIB = "6 C2f [512, True]", "3 C2f [1024, True]", "3 C2fCIB [1024, True]"
LK, MID = "3 C2fCIB [1024, True, True]", "3 C2fCIB [512, True]"
FILES: dict[str, str] = {
    "yolov3": v3(),
    "yolov3-spp": v3("SPP [512, [5, 9, 13]]"),
    "yolov3-tiny": v3_tiny(),
    "yolov5": v5(),
    "anchored-yolov5n": v5_anchored(0.33, 0.25),
    "anchored-yolov5s": v5_anchored(0.33, 0.5),
    "anchored-yolov5m": v5_anchored(0.67, 0.75),
    "anchored-yolov5l": v5_anchored(1.0, 1.0),
    "anchored-yolov5x": v5_anchored(1.33, 1.25),
    **{
        f"anchored-yolov5{letter}-seg": v5_anchored(*scale).replace("Detect, [nc, anchors]", "Segment, [nc, anchors, 32, 256]")
        for letter, scale in {
            "n": (0.33, 0.25),
            "s": (0.33, 0.5),
            "m": (0.67, 0.75),
            "l": (1.0, 1.0),
            "x": (1.33, 1.25),
        }.items()
    },
    "yolov6": v6(),
    "yolov8": v8(),
    "yolov8-p2": v8_p2(),
    "yolov8-p6": v8_p6(),
    "yolov8-seg": v8("Segment [nc, 32, 256]"),
    "yolov8-pose": v8("Pose [nc, kpt_shape]").replace("nc: 80", "nc: 1"),
    "yolov8-obb": v8("OBB [nc, 1]"),
    "yolov8-cls": v8_cls(),
    "yolov9t": v9_small("t"),
    "yolov9s": v9_small("s"),
    "yolov9m": v9_small("m"),
    "yolov9c": v9c(),
    "yolov9e": v9e(),
    "yolov10n": v10("n: [0.33, 0.25, 1024]", (C2F6, C2F3), ("3 C2f [512]", "3 C2f [512]", LK)),
    "yolov10s": v10("s: [0.33, 0.5, 1024]", (C2F6, LK), ("3 C2f [512]", "3 C2f [512]", LK)),
    "yolov10m": v10("m: [0.67, 0.75, 768]", (C2F6, CIB), ("3 C2f [512]", MID, CIB)),
    "yolov10b": v10("b: [0.67, 1, 512]", (C2F6, CIB), (MID, MID, CIB)),
    "yolov10l": v10("l: [1, 1, 512]", (C2F6, CIB), (MID, MID, CIB)),
    "yolov10x": v10("x: [1, 1.25, 512]", ("6 C2fCIB [512, True]", CIB), (MID, MID, CIB)),
    "yolo11": v11(),
    "yolo12": v12(),
    "yolo11-seg": v11("Segment [nc, 32, 256]"),
    "yolo11-pose": v11("Pose [nc, kpt_shape]").replace("nc: 80", "nc: 1"),
    "yolo11-obb": v11("OBB [nc, 1]"),
}
