"""Operators whose field cannot be told, as people call them: bounds with `--unknown bound`, errors without."""

from __future__ import annotations

from rfcalc.record import record

ANYWHERE = "reads anywhere in its input"
ORDER = "picks numbers by their order, anywhere in its input"
PLACES = "reads and writes where its indices say"
BOXES = "reads where the boxes are"
STATE = "carries a state from step to step"
COUNTS = "counts numbers by their values"
BEFORE = "sums up all numbers before each one"
SPECTRUM = "reads the whole signal for each frequency"


@record
class Unfollowed:
    """What people call an operator, what it does, and whether `work` knows its multiply-accumulates."""

    name: str
    reads: str
    counted: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.reads}"


KNOWN = {
    **dict.fromkeys(("grid_sampler", "grid_sampler_2d", "grid_sampler_3d"), Unfollowed("grid_sample", ANYWHERE)),
    **dict.fromkeys(("deform_conv2d", "deform_conv"), Unfollowed("a deformable convolution", ANYWHERE)),
    **dict.fromkeys(("lstm", "mkldnn_rnn_layer"), Unfollowed("an LSTM", STATE)),
    **dict.fromkeys(("rnn_tanh", "rnn_relu"), Unfollowed("an RNN", STATE)),
    "gru": Unfollowed("a GRU", STATE),
    "nms": Unfollowed("non-maximum suppression", "keeps boxes by their scores", counted=False),
}
KNOWN |= {
    name: Unfollowed(name, "reads where the boxes are", counted=False) for name in ("roi_align", "roi_pool", "ps_roi_align")
}
KNOWN |= {name: Unfollowed(name, ORDER, counted=False) for name in ("sort", "argsort", "topk", "kthvalue", "median", "mode")}
KNOWN |= {name: Unfollowed(name, PLACES) for name in ("gather", "scatter", "scatter_add", "scatter_reduce", "index_put")}
KNOWN |= {name: Unfollowed("a max unpooling", PLACES) for name in ("max_unpool2d", "max_unpool3d")}
KNOWN |= {name: Unfollowed(name, COUNTS) for name in ("histc", "bincount", "histogram")}
KNOWN |= {name: Unfollowed(name, BEFORE) for name in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp")}
KNOWN |= {name: Unfollowed(f"the transform {name}", SPECTRUM, counted=False) for name in ("stft", "istft")}


def find(operator: str) -> Unfollowed | None:
    """What is known of an operator by its name without library and overload; None for one that has no entry."""
    if operator.startswith("fft_"):
        return Unfollowed("an FFT", SPECTRUM, counted=False)
    return KNOWN.get(operator)
