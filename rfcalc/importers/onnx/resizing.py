"""What ONNX's Resize and Upsample mean: interpolation as torch has it where that reads the same units, else their own rules."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from rfcalc.importers.onnx.call import NodeCall, handles
from rfcalc.importers.programs import resizing
from rfcalc.importers.programs.program import Tensor, UnfollowedError
from rfcalc.importers.programs.views import permuted
from rfcalc.layers.vocabulary.resample import COORDINATES, ROUNDING
from rfcalc.layers.words import make
from rfcalc.record import record
from rfcalc.relations.shape import Shape

MODES = {"nearest": "nearest", "linear": "linear", "cubic": "cubic", "bilinear": "linear"}
POLICIES = ("stretch", "not_larger", "not_smaller")


@record
class Axis:
    """One axis of a resize: units before and after, the scale of the coordinates, the part of the input that is kept."""

    n: int
    out: int
    scale: float
    part: tuple[float, float] = (0.0, 1.0)

    @property
    def same(self) -> bool:
        """True for an axis that stays as it is."""
        return self.n == self.out and self.scale == 1 and self.part == (0.0, 1.0)


@handles("Resize", settings=(1, 2, 3))
@handles("Upsample", settings=(1,))
def _resize(call: NodeCall) -> Tensor:
    tensor = call.tensor()
    axes = _axes(call, tensor.shape)
    changed = [i for i, axis in enumerate(axes) if not axis.same]
    if not changed:
        return tensor
    rank = len(axes) - 2
    if rank < 1 or 0 in changed:
        raise UnfollowedError("it resizes the batch")
    if 1 in changed and rank + 1 not in changed:  # channels last: they are taken to the front and back
        last = len(axes) - 1
        found = _resized(call, permuted(tensor, [0, last, *range(1, last)]), axes[1:-1])
        return permuted(found, [0, *range(2, last + 1), 1])
    if 1 in changed:
        raise UnfollowedError("it resizes the channels")
    return _resized(call, tensor, axes[2:])


def _axes(call: NodeCall, shape: tuple[int, ...]) -> list[Axis]:
    """What happens to each axis."""
    named = call.numbers(99, "axes")
    chosen = [call.axis(axis) for axis in named] if named is not None else list(range(len(shape)))
    scales, sizes, roi = _asked(call, len(chosen))
    if len(set(chosen)) < len(chosen):
        raise UnfollowedError("its axes name one twice")
    cropped = call.name == "Resize" and call.text("coordinate_transformation_mode") == "tf_crop_and_resize"
    parts = [(roi[i], roi[i + len(chosen)]) if cropped else (0.0, 1.0) for i in range(len(chosen))]
    found = [Axis(n, n, 1.0) for n in shape]
    if sizes is not None:
        outs = _by_policy(call, [shape[axis] for axis in chosen], sizes)
    else:
        outs = []
        for axis, scale, (begin, end) in zip(chosen, scales, parts, strict=True):
            kept = Fraction(f"{end:.7g}") - Fraction(f"{begin:.7g}") if cropped else Fraction(1)
            outs.append((floor(shape[axis] * kept * Fraction(f"{scale:.7g}")), scale))
    for axis, (out, scale), part in zip(chosen, outs, parts, strict=True):
        if out < 1:
            raise UnfollowedError("nothing is left of it")
        found[axis] = Axis(shape[axis], out, scale, part)
    return found


def _asked(call: NodeCall, count: int) -> tuple[list[float], list[int] | None, list[float]]:
    """Scales, sizes and the part that is kept, as each version of the operators gives them."""
    roi: list[float] = [0.0] * count + [1.0] * count
    if call.name == "Upsample" or call.opset < 11:
        if "scales" in call.attributes:
            scales = [float(f"{n:.7g}") for n in call.attributes["scales"]]
        elif "height_scale" in call.attributes:
            scales = [1.0, 1.0, call.real("height_scale"), call.real("width_scale")]
        else:
            scales = _floats(call, 1, "scales")
    else:
        sizes = call.get(3)
        if sizes is not None and sizes.shape != (0,):
            wanted = call.numbers(3, "sizes")
            if wanted is None or len(wanted) != count or min(wanted) < 1:
                raise UnfollowedError(f"its sizes {wanted} do not fit")
            return [], wanted, _roi(call, count, roi)
        scales = _floats(call, 2, "scales")
        roi = _roi(call, count, roi)
    if len(scales) != count or not all(0 < scale < 1e6 for scale in scales):
        raise UnfollowedError(f"its scales {scales} do not fit")
    return scales, None, roi


def _floats(call: NodeCall, i: int, what: str) -> list[float]:
    return [float(f"{float(n):.7g}") for n in call.value(i, what).reshape(-1)]


def _roi(call: NodeCall, count: int, usual: list[float]) -> list[float]:
    given = call.get(1)
    if given is None or given.shape == (0,) or call.text("coordinate_transformation_mode") != "tf_crop_and_resize":
        return usual
    found = _floats(call, 1, "roi")
    if len(found) != 2 * count:
        raise UnfollowedError(f"its roi {found} does not fit")
    return found


def _by_policy(call: NodeCall, shape: list[int], sizes: list[int]) -> list[tuple[int, float]]:
    """(units, scale) of each axis of the given sizes."""
    policy = call.text("keep_aspect_ratio_policy", "stretch")
    if policy not in POLICIES:
        raise UnfollowedError(f"its keep_aspect_ratio_policy {policy!r} is unknown")
    ratios = [Fraction(out, n) for n, out in zip(shape, sizes, strict=True)]
    if policy == "stretch":
        return [(out, float(ratio)) for out, ratio in zip(sizes, ratios, strict=True)]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return [(max(1, floor(scale * n + Fraction(1, 2))), float(scale)) for n in shape]


def _resized(call: NodeCall, tensor: Tensor, axes: list[Axis]) -> Tensor:
    settings = _settings(call, axes)
    own: Any = make("resample", **settings)
    torch = _as_torch(settings, axes)
    source = Shape(1, tuple(axis.n for axis in axes))
    if torch is not None and _equal(make("upsample", **torch), own, source):
        return resizing.upsample(call.program, tensor, len(axes), torch)
    return resizing.upsample(call.program, tensor, len(axes), settings, "resample")


def _settings(call: NodeCall, axes: list[Axis]) -> dict[str, Any]:
    """The settings of `resample`."""
    mode = MODES.get(call.text("mode", "nearest"))
    if mode is None:
        raise UnfollowedError(f"its mode {call.text('mode')!r} is unknown")
    found: dict[str, Any] = {"mode": mode, "size": tuple(axis.out for axis in axes)}
    if any(Fraction(axis.out, axis.n) != Fraction(axis.scale).limit_denominator(1 << 20) for axis in axes):
        found["scale"] = tuple(axis.scale for axis in axes)
    if call.name == "Upsample" or call.opset < 11:
        return found | {"coordinates": "asymmetric", "nearest": "floor"}
    found["coordinates"] = call.text("coordinate_transformation_mode", "half_pixel")
    found["nearest"] = call.text("nearest_mode", "round_prefer_floor")
    for name, words in (("coordinates", COORDINATES), ("nearest", ROUNDING)):
        if found[name] not in words:
            raise UnfollowedError(f"its rule {found[name]!r} is unknown")
    if call.whole("antialias"):
        found["antialias"] = True
    if call.whole("exclude_outside"):
        found["exclude_outside"] = True
    if mode == "cubic" and "cubic_coeff_a" in call.attributes:
        found["cubic"] = call.real("cubic_coeff_a")
    if found["coordinates"] == "tf_crop_and_resize":
        found |= {"begin": tuple(axis.part[0] for axis in axes), "end": tuple(axis.part[1] for axis in axes)}
    return found


def _as_torch(settings: dict[str, Any], axes: list[Axis]) -> dict[str, Any] | None:
    """The settings of `upsample` that may do the same; None where none do."""
    if settings.get("antialias") or settings.get("exclude_outside") or settings.get("cubic", -0.75) != -0.75:
        return None
    if settings["coordinates"] == "tf_crop_and_resize":
        return None
    found: dict[str, Any] = {"mode": {1: "linear", 2: "bilinear", 3: "trilinear"}.get(len(axes), "")}
    if settings["mode"] == "nearest":
        found["mode"] = "nearest"
    elif settings["mode"] == "cubic":
        found["mode"] = "bicubic" if len(axes) == 2 else ""
    if not found["mode"]:
        return None
    if settings["mode"] != "nearest" and settings["coordinates"] == "align_corners":
        found["align_corners"] = True
    whole = all(axis.scale == int(axis.scale) and axis.out == axis.n * axis.scale for axis in axes)
    return found | ({"scale": tuple(axis.scale for axis in axes)} if whole else {"size": settings["size"]})


def _equal(first: Any, second: Any, source: Shape) -> bool:
    """True if two layers read the same units, axis by axis."""
    sizes = [first.shape([source]).size, second.shape([source]).size]
    if sizes[0] != sizes[1]:
        return False
    reads = [layer.reach([source])[0].axes for layer in (first, second)]
    for n, out, a, b in zip(source.size, sizes[0], *reads, strict=True):
        if any(a.read(i, n) != b.read(i, n) for i in range(out)):
            return False
    return True
