"""Messages with colours: what is wrong, where, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rfcalc.formats.parts.screen import Screen
from rfcalc.report.tables import Tone

TONES = {"error": Tone.WORST, "warning": Tone.WARN, "note": Tone.PLACE}
HEADLINE = re.compile(r"(?P<place>[^|]*?:\d+:\d+: |[^|]*?: )?(?P<word>error|warning|note)(?P<code> [A-Z]{1,2}\d{3})?:")
CARET = re.compile(r"(?P<margin> *\| +)(?P<caret>\^+)$")
HINT = "  hint:"


def painted(text: str, screen: Screen) -> str:
    """Messages as `errors.told` writes them, in colours where they are welcome: the words stay the same."""
    return "\n".join(_lines(text, screen)) if screen.color else text


def _lines(text: str, screen: Screen) -> Iterator[str]:
    for line in text.split("\n"):
        if head := HEADLINE.match(line):
            place, word, code = (head[key] or "" for key in ("place", "word", "code"))
            yield f"{screen.paint(place, Tone.HEAD)}{screen.paint(f'{word}{code}:', TONES[word])}{line[head.end() :]}"
        elif caret := CARET.match(line):
            yield f"{screen.paint(caret['margin'], Tone.FAINT)}{screen.paint(caret['caret'], Tone.BAD)}"
        elif line.startswith(HINT):
            yield f"  {screen.paint('hint:', Tone.PLACE)}{line.removeprefix(HINT)}"
        else:
            yield line
