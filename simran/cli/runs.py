"""Commands about one scenario: run, validate, show, solve; and verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simran.cli.options import (
    Chosen,
    File,
    Json,
    Overwrite,
    Quiet,
    Seed,
    Sets,
    print_json,
    warn,
    whole,
    with_allocator,
)
from simran.cli.root import app

__all__ = ["run", "show", "solve", "validate", "verify"]


@app.command()
def run(  # noqa: PLR0913, PLR0917 - one for each option
    file: File,
    sets: Sets = None,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option(help="The result folder itself.")] = None,
    overwrite: Overwrite = False,
    replications: Annotated[
        int,
        typer.Option(
            parser=whole("--replications", 1),
            metavar="NUMBER",
            help="Runs with independent draws.",
        ),
    ] = 1,
    allocator: Chosen = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say too how the result was made.")
    ] = False,
) -> None:
    """Run a scenario and write a result folder."""
    from simran.engine import RunInterrupted
    from simran.experiments import load_checked, run_replications
    from simran.reports import progress_bar, render_making, render_summary

    scenario = load_checked(file, with_allocator(allocator, sets), seed)
    warn(scenario.doubts, quiet)
    try:
        with progress_bar(scenario.name, quiet) as progress:
            result = run_replications(
                scenario, replications, out=out, overwrite=overwrite, progress=progress
            )
    except RunInterrupted as stopped:
        result = stopped.result
    if as_json:
        print_json({"path": str(result.path), **result.summary})
    elif quiet:
        typer.echo(result.path)
    else:
        typer.echo(render_summary(result.summary, result.manifest))
        typer.echo(f"results: {result.path}")
    if verbose:
        typer.echo(render_making(result.manifest), err=True)
    if result.manifest["status"] != "complete":
        typer.echo(f"interrupted: {result.path} holds what was simulated until then", err=True)
        raise typer.Exit(1)


@app.command()
def validate(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Scenario and profile files.")
    ],
    sets: Sets = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Report all faults of all files, and what is doubtful; nothing is run."""
    from simran.experiments import validate_files

    report = validate_files(files, sets or ())
    if as_json:
        print_json(report.as_dict())
    else:
        for line, is_fault in report.lines():
            if is_fault or not quiet:
                typer.echo(line, err=is_fault)
    if not report.valid:
        raise typer.Exit(2)


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result folder.")],
    as_json: Json = False,
) -> None:
    """Print the summary table of an earlier run."""
    from simran.reports import render_summary
    from simran.results import Result

    result = Result.open(folder)
    if as_json:
        print_json(result.summary)
    else:
        typer.echo(render_summary(result.summary, result.manifest))


@app.command()
def solve(
    file: File,
    agent: Annotated[str | None, typer.Option(help="One agent or group; all if left out.")] = None,
    sets: Sets = None,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Halve and double every assumed number instead.")
    ] = False,
    allocator: Chosen = None,
    as_json: Json = False,
) -> None:
    """Print the allocator's design for a scenario, with every term and its slack."""
    from simran.engine import solve as solve_scenario
    from simran.experiments import load_checked
    from simran.experiments import sensitivity as study_sensitivity
    from simran.reports import render_design, render_sensitivity

    if sensitivity:
        study = study_sensitivity(file, with_allocator(allocator, sets), agent)
        if as_json:
            print_json(study)
        else:
            typer.echo(render_sensitivity(study))
        return
    scenario = load_checked(file, with_allocator(allocator, sets))
    warn(scenario.doubts, as_json)
    design = solve_scenario(scenario, agent)
    if as_json:
        print_json(design)
    else:
        typer.echo(render_design(design))


@app.command()
def verify(as_json: Json = False, quiet: Quiet = False) -> None:
    """Check this installation against theory: expected, got, tolerance, verdict."""
    from simran.experiments import verify as verify_installation
    from simran.reports import progress_bar, render_checks

    with progress_bar("verify", quiet) as progress:
        checks = verify_installation(progress=progress)
    shown = [check.as_dict() for check in checks if not (quiet and check.passed)]
    if as_json:
        print_json(shown)
    elif shown:
        typer.echo(render_checks(shown))
    if not all(check.passed for check in checks):
        raise typer.Exit(1)
