"""From a checkpoint to a model profile and the statistics it rests on."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simran.calibration.blocks import assign, read_blocks
from simran.calibration.files import CheckpointFile, Span
from simran.calibration.laws import LAWS
from simran.calibration.measured_quality import with_quality
from simran.calibration.onnx_graph import read_graph
from simran.calibration.onnx_rows import output_channels_first
from simran.calibration.profile import UNTOLD, profile_data, profile_text
from simran.calibration.profile_weights import ProfileWeights
from simran.calibration.read import read_tensors
from simran.calibration.real_inputs import CURVE_OF, RealInputs, measure_model
from simran.calibration.setting import CALIBRATED, CARRIED, Setting
from simran.calibration.statistics import Statistics, statistics
from simran.errors import InputError, shown

__all__ = ["Calibration", "Choices", "calibrate"]

_BARS = 60
_SHOWN_MEANS = 8.0  # the histogram's range in mean magnitudes


@dataclass(frozen=True, slots=True)
class Choices:
    """What is measured and carried by the profile.

    Parameters
    ----------
    law : of the weights, ``exponential`` or ``generalised-normal``
    settings : quantizers that are measured and carried; if left out, all of
        :data:`simran.calibration.CALIBRATED` are measured and some of them carried
    """

    law: str = LAWS[0]
    settings: Sequence[Setting] = ()


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a checkpoint was found to be.

    Parameters
    ----------
    name : of the model
    statistics : of its weights
    profile : in the keys of the scenario language
    text : the profile as a YAML file
    record : all but the rows of single tensors, as plain data
    """

    name: str
    statistics: Statistics
    profile: dict[str, Any]
    text: str
    record: dict[str, Any]


def calibrate(
    path: str | os.PathLike[str],
    name: str | None = None,
    blocks: str | os.PathLike[str] | None = None,
    progress: Callable[[float], None] | None = None,
    real: RealInputs | None = None,
    choices: Choices | None = None,
) -> Calibration:
    """Return weight statistics and a model profile of a checkpoint.

    Parameters
    ----------
    path : of a safetensors, ONNX or npz file or CTranslate2's model.bin, of which nothing is run
    name : of the model; the file's if left out
    blocks : YAML file that maps tensors to blocks with FLOP and outputs; without it there is one block
        with 2 FLOP for each parameter
    progress : called with the share that is done
    real : inputs to run an ONNX model on, to measure what its quantized weights do to its outputs
    choices : law and quantizers; the defaults if left out

    Raises
    ------
    InputError
        if the checkpoint, the blocks or the inputs cannot be used
    """
    file = CheckpointFile.open(Path(path))
    called = name if name is not None else file.path.stem
    if not re.fullmatch(r"\w[\w .-]{0,99}", called):
        raise InputError(f"expected a name of letters and digits, found {shown(called)}")
    chain = UNTOLD if blocks is None else read_blocks(Path(blocks))
    tensors = read_tensors(path)
    assign(tensors, chain)  # a slip in the blocks is found before the long part
    if not any(it.quantized and it.count for it in tensors):
        file.refuse("holds no floating-point tensor of rank 2 or more, so no weights to quantize")
    chosen = choices or Choices()
    weights = ProfileWeights(chosen.law, chosen.settings or CARRIED)
    settings = list(dict.fromkeys(chosen.settings or CALIBRATED))
    measured = None
    if real is not None:
        if CURVE_OF not in settings:  # what the profile is of
            weights = ProfileWeights(chosen.law, [*settings, CURVE_OF])
            settings.append(CURVE_OF)
        measured = measure_model(file.path, real, chain, tensors, progress)
        tensors = output_channels_first(tensors, read_graph(file.path, real.split))
    found = statistics(tensors, settings, progress)
    if found.pooled.rate is None:
        file.refuse("its weights are all 0 or not finite", "check how it was saved")
    origin = _origin(file)
    source = f"{origin['file']}, sha256 {origin['sha256'][:16]}"
    profile = profile_data(found, tensors, chain, source, weights)
    if measured is not None:
        profile = with_quality(profile, measured, f"{source}, on {measured['items']} items")
    notes = _notes(found, chain.file is None)
    size = {"tensors": len(tensors), "parameters": profile["parameters"]}
    record = {"name": called, "checkpoint": origin, **size, **_found(found), "notes": notes}
    if measured is not None:
        record["output_distortion"] = measured
    comment = "\n".join([f"Model profile of {called}, written by simran calibrate.", *notes])
    return Calibration(called, found, profile, profile_text(profile, comment), record)


def _origin(file: CheckpointFile) -> dict[str, Any]:
    label = file.path.name.encode("utf-8", "replace").decode("utf-8")
    return {"file": label, "bytes": file.size, "sha256": _digest(file)}


def _found(found: Statistics) -> dict[str, Any]:
    """Return the statistics of the whole as plain data."""
    return {
        "pooled": _plain(found.pooled),
        "without_embeddings": _plain(found.without_embeddings),
        "tensor_laws": _tensor_laws(found),
        "not_quantized": [it.name for it in found.layers if not it.quantized],
        "embeddings": [it.name for it in found.layers if it.role == "embedding"],
        "curves": {
            it.quantizer: {
                "bits": list(it.bits),
                "measured": list(it.measured),
                "predicted": None if it.predicted is None else list(it.predicted),
            }
            for it in found.pooled_curves
        },
        "histogram": _histogram(found),
    }


def _tensor_laws(found: Statistics) -> dict[str, float]:
    """Return how the laws of single tensors spread."""
    held = [it for it in found.layers if it.quantized and it.rate is not None]
    shapes = np.array([it.generalised_shape for it in held], dtype=float)
    exponential = np.array([it.ks_exponential for it in held], dtype=float)
    generalised = np.array([it.ks_generalised for it in held], dtype=float)
    return {
        "count": len(held),
        "shape_least": float(shapes.min()),
        "shape_median": float(np.median(shapes)),
        "shape_most": float(shapes.max()),
        "nearer_exponential": int(np.sum(exponential <= generalised)),
    }


def _digest(file: CheckpointFile) -> str:
    digest = hashlib.sha256()
    for piece in file.pieces([Span(0, file.size)]):
        digest.update(piece)
    return digest.hexdigest()


def _plain(layer: Any) -> dict[str, Any]:
    left_out = {"shape", "dtype", "role", "quantized"}
    return {key: value for key, value in asdict(layer).items() if key not in left_out}


def _histogram(found: Statistics) -> dict[str, list[float]]:
    mean = found.magnitudes.mean
    borders = np.linspace(0.0, _SHOWN_MEANS * mean, _BARS + 1)
    return {"borders": borders.tolist(), "density": found.magnitudes.density(borders).tolist()}


def _notes(found: Statistics, untold: bool) -> list[str]:
    notes = []
    if untold:
        notes.append(
            "A checkpoint does not tell FLOP, input and output: one block with 2 FLOP for each"
            " parameter (one token), input and output assumed. Pass --blocks to give them."
        )
    nonfinite = sum(it.nonfinite for it in found.layers)
    if nonfinite:
        notes.append(f"Weights that are NaN or infinite and were left out: {nonfinite}.")
    integers = sum(it.role == "integer" for it in found.layers)
    if integers:
        notes.append(f"Tensors of integers or other types that were left out: {integers}.")
    return notes
