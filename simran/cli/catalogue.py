"""Commands about what ships: list, new, schema."""

from __future__ import annotations

from typing import Annotated

import typer

from simran.cli.options import Json, print_json
from simran.cli.root import app

__all__ = ["list_", "new", "schema"]


@app.command(name="list")
def list_(
    what: Annotated[str, typer.Argument(help="models, devices, allocators, scenarios or columns.")],
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One of them, or a profile file; all if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the catalogue with its sources, the allocators, or the columns of the results."""
    from simran.experiments import listing
    from simran.reports import render_profiles, render_rows

    rows = listing(what, name)
    if as_json:
        print_json(rows)
    else:
        typer.echo((render_profiles if what in {"models", "devices"} else render_rows)(rows))


@app.command()
def new(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Of the scenario and its file.")
    ] = "scenario",
) -> None:
    """Write a commented scenario to start from, with every key of the language."""
    from simran.experiments import new_scenario

    path = new_scenario(name)
    typer.echo(f"wrote {path}; it runs as it stands. Change it, then:")
    for command in ("validate", "solve", "run"):
        typer.echo(f"  simran {command} {path}")


@app.command()
def schema() -> None:
    """Print the JSON Schema (draft 7) of the scenario language, for editors."""
    from simran.scenario import json_schema

    print_json(json_schema())
