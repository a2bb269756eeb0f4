"""Small graphs, each for one rule that is easy to get wrong."""

from __future__ import annotations

from typing import Any

from .recipes import Recipe, Step


def case(channels: int, size: tuple[int, ...], *steps: Step) -> Recipe:
    return Recipe(channels, size, steps)


def step(word: str, back: int = 0, **settings: Any) -> Step:
    return Step(word, back, settings)


def conv(kernel: Any, back: int = 0, **settings: Any) -> Step:
    return Step("conv", back, {"out": 2, "kernel": kernel, **settings})


def merge(kind: str, back: int = 0, fit: str = "crop", swap: bool = False) -> Step:
    return Step("merge", back, {"kind": kind, "any_size": True, "fit": fit, "swap": swap})


def shuffle(word: str, ratio: int = 2, mix: bool = False) -> Step:
    return Step(word, 0, {"ratio": ratio, "mix": mix})


CASES: dict[str, Recipe] = {
    "dilated": case(1, (15, 12), conv((3, 1), dilation=2), conv(3)),
    "dilated at the border": case(1, (12,), conv(3, dilation=3), conv(3, dilation=2)),
    "strided pool": case(2, (17,), step("maxpool", kernel=3, stride=2, padding=1), conv(3)),
    "ceil mode": case(1, (6, 7), step("avgpool", kernel=2, stride=3, padding=1, ceil_mode=True), conv(3)),
    "same, even kernel": case(1, (10, 11), conv((4, 2), padding="same"), conv(3, stride=2, padding="same")),
    "unequal padding": case(1, (11,), conv(3, padding=((0, 2),)), conv(3, padding=((2, 1),), stride=2)),
    "reflected": case(1, (9, 8), step("pad", padding=3, mode="reflect"), conv(2, padding=0)),
    "circular": case(1, (9,), conv(5, padding_mode="circular"), conv(3)),
    "replicated at the end": case(1, (8,), step("pad", padding=((0, 2),), mode="replicate"), conv(1, stride=2)),
    "transposed": case(1, (7, 6), step("upconv", out=2, kernel=3, stride=2, padding=1, output_padding=1), conv(3)),
    "transposed with gaps": case(1, (9,), step("upconv", out=2, kernel=2, stride=3), step("upconv", out=1, kernel=3, stride=2)),
    "bilinear": case(1, (6, 7), step("upsample", scale=3, mode="bilinear"), conv(2, padding=0)),
    "bicubic, corners aligned": case(1, (5, 6), step("upsample", size=(9, 13), mode="bicubic", align_corners=True)),
    "nearest in float32": case(1, (58,), step("upsample", size=110)),
    "nearest by a fraction": case(1, (13,), conv(3), step("upsample", scale=1.3), conv(3)),
    "adaptive": case(1, (11, 9), conv(3), step("adaptivepool", out=(4, 6))),
    "centre crop": case(1, (12,), conv(3), step("crop", size=7), conv(3)),
    "crop at the end": case(
        1, (12,), step("crop", margin=((0, 3),)), conv(3), step("pad", padding=((0, 1),)), conv(1, stride=2)
    ),
    "fewer living units than a gap between taps": case(
        1, (1,), step("upsample", scale=2, mode="linear"), conv(3, stride=2, dilation=3, padding=((4, 3),))
    ),
    "taps on both sides of the end": case(1, (12,), conv(2, stride=2, dilation=2, padding=((0, 6),))),
    "taps on both sides of the start": case(1, (6,), conv(2, stride=2, dilation=2, padding=((5, 0),))),
    "windows around a pooled map": case(1, (6,), step("gap", axis=None), conv(2, dilation=3, padding=((1, 2),))),
    "a window with holes, then one over a border": case(1, (12,), conv(3, dilation=2, padding=0), conv(2, padding=((1, 0),))),
    "padding as far out as what units see": case(1, (12,), conv(9), step("pad", padding=3), conv(1)),
    "a pooled map of which each third pixel is read": case(1, (7,), conv(1, stride=3), step("gap", axis=None)),
    "narrow then padded": case(1, (11,), conv(3, padding=0), conv(3)),
    "branches with holes": case(1, (25,), conv(3, dilation=4), conv(5, back=1, dilation=1), merge("concat")),
    "branches of different borders": case(1, (16,), conv(5, padding=0), step("crop", back=1, margin=2), merge("add")),
    "small branch within a cropped one": case(1, (20,), conv(7, padding=0), step("pad", padding=3), merge("add", 1)),
    "cross of strips": case(1, (12, 12), conv((5, 1)), conv((1, 7), back=1), merge("concat")),
    "dead on one axis": case(
        1, (9, 9), step("upconv", out=1, kernel=1, stride=(2, 1)), step("upconv", out=1, kernel=1, stride=(1, 2)), conv(1)
    ),
    "gate": case(2, (13,), conv(3), step("gate", pad=0, conv=1, how="mul"), conv(3)),
    "padded gate": case(2, (8, 8), step("gate", pad=1, conv=0, how="nearest"), conv(3, stride=2)),
    "pooled along one axis": case(1, (10, 9), conv(3), step("gap", axis=0), conv(3)),
    "merged behind a pool along one axis": case(1, (6, 10), step("gmp", axis=0), conv(3), merge("add", swap=True)),
    "shuffled branches": case(1, (12, 12), conv(5), conv(3, back=1), merge("concat"), shuffle("pixelshuffle")),
    "shuffled branches, then padded": case(1, (12,), conv(5, out=1), merge("concat"), shuffle("depthtospace"), conv(3)),
    "upsampled, then dilated": case(1, (20,), step("upsample", scale=2), conv(2, dilation=6, padding=0)),
    "unshuffled and split": case(1, (12, 12), shuffle("pixelunshuffle"), step("split", first=2, index=1), conv(3)),
    "reorganized": case(1, (12, 8), conv(3), merge("concat"), shuffle("reorg"), conv(3)),
    "a slice of a concat": case(1, (15,), conv(5), merge("concat"), step("split", first=2, index=1), conv(3)),
    "shuffled groups": case(
        2, (11,), conv(3, out=4, groups=2), step("channelshuffle", groups=2), step("chunk", parts=2, index=0)
    ),
    "neighbouring channels": case(
        1, (9,), conv(5, out=1), merge("concat"), conv(3, back=1, out=1), merge("concat", 1), step("lrn", size=2)
    ),
    "groups of a concat": case(1, (13,), conv(3, out=1), merge("concat"), conv(3, groups=2), step("slice", start=1, stop=2)),
    "three axes": case(
        1, (6, 5, 7), conv((1, 3, 2), padding="same", stride=(1, 2, 1)), step("upsample", scale=2, mode="trilinear")
    ),
}
