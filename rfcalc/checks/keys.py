"""The settings of `check`, each once: for the reader, `rfcalc explain settings` and docs/reference/settings.md."""

from __future__ import annotations

from textwrap import dedent

from rfcalc.record import record


@record
class Key:
    """A setting of `[tool.rfcalc]`. `kind`: what is written there; `default`: what holds without it; `per_path`: whether a
    `per-path` table may set it for some files."""

    name: str
    kind: str
    default: str
    text: str
    example: str
    per_path: bool = False


KEYS = (
    Key(
        "include",
        "list of specs, folders and patterns",
        "none: the command line says it",
        "What `rfcalc check` alone checks, from the folder of the settings.",
        'include = ["models", "heads/*.yaml"]',
    ),
    Key(
        "exclude",
        "list of files, folders and patterns",
        "none",
        "What is left out of folders and patterns. A file that is named itself is checked all the same.",
        'exclude = ["models/drafts"]',
    ),
    Key(
        "select",
        "list of codes",
        "all but the opt-in ones",
        "Only these codes, or all that begin so; `ALL` adds the opt-in ones.",
        'select = ["RF2", "RF301"]',
        per_path=True,
    ),
    Key(
        "ignore",
        "list of codes",
        "none",
        "Codes that are left out, or all that begin so. Where `select` names a code longer, it wins.",
        'ignore = ["RF304"]',
        per_path=True,
    ),
    Key(
        "severity",
        "table of codes",
        "each rule's own",
        "`warning` or `error`, for a code or all that begin so; the longest wins. It is how reports show a finding: the exit "
        "code is 1 for either.",
        'severity = {RF2 = "error", RF205 = "warning"}',
        per_path=True,
    ),
    Key(
        "budget",
        "table of figures",
        "none",
        "Limits for every spec, beside its own `budget:`; a table below a glob limits the layers whose name matches it. RF501 "
        "lists the figures.",
        'budget = {params = "<= 26 M", macs_change = "<= 5 %", "head.*" = {macs = "<= 1 G"}}',
        per_path=True,
    ),
    Key(
        "baseline",
        "file",
        "rfcalc.lock.json, if it is there",
        "The accepted figures, which `rfcalc check --write-baseline` writes. A figure that differs is a finding (RF502).",
        'baseline = "rfcalc.lock.json"',
    ),
    Key(
        "per-path",
        "table of globs",
        "none",
        "Settings for the specs whose path, or name, matches a glob. Their codes and limits are added to those of all files; "
        "their `select` takes the place of it.",
        'per-path."models/tiny_*.yaml" = {budget = {params = "<= 1 M"}}',
    ),
)
NAMES = tuple(key.name for key in KEYS)
PATH_NAMES = tuple(key.name for key in KEYS if key.per_path)

HEAD = dedent(
    """\
    # Settings

    The nearest rfcalc.toml, or pyproject.toml with a table `[tool.rfcalc]`, in the working folder or above it. In rfcalc.toml
    the keys stand at the top; in pyproject.toml below `[tool.rfcalc]`, as here. An unknown key, a code that does not exist and
    a value of the wrong kind are errors with their place. Options of the command line come on top: they narrow `select`, and
    add to `ignore` and to the budget.
    """
)


def page() -> str:
    """The page of all settings, as Markdown."""
    parts = [HEAD.rstrip("\n")]
    for key in KEYS:
        where = " Also in `per-path`." if key.per_path else ""
        parts += [
            f"## {key.name}",
            f"{key.text}{where}",
            f"Kind: {key.kind}. Default: {key.default}.",
            f"```toml\n[tool.rfcalc]\n{key.example}\n```",
        ]
    return "\n\n".join(parts)
