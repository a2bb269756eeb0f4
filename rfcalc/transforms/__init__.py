"""Transforms: one graph becomes another. Each room has `apply(graph, argument, chosen) -> Outcome` and says what stays equal.

`argument` is what follows the = of `--to name=argument` (empty if nothing does); `chosen` tells which layers may be changed.
A room raises RuleError, with the layer and the reason, for what it cannot do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from importlib import import_module

from rfcalc.errors import RuleError, did_you_mean, fail
from rfcalc.graph import Graph, Node, no_layer
from rfcalc.transforms.outcome import Transformed

# word: (module, what may follow "=", what it does)
TRANSFORMS: dict[str, tuple[str, str, str]] = {
    "fully-convolutional": ("fully_convolutional", "", "linear layers become convolutions; the output is a map"),
    "output-stride": ("output_stride", "N", "strides beyond N become dilations"),
    "separable": ("separable", "", "convolutions become depthwise and 1x1"),
    "bottleneck": ("bottleneck", "RATIO", "convolutions become 1x1, narrow, 1x1"),
    "subpixel": ("subpixel", "", "transposed convolutions become convolution and pixel shuffle"),
    "transposed": ("transposed", "", "convolution and pixel shuffle become a transposed convolution"),
    "resize-conv": ("resize_conv", "KERNEL", "transposed convolutions become upsampling and convolution"),
    "group-norm": ("group_norm", "GROUPS", "batch norms become group norms"),
    "fold-bn": ("fold_bn", "", "batch norms are folded into the convolution before them, for inference"),
}


def apply_all(graph: Graph, asked: Sequence[str], globs: Sequence[str] = ()) -> list[tuple[str, Transformed]]:
    """Transforms one after the other, of the layers that globs match, or of all; each with its word and its outcome. Raises
    SpecError for what one of them cannot do, and for a glob that matches none."""
    for glob in globs:
        if not any(_matches(node, (glob,)) for node in graph.layers):
            raise no_layer(graph, glob)
    name, steps = graph.name, []
    for word in asked:
        try:
            outcome = apply(graph, word, lambda node: not globs or _matches(node, globs))
        except RuleError as error:
            raise fail("E510", f"{name}: {word}: {error}") from None
        steps.append((word, outcome))
        graph = outcome.graph
    return steps


def _matches(node: Node, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(node.name, glob) or fnmatchcase(node.part_of, glob) for glob in globs)


def apply(graph: Graph, asked: str, chosen: Callable[[Node], bool] = lambda node: True) -> Transformed:
    """One transform, by its word and argument ("output-stride=8"); raises RuleError."""
    word, sign, argument = asked.partition("=")
    if word not in TRANSFORMS:
        hint = did_you_mean(word, TRANSFORMS)
        raise RuleError(f'there is no transform "{word}"' + (f"; {hint}" if hint else f"; there are {', '.join(TRANSFORMS)}"))
    module, takes, _ = TRANSFORMS[word]
    if (sign and not takes) or (sign and not argument):
        raise RuleError(f"{word} takes {f'={takes}' if takes else 'nothing after it'}, not {asked[len(word) :]!r}")
    outcome: Transformed = import_module(f"rfcalc.transforms.{module}").apply(graph, argument, chosen)
    return outcome
