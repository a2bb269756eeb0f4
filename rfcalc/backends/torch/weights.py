"""Weights in files, by the names of the network's own layers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from rfcalc.backends.optional import require
from rfcalc.backends.torch.build import to_torch
from rfcalc.backends.torch.checkpoint import load_weights, read_checkpoint
from rfcalc.graph import Graph


def with_weights(graph: Graph, path: str, dtype: torch.dtype | None = None) -> tuple[nn.Module, str, torch.dtype]:
    """The network with the weights of a checkpoint, in evaluation mode; how its tensors were matched, and their type."""
    module = to_torch(graph, dtype=dtype, seed=0).eval()
    tensors = read_checkpoint(path)
    kinds = [tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()]
    return module, load_weights(module, tensors), max(kinds, key=kinds.count, default=torch.float32)


def safetensors_bytes(state: Mapping[str, Tensor], dtype: torch.dtype | None = None) -> bytes:
    """A state_dict as the content of a safetensors file; its floating point numbers in a type."""
    require("safetensors", "torch")
    from safetensors.torch import save

    kept = {key: (t.to(dtype) if dtype and t.is_floating_point() else t).contiguous().clone() for key, t in state.items()}
    content: bytes = save(kept, {"format": "pt"})
    return content
