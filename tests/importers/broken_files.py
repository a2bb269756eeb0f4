"""Files that are broken at random: words and numbers exchanged, lines moved, doubled or cut, structure nested."""

from __future__ import annotations

import random
import re

TOKEN = re.compile(r"-?\d+(?:\.\d+)?|[A-Za-z_][\w.]*|[\[\](){}:,=]|\n|[ \t]+|.")
VALUE = re.compile(r"(?<=[\[,=] )-?[\w.]+|(?<=[\[,=])-?[\w.]+")
ONES = """0 -1 -2 -3 1 2 3 4 5 7 16 31 64 80 100 1000000 1000000000 0.5 1e9 [] [[1,2],3] [2,2]
None True False nc kpt_shape nearest bilinear leaky mish linear
Conv C2f C3k2 C3 SPP SPPF ADown Concat CBLinear CBFuse PSA C2PSA RepConv Detect Segment
GhostConv GhostBottleneck RepNCSPELAN4 Classify Focus nn.Upsample nn.MaxPool2d nn.ZeroPad2d nn.Conv2d"""
OTHERS = """-99 99 99999999999999999999 1e400 .nan -.inf null '' "x" {} [[[[1]]]] *a ~ \\ = [
[net] [route] [shortcut] [yolo] [maxpool] size=0 stride=0 groups=0 layers=-1,-2 from=0"""
VALUES = tuple(ONES.split())
WORDS = (*VALUES, *OTHERS.split(), "{a: 1}", "&a [1]", "!!int 3", "\x00", "\u2028")


def broken(text: str, seed: int) -> str:
    """The text with one to six mistakes, in half of the cases of a kind that leaves the structure as it is."""
    chance = random.Random(seed)
    gently = chance.random() < 0.5
    for _ in range(chance.randint(1, 6)):
        text = chance.choice(CHANGES[: 1 if gently else None])(text, chance)
    return text


def _value(text: str, chance: random.Random) -> str:
    """Another value in the place of one, so that the file stays well-formed."""
    places = [match.span() for match in VALUE.finditer(text)]
    if not places:
        return text
    a, b = chance.choice(places)
    return text[:a] + chance.choice((*VALUES, text[a:b] + "0", text[a:b] * 3)) + text[b:]


def _token(text: str, chance: random.Random) -> str:
    tokens = TOKEN.findall(text)
    if not tokens:
        return chance.choice(WORDS)
    at = chance.randrange(len(tokens))
    how = chance.random()
    if how < 0.6:
        tokens[at] = chance.choice(WORDS)
    elif how < 0.8:
        tokens[at] = chance.choice(tokens)
    else:
        tokens.insert(at, chance.choice(WORDS))
    return "".join(tokens)


def _line(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return text
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    if chance.random() < 0.5:
        lines[a], lines[b] = lines[b], lines[a]
    else:
        lines[a:a] = [lines[b]] * chance.choice((1, 2, 50))
    return "".join(lines)


def _cut(text: str, chance: random.Random) -> str:
    a = chance.randrange(len(text) + 1)
    return text[:a] if chance.random() < 0.3 else text[:a] + text[a + chance.randint(1, 20) :]


def _nested(text: str, chance: random.Random) -> str:
    a = chance.randrange(len(text) + 1)
    deep = chance.choice((3, 200, 5000))
    return text[:a] + "[" * deep + "1" + "]" * deep + text[a:]


CHANGES = (_value, _token, _line, _cut, _nested)
