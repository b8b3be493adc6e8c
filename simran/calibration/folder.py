"""The folder of a calibration: the profile, the statistics as tables, the record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simran.calibration.calibrate import Calibration
from simran.errors import OutputError, StorageError

__all__ = ["FILES", "claim_folder", "claimed_folder", "write_calibration"]

#: What a calibration writes, sorted; the picture is drawn by the reports.
FILES = (
    "calibration.json",
    "calibration.png",
    "distortion.parquet",
    "layers.parquet",
    "profile.yaml",
)


def claim_folder(path: Path, overwrite: bool = False) -> Path:
    """Make a folder for a calibration, or take one that is empty or holds an earlier one.

    Parameters
    ----------
    path : of the folder
    overwrite : replace an earlier calibration; what simran did not write is never touched

    Raises
    ------
    OutputError
        if the folder holds files and may not be overwritten, or cannot be made
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        found = sorted(it.name for it in path.iterdir())
    except OSError as error:
        raise OutputError(f"{path}: cannot be made a folder: {error.strerror}") from error
    foreign = [it for it in found if it not in FILES]
    if foreign:
        message = f"{path}: holds {foreign[0]!r}, which no calibration wrote"
        raise OutputError(f"{message}; choose another folder")
    if found and not overwrite:
        message = f"{path}: holds {found[0]!r}"
        raise OutputError(f"{message}; choose another folder or pass --overwrite")
    return path


@contextmanager
def claimed_folder(path: Path | None, overwrite: bool = False) -> Iterator[None]:
    """Hold a folder while a calibration is made; where that fails, none is left behind.

    Parameters
    ----------
    path : of the folder; none is held where it is left out
    overwrite : replace an earlier calibration

    Raises
    ------
    OutputError
        if the folder holds files and may not be overwritten, or cannot be made
    """
    made = path is not None and not path.exists()
    if path is not None:
        claim_folder(path, overwrite)
    try:
        yield
    except BaseException:
        if made and path is not None:
            with suppress(OSError):  # it holds files by now
                path.rmdir()
        raise


def write_calibration(calibration: Calibration, path: Path, overwrite: bool = False) -> Path:
    """Write a calibration into a folder, which is returned.

    Raises
    ------
    OutputError
        if the folder may not be used
    StorageError
        if it cannot be written, as on a full disk
    """
    import pyarrow as pa
    from pyarrow import parquet

    folder = claim_folder(path, overwrite)
    layers = [{**asdict(it), "shape": list(it.shape)} for it in calibration.statistics.layers]
    try:
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        (folder / "profile.yaml").write_text(calibration.text, encoding="utf-8")
        record = json.dumps(calibration.record, indent=2, allow_nan=False)
        (folder / "calibration.json").write_text(record + "\n", encoding="utf-8")
        parquet.write_table(pa.Table.from_pylist(layers), folder / "layers.parquet")
        kinds = [
            *(("layer", pa.string()), ("quantizer", pa.string()), ("bits", pa.int64())),
            *(("measured", pa.float64()), ("predicted", pa.float64())),
        ]
        rows = pa.Table.from_pylist(_points(calibration), pa.schema(kinds))
        parquet.write_table(rows, folder / "distortion.parquet")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"{folder}: cannot be written: {reason}") from error
    return folder


def _points(calibration: Calibration) -> list[dict[str, Any]]:
    return [
        {
            "layer": curve.layer,
            "quantizer": curve.quantizer,
            "bits": bits,
            "measured": curve.measured[place],
            "predicted": None if curve.predicted is None else curve.predicted[place],
        }
        for curve in calibration.statistics.curves
        for place, bits in enumerate(curve.bits)
    ]
