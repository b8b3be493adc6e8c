"""The command line: reads arguments, calls the library, prints what it returns."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from simran import __version__
from simran.errors import InputError, SimranError

__all__ = ["app", "main"]

#: Commands that a later version will have.
_LATER = ("capacity", "check-allocator", "compare", "report", "sweep")


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
            formatter.write_dl([(name, it.help or "") for name, it in self.commands.items()])


def _whole(option: str, least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers that answers as the readers of files do."""

    def read(text: str) -> int:
        from simran.catalog import parse_scalar
        from simran.scenario.fields import WholeNumber

        try:
            return WholeNumber(least)(parse_scalar(str(text)))
        except ValueError as error:
            raise InputError(f"{option}: {error}") from error

    return read


app = typer.Typer(
    cls=_Commands,
    help="Discrete-event simulation of AI-RAN co-inference.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print faults and what a program would read only.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override one key; may be repeated."),
]
Checkpoint = Annotated[
    Path,
    typer.Argument(
        metavar="CHECKPOINT", help="A safetensors, ONNX or npz file, or CTranslate2's model.bin."
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LABEL",
        help="Measure this one, such as 'uniform per row' or 'integer per group of 64, clipped by"
        " mae'; may be given several times.",
    ),
]
File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A scenario file, the manifest of a run, or a shipped scenario's name."
    ),
]


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


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def _warn(doubts: Iterable[object], quiet: bool) -> None:
    for doubt in () if quiet else doubts:
        typer.echo(f"warning: {doubt}", err=True)


@app.command()
def run(  # noqa: PLR0913, PLR0917 - one for each option
    file: File,
    sets: Sets = None,
    seed: Annotated[
        int | None,
        typer.Option(
            parser=_whole("--seed", 0), metavar="NUMBER", help="Instead of the scenario's."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The result folder itself.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier result in --out.")] = False,
    replications: Annotated[
        int,
        typer.Option(
            parser=_whole("--replications", 1),
            metavar="NUMBER",
            help="Runs with independent draws.",
        ),
    ] = 1,
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

    scenario = load_checked(file, sets or (), seed)
    _warn(scenario.doubts, quiet)
    try:
        with progress_bar(scenario.name, quiet) as progress:
            result = run_replications(
                scenario, replications, out=out, overwrite=overwrite, progress=progress
            )
    except RunInterrupted as stopped:
        result = stopped.result
    if as_json:
        _print_json({"path": str(result.path), **result.summary})
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
        _print_json(report.as_dict())
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
        _print_json(result.summary)
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
    as_json: Json = False,
) -> None:
    """Print the allocator's design for a scenario, with every term and its slack."""
    from simran.engine import solve as solve_scenario
    from simran.experiments import load_checked
    from simran.experiments import sensitivity as study_sensitivity
    from simran.reports import render_design, render_sensitivity

    if sensitivity:
        study = study_sensitivity(file, sets or (), agent)
        if as_json:
            _print_json(study)
        else:
            typer.echo(render_sensitivity(study))
        return
    scenario = load_checked(file, sets or ())
    _warn(scenario.doubts, as_json)
    design = solve_scenario(scenario, agent)
    if as_json:
        _print_json(design)
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
        _print_json(shown)
    elif shown:
        typer.echo(render_checks(shown))
    if not all(check.passed for check in checks):
        raise typer.Exit(1)


@app.command()
def calibrate(  # noqa: PLR0913, PLR0917 - one for each option
    checkpoint: Checkpoint,
    name: Annotated[str | None, typer.Option(help="Of the model; the file's if left out.")] = None,
    blocks: Annotated[
        Path | None, typer.Option(help="YAML file: tensors of each block, its FLOP and output.")
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option(help="npz file of inputs that an ONNX model is run on.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="npz file: the class of each of the inputs.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Tensor of the graph that is sent; the output if left out.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="Loss of quality that the knee allows.")
    ] = 0.01,
    quantizer: Labels = None,
    law: Annotated[
        str,
        typer.Option(help="Law of the weights in the profile: exponential or generalised-normal."),
    ] = "exponential",
    out: Annotated[Path | None, typer.Option(help="The folder of the calibration itself.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an earlier calibration.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a checkpoint and write a model profile; nothing of it is run without --inputs."""
    from simran.calibration import (
        Choices,
        RealInputs,
        claimed_folder,
        setting_of,
        write_calibration,
    )
    from simran.calibration import calibrate as calibrate_checkpoint
    from simran.reports import draw_calibration, progress_bar, render_calibration

    if inputs is None and (labels is not None or split is not None):
        raise InputError("--labels and --split need --inputs")
    real = None if inputs is None else RealInputs(inputs, labels, split, tolerance)
    choices = Choices(law, [setting_of(it) for it in quantizer or ()])
    with claimed_folder(out, overwrite), progress_bar("calibrate", quiet) as progress:
        found = calibrate_checkpoint(checkpoint, name, blocks, progress, real, choices)
    folder = write_calibration(found, out or Path("results") / found.name, overwrite)
    picture = draw_calibration(folder)
    if as_json:
        _print_json({"path": str(folder), **found.record})
    elif quiet:
        typer.echo(folder)
    else:
        typer.echo(render_calibration(found.record))
        typer.echo(f"profile: {folder / 'profile.yaml'}")
    if picture is None and not quiet:
        typer.echo("no picture, matplotlib is missing: pip install 'simran[plots]'", err=True)


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
        _print_json(rows)
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

    _print_json(json_schema())


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
