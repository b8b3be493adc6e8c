"""Commands of many runs: compare and capacity."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simran.cli.options import (
    File,
    Json,
    Overwrite,
    Quiet,
    Seed,
    Sets,
    print_json,
    warn,
    whole,
    without_picture,
)
from simran.cli.root import app

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from simran.experiments import Capacity, Comparison, Place
    from simran.experiments.study_runs import Told
    from simran.scenario import Scenario

__all__ = ["capacity", "compare"]

Names = Annotated[
    str,
    typer.Option(
        metavar="NAME,NAME…",
        help="A name, package.module:Class or path.py:Class, whose code is run; LABEL=NAME to give a label.",
    ),
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[LABEL=]NAME:KEY=VALUE,…",
        help="One more, with options of its own or other settings, such as exact:headroom=0.1; repeatable.",
    ),
]
Out = Annotated[Path | None, typer.Option(help="The folder of the study itself.")]
Resume = Annotated[
    bool, typer.Option(help="Go on with the study in --out; what has ended is not run again.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        parser=whole("--workers", 1), metavar="NUMBER", help="Processes; one per core if left out."
    ),
]


def _place(scenario: Scenario, out: Path | None, overwrite: bool, resume: bool) -> Place:
    from simran.engine import default_folder
    from simran.errors import InputError
    from simran.experiments import Place

    if resume and out is None:
        raise InputError("--resume needs --out, the folder to go on with")
    path = default_folder(scenario, scenario.seed) if out is None else out
    return Place(path, overwrite, resume)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Say how to go on, and exit with 1, where a signal has ended a study."""
    from simran.experiments import StudyInterrupted

    try:
        yield
    except StudyInterrupted as stopped:
        typer.echo(f"interrupted: {stopped}; --resume goes on with it", err=True)
        raise typer.Exit(1) from stopped


def _read(file: str, sets: list[str] | None, seed: int | None, quiet: bool) -> Scenario:
    from simran.experiments import load_checked

    scenario = load_checked(file, sets or (), seed)
    warn(scenario.doubts, quiet)
    return scenario


@contextmanager
def _study(
    scenario: Scenario, jobs: tuple[int, int], workers: int | None, silent: bool
) -> Iterator[tuple[Executor, Told]]:
    """Lend processes and a table of progress, for so many replications of each label and jobs at a time."""
    from simran.experiments.parallel import workers as lent
    from simran.reports import progress_table

    with (
        _interruptible(),
        lent(None, jobs[1], workers) as pool,
        progress_table(scenario.name, jobs[0], silent) as told,
    ):
        yield pool, told


def _named(allocators: str, variant: list[str] | None) -> list[str]:
    return [*(it for it in allocators.split(",") if it.strip()), *(variant or ())]


@app.command()
def compare(  # noqa: PLR0913, PLR0917 - one for each option
    file: File,
    allocators: Names = "",
    variant: Variants = None,
    baseline: Annotated[
        str | None, typer.Option(help="Label that the others are compared with; else the first.")
    ] = None,
    replications: Annotated[
        int,
        typer.Option(
            parser=whole("--replications", 1),
            metavar="NUMBER",
            help="Runs of each, with independent draws.",
        ),
    ] = 10,
    seed: Seed = None,
    sets: Sets = None,
    out: Out = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
    resume: Resume = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare allocators on the same random numbers, with intervals and tests."""
    from simran.experiments import compare as compare_allocators

    scenario = _read(file, sets, seed, quiet)
    asked = _named(allocators, variant)
    place = _place(scenario, out, overwrite, resume)
    jobs = (replications, replications * len(asked))
    with _study(scenario, jobs, workers, quiet or as_json) as (pool, told):
        found = compare_allocators(
            scenario, asked, replications, baseline=baseline, out=place, executor=pool, told=told
        )
    _show(found, place.path, as_json, quiet)


def _show(found: Comparison, path: Path, as_json: bool, quiet: bool) -> None:
    from simran.reports import draw_comparison, render_comparison

    summary = found.summary()
    drawn = draw_comparison(summary, path / "comparison.png")
    if as_json:
        print_json({"path": str(path), **summary, "wall": found.wall})
    elif quiet:
        typer.echo(path)
    else:
        typer.echo(render_comparison(summary, found.wall))
        typer.echo(f"results: {path}")
    without_picture(drawn, quiet)


@app.command()
def capacity(  # noqa: PLR0913, PLR0917 - one for each option
    file: File,
    vary: Annotated[
        str,
        typer.Option(metavar="PATH", help="The number to vary, such as agents.inspector.count."),
    ],
    target: Annotated[
        str,
        typer.Option(
            metavar="[GROUP.]METRIC=VALUE", help="What shall hold, such as delay_p95_s=3.5."
        ),
    ] = "violation_rate=0.05",
    allocators: Names = "",
    variant: Variants = None,
    replications: Annotated[
        int,
        typer.Option(
            parser=whole("--replications", 2), metavar="NUMBER", help="At most, at each value."
        ),
    ] = 16,
    tolerance: Annotated[
        float, typer.Option(help="Relative width to end with, of what is no whole number.")
    ] = 0.05,
    seed: Seed = None,
    sets: Sets = None,
    out: Out = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
    resume: Resume = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the largest load at which a target is met, with an interval."""
    from simran.experiments import capacity as find_capacity

    scenario = _read(file, sets, seed, quiet)
    place = _place(scenario, out, overwrite, resume)
    jobs = (replications, replications)
    with _study(scenario, jobs, workers, quiet or as_json) as (pool, told):
        found = find_capacity(
            scenario,
            vary,
            target,
            _named(allocators, variant) or None,
            replications,
            tolerance=tolerance,
            out=place,
            executor=pool,
            told=told,
        )
    _show_capacity(found, place.path, as_json, quiet)


def _show_capacity(found: Capacity, path: Path, as_json: bool, quiet: bool) -> None:
    from simran.reports import draw_capacity, render_capacity

    summary = found.summary()
    drawn = draw_capacity(summary, path / "capacity.png")
    if as_json:
        print_json({"path": str(path), **summary})
    elif quiet:
        typer.echo(path)
    else:
        typer.echo(render_capacity(summary))
        typer.echo(f"results: {path}")
    without_picture(drawn, quiet)
