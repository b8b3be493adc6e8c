"""The result folder: written while the run goes on, readable whatever happens to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import weakref
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simran.errors import OutputError, StorageError

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
        *(
            f"{study}.{kind}"
            for study in ("comparison", "capacity")
            for kind in ("json", "parquet", "png")
        ),
    }
)
#: Folders inside, and what they may hold.
_INNER = (
    (re.compile(r"replication-\d+"), re.compile("|".join(map(re.escape, sorted(_FILES))))),
    (re.compile("runs"), re.compile(r"[0-9a-f]{16}-\d+\.json")),
)


class ResultFolder:
    """A folder that a run writes to.

    Parameters
    ----------
    path : of the folder; made if it is missing
    overwrite : replace an earlier result, its replications included; a folder with anything that
        simran did not write is refused, and nothing in it is touched

    Raises
    ------
    OutputError
        if the folder holds files and may not be overwritten, or cannot be written
    """

    def __init__(self, path: Path, overwrite: bool = False) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            found = sorted(path.iterdir())
            if found and not overwrite:
                raise OutputError(
                    f"{path}: holds {found[0].name!r}; choose another folder or pass --overwrite"
                )
            foreign = _foreign(path)
            if foreign:
                raise OutputError(
                    f"{path}: holds {str(foreign[0].relative_to(path))!r}, which simran did not"
                    " write; choose another folder"
                )
            _clear(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be a result folder: {error.strerror}") from error
        try:
            self.write("manifest.json", {"status": "running"})
        except StorageError as error:
            raise OutputError(str(error)) from error

    @classmethod
    def reopened(cls, path: Path) -> ResultFolder:
        """Return a folder that keeps what it holds, for a study that goes on."""
        folder = cls.__new__(cls)
        folder.path = path
        return folder

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file in one piece: it is complete or not there.

        Raises
        ------
        StorageError
            if it cannot be written, as on a full disk
        """
        target, draft = self.path / name, self.path / f"{name}.part"
        text = json.dumps(value, indent=2, sort_keys=False, allow_nan=False) + "\n"
        try:
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, target)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StorageError(f"{target}: cannot be written: {error.strerror}") from error


def _held(entry: Path) -> re.Pattern[str] | None:
    """Return what a folder inside a result folder may hold; None if it is none of ours."""
    for name, files in _INNER:
        if name.fullmatch(entry.name) and entry.is_dir() and not entry.is_symlink():
            return files
    return None


def _foreign(path: Path) -> list[Path]:
    """Return what simran did not write, in order."""
    found = []
    for entry in sorted(path.iterdir()):
        files = _held(entry)
        if files is None and (_plain(entry) not in _FILES or not entry.is_file()):
            found.append(entry)
        elif files is not None:
            inner = sorted(entry.iterdir())
            found += [it for it in inner if not (files.fullmatch(_plain(it)) and it.is_file())]
    return found


def _plain(entry: Path) -> str:
    return entry.name.removesuffix(".part")


def _clear(path: Path) -> None:
    for entry in sorted(path.iterdir()):
        if _held(entry) is not None:
            _clear(entry)
            entry.rmdir()
        else:
            entry.unlink()


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

    def __repr__(self) -> str:
        """Return where it lies."""
        return f"Result({str(self.path)!r})"

    @classmethod
    def open(cls, path: str | Path) -> Result:
        """Open a result folder.

        Raises
        ------
        OutputError
            if it is none, or its run is still going on, was killed or failed
        """
        folder = Path(path)
        result = cls(folder)
        if folder.is_file():
            near = (folder.parent / "manifest.json").is_file()
            beside = f" (did you mean {str(folder.parent)!r}?)" if near else ""
            raise OutputError(f"{folder}: is a file, expected a result folder{beside}")
        if not (folder / "manifest.json").is_file():
            inner = sorted(it.parent.name for it in folder.glob("*/manifest.json"))
            there = f"; its folder {inner[-1]} is one" if inner else ""
            raise OutputError(f"{folder}: not a result folder (it has no manifest.json){there}")
        status = result.manifest.get("status")
        if status == "running":
            raise OutputError(
                f"{folder}: the run has not ended, or was killed; run it again, with --overwrite"
            )
        if status == "failed":
            raise OutputError(f"{folder}: the run failed: {result.manifest.get('error')}")
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
        path = self.path / name
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise OutputError(f"{path}: is damaged: {error}") from error
        if not isinstance(value, dict):
            raise OutputError(f"{path}: is damaged: it holds no JSON object")
        return value

    def _frame(self, name: str, key: str) -> pd.DataFrame:
        import pandas as pd

        path = self.path / name
        if not path.is_file():
            parts = self.manifest.get("replications")
            if parts:
                raise OutputError(f"{path}: each replication has its own, in {', '.join(parts)}")
            raise OutputError(f"{path}: was not written; set {key} in the scenario")
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise OutputError(f"{path}: is damaged: {error}") from error
