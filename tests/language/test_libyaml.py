"""PyYAML is as it always is, but that its patterns are compiled when they are used."""

from __future__ import annotations

import re
import subprocess
import sys

from rfcalc.language.libyaml import Later, yaml


def test_a_pattern_is_one_when_it_is_used() -> None:
    late = Later(r"a(b+)", re.I)
    assert late.match("ABB").group(1) == "BB"
    assert late.pattern == r"a(b+)"


def test_pyyaml_reads_by_itself() -> None:
    """With its patterns: for numbers, dates, what cannot be printed."""
    text = "a: 1\nb: 0x1f\nc: 2001-12-14\nd: 1.5e+3\ne: yes\nf: plain\n"
    code = """
import re, sys
own = re.compile
from rfcalc.language.libyaml import yaml
import json
assert re.compile is own
print(json.dumps(yaml.safe_load(sys.argv[1]), default=str))
try:
    yaml.safe_load("a\\x00b")
except yaml.YAMLError as error:
    print(type(error).__name__)
"""
    run = subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True, check=True)
    assert run.stdout == '{"a": 1, "b": 31, "c": "2001-12-14", "d": 1500.0, "e": true, "f": "plain"}\nReaderError\n'
    assert yaml.safe_load("[1, a]") == [1, "a"]


def test_libyaml_is_used_where_there_is_one() -> None:
    from rfcalc.language.libyaml import Parser

    assert (Parser.__module__ == "yaml._yaml") == yaml.__with_libyaml__
