"""The pages of the documentation that are made from the program itself, and its pictures of a terminal."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from io import StringIO
from typing import Any

import typer.main
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme
from rich.text import Text

from rfcalc.checks.rules import rules
from rfcalc.checks.runner import explained
from rfcalc.cli.commands import COMMANDS
from rfcalc.cli.overview import GROUPS
from rfcalc.cli.program import app
from tests.documents import ROOT
from tests.running import rfcalc

DOCS = ROOT / "docs"
COLUMNS = 110  # of the terminal in the pictures
LIGHT = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [(36, 41, 47), (180, 30, 30), (26, 127, 55), (150, 90, 0), (9, 80, 190), (130, 60, 190), (20, 110, 120), (110, 119, 129)],
)
THEMES = {"light": LIGHT, "dark": DIMMED_MONOKAI}
# A picture that asks no other machine for anything: rich's own template loads its font from the web.
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def commands() -> str:
    """docs/reference/commands.md: every command with its arguments and options."""
    parts = [
        "# Commands",
        "What `rfcalc COMMAND --help` prints, on one page. Exit codes: 0 fine, 1 a finding, or a claim that does not hold, 2 a "
        "bad spec or bad usage, 130 stopped from the keyboard.",
    ]
    group: Any = typer.main.get_command(app)
    for title, members in GROUPS.items():
        parts.append(f"## {title}")
        for name in members:
            parts += _command(name, group.get_command(None, name))
    assert {name for members in GROUPS.values() for name in members} == set(COMMANDS)
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    """One command: its help, and a table of what can be said to it."""
    arguments = [str(param.metavar) for param in command.params if param.param_type_name == "argument"]
    yield f"### {name}"
    yield f"`rfcalc {' '.join([name, *arguments, '[OPTIONS]'])}`"
    yield from _text(command.help)
    rows = ["| option | value | meaning |", "| --- | --- | --- |"]
    for param in command.get_params(command.context_class(command, info_name=name)):
        words = ", ".join(f"`{word}`" for word in param.opts) if param.param_type_name != "argument" else ""
        default = f" Default: `{param.default}`." if isinstance(param.default, str | int | float) and param.default else ""
        default = "" if isinstance(param.default, bool) else default
        value = f"`{param.metavar or param.name.upper()}`" if param.param_type_name == "argument" or not param.is_flag else ""
        text = " ".join(_plain(param.help or "").split())
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in (words, value, text + default)) + " |")
    yield "\n".join(rows)


def _text(help_text: str) -> Iterator[str]:
    """The paragraphs of a help text; its examples as code."""
    examples: list[str] = []
    for part in re.split(r"\n\n+", help_text.replace("\b\n", "").replace("\b", "")):
        if part.startswith(" "):
            examples += [line.strip() for line in part.split("\n")]
        elif part.strip() != "Examples:":
            text = _escaped(_plain(" ".join(part.split())))
            yield text if text[-1] in ".:" else f"{text}."
    if examples:
        yield "```sh\n" + "\n".join(examples) + "\n```"


def _plain(text: str) -> str:
    return text.replace("\\[", "[")


def _escaped(text: str) -> str:
    """A sentence in which Markdown sees no marks of its own."""
    return re.sub(r"([*_<>\[\]])", r"\\\1", text)


def codes() -> str:
    """docs/rules/README.md: every finding, a line each."""
    opt_in = {rule.code for rule in rules().values() if not rule.default}
    rows = [
        "# Findings",
        "",
        "What `rfcalc check` says of a design that can be read. [Errors](../errors.md) are what it says of one that cannot.",
        "",
        "| code | name | what it says | severity |",
        "| --- | --- | --- | --- |",
    ]
    for one in explained():
        rows.append(
            f"| [{one.code}]({one.code}.md) | {one.name} | {one.summary}{' (opt-in)' if one.code in opt_in else ''} "
            f"| {one.severity} |"
        )
    return "\n".join(rows) + "\n"


def navigation() -> list[tuple[str, str, str]]:
    """The pages of the site in their order: section, title, file."""

    def walk(entries: Any, section: str) -> Iterator[tuple[str, str, str]]:
        for entry in entries:
            for title, value in entry.items():
                if isinstance(value, str):
                    yield section, title, value
                else:
                    yield from walk(value, title)

    return list(walk(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"], "rfcalc"))


def llms() -> str:
    """docs/llms.txt: what the documentation holds, for programs that read it (llmstxt.org)."""
    project = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    lines = [f"# {project['site_name']}", "", f"> {project['site_description']}"]
    section = ""
    for of, title, file in navigation():
        if of != section:
            section = of
            lines += ["", f"## {section}", ""]
        lines.append(f"- [{title}]({file}): {_opening(DOCS / file)}")
    return "\n".join(lines) + "\n"


def _opening(path: Any) -> str:
    """The first sentence of a page."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    paragraphs = [part for part in text.split("\n\n") if part.strip() and not re.match(r"[#|!<>-]", part.strip())]
    words = " ".join(re.sub(r"\]\([^)]*\)", "]", paragraphs[0] if paragraphs else path.stem).split())
    sentence = re.match(r".+?[.:](?= |$)", words)
    return (sentence[0] if sentence else words).rstrip(":").replace("[", "").replace("]", "")


def picture(command: str, theme: str) -> str:
    """What a terminal shows after a command, as SVG."""
    run = rfcalc(*command.split()[1:], "--color", "always", columns=COLUMNS)
    assert run.code == 0, run.err
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(run.out.rstrip("\n")), soft_wrap=True)
    made = console.export_svg(title=" ", theme=THEMES[theme], code_format=SVG, unique_id=f"rfcalc-{theme}")
    return "\n".join(line.rstrip() for line in made.splitlines()) + "\n"
