"""What holds for every step of a program, of any kind: it raises nothing but a RuleError, gives what the program says, and
drops no operand that depends on the input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

from rfcalc.errors import RuleError, SpecError
from rfcalc.importers.programs.layout import BATCH, REPEATED, text
from rfcalc.importers.programs.program import Const, Program, Tensor, UnfollowedError


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever goes wrong in a step, as a RuleError; what is wrong with the program as a whole (its size) stays a SpecError."""
    try:
        yield
    except RuleError:
        raise
    except SpecError as error:
        problem = error.problems[0]
        raise RuleError(problem.message) if problem.code == "E201" else error from None
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0][:120]
        raise RuleError(f"it does not fit what rfcalc knows of it ({type(error).__name__}: {reason})") from None


def depends(value: Any) -> bool:
    """True for what depends on the network's input."""
    return isinstance(value, Tensor) or (isinstance(value, list) and any(map(depends, value)))


def check_result(program: Program, number: int, result: Any, shape: tuple[int, ...] | None) -> None:
    """Refuses an output that is not followed, or whose shape is not the program's: nothing is wrong in silence."""
    if result is None:
        raise UnfollowedError(f"its output {number} is read, and cannot be followed")
    if not isinstance(result, Tensor):
        return
    if shape is not None and result.shape != shape:
        raise UnfollowedError(f"it gives {text(result.shape)} here, and {text(shape)} by the program")
    repeated = prod(f.size for axis in result.layout for f in axis if f.axis in (REPEATED, BATCH))
    if prod(result.shape) != program.shape(result).elements * repeated:
        raise UnfollowedError("it leaves part of a layer behind")


def check_reads(program: Program, first: int, operands: Iterable[Any], results: Iterable[Any]) -> None:
    """Refuses a step whose results, made of the layers from `first` on, do not read each operand that depends on the input."""
    given = [leaf for result in results for leaf in (result if isinstance(result, list) else [result])]
    if given and all(isinstance(result, Const) and 0 in result.shape for result in given):
        return
    read = {result.node for result in given if isinstance(result, Tensor)}
    for index in range(len(program.builder.nodes) - 1, first - 1, -1):
        if index in read:
            read.update(program.builder.nodes[index].inputs)
    if any(isinstance(operand, Tensor) and operand.node not in read for operand in operands):
        raise UnfollowedError("an operand depends on the input, and is not followed here")
