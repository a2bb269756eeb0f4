"""Residual blocks in the layers of a darknet file, written as such; equal ones that follow each other as one repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rfcalc.importers.translated import WrittenLayer
from rfcalc.language.reading import JOINED
from rfcalc.record import record

LONGEST = 8  # layers of one path


@record
class Residual:
    """One residual block: the layers of its path, the sum, and the layer that both read."""

    main: tuple[WrittenLayer, ...]
    sum: WrittenLayer
    source: str


def folded(steps: Sequence[WrittenLayer], outputs: Sequence[str]) -> list[WrittenLayer]:
    """The same layers with residual blocks as `residual`. A block, or a run of equal ones, is named by its last sum, so that
    what reads it need not change; the layers within lose their names."""
    read = Counter(name for step in _explicit(steps) for name in step.sources)
    read.update(outputs)
    shorter: list[WrittenLayer] = []
    at = 0
    while at < len(steps):
        run = _run(steps, at, read)
        if not run:
            shorter.append(steps[at])
            at += 1
            continue
        shorter.append(_written(run, shorter[-1].name if shorter else "input"))
        at += sum(len(block.main) + 1 for block in run)
    return shorter


def _explicit(steps: Sequence[WrittenLayer]) -> list[WrittenLayer]:
    """The layers, each with what it reads."""
    above = "input"
    written = []
    for step in steps:
        written.append(WrittenLayer(step.name, step.word, step.settings, step.sources or (above,), step.repeat))
        above = step.name
    return written


def _run(steps: Sequence[WrittenLayer], at: int, read: Counter[str]) -> list[Residual]:
    """The equal residual blocks that begin at a layer, each on top of the one before."""
    residuals: list[Residual] = []
    while (block := _block(steps, at, read)) is not None:
        if residuals and (
            _shape(block) != _shape(residuals[0]) or block.source != residuals[-1].sum.name or read[block.source] != 2
        ):
            break
        residuals.append(block)
        at += len(block.main) + 1
    return residuals


def _block(steps: Sequence[WrittenLayer], at: int, read: Counter[str]) -> Residual | None:
    """The residual block that begins at a layer, whose inner layers nobody else reads; None if there is none."""
    for end in range(at + 1, min(at + LONGEST, len(steps) - 1) + 1):
        step = steps[end]
        if step.word == JOINED["residual"] and len(step.sources) == 2:
            main = tuple(steps[at:end])
            source = main[0].sources[0] if main[0].sources else steps[at - 1].name if at else "input"
            inner = all(not one.sources for one in main[1:]) and all(read[one.name] == 1 for one in main)
            plain = inner and len(main[0].sources) < 2 and step.sources == (main[-1].name, source)
            return Residual(main, step, source) if plain else None
        if step.sources:
            return None
    return None


def _shape(block: Residual) -> str:
    return str([(step.word, sorted(step.settings.items(), key=str)) for step in (*block.main, block.sum)])


def _written(run: Sequence[Residual], above: str) -> WrittenLayer:
    first, last = run[0], run[-1]
    settings = {"main": [{step.word: dict(step.settings)} for step in first.main], **first.sum.settings}
    return WrittenLayer(last.sum.name, "residual", settings, () if first.source == above else (first.source,), len(run))
