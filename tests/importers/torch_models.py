"""Which models the tests import, with their inputs, and how: from their files, as a user's would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rfcalc.graph import Graph
from rfcalc.importers import load

FOLDER = Path(__file__).parent / "models"
IMAGE = "3x16x16"
CLASSIC = {
    "Residual": "3x32x32", "Classifier": "3x32x32", "Dense": "3x16x16", "Inception": IMAGE, "Shuffle": IMAGE,
    "SqueezeExcitation": "3x10x12", "Mobile": "3x17x14", "Pyramid": "3x24x24", "DilatedPyramid": "3x40x36",
    "FeaturePyramid": "3x24x32", "UNet": "3x20x20", "Video": "3x5x16x14", "Res2": "3x12x12", "Csp": "3x16x20",
}  # fmt: skip
MODERN = {
    "ConvNeXt": "3x64x48", "Swin": "3x16x24", "PlainWindow": "3x16x24", "Vit": "3x16x16", "TokensToMap": IMAGE,
    "Registers": IMAGE, "NormedPatches": "4x6x8",
    "NonLocal": "3x6x8", "Axial": "3x8x10", "ChannelAttention": "3x6x7", "EfficientChannel": "3x8x8",
    "SpatialGate": "3x16x12", "SelectiveKernel": "3x9x9", "Coordinate": "3x9x11", "Mixer": "3x16x16",
    "Diagonals": "3x5x6", "RelativePositions": "3x5x6", "Halo": "3x8x12", "Covariance": "3x6x7",
}  # fmt: skip
VIEWS = {
    "Strided": "3x15x16", "StridedChannels": "3x8x8", "Focus": "3x12x12", "Reorg": "3x12x12", "Subpixel": "1x8x9",
    "Unshuffle": "2x12x8", "GroupedShuffle": "6x9x9", "ViewMean": "3x16x12", "Maxout": "3x8x8", "ChannelsLast": "3x11x11",
    "Swapped": "3x9x12", "Rolled": "3x8x9", "TimeShift": "2x5x6x6", "Frames": "3x4x6x7", "Flipped": "3x7x8",
    "Reflected": "3x9x10", "Cropped": "3x14x14", "Stacked": "3x9x9", "Gathered": "3x9x9", "Unfolded": "3x7x8",
    "Windows": "3x10x12", "Repeated": "2x8x8", "Nearest": "3x9x8", "Broadcast": "3x8x9", "Glued": "3x12x8",
    "Turned": "3x6x9", "ShuffledHalves": "3x15x14", "SplitDifferently": "3x8x9",
    "Signal": "2x40", "Gated": "2x20", "Spectrum": "1x96",
}  # fmt: skip
CODE = {
    "Products": "3x7x8",
    "Labels": "3x7x8", "Choosing": "3x7x8", "OwnFunction": "3x12x11",
    "Shared": "3x10x10", "Tied": "3x10x10", "Siamese": "left=3x12x12,right=3x12x12",
    "Paired": "left=3x12x12,right=3x12x12",
    "TwoSizes": "image=3x12x12,guide=1x3x3", "WeightNorm": "3x8x8", "SpectralNorm": "3x8x8", "Standardized": "3x8x8",
    "NormedWeight": "3x8x8",
    "Blurred": "3x9x12", "Functional": "3x9x9", "Merged": "3x8x8", "InPlace": "3x8x8", "Buffers": "3x7x9",
    "Loops": "3x9x9", "Tuple": "3x9x9", "Deconvolved": "3x9x8", "Resized": "3x8x7", "Pools": "3x12x11", "Drops": "3x8x8",
    "Einsum": "3x5x6", "Half": "3x7x7", "Functions": "3x8x7", "Nested": "3x9x8",
}  # fmt: skip
SIGNALS = {"Separated": "1x45", "Overlapped": "1x24", "Decoded": "3x3x4x5"}
MODELS = {
    f"{file}.py:{name}": shape
    for file, models in (("classic", CLASSIC), ("modern", MODERN), ("views", VIEWS), ("code", CODE), ("signals", SIGNALS))
    for name, shape in models.items()
}


def graph_of(model: str, **more: Any) -> Graph:
    """The imported graph of one of the models."""
    return load(f"{FOLDER / model}", {"input": MODELS[model]}, **more)


def module_of(model: str) -> nn.Module:
    """The module itself, with weights."""
    from importlib import import_module

    file, name = model.split(".py:")
    made = getattr(import_module(f"tests.importers.models.{file}"), name)()
    return made.eval()


def shapes_of(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The shape of each input, batch 1, by its name."""
    return {graph.nodes[i].name: (1, *_sizes(graph, i)) for i in graph.inputs}


def _sizes(graph: Graph, index: int) -> tuple[int, ...]:
    shape = graph.nodes[index].shape
    return (shape.channels, *shape.size)


def tensors_of(value: Any) -> list[Tensor]:
    """The tensors of an output, in the order in which a program lists them."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        return [tensor for key in value for tensor in tensors_of(value[key])]
    return [tensor for entry in value for tensor in tensors_of(entry)] if isinstance(value, list | tuple) else []


def on_meta(model: nn.Module) -> nn.Module:
    """The module without weights."""
    return model.to(torch.device("meta"))
