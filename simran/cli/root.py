"""The program itself: its name, its version, and what a later version will have."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from simran import __version__
from simran.errors import InputError, SimranError

__all__ = ["app", "main"]


#: Of the commands in the help.
_ORDER = (
    "run", "validate", "show", "solve", "verify", "compare", "capacity", "check-allocator",
    "calibrate", "list", "new", "schema",
)  # fmt: skip

#: Commands that a later version will have.
_LATER = ("report", "sweep")


class _Commands(TyperGroup):
    """The commands; those of a later version are refused by name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return what a name stands for."""
        if args and args[0] in _LATER:
            ctx.fail(f"{args[0]!r} is not in this version")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write what each command does, in full."""
        with formatter.section("Commands"):
            commands = sorted(self.commands.items(), key=lambda it: _ORDER.index(it[0]))
            formatter.write_dl([(name, it.help or "") for name, it in commands])


app = typer.Typer(
    cls=_Commands,
    help="Discrete-event simulation of AI-RAN co-inference.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"simran {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Discrete-event simulation of AI-RAN co-inference."""


def main() -> None:
    """Run the program; bad input exits with 2, a failed run with 1, without a traceback."""
    try:
        app()
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except SimranError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
