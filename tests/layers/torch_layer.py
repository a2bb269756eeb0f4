"""A layer's torch source, executed as it stands, and what tools say about it."""

from __future__ import annotations

import logging
import math
from typing import Any

import torch
import torch.nn.functional as F
from fvcore.nn import FlopCountAnalysis
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from rfcalc.layers.contract import Op
from rfcalc.relations.shape import Shape

for name in ("fvcore.nn.jit_analysis", "fvcore.common.checkpoint"):
    logging.getLogger(name).setLevel(logging.ERROR)


class TorchLayer(nn.Module):
    """The module that an op's `torch` fact describes."""

    def __init__(self, op: Op, shapes: tuple[Shape, ...]) -> None:
        super().__init__()
        fact = op.torch(shapes)
        self.scope: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "Tensor": Tensor, "math": math}
        exec(fact.helper, self.scope)
        self.layer = eval(fact.module, self.scope) if fact.module else None
        names = [f"x{i}" for i in range(len(shapes))]
        text = fact.forward.format(*names, self="layer", all=", ".join(names))
        self.code = compile(text, "forward", "eval")

    def forward(self, *inputs: Tensor) -> Tensor:
        names = {f"x{i}": x for i, x in enumerate(inputs)}
        return eval(self.code, self.scope, {"layer": self.layer, **names})


def tensors(shapes: tuple[Shape, ...], device: str = "cpu", batch: int = 1) -> tuple[Tensor, ...]:
    """Random inputs of the given shapes."""
    return tuple(torch.randn(batch, shape.channels, *shape.size, device=device) for shape in shapes)


def counted_flops(layer: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    """What FlopCounterMode counts."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(*inputs)
    return counter.get_total_flops()


def fvcore_total(layer: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    """What fvcore counts in evaluation mode."""
    analysis = FlopCountAnalysis(layer.eval(), inputs).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return int(analysis.total())
