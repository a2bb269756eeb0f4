"""The blocks that one spec needs, out of all modules of Ultralytics' files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from rfcalc.importers.ultralytics.blocks import BLOCKS
from rfcalc.language.writer import text_of

CALLED = re.compile(r"\b([A-Z]\w*): ")
FILLED = re.compile(r"\{(act|act_op|areas|heads|m|pools)\}")


class Library:
    """The blocks that a spec needs, each with the numbers that its text fixes; `act` is the activation of all."""

    def __init__(self, act: object) -> None:
        op = text_of(act)[1:-1] if isinstance(act, dict) else f"{act if act != 'none' else 'identity'}: {{}}"
        self.always = {"act": text_of(act), "act_op": op}
        self.words: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
        self.texts: dict[str, str] = {}
        self.counts: dict[str, int] = {}

    def word(self, name: str, fills: Mapping[str, str]) -> str:
        """The word for a block; another one for each other filling."""
        own = tuple(sorted((key, fills[key]) for key in _open(name)))
        if (name, own) in self.words:
            return self.words[name, own]
        inner = {other: self.word(other, fills) for other in CALLED.findall(BLOCKS[name])}
        text = CALLED.sub(lambda match: f"{inner[match[1]]}: ", BLOCKS[name])
        text = FILLED.sub(lambda match: {**self.always, **fills}[match[1]], text)
        self.counts[name] = self.counts.get(name, 0) + 1
        word = self.words[name, own] = name if self.counts[name] == 1 else f"{name}_{self.counts[name]}"
        self.texts[word] = text
        return word

    def lines(self) -> Iterator[str]:
        """The `blocks:` of a spec."""
        if self.texts:
            yield "blocks:"
        for word, text in self.texts.items():
            params, *steps = text.strip().splitlines()
            yield from (f"  {word}:", f"    {params}", "    layers:", *(f"      {step}" for step in steps))


@cache
def _open(name: str) -> frozenset[str]:
    """What must be filled into a block and the blocks that it uses."""
    own = frozenset(FILLED.findall(BLOCKS[name])) - {"act", "act_op"}
    return own.union(*(_open(other) for other in CALLED.findall(BLOCKS[name])))
