"""Matrix products of a program: linear layers, matmul, einsum, attention. A product is described by labels for the axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

from rfcalc.importers.programs.arithmetic import binary, with_stored
from rfcalc.importers.programs.axes import solid
from rfcalc.importers.programs.digits import Labels, Product, repeats
from rfcalc.importers.programs.layout import CHANNELS, Factor, full, merged, size_of, text
from rfcalc.importers.programs.norms import softmax
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError
from rfcalc.layers.words import make


def linear(program: Program, tensor: Tensor, weight: Const, bias: Const | None) -> Tensor:
    """A linear layer along the last axis; `weight` has the shape (out, in)."""
    if len(weight.shape) != 2 or tensor.shape[-1] != weight.shape[1]:
        raise UnfollowedError(f"its weight of {text(weight.shape)} does not fit {tensor.shape[-1]} numbers")
    out, tensor = weight.shape[0], solid(program, tensor)
    shape, last = program.shape(tensor), tensor.layout[-1]
    claim, has_bias = program.claim([weight, bias]), bias is not None
    rest = tensor.layout[:-1]
    if last == full(CHANNELS, shape.channels) and shape.positions > 1:
        op = make("conv", out=out, kernel=1, padding=0, bias=has_bias)
        return program.emit(op, [tensor], (*rest, full(CHANNELS, out)), claim)
    if size_of(last) == shape.elements:
        return program.emit(make("linear", out=out, bias=has_bias), [tensor], (*rest, full(CHANNELS, out)), claim)
    labels = [f"d{i}" for i in range(len(tensor.layout))]
    product = Product(program, [tensor], [labels], [*labels[:-1], "o"], {"o": out})
    op = make("contract", pattern=product.pattern([[(labels[-1],), ("o",)]]), learned=True, bias=has_bias)
    return program.emit(op, [tensor], product.layout, claim)


def contract(program: Program, operands: Sequence[Tensor], labels: Sequence[Labels], out: Labels) -> Tensor:
    """A sum of products over the labels that `out` lacks, as torch.einsum."""
    operands = _solid(program, operands, labels)
    product = Product(program, operands, labels, out)
    if len(operands) == 1:
        return program.add("rearrange", operands, product.layout, pattern=product.pattern(), function="sum")
    return program.add("contract", operands, product.layout, pattern=product.pattern())


def contract_stored(program: Program, tensor: Tensor, const: Const, labels: Labels, stored: Labels, out: Labels) -> Tensor:
    """A sum of products with a stored tensor; where an operand has size 1, the other one's size counts."""
    sizes = {label: n for label, n in zip(stored, const.shape, strict=True) if n > 1}
    if not sizes:
        tensor = with_stored(program, "mul", tensor, [Const((), const.stored, const.made)])
        return contract(program, [tensor], [labels], out)
    for label, n in zip(labels, tensor.shape, strict=True):
        if n != sizes.get(label, n) and n != 1:
            raise UnfollowedError(f"axes of {n} and {sizes[label]} do not go together")
    single = {label for label, n in zip(labels, tensor.shape, strict=True) if n == 1}
    tensor = solid(program, tensor)
    product = Product(program, [tensor], [labels], out, {k: n for k, n in sizes.items() if k in single or k not in labels})
    claim = program.claim([const])
    op = make("contract", pattern=product.pattern([[(label,) for label in sizes]]), learned=True)
    return program.emit(op, [tensor], product.layout, claim)


def turned(value: Any) -> Any:
    """A matrix with its axes swapped."""
    if isinstance(value, Tensor):
        return Tensor(value.node, value.layout[::-1])
    return Const(value.shape[::-1], value.stored, value.made)


def product(program: Program, first: Any, second: Any) -> Tensor:
    """A matrix product as torch.matmul, at least one of whose operands depends on the input."""
    if isinstance(first, Tensor) and isinstance(second, Const) and len(second.shape) == 2 and len(first.layout) > 1:
        return linear(program, first, turned(second), None)
    (a, b), out = _matrices(len(first.shape), len(second.shape))
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return contract(program, [first, second], [a, b], out)
    if isinstance(first, Tensor):
        return contract_stored(program, first, second, a, b, out)
    return contract_stored(program, second, first, b, a, out)


def _matrices(first: int, second: int) -> tuple[tuple[list[str], list[str]], list[str]]:
    """The labels of a matrix product's operands, by how many axes they have, and of what it gives."""
    lead = _lead(max(first, second) - 2)
    rows, columns = ["m"] if first > 1 else [], ["n"] if second > 1 else []
    sides = [*_lead(first - 2), *rows, "k"], [*_lead(second - 2), "k", *columns]
    return sides, [*lead, *rows, *columns]


