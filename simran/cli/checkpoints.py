"""The command about checkpoints: calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simran.cli.options import Json, Quiet, print_json, without_picture
from simran.cli.root import app
from simran.errors import InputError

__all__ = ["calibrate"]


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
        print_json({"path": str(folder), **found.record})
    elif quiet:
        typer.echo(folder)
    else:
        typer.echo(render_calibration(found.record))
        typer.echo(f"profile: {folder / 'profile.yaml'}")
    without_picture(picture, quiet)
