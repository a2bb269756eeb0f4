"""Rules broken on purpose: the checks that prove the analysis must catch each of them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from rfcalc.analyses import receptive_field
from rfcalc.fields import backward, certain, field, forward, measure, terms
from rfcalc.fields.certain import read_by
from rfcalc.fields.certificate import all_read, certify, certify_set
from rfcalc.layers import facts
from rfcalc.layers.vocabulary import pad, pool, resize
from rfcalc.relations import channels, geometry, sampling
from rfcalc.relations.geometry import PaddingMode, Reach, Window
from rfcalc.relations.read import Read

from .cases import CASES
from .checks import check
from .recipes import build

Patch = tuple[Any, str, Any]


@pytest.fixture(autouse=True)
def _no_caches() -> Iterator[None]:
    """Relations are cached; a broken one must neither be hidden by that nor stay."""
    clear_caches()
    yield
    clear_caches()


def clear_caches() -> None:
    facts.forget()
    forward.forget()
    for name, module in list(sys.modules.items()):
        if name.startswith("rfcalc."):
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", lambda: None)()


def shifted_transposed(self: Window) -> Reach:
    return geometry.transposed(self.kernel, self.stride, self.dilation, self.before + 1)


def pool_without_stride(self: Any, inputs: Any) -> Any:
    windows = self.sliding.on(inputs[0].size)
    return (Read(0, tuple(geometry.window(w.kernel, 1, w.dilation, w.before) for w in windows), channels.SAME),)


def out_without_drop(self: Window, n: int, ceil: bool = False) -> int:
    room = n + self.before + self.after - self.extent
    return (-(-room // self.stride) if ceil else room // self.stride) + 1


def never_single(*args: Any) -> Reach:
    found = ORIGINAL_INTERPOLATE(*args)
    taps = tuple((*t, t[-1] + 1) if len(t) == 1 else t for t in found.taps)
    return Reach(found.period, found.advance, taps, found.fold)


def same_on_the_wrong_side(*args: Any) -> tuple[int, int]:
    before, after = ORIGINAL_NAMED(*args)
    return after, before


def reflect_as_edge(self: PaddingMode, i: int, n: int) -> int | None:
    return min(max(i, 0), n - 1) if self is PaddingMode.REFLECT else ORIGINAL_INDEX(self, i, n)


def circular_as_zeros(self: PaddingMode, i: int, n: int) -> int | None:
    return ORIGINAL_INDEX(PaddingMode.ZERO if self is PaddingMode.WRAP else self, i, n)


def always_certain(_: Any, __: Any, ___: Any, ____: int, m: int, _____: int) -> tuple[int, int]:
    return 0, m - 1


def union_without_holes(spans: Any) -> Any:
    found = [span for span in spans if span is not None]
    return (min(s[0] for s in found), max(s[1] for s in found), None) if found else None


def repeated_without_holes(span: Any, step: int, count: int) -> Any:
    return (span[0], span[1] + step * (count - 1), span[2] if count == 1 else None)


def covers_by_hull(big: Any, small: Any) -> bool:
    return small is None or (big is not None and big[0] <= small[0] and big[1] >= small[1])


def dead_axis_revived(reach: Reach, bits: int, n: int) -> int:
    return ORIGINAL_PULL(reach, bits, n) or 1


def crop_rounded_up(self: Any, inputs: Any) -> Any:
    pairs = ORIGINAL_PAIRS(self, inputs)
    return tuple((b, a) for a, b in pairs) if self.margin is None else pairs


def adaptive_rounded_down(n: int, out: int) -> Reach:
    taps = tuple(range(i * n // out, max((i + 1) * n // out, i * n // out + 1)) for i in range(out))
    return Reach(out, n, taps)


def band_reversed(self: Any, mask: int) -> int:
    return self._spread(mask, self.before, self.after)


def one_phase(term: Any, size: Any) -> Any:
    spans = [next(s for s in f.spans if s is not None) for f in term.axes]
    sizes = tuple(s[1] - s[0] + 1 for s in spans)
    return measure.Extremes(sizes, sizes, 1.0)


def exact_ratio(n: int, out: int, scale: Fraction | None = None, rank: int = 2) -> Reach:
    ratio = 1 / scale if scale else Fraction(n, out)
    return Reach(out, n, tuple((min(int(i * ratio), n - 1),) for i in range(out)))


def rewritten(function: Any, old: str, new: str, times: int = 1) -> Any:
    """A function with a part of its source replaced."""
    source = inspect.getsource(function)
    assert source.count(old) == times
    names = dict(vars(inspect.getmodule(function)))
    exec(compile(source.replace(old, new), "a mutant", "exec"), names)
    return names[function.__name__]


ORIGINAL_INTERPOLATE, ORIGINAL_NAMED, ORIGINAL_INDEX = sampling.interpolate, geometry._named, PaddingMode.index
ORIGINAL_PULL, ORIGINAL_PAIRS = backward.pull_axis, pad.Crop._pairs


def every(_: Any, mask: int) -> int:
    return -1 if mask else 0


MUTANTS: dict[str, list[Patch]] = {
    "dilation ignored": [
        (Window, "reach", lambda self, fold=PaddingMode.ZERO: geometry.window(self.kernel, self.stride, 1, self.before, fold))
    ],
    "stride of a pool ignored": [(pool.MaxPool, "reach", pool_without_stride)],
    "phase of a transposed convolution shifted by one": [(Window, "transposed_reach", shifted_transposed)],
    "ceil mode keeps a window that starts in the padding": [(Window, "out", out_without_drop)],
    "linear interpolation never takes a single tap": [(resize, "interpolate", never_single)],
    "odd unit of same padding before instead of after": [(geometry, "_named", same_on_the_wrong_side)],
    "reflected padding taken for replicated": [(PaddingMode, "index", reflect_as_edge)],
    "circular padding taken for zeros": [(PaddingMode, "index", circular_as_zeros)],
    "clipped box always certified": [(forward, "certify", always_certain)],
    "living units may be fewer than a gap": [(forward, "certify", rewritten(certify, "b - a + 1 < gap", "False"))],
    "a gap at the end is a unit shorter": [
        (forward, "certify", rewritten(certify, "b - gap + 1, image", "b - gap + 2, image"))
    ],
    "a gap at the start is a unit shorter": [(forward, "certify", rewritten(certify, "a + gap - 1", "a + gap - 2"))],
    "windows may step over a whole map": [(forward, "all_read", rewritten(all_read, " and reach.gap <= n", ""))],
    "holes forgotten in a union": [(field, "union", union_without_holes)],
    "holes forgotten in a dilated window": [(field, "repeated", repeated_without_holes)],
    "phases of a pixel shuffle ignored, backward": [(backward, "_every", lambda bits, *_: bits)],
    "phases of a pixel shuffle ignored, forward": [(forward, "mask_phases", lambda f, *_: f)],
    "selected channels ignored": [(channels.Route, "pull", every), (channels.Route, "push", every)],
    "groups ignored": [(channels.Grouped, "pull", every), (channels.Grouped, "push", every)],
    "a term with holes dropped for one it is not within": [(field, "covers", covers_by_hull)],
    "all terms but one dropped": [(forward, "antichain", lambda found: list(found[:1]))],
    "a covered term keeps its certificate to itself": [(terms, "weakened", lambda big, small: big)],
    "a path that is dead on one axis lives": [(backward, "pull_axis", dead_axis_revived)],
    "global paths forgotten": [(forward.Support, "extent", property(lambda self: None))],
    "global paths reach dead units": [(forward, "all_read", lambda *_: True)],
    "an odd centre crop takes one more at the start": [(pad.Crop, "_pairs", crop_rounded_up)],
    "backward, a unit reads itself alone": [(backward, "pull_axis", lambda reach, bits, n: bits & ((1 << n) - 1) or 1)],
    "backward, products of one axis are taken for all": [(backward, "merged", lambda products: products[:1])],
    "forward, holes are read": [(certain, "bits_of", lambda span: (1 << (span[1] - span[0] + 1)) - 1)],
    "forward, pixels beyond the image are read": [(certain, "_moved", lambda bits, by: bits << max(by, 0))],
    "forward, units beyond the certificate of their pixels": [
        (receptive_field, "read_by", rewritten(read_by, "zip(unit, term.exact, strict=True)", "zip(unit, term.certified)"))
    ],
    "forward, units that read padding alone read on": [
        (receptive_field, "read_by", rewritten(read_by, "ends is None or not ends[0] <= i <= ends[1]", "False", 2))
    ],
    "forward, what global paths see is forgotten": [
        (receptive_field, "read_by", rewritten(read_by, "in support.extents", "in ()"))
    ],
    "forward, global paths see all of a hull with holes": [
        (receptive_field, "read_by", rewritten(read_by, "not support.filled", "False"))
    ],
    "forward, uncertain supports are asked": [(receptive_field, "read_by", rewritten(read_by, "not support.certain", "False"))],
    "forward, windows over a border keep holes": [
        (forward, "certify_set", rewritten(certify_set, "field.solid and exact == certified", "True"))
    ],
    "adaptive windows rounded down": [("rfcalc.layers.vocabulary.adaptive", "adaptive", adaptive_rounded_down)],
    "neighbouring channels on the wrong side": [(channels.Band, "pull", band_reversed)],
    "sizes of the first phase only": [(measure, "_single", one_phase)],
    "nearest interpolation by the exact ratio": [(resize, "nearest", exact_ratio)],
}


@pytest.mark.parametrize("name", CASES)
def test_every_case_holds(name: str) -> None:
    check(build(CASES[name]), nodes=9)


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, attribute, value in MUTANTS[name]:
        if isinstance(target, str):
            monkeypatch.setattr(f"{target}.{attribute}", value)
        else:
            monkeypatch.setattr(target, attribute, value)
    assert any(fails(lambda recipe=recipe: check(build(recipe), nodes=9)) for recipe in CASES.values()), (
        f"nothing noticed: {name}"
    )


def fails(run: Callable[[], None]) -> bool:
    try:
        run()
    except AssertionError:
        return True
    return False
