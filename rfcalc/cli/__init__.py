"""The command line: parse, call, print. Each command is a module that is imported when its name is typed."""

from __future__ import annotations

import errno
import sys
from functools import partial
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from rfcalc.cli.color import colored, complain
from rfcalc.cli.command import Command, Context, Param, light
from rfcalc.cli.waiting import watched
from rfcalc.errors import SpecError, summed_up

# command: (module, function)
COMMANDS: dict[str, tuple[str, str]] = {
    "analyze": ("rfcalc.cli.analyze", "analyze"),
    "compare": ("rfcalc.cli.compare", "compare"),
    "report": ("rfcalc.cli.report", "report"),
    "sizes": ("rfcalc.cli.sizes", "sizes"),
    "design": ("rfcalc.cli.design", "design"),
    "resize": ("rfcalc.cli.resize", "resize"),
    "convert": ("rfcalc.cli.convert", "convert"),
    "transform": ("rfcalc.cli.transform", "transform"),
    "paths": ("rfcalc.cli.paths", "paths"),
    "check": ("rfcalc.cli.check", "check"),
    "diff": ("rfcalc.cli.diff", "diff"),
    "init": ("rfcalc.cli.init", "init"),
    "explain-cost": ("rfcalc.cli.explain_cost", "explain_cost"),
    "explain": ("rfcalc.cli.explain", "explain"),
    "layers": ("rfcalc.cli.layers", "layers"),
    "configs": ("rfcalc.cli.configs", "configs"),
    "lesson": ("rfcalc.cli.lesson", "lesson"),
    "show": ("rfcalc.cli.export", "show"),
    "schema": ("rfcalc.cli.schema", "schema"),
    "verify": ("rfcalc.cli.verify", "verify"),
    "time": ("rfcalc.cli.timing", "time"),
    "profile": ("rfcalc.cli.profile", "profile"),
    "erf": ("rfcalc.cli.erf", "erf"),
    "export": ("rfcalc.cli.export", "export"),
    "max-batch": ("rfcalc.cli.maxbatch", "max_batch"),
}


class _Commands(TyperGroup):
    """A group whose commands are imported one at a time."""

    def get_params(self, ctx: Context) -> list[Param]:
        return [light(param) for param in super().get_params(ctx)]

    def list_commands(self, ctx: Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Param:
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name]
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name=cmd_name, cls=Command, no_args_is_help=False)(colored(getattr(import_module(module), function)))
        return typer.main.get_command(single)

    def format_help(self, ctx: Context, formatter: object) -> None:
        from rfcalc.cli.overview import overview

        typer.echo(overview())

    def resolve_command(self, ctx: Context, args: list[str]) -> Any:
        from rfcalc.errors import did_you_mean

        if args[:1] == ["size"]:
            from rfcalc.cli.size import meant

            args = [meant(args[1:], partial(self.get_command, ctx), ctx), *args[1:]]
        ctx.obj = tuple(args)  # for the command that writes down how it was called
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS)
            if _is_network(args[0]):
                hint = f'to analyze a network: "rfcalc analyze {args[0]}"'
            ctx.fail(f'there is no command "{args[0]}"' + (f"; {hint}" if hint else ""))
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _is_network(word: str) -> bool:
    """Whether a word looks like a network rather than a command: a path, or the name of a shipped one."""
    from rfcalc.language.files import shipped_files

    return "." in word or "/" in word or word in shipped_files()


def _version(wanted: bool) -> None:
    if wanted:
        from rfcalc.version import __version__

        typer.echo(f"rfcalc {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """The architecture calculator for convolutional networks: exact receptive fields, MACs, parameters and memory,
    from a spec, in milliseconds, without running the network."""
    if ctx.invoked_subcommand is None:
        from rfcalc.cli.overview import overview

        typer.echo(overview())


def main() -> None:
    """Runs the command line; bad input ends with its problems on standard error and exit code 2, never a traceback."""
    from rfcalc.cli import streams

    streams.prepare()
    sys.exit(streams.finish(_run()))


def _run() -> int:
    """Runs the command line; gives the exit code."""
    from rfcalc.cli import streams

    try:
        with watched():
            app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except SpecError as error:
        complain(summed_up([error]))
        return 2
    except RecursionError:
        complain("error E301: the input is nested too deeply")
        return 2
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return streams.failed(error)
    return 0
