"""PyYAML, imported without compiling the patterns of its parser in Python: they take as long as an analysis, and libyaml needs
none of them."""

from __future__ import annotations

import re
from _thread import get_ident
from typing import Any


class Later:
    """A pattern that is compiled when it is first asked for something."""

    def __init__(self, *said: Any) -> None:
        self.said = said

    def __getattr__(self, name: str) -> Any:
        return getattr(re.compile(*self.said), name)


def _imported() -> Any:
    """The module. While it is imported, and in this thread only, `re.compile` puts off its work."""
    own, here = re.compile, get_ident()
    re.compile = lambda *said: Later(*said) if get_ident() == here else own(*said)  # type: ignore[assignment]
    try:
        import yaml  # noqa: TID251 - for language/marked.py, which reads it
    finally:
        re.compile = own
    return yaml


yaml = _imported()
# PyYAML built without libyaml gives the same events, ten times slower.
Parser: Any = yaml.cyaml.CParser if yaml.__with_libyaml__ else yaml.SafeLoader