def _lead(count: int) -> list[str]:
    """Labels of the axes before a matrix, which are counted from the last one."""
    return [f"b{i}" for i in range(count, 0, -1)]


def einsum(program: Program, equation: str, operands: Sequence[Any]) -> Tensor:
    """torch.einsum of one or two operands."""
    sides, arrow, to = equation.partition("->")
    terms = sides.split(",")
    if len(operands) > 2 or len(terms) != len(operands):
        raise UnfollowedError(f"einsum {equation!r}")
    dots = [len(operand.shape) - len(term.replace("...", "")) for term, operand in zip(terms, operands, strict=True)]
    if not arrow:
        once = Counter(sides.replace(".", "").replace(",", ""))
        to = "..." + "".join(sorted(label for label, count in once.items() if count == 1))
    labels = [_labels(term, count) for term, count in zip(terms, dots, strict=True)]
    out = _labels(to, max(dots))
    if all(isinstance(operand, Tensor) for operand in operands):
        return contract(program, operands, labels, out)
    at = next(i for i, operand in enumerate(operands) if isinstance(operand, Tensor))
    return contract_stored(program, operands[at], operands[1 - at], labels[at], labels[1 - at], out)


def _labels(term: str, dots: int) -> list[str]:
    """The labels of one operand; "..." stands for `dots` axes, which are counted from the last one."""
    before, sign, after = term.partition("...")
    return [*before, *(f"dot{i}" for i in range(dots, 0, -1) if sign), *after]


def attend(
    program: Program, query: Tensor, key: Tensor, value: Tensor, extra: Sequence[Any] = (), causal: bool = False
) -> Tensor:
    """Scaled dot product attention of (..., queries, d), (..., keys, d) and (..., keys, e). `extra`: a mask, which is added to
    the scores."""
    masks = [value for value in extra if isinstance(value, Tensor)]
    if masks and causal:
        raise UnfollowedError("its mask depends on the input, and a query sees the keys up to its own place only")
    if masks:
        return _attend_in_steps(program, query, key, value, masks[0])
    ends = (("q", "d"), ("k", "d"), ("k", "e"))
    sides = (query, key, value)
    labels = [[*_lead(len(side.layout) - 2), *end] for side, end in zip(sides, ends, strict=True)]
    operands = _solid(program, sides, labels)
    product = Product(program, operands, labels, [*_lead(max(map(len, labels)) - 2), "q", "e"])
    return program.emit(
        make("attend", pattern=product.pattern(), causal=causal), operands, product.layout, program.claim(extra)
    )


def _attend_in_steps(program: Program, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Attention whose scores have something added that depends on the input: the products, the sum and the softmax."""
    scores = product(program, query, Tensor(key.node, (*key.layout[:-2], key.layout[-1], key.layout[-2])))
    scores = binary(program, "add", scores, mask)
    return product(program, softmax(program, scores, len(scores.layout) - 1), value)


def _solid(program: Program, operands: Sequence[Tensor], labels: Sequence[Labels]) -> list[Tensor]:
    """The operands without repeated axes, but for those that another operand has in full."""
    held = [
        {label for label, axis in zip(dims, t.layout, strict=True) if axis and not repeats(axis)}
        for t, dims in zip(operands, labels, strict=True)
    ]
    tensors = []
    for i, (tensor, dims) in enumerate(zip(operands, labels, strict=True)):
        others = set().union(*(names for j, names in enumerate(held) if j != i))
        keep = [dim for dim, label in enumerate(dims) if label in others and repeats(tensor.layout[dim])]
        tensors.append(solid(program, tensor, keep))
    return tensors


def laid(program: Program, operand: Any) -> Tensor:
    """An operand of attention; a stored one (learned queries) as a layer."""
    if isinstance(operand, Tensor):
        return operand
    *lead, count, depth = operand.shape
    claim, heads = program.claim([operand]), prod(lead)
    op = make("constant", out=heads * depth, size=(count,), params=claim.params, buffers=claim.buffers)
    node = program.emit(op, [], None, claim).node
    stride, axes = heads * depth, []
    for n in lead:
        stride //= n
        axes.append(merged([Factor(CHANNELS, stride, n)]))
    return Tensor(node, (*axes, full(1, count), full(CHANNELS, depth)))
