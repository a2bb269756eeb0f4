"""The roofline plot (Williams 2009): what each layer achieves over its FLOPs per byte, under the measured ceilings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rfcalc.backends.pictures.png import png
from rfcalc.backends.timing.profile import Profile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED = 5
PLACES = ((7, -3), (7, 8), (7, -14), (-7, -3), (-7, 8), (-7, -14), (7, 19), (7, -25), (-7, 19), (-7, -25))


def roofline_png(profile: Profile) -> bytes:
    """The plot as PNG; layers without FLOPs are left out, the slowest ones are named, areas show the time."""
    return png(lambda axes: _draw(profile, axes), (9, 6))


def _draw(profile: Profile, axes: Axes) -> None:
    ceilings = profile.ceilings
    layers = [layer for layer in profile.layers if layer.intensity]
    for bound, color in (("compute", "tab:red"), ("memory", "tab:blue"), ("launch", "tab:gray")):
        chosen = [layer for layer in layers if layer.bound == bound]
        x = [layer.intensity or 0 for layer in chosen]
        y = [layer.flops / layer.seconds / 1e9 for layer in chosen]
        size = [20 + 1500 * layer.seconds / profile.busy for layer in chosen]
        if chosen:
            axes.scatter(x, y, size, color=color, alpha=0.6, label=f"floor set by {bound}")
    ridge = ceilings.rate / ceilings.bandwidth
    intensities = [ridge, *(layer.intensity or ridge for layer in layers)]
    left, right = min(intensities) / 2, max(intensities) * 2
    roof = [left, ridge, right]
    axes.plot(roof, [min(x * ceilings.bandwidth, ceilings.rate) / 1e9 for x in roof], color="black", label="measured ceilings")
    axes.set(xscale="log", yscale="log", xlabel="FLOPs per byte moved", ylabel="GFLOP/s achieved")
    axes.set_title(f"{profile.graph.name}: {profile.verdict} ({profile.case})")
    axes.grid(True, which="both", alpha=0.2)
    axes.legend(loc="lower right")
    slowest = sorted(layers, key=lambda layer: -layer.seconds)[:NAMED]
    dots = [(layer.intensity or 0, layer.flops / layer.seconds / 1e9) for layer in slowest]
    _label(axes, [layer.name for layer in slowest], dots)


def _label(axes: Axes, names: Sequence[str], dots: Sequence[tuple[float, float]]) -> None:
    """Names beside their dots, each at the first of PLACES (points from the dot) where it covers no other name."""
    figure: Any = axes.figure
    figure.draw_without_rendering()
    taken: list[Any] = []
    for name, dot in zip(names, dots, strict=True):
        text = axes.annotate(name, dot, textcoords="offset points", xytext=PLACES[0], fontsize=8)
        for x, y in PLACES:
            text.set(position=(x, y), horizontalalignment="left" if x > 0 else "right")
            box = text.get_window_extent(figure.canvas.get_renderer())
            if not any(box.overlaps(other) for other in taken):
                break
        taken.append(box)
