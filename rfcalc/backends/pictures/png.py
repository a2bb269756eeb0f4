"""What is drawn on axes of matplotlib as a PNG file, without a screen."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 100


def png(draw: Callable[[Axes], object], inches: tuple[float, float] = (6.4, 5.2)) -> bytes:
    """The file of a figure of this size, on whose axes `draw` has drawn. The same drawing gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.subplots())
    data = BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()
