"""The command line: reads arguments, calls the library, prints what it returns."""

from __future__ import annotations

import sys

import typer

from simran.cli import allocators, catalogue, checkpoints, runs  # noqa: F401 - to be registered
from simran.cli.root import app
from simran.errors import InputError, SimranError

__all__ = ["app", "main"]


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
