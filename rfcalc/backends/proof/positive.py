"""A network run without what no figure depends on, so that its reads, or its structure, can be measured.

The network runs as it is, and each call to torch is rewritten on the way (rules.py): a maximum becomes a sum, normalizations
and activations the identity, a product a sum. There are two ways. `Positive`, for the gradient: weights become ones, and after
each call the gradient is cut to 0 or 1, so that it neither vanishes in deep networks nor cancels, and interpolation weights of
1e-16 do not count as reads. `Bare`, for the numbers: weights and biases stay, and other constants have no effect, so that two
networks of the same structure and weights give the same numbers, whatever their activations and factors are.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from rfcalc.backends.proof.rules import NOISE, NoRuleError, Rule, base_name, depends, find


class _Cut(torch.autograd.Function):  # type: ignore[misc]
    """Ones forward; backward 1 where any gradient arrives, else 0."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return torch.ones_like(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return (gradients[0].abs() > NOISE).to(gradients[0].dtype)


def cut(x: Tensor) -> Tensor:
    """The tensor as ones, whose gradient is 0 or 1."""
    return _Cut.apply(x)


class Positive(TorchFunctionMode):  # type: ignore[misc]
    """Within this context, calls that depend on the input follow the rules; raises NoRuleError where there is none."""

    def cut(self, x: Tensor) -> Tensor:
        """What a rule gives."""
        return cut(x)

    def settled(self, x: Tensor) -> Tensor:
        """What a product with weights gives."""
        return cut(x)

    def weight(self, weight: Tensor) -> Tensor:
        """What stands for a weight; one that was computed may be masked."""
        return torch.ones_like(weight) if isinstance(weight, torch.nn.Parameter) else (weight != 0).to(weight.dtype)

    def matrix(self, matrix: Tensor) -> Tensor:
        """What stands for a factor of a product of matrices that does not depend on the input."""
        return self.weight(matrix)

    def bias(self, bias: Tensor | None) -> Tensor | None:
        """What stands for a bias."""
        return None

    def constant(self, x: Tensor) -> Tensor:
        """What stands for a tensor that does not depend on the input."""
        return cut(x)

    def masked(self, scores: Tensor, mask: Tensor) -> Tensor:
        """What a mask lets through."""
        return cut(scores) * mask

    def __torch_function__(
        self, func: Rule, types: object, args: tuple[object, ...] = (), kwargs: dict[str, object] | None = None
    ) -> object:
        named = dict(kwargs or {})
        if not any(depends(leaf) for leaf in tree_leaves((args, named))):
            return func(*args, **named)
        name, in_place = base_name(getattr(func, "__name__", str(func)))
        in_place = bool(named.pop("inplace", False)) or in_place
        with torch.enable_grad():
            found = find(name)(self, func, *args, **named)
            first = args[0] if args else None
            if isinstance(first, Tensor) and in_place != (found is first):  # a new tensor, or the old one
                return first.copy_(found) if in_place else first.clone()
        return found


class Bare(Positive):
    """The same, but weights and biases count, and only they; numbers are kept near 1 by factors that depend on all of them."""

    def cut(self, x: Tensor) -> Tensor:
        return x

    def settled(self, x: Tensor) -> Tensor:
        size = x.detach().abs().mean()
        return x / size if size > 0 else x

    def weight(self, weight: Tensor) -> Tensor:
        if not isinstance(weight, torch.nn.Parameter):
            raise NoRuleError("weights that are computed")
        return weight

    def matrix(self, matrix: Tensor) -> Tensor:
        raise NoRuleError("products with a stored matrix")  # nobody knows in which order the graph's layer holds it

    def bias(self, bias: Tensor | None) -> Tensor | None:
        return bias

    def constant(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)

    def masked(self, scores: Tensor, mask: Tensor) -> Tensor:
        return scores.expand(torch.broadcast_shapes(scores.shape, mask.shape))
