"""Hypothesis strategies: random recipes of graphs over every layer."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .places import CONTRACTED, REARRANGED
from .recipes import Recipe, Settings, Step

BLOCKS = ("pixelshuffle", "pixelunshuffle", "depthtospace", "spacetodepth", "reorg")
PLAIN = ("relu", "prelu", "softmax", "scale", "positions", "rmsnorm", "l2norm", "instancenorm", "gn", "se", "flatten")


def per_axis(rank: int, values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """One value for all axes, or one for each."""
    return values | st.tuples(*[values] * rank)


def sides(rank: int, most: int) -> SearchStrategy[Any]:
    side = st.integers(0, most)
    return side | st.tuples(*[side | st.tuples(side, side)] * rank)


def settings_of(rank: int) -> dict[str, SearchStrategy[Settings]]:
    """What each kind of step may be set to."""
    k, s, d = per_axis(rank, st.integers(1, 4)), per_axis(rank, st.integers(1, 3)), per_axis(rank, st.integers(1, 3))
    fold = st.sampled_from(("zeros", "zeros", "replicate", "reflect", "circular"))
    named = st.sampled_from(("half", "same", "valid"))
    small, odd = st.integers(1, 3), st.sampled_from((1, 3, 5))
    window = {"kernel": k, "stride": s, "dilation": d, "padding": named | sides(rank, 3), "padding_mode": fold}
    pool = {
        "kernel": per_axis(rank, small),
        "stride": st.none() | per_axis(rank, small),
        "padding": st.just(0) | sides(rank, 2) | named,
        "ceil_mode": st.booleans(),
    }
    modes = {1: ("nearest", "linear"), 2: ("nearest", "bilinear", "bicubic"), 3: ("nearest", "trilinear")}[rank]
    scale = st.sampled_from((2, 3, 1.5, 0.5, 2.5, 1.25, 0.75, 1.3, 1, 1 / 3))
    made = st.fixed_dictionaries
    return {
        "conv": made({"out": st.integers(1, 6), "groups": small, **window}),
        "dwconv": made({"multiplier": st.integers(1, 2), **window}),
        "upconv": made(
            {
                "out": st.integers(1, 4),
                "kernel": k,
                "stride": s,
                "padding": per_axis(rank, st.integers(0, 2)),
                "output_padding": per_axis(rank, st.sampled_from((0, 0, 0, 1, 2))),
                "dilation": per_axis(rank, st.sampled_from((1, 1, 2, 3))),
                "groups": small,
            }
        ),
        "maxpool": made({**pool, "dilation": per_axis(rank, st.sampled_from((1, 1, 2)))}),
        "avgpool": made(pool),
        "adaptivepool": made({"out": per_axis(rank, st.integers(1, 7))}),
        "adaptivemaxpool": made({"out": per_axis(rank, st.integers(1, 7))}),
        "upsample": resizing(modes, scale, rank),
        "zerostuff": made({"stride": per_axis(rank, small)}),
        "pad": made({"padding": sides(rank, 3), "mode": fold}),
        "crop": made({"margin": sides(rank, 2)}) | made({"size": per_axis(rank, st.integers(1, 12))}) | cropping(rank),
        **{word: made({"ratio": st.integers(2, 3), "mix": st.booleans()}) for word in BLOCKS},
        "slice": made(
            {"start": st.none() | st.integers(0, 3), "stop": st.none() | st.integers(-2, 6), "step": st.integers(1, 2)}
        ),
        "chunk": made({"parts": small, "index": st.integers(0, 2)}),
        "split": made({"first": small, "index": st.integers(0, 1)}),
        "channelshuffle": made({"groups": st.integers(1, 4)}),
        "lrn": made({"size": st.integers(1, 5)}),
        "layernorm": made({"over": st.sampled_from(("channels", "all"))}),
        "localconv": made({"out": small, "kernel": k, "stride": s, "padding": named | sides(rank, 3)}),
        "maskedconv": made({"out": small, "kernel": per_axis(rank, odd), "mask": st.sampled_from("AB"), "dilation": d}),
        "windowattention": made(
            {"heads": st.just(1), "window": per_axis(rank, st.integers(2, 5)), "shift": per_axis(rank, st.integers(0, 2))}
        ),
        "attention": st.just({"heads": 1}),
        "channelconv": made({"kernel": odd}),
        "take": made(
            {"axis": st.integers(0, rank), "start": st.integers(0, 2), "step": st.integers(1, 2), "count": st.integers(1, 6)}
        ),
        "join": made({"axis": st.integers(1, rank), "which": small}),
        "roll": made({"shift": st.tuples(*[st.integers(-3, 3)] * rank)}),
        "gap": made({"axis": st.none() | st.integers(0, rank - 1)}),
        "gmp": made({"axis": st.none() | st.integers(0, rank - 1)}),
        **{word: st.just({}) for word in PLAIN},
        "linear": made({"out": small}),
        "gate": made(
            {
                "pad": st.sampled_from((0, 0, 0, 1)),
                "conv": st.sampled_from((0, 1, 3)),
                "how": st.sampled_from(("mul", "nearest", "bilinear")),
            }
        ),
        "patches": made(
            {
                "kernel": per_axis(rank, st.sampled_from((1, 2, 3, 5))),
                "stride": s,
                "dilation": d,
                "padding": per_axis(rank, small),
                "back": st.booleans(),
            }
        ),
        **{
            word: made({"pattern": st.sampled_from(tuple(texts[rank]))})
            for word, texts in (("rearrange", REARRANGED), ("contract", CONTRACTED))
            if rank in texts
        },
        "again": made({"which": st.integers(0, 3)}),
        "merge": made(
            {
                "kind": st.sampled_from(("concat", "add", "mul", "max", "sub", "div", "min")),
                "any_size": st.booleans(),
                "fit": st.sampled_from(("crop", "pad", "nearest", "bilinear")),
                "swap": st.booleans(),
            }
        ),
    }


def cropping(rank: int) -> SearchStrategy[Settings]:
    sized = {"size": st.tuples(*[st.integers(1, 12)] * rank), "offset": st.tuples(*[st.integers(0, 3)] * rank)}
    return st.fixed_dictionaries(sized)


def resizing(modes: tuple[str, ...], scale: SearchStrategy[float], rank: int) -> SearchStrategy[Settings]:
    corners = st.sampled_from(modes[1:]), st.booleans()
    mode = st.just(("nearest", False)) | st.tuples(*corners) | st.tuples(*corners)
    where = st.fixed_dictionaries({"scale": per_axis(rank, scale)})
    where |= st.fixed_dictionaries({"size": per_axis(rank, st.integers(1, 20))})
    return st.builds(lambda how, to: {"mode": how[0], "align_corners": how[1], **to}, mode, where)


# How often each kind of step is drawn; 1 where nothing is said.
SHARES = {"conv": 24, "dwconv": 9, "upconv": 12, "maxpool": 8, "avgpool": 5, "upsample": 12, "pad": 6, "crop": 6, "merge": 26}
SHARES |= {"pixelshuffle": 8, "pixelunshuffle": 5, "depthtospace": 2, "spacetodepth": 2, "adaptivepool": 3, "gate": 5, "lrn": 3}
SHARES |= {
    "maskedconv": 3,
    "localconv": 3,
    "windowattention": 2,
    "take": 2,
    "join": 3,
    "again": 12,
    "roll": 2,
    "slice": 3,
    "chunk": 3,
    "split": 5,
    "channelshuffle": 4,
    "reorg": 2,
    "gap": 3,
    "gmp": 3,
    "patches": 4,
    "rearrange": 3,
    "contract": 3,
}


def recipes(ranks: tuple[int, ...] = (1, 1, 2, 2, 2, 3), often: tuple[str, ...] = ()) -> SearchStrategy[Recipe]:
    """Random recipes; the words in `often` come ten times as often."""
    return st.sampled_from(ranks).flatmap(lambda rank: _recipes(rank, often))


def _recipes(rank: int, often: tuple[str, ...]) -> SearchStrategy[Recipe]:
    options = settings_of(rank)
    words = [word for word in options for _ in range(SHARES.get(word, 1) * (10 if word in often else 1))]
    back = st.sampled_from((0, 0, 0, 0, 1, 2, 3))
    each = {word: st.builds(Step, st.just(word), back, made) for word, made in options.items()}
    step = st.sampled_from(words).flatmap(each.__getitem__)
    size = st.integers(1 if rank == 1 else 2, {1: 40, 2: 20, 3: 8}[rank])
    steps = st.lists(step, min_size=1, max_size={1: 10, 2: 8, 3: 5}[rank]).map(tuple)
    return st.builds(Recipe, st.integers(1, 4), st.tuples(*[size] * rank), steps)
