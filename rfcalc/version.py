"""The version, stated once; and what the installation says of itself."""

from __future__ import annotations

__version__ = "0.1.0"
DISTRIBUTION = "rfcalc-cli"  # what pip installs: an index takes rfcalc for rf-calc, which is another project's

# What every JSON begins with. The version of the schema changes when a key is dropped or gets another meaning.
SCHEMA_VERSION = 1
HEAD: dict[str, int | str] = {"schema_version": SCHEMA_VERSION, "rfcalc_version": __version__}


def to_install(extra: str, package: str) -> str:
    """The line that installs what an extra lacks here: `package`, and what else of it is missing, by the packages' own names,
    which are to be had wherever rfcalc itself was installed from."""
    import re
    from importlib import metadata

    missing = [package]
    try:
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from its source
        wanted = []
    for line in wanted:
        name = re.match(r"[\w.-]+", line)
        if name and re.search(rf"extra == ['\"]{extra}['\"]", line):
            try:
                metadata.version(name[0])
            except metadata.PackageNotFoundError:
                missing.append(name[0])
    return f"pip install {' '.join(dict.fromkeys(missing))}"


def requirement() -> str:
    """What pip is to install to get this rfcalc elsewhere: where it came from (PEP 610), if others can reach that; else this
    version by name."""
    import json
    from importlib import metadata

    try:
        text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        text = None
    origin = json.loads(text) if text else {}
    url, vcs = origin.get("url", ""), origin.get("vcs_info")
    if vcs:
        return f"{DISTRIBUTION} @ {vcs['vcs']}+{url}@{vcs['commit_id']}"
    if url and not url.startswith("file:"):
        return f"{DISTRIBUTION} @ {url}"
    return f"{DISTRIBUTION}=={__version__}"
