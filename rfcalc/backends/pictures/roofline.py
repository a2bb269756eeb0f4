"""The roofline plot (Williams 2009): what each layer achieves over its FLOPs per byte, under the measured ceilings."""

from __future__ import annotations

from io import BytesIO

from rfcalc.backends.timing.profile import Profile

NAMED = 5


def roofline_png(profile: Profile) -> bytes:
    """The plot as PNG; layers without FLOPs are left out, the slowest ones are named, areas show the time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ceilings = profile.ceilings
    layers = [layer for layer in profile.layers if layer.intensity]
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
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
    for layer in sorted(layers, key=lambda layer: -layer.seconds)[:NAMED]:
        place = (layer.intensity or 0, layer.flops / layer.seconds / 1e9)
        axes.annotate(layer.name, place, textcoords="offset points", xytext=(6, -10), fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="FLOPs per byte moved", ylabel="GFLOP/s achieved")
    axes.set_title(f"{profile.graph.name}: {profile.verdict} ({profile.case})")
    axes.grid(True, which="both", alpha=0.2)
    axes.legend(loc="lower right")
    data = BytesIO()
    FigureCanvasAgg(figure).print_png(data)
    return data.getvalue()
