"""What holds for every step of a program, whoever follows it: it raises nothing but a RuleError, and drops no operand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rfcalc.errors import RuleError, SpecError
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


def check_reads(program: Program, first: int, operands: Iterable[Any], results: Iterable[Any]) -> None:
    """Refuses a step whose results, made of the layers from `first` on, do not read each operand that depends on the input."""
    results = list(results)
    if results and all(isinstance(result, Const) and 0 in result.shape for result in results):
        return
    read = {result.node for result in results if isinstance(result, Tensor)}
    for index in range(len(program.builder.nodes) - 1, first - 1, -1):
        if index in read:
            read.update(program.builder.nodes[index].inputs)
    if any(isinstance(operand, Tensor) and operand.node not in read for operand in operands):
        raise UnfollowedError("an operand depends on the input, and is not followed here")
