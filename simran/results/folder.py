"""The result folder: written while the run goes on, readable whatever happens to it."""

from __future__ import annotations

import json
import os
import shutil
import weakref
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simran.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Result", "ResultFolder"]

_FILES = frozenset(
    {
        "manifest.json",
        "summary.json",
        "requests.parquet",
        "allocations.parquet",
        "timeseries.parquet",
    }
)


class ResultFolder:
    """A folder that a run writes to.

    Parameters
    ----------
    path : of the folder; made if it is missing
    overwrite : replace an earlier result; what simran did not write is never touched

    Raises
    ------
    OutputError
        if the folder holds files and may not be overwritten, or cannot be written
    """

    def __init__(self, path: Path, overwrite: bool = False) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            found = sorted(entry.name for entry in path.iterdir())
        except OSError as error:
            raise OutputError(f"{path}: cannot be a result folder: {error.strerror}") from error
        foreign = [name for name in found if name not in _FILES]
        if foreign and overwrite:
            raise OutputError(
                f"{path}: holds {foreign[0]!r}, which simran did not write; choose another folder"
            )
        if found and not overwrite:
            raise OutputError(
                f"{path}: holds {found[0]!r}; choose another folder or pass --overwrite"
            )
        try:
            for name in found:
                (path / name).unlink()
            self.write("manifest.json", {"status": "running"})
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}") from error

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file in one piece: it is complete or not there."""
        target = self.path / name
        draft = self.path / f"{name}.part"
        draft.write_text(
            json.dumps(value, indent=2, sort_keys=False, allow_nan=False) + "\n", encoding="utf-8"
        )
        os.replace(draft, target)


class Result:
    """What a run has written.

    Parameters
    ----------
    path : the result folder
    temporary : remove the folder with the result

    Examples
    --------
    ``Result.open("results/mine").requests["delay_s"].mean()``
    """

    def __init__(self, path: Path, temporary: bool = False) -> None:
        self.path = path
        if temporary:
            weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)

    @classmethod
    def open(cls, path: str | Path) -> Result:
        """Open a result folder.

        Raises
        ------
        OutputError
            if it is none, or its run is still going on or was killed
        """
        folder = Path(path)
        result = cls(folder)
        if not (folder / "manifest.json").is_file():
            raise OutputError(f"{folder}: not a result folder (it has no manifest.json)")
        if result.manifest.get("status") == "running":
            raise OutputError(f"{folder}: the run has not ended, or was killed; run it again")
        result.summary  # noqa: B018 - reading it now reports a broken file here
        return result

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """How it was made: resolved scenario, seed, versions, wall time, status, row counts."""
        return self._json("manifest.json")

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of the run."""
        return self._json("summary.json")

    @cached_property
    def requests(self) -> pd.DataFrame:
        """One row per request."""
        return self._frame("requests.parquet", "outputs.requests")

    @cached_property
    def allocations(self) -> pd.DataFrame:
        """One row per change of an agent's design."""
        return self._frame("allocations.parquet", "outputs.allocations")

    @cached_property
    def timeseries(self) -> pd.DataFrame:
        """One row per interval and station."""
        return self._frame("timeseries.parquet", "outputs.timeseries")

    def _json(self, name: str) -> dict[str, Any]:
        try:
            value: dict[str, Any] = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OutputError(f"{self.path / name}: cannot be read: {error}") from error
        return value

    def _frame(self, name: str, key: str) -> pd.DataFrame:
        import pandas as pd

        path = self.path / name
        if not path.is_file():
            raise OutputError(f"{path}: was not written; set {key} in the scenario")
        return pd.read_parquet(path)
