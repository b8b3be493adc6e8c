"""Commands about allocators: check-allocator."""

from __future__ import annotations

from typing import Annotated

import typer

from simran.cli.options import Json, print_json
from simran.cli.root import app

__all__ = ["check_allocator"]


@app.command(name="check-allocator")
def check_allocator(
    allocator: Annotated[
        str,
        typer.Argument(
            metavar="ALLOCATOR",
            help="A name, package.module:Class or path.py:Class, whose code is run.",
        ),
    ],
    options: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="Option to make it with; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check whether an allocator, one of your own too, keeps to what runs rely on."""
    from simran.experiments import conformance
    from simran.reports import render_verdicts

    verdict = conformance(allocator, options or ())
    if as_json:
        print_json(verdict)
    else:
        typer.echo(render_verdicts(verdict))
    if not all(check["passed"] for check in verdict["checks"]):
        raise typer.Exit(1)
