"""The text that constructs a submodule, with its numbers apart: so that what differs in numbers only can be written once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rfcalc.layers.contract import Torch
from rfcalc.record import record

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")
CALL = re.compile(r"([\w.]+)\((.*)\)", re.DOTALL)
KEYWORD = re.compile(r"(\w+)=(?!=)")


@record
class Literal:
    """A number in a text: as it is written, the keyword that it is the value of ("" for none) and that keyword's default."""

    text: str
    keyword: str = ""
    usual: str = ""


@record
class Construction:
    """A call: its numbers, and its arguments as the texts around them. Defaults that were left out are there."""

    callee: str
    arguments: tuple[tuple[str, ...], ...]
    numbers: tuple[Literal, ...]

    def written(self, shown: Sequence[str]) -> str:
        """The text, with these in the place of the numbers; an argument that is its default is left out."""
        parts, at = [], 0
        for texts in self.arguments:
            mine = list(zip(self.numbers[at : at + len(texts) - 1], shown[at : at + len(texts) - 1], strict=True))
            at += len(mine)
            if mine and all(number.usual and number.usual == text for number, text in mine):
                continue
            parts.append(texts[0] + "".join(text + after for (_, text), after in zip(mine, texts[1:], strict=True)))
        return f"{self.callee}({', '.join(parts)})" if self.callee else "".join(parts)


def construction(fact: Torch) -> Construction:
    """The constructor of a layer."""
    call = CALL.fullmatch(fact.module)
    callee, arguments = (call[1], list(_split(call[2]))) if call else ("", [fact.module])
    usual = dict(fact.usual)
    said = {match[1]: text for text in arguments if (match := KEYWORD.match(text))}
    arguments = [text for text in arguments if not KEYWORD.match(text) or text.partition("=")[0] not in usual]
    first = next((k for k, text in enumerate(arguments) if KEYWORD.match(text)), len(arguments))
    arguments[first:first] = [said.get(name, f"{name}={value}") for name, value in usual.items()]
    texts, numbers = [], []
    for text in arguments:
        match = KEYWORD.match(text)
        word = match[1] if match else ""
        found = list(NUMBER.finditer(text)) if "'" not in text and '"' not in text else []
        ends = [0, *(end for one in found for end in one.span()), len(text)]
        texts.append(tuple(text[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)))
        numbers += [Literal(one[0], word, usual.get(word, "") if len(found) == 1 else "") for one in found]
    return Construction(callee, tuple(texts), tuple(numbers))


def _split(text: str) -> Iterator[str]:
    """The arguments of a call: the parts between commas outside of brackets and strings."""
    depth, quote, start = 0, "", 0
    for k, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and not depth:
            yield text[start:k].strip()
            start = k + 1
    if text[start:].strip():
        yield text[start:].strip()
