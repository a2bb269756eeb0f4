"""Follows a program step by step. A kind of program answers a few questions about each step; the guards are those of all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rfcalc.errors import Problem, RuleError, SpecError
from rfcalc.importers.programs.axes import as_output
from rfcalc.importers.programs.declared import Declaration, applied
from rfcalc.importers.programs.guards import check_reads, check_result, depends, guarded
from rfcalc.importers.programs.layout import text
from rfcalc.importers.programs.program import Const, Made, Program, ProgramPlace, Tensor, UnfollowedError
from rfcalc.importers.programs.unknown import unknown
from rfcalc.relations.geometry import MOST_UNITS

Shapes = Sequence[tuple[int, ...] | None]


class Step(ABC):
    """One step of a program, as its kind of program tells it. Any answer may raise RuleError.

    A value is a Tensor, a Const, a list of them (a sequence of the program), or what the program itself computes with.
    """

    key: str  # unlike that of any other step
    title: str  # how a layer that nobody knows is called
    place: ProgramPlace

    @property
    @abstractmethod
    def operands(self) -> Sequence[Any]:
        """The values that the step reads; not those of which only the shape counts."""

    @property
    @abstractmethod
    def reads(self) -> frozenset[int]:
        """Which of its outputs are read."""

    @abstractmethod
    def shapes(self) -> Shapes:
        """The shape of each output as the program says it; None where it does not."""

    @abstractmethod
    def inner(self) -> Iterable[Step] | None:
        """The steps of the piece of program that this step runs; None for an operator."""

    @abstractmethod
    def inner_results(self) -> Sequence[Any]:
        """What that piece gave."""

    @abstractmethod
    def declared(self) -> tuple[Declaration, Mapping[str, Any]] | None:
        """What the user says of the operator, and its attributes."""

    @abstractmethod
    def follow(self) -> Any:
        """What the operator's handler gives: a value, or a tuple of several; raises UnfollowedError for an unknown one."""

    @abstractmethod
    def constant(self, stored: frozenset[str], made: Made) -> Sequence[Any]:
        """The outputs of a step that does not depend on the input: made of these stored tensors, by this work."""

    @abstractmethod
    def work(self) -> int | None:
        """Multiply-accumulates of the step; None where they are not known."""

    @abstractmethod
    def computes(self) -> Sequence[tuple[str, int]]:
        """Kinds and counts of the other operations of a step on stored numbers alone."""

    @abstractmethod
    def keep(self, results: Sequence[Any]) -> None:
        """Notes the outputs, for the steps that read them."""

    @abstractmethod
    def problem(self, error: RuleError) -> Problem:
        """The error, with the operator and its place in the user's file."""


class Walk:
    """One walk over a program. With `bound`, a step that cannot be followed is a layer that reads all of its operands."""

    def __init__(self, program: Program, bound: bool) -> None:
        self.program, self.bound = program, bound

    def follow(self, steps: Iterable[Step]) -> None:
        """Adds the layers of the steps, in order; raises SpecError with the first one that cannot be followed."""
        for step in steps:
            self.program.place = step.place
            try:
                with guarded():
                    step.keep(self._results(step))
            except RuleError as error:
                raise SpecError([step.problem(error)]) from None

    def outputs(self, values: Iterable[Any]) -> list[Tensor | None]:
        """What the program gives back, as layers; None for what does not depend on the input."""
        self.program.place = ProgramPlace()
        return [self._output(value) if isinstance(value, Tensor) else None for value in values]

    def _output(self, value: Tensor) -> Tensor:
        mark = self.program.mark()
        try:
            with guarded():
                return as_output(self.program, value)
        except RuleError:
            self.program.back_to(mark)
            return value

    def _results(self, step: Step) -> Sequence[Any]:
        mark = self.program.mark()
        try:
            with guarded():
                return self._exactly(step)
        except RuleError:
            if not self.bound or not any(map(depends, step.operands)):
                raise
            self.program.back_to(mark)
            return self._bounded(step)

    def _exactly(self, step: Step) -> Sequence[Any]:
        """What a step gives, followed exactly; raises RuleError where that is impossible."""
        inner = step.inner()
        if inner is not None:
            self.follow(inner)
            return step.inner_results()
        if not any(map(depends, step.operands)):
            return self._constant(step)
        first = len(self.program.builder.nodes)
        found = self._layer(step)
        shapes = step.shapes()
        results = list(found) if isinstance(found, tuple) else [found]
        results += [None] * (len(shapes) - len(results))
        for i, result in enumerate(results):
            if i in step.reads:
                check_result(self.program, i, result, shapes[i] if i < len(shapes) else None)
        if step.reads:
            check_reads(self.program, first, step.operands, results)
        for layer in self.program.builder.nodes[first:]:
            layer.reads  # noqa: B018  (a relation that cannot be written down is known here, not in an analysis)
        return results

    def _layer(self, step: Step) -> Any:
        declared = step.declared()
        return step.follow() if declared is None else applied(*declared, self.program, *sorts(step.operands))

    def _constant(self, step: Step) -> Sequence[Any]:
        """What a step gives that does not depend on the input: what it is made of, and what making it costs."""
        consts = [value for value in step.operands if isinstance(value, Const)]
        stored = frozenset().union(*(const.stored for const in consts))
        made = frozenset().union(*(const.made for const in consts))
        done = step.work() if consts else 0
        if done is None and stored:
            raise UnfollowedError("what it computes from stored numbers is not known")
        new = [("macs", done or 0), *(step.computes() if stored else ())]
        return step.constant(stored, made | {(step.key, kind, count) for kind, count in new if count})

    def _bounded(self, step: Step) -> Sequence[Any]:
        """A step that nobody knows, as reading the whole of its operands."""
        tensors, consts = sorts(step.operands)
        macs, found = step.work(), list[Tensor | None]()
        for i, shape in enumerate(step.shapes()):
            if i not in step.reads:
                found.append(None)
                continue
            if shape is None:
                raise UnfollowedError("it cannot be bounded: the shape of what it gives is not known")
            if 0 in shape:
                raise UnfollowedError("nothing is left of it")
            if max(shape, default=1) > MOST_UNITS:
                raise UnfollowedError(f"it gives {text(shape)}: beyond {MOST_UNITS:,} on an axis")
            found.append(unknown(self.program, step.title, tensors, shape, consts, macs))
            macs = 0 if macs is not None else None
        return found


def sorts(operands: Iterable[Any]) -> tuple[list[Tensor], list[Const]]:
    """The operands that depend on the network's input, and those that do not; those of sequences one by one."""
    flat: list[Any] = []
    for value in operands:
        flat += value if isinstance(value, list) else [value]
    return [v for v in flat if isinstance(v, Tensor)], [v for v in flat if isinstance(v, Const)]
