"""One HTML file that needs nothing else: the data, the style and the script in it, and a policy that allows only these."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files

from rfcalc.version import HEAD

# The script and the style of a page, by the kind of its data.
ASSETS = {
    "network": ("page.js", "page.css"),
    "compare": ("compare.js", "designs.css"),
    "front": ("front.js", "designs.css"),
}
# What a browser would read as the end of a script, or as the end of a line in one.
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="rfcalc {version}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<noscript>This page draws itself with a script that is in the page; the browser does not run scripts.</noscript>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def embedded(data: Mapping[str, object]) -> str:
    """Data as JSON that may stand in a script of a page: no sign of it ends the script."""
    text = json.dumps({**HEAD, **data}, separators=(",", ":"), ensure_ascii=False)
    for sign, code in UNSAFE.items():
        text = text.replace(sign, code)
    return text


def html(data: Mapping[str, object]) -> str:
    """The page of data that have a title."""
    script, style = map(asset, ASSETS[str(data["kind"])])
    policy = (
        f"default-src 'none'; img-src data: blob:; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    title = escape(str(data["title"]))
    return PAGE.format(
        policy=policy, version=HEAD["rfcalc_version"], title=title, style=style, data=embedded(data), script=script
    )


def asset(name: str) -> str:
    """A file of the bundle."""
    return (files("rfcalc.page") / "assets" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def plain(data: Mapping[str, object]) -> str:
    """The data as a line of JSON."""
    return json.dumps({**HEAD, **data}, separators=(",", ":"), ensure_ascii=False) + "\n"
