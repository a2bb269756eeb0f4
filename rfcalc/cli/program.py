"""The program as typer runs it, for the lines that the lane leaves to it: help, errors, completion and everything rare."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from inspect import Parameter as Place
from inspect import Signature
from typing import Annotated

import typer
from typer.core import TyperGroup

from rfcalc.cli.command import Command, Param, light
from rfcalc.cli.command import Context as Typers
from rfcalc.cli.commands import COMMANDS, command
from rfcalc.cli.declared import NEEDED, Context, Parameter, UsageError, Value, parameters


class _Commands(TyperGroup):
    """A group whose commands are imported one at a time."""

    def get_params(self, ctx: Typers) -> list[Param]:
        return [light(param) for param in super().get_params(ctx)]

    def list_commands(self, ctx: Typers) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Typers, cmd_name: str) -> Param:
        if cmd_name not in COMMANDS:
            return None
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        mistake = ctx.obj if ctx is not None and isinstance(ctx.obj, UsageError) else None
        single.command(name=cmd_name, cls=Command, no_args_is_help=False)(typed(command(cmd_name), mistake))
        return typer.main.get_command(single)

    def format_help(self, ctx: Typers, formatter: object) -> None:
        from rfcalc.cli.overview import overview

        typer.echo(overview())

    def resolve_command(self, ctx: Typers, args: list[str]) -> Value:
        from rfcalc.errors import did_you_mean

        if args[:1] == ["size"]:
            from rfcalc.cli.size import meant

            args = [meant(args[1:], partial(self.get_command, ctx), ctx), *args[1:]]
        if not isinstance(ctx.obj, UsageError):
            ctx.obj = tuple(args)  # for the command that writes down how it was called
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS)
            if _is_network(args[0]):
                hint = f'to analyze a network: "rfcalc analyze {args[0]}"'
            ctx.fail(f'there is no command "{args[0]}"' + (f"; {hint}" if hint else ""))
        return super().resolve_command(ctx, args)


def typed(function: Callable[..., None], mistake: UsageError | None = None) -> Callable[..., None]:
    """A command as typer takes it. With a `mistake` that the lane has met it only says that, in typer's words."""

    @wraps(function)
    def run(**values: Value) -> None:
        try:
            if mistake is not None:
                raise mistake
            function(**values)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None

    known = parameters(function)
    run.__annotations__ = {one.name: _annotation(one) for one in known}
    run.__signature__ = Signature([_place(one, run.__annotations__[one.name]) for one in known])  # type: ignore[attr-defined]
    return run


def _place(one: Parameter, annotation: Value) -> Place:
    default = Place.empty if one.default is NEEDED else one.default
    return Place(one.name, Place.KEYWORD_ONLY, default=default, annotation=annotation)


def _annotation(one: Parameter) -> Value:
    if one.said is None:
        return typer.Context if one.kind is Context else one.kind
    make = typer.Argument if one.said.argument else typer.Option
    how = {**one.said.how}
    if one.said.callback:
        how["callback"] = _callback(one.said.callback)
    return Annotated[one.kind, make(*one.said.names, **how)]


def _callback(own: Callable[[Value, Value], Value]) -> Callable[[typer.Context, Value], Value]:
    def called(ctx: typer.Context, value: Value) -> Value:
        try:
            return own(ctx, value)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None

    called.__annotations__ = {"ctx": typer.Context, "value": Value}
    return called


def _is_network(word: str) -> bool:
    """Whether a word looks like a network rather than a command: a path, or the name of a shipped one."""
    from rfcalc.language.files import shipped_files

    return "." in word or "/" in word or word in shipped_files()


def _version(wanted: bool) -> None:
    if wanted:
        from rfcalc.version import __version__

        typer.echo(f"rfcalc {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
