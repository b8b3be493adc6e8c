"""Options that several commands have, and how they print and warn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from simran.errors import InputError

__all__ = [
    "Chosen",
    "File",
    "Json",
    "Overwrite",
    "Quiet",
    "Seed",
    "Sets",
    "print_json",
    "warn",
    "whole",
    "with_allocator",
    "without_picture",
]


def whole(option: str, least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers that answers as the readers of files do."""

    def read(text: str) -> int:
        from simran.catalog import parse_scalar
        from simran.scenario.fields import WholeNumber

        try:
            return WholeNumber(least)(parse_scalar(str(text)))
        except ValueError as error:
            raise InputError(f"{option}: {error}") from error

    return read


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print faults and what a program would read only.")
]


Seed = Annotated[
    int | None,
    typer.Option(parser=whole("--seed", 0), metavar="NUMBER", help="Instead of the scenario's."),
]


Overwrite = Annotated[bool, typer.Option(help="Replace an earlier result in --out.")]


Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override one key; may be repeated."),
]


Chosen = Annotated[
    str | None,
    typer.Option(
        "--allocator",
        metavar="NAME",
        help="Instead of the scenario's, with its default options: a name, package.module:Class or"
        " path.py:Class, whose code is run.",
    ),
]


File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A scenario file, the manifest of a run, or a shipped scenario's name."
    ),
]


def print_json(value: Any) -> None:
    """Print a value for a program."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def with_allocator(allocator: str | None, sets: list[str] | None) -> list[str]:
    """Return the overrides that put an allocator in the place of the scenario's."""
    if allocator is None:
        return sets or []
    from simran.allocation import find_allocator
    from simran.allocation.lookup import full_name

    find_allocator(allocator)
    name = json.dumps(full_name(allocator))
    return [f"allocator.name={name}", "allocator.options={}", *(sets or [])]


def without_picture(drawn: object, quiet: bool) -> None:
    """Say why there is no picture, where there is none."""
    if drawn is None and not quiet:
        typer.echo("no picture, matplotlib is missing: pip install 'simran[plots]'", err=True)


def warn(doubts: Iterable[object], quiet: bool) -> None:
    """Print warnings where people look."""
    for doubt in () if quiet else doubts:
        typer.echo(f"warning: {doubt}", err=True)
