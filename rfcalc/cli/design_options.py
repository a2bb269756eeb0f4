"""Options of `rfcalc design` from text to values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rfcalc.cli.common import usage

if TYPE_CHECKING:
    from rfcalc.designing.space import Limits
    from rfcalc.relations.shape import Shape


def numbers(option: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    parts = text.replace(" ", "").split(",")
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise usage(f"{option} takes whole numbers such as 3,5,7, not {text!r}")
    return tuple(map(int, parts))


def choices(option: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them, each once."""
    return tuple(dict.fromkeys(numbers(option, text)))


def span(option: str, text: str) -> tuple[int, int]:
    """A range such as 2-6, or one number for both ends."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6}))?\s*", text)
    if not match:
        raise usage(f"{option} takes a range such as 2-6, not {text!r}")
    return int(match[1]), int(match[2] or match[1])


def shape(text: str) -> Shape:
    """The image: 512, 512x384 or 3x512x512."""
    from rfcalc.relations.shape import Shape

    parts = text.split("x")
    if not 1 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise usage(f"--input takes 512, 512x384 or 3x512x512, not {text!r}")
    sizes = tuple(map(int, parts))
    if len(sizes) == 3:
        return Shape(sizes[0], sizes[1:])
    return Shape(3, sizes if len(sizes) == 2 else sizes * 2)


def widths(text: str | None, stages: int | None, stride: int) -> tuple[int, ...]:
    """The channels of each stage: as given, or doubling from 64 up to 512."""
    if text is not None:
        values = numbers("--widths", text)
        if stages is not None and stages != len(values):
            raise usage(f"--widths has {len(values)} numbers for {stages} stages")
        return values
    from rfcalc.designing.space import usual_stages, usual_widths

    count = stages if stages is not None else usual_stages(stride)
    if not 1 <= count <= 64:
        raise usage(f"--stages takes 1 to 8, not {count}")
    return usual_widths(count)


def limits(macs: str | None, params: str | None, depth: int | None) -> Limits:
    """The limits on the costs."""
    from rfcalc.designing.space import Limits

    return Limits(_amount("--max-macs", macs), _amount("--max-params", params), depth)


def _amount(option: str, text: str | None) -> int | None:
    from rfcalc.errors import RuleError
    from rfcalc.language.budget import limit

    if text is None:
        return None
    try:
        bound = limit("macs", text)
    except RuleError:
        bound = None
    if bound is None or bound.sign != "<=":
        raise usage(f"{option} takes a number such as 4G, 4.2M or 300k, not {text!r}")
    return int(bound.value)
