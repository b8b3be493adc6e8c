"""The folder of a study of many runs: each is kept as it ends, so that a study can go on later."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simran.allocation import find_allocator
from simran.allocation.lookup import origin
from simran.errors import OutputError, RunError, StorageError
from simran.results import Column, ParquetLog, ResultFolder, strings
from simran.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Place", "StudyFolder", "StudyInterrupted", "run_key", "write_frame"]

_RUNS = "runs"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a study goes.

    Parameters
    ----------
    path : of its folder
    overwrite : replace an earlier result
    resume : go on with the study that the folder holds, of the same scenario, seed and version
    """

    path: Path
    overwrite: bool = False
    resume: bool = False

    @classmethod
    def of(cls, out: str | Path | Place | None) -> Place | None:
        """Return a place as users give it."""
        return out if out is None or isinstance(out, Place) else cls(Path(out))


def run_key(scenario: Scenario) -> str:
    """Return a short name of everything that a run depends on, but its replication.

    The allocator's own file is part of it, so what was run with an earlier text of it is run again.
    """
    source = origin(find_allocator(scenario.allocator.name))
    known = json.dumps([scenario.document, scenario.seed, source], sort_keys=True, default=str)
    return hashlib.sha256(known.encode()).hexdigest()[:16]


class StudyInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM has ended a study early; ended runs are kept in its folder."""


class StudyFolder:
    """Runs of a study by key and replication, in memory and, if there is a place, on disk.

    Parameters
    ----------
    place : where; None keeps nothing on disk
    study : what it is, such as ``compare``
    scenario : what it starts from

    Raises
    ------
    OutputError
        if the folder cannot be used, or is to be resumed and holds another study
    """

    def __init__(self, place: Place | None, study: str, scenario: Scenario) -> None:
        self._records: dict[tuple[str, int], dict[str, Any]] = {}
        self._identity: dict[str, Any] = {
            "study": study,
            "simran": version("simran"),
            "seed": scenario.seed,
            "scenario": scenario.document,
        }
        self.path = None if place is None else place.path
        self._folder: ResultFolder | None = None
        if place is None:
            return
        if place.resume and not place.overwrite and (place.path / "manifest.json").is_file():
            _refuse_other(place.path, self._identity)
            self._folder = ResultFolder.reopened(place.path)
        else:
            self._folder = ResultFolder(place.path, place.overwrite)
        try:
            (place.path / _RUNS).mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{place.path}: cannot be a result folder: {error.strerror}"
            ) from error
        self._folder.write("manifest.json", {**self._identity, "status": "running"})

    def get(self, key: str, replication: int) -> dict[str, Any] | None:
        """Return the record of a run, or None if it has not ended yet."""
        place = key, replication
        if place not in self._records and self.path is not None:
            file = self.path / self._name(*place)
            if not file.is_file():
                return None
            try:
                self._records[place] = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise OutputError(f"{file}: is damaged: {error}; remove it") from error
        return self._records.get(place)

    def record(self, scenario: Scenario, replication: int) -> dict[str, Any]:
        """Return the record of a run that must have ended.

        Raises
        ------
        RunError
            if it has not
        """
        found = self.get(run_key(scenario), replication)
        if found is None:
            raise RunError(f"replication {replication} did not end")
        return found

    def keep(self, key: str, replication: int, record: Mapping[str, Any]) -> None:
        """Keep the record of a run, on disk in one piece or not at all."""
        self._records[key, replication] = dict(record)
        self.write(self._name(key, replication), record)

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file into the folder, if there is one."""
        if self._folder is not None:
            self._folder.write(name, value)

    @contextmanager
    def closing(self, more: Mapping[str, Any]) -> Iterator[None]:
        """Say in the manifest how a study ended that could not be brought to its end."""
        try:
            yield
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            with suppress(StorageError):  # what went wrong first is what to tell
                self.close(
                    "truncated" if stopped else "failed",
                    {**more, "error": f"{type(error).__name__}: {error}"},
                )
            raise

    def close(self, status: str, more: Mapping[str, Any]) -> None:
        """Write the manifest: what the study was, how it ended, and what a clock on the wall says of it."""
        packages = ("numpy", "scipy", "simpy", "pyarrow")
        self.write(
            "manifest.json",
            {
                **self._identity,
                "status": status,
                **more,
                "platform": platform.platform(),
                "packages": {name: version(name) for name in packages},
            },
        )

    @staticmethod
    def _name(key: str, replication: int) -> str:
        return f"{_RUNS}/{key}-{replication}.json"


def write_frame(
    path: Path | None, name: str, columns: Sequence[Column], frame: pd.DataFrame
) -> None:
    """Write a frame as a Parquet file of a study's folder, if it has one.

    Parameters
    ----------
    path : of the folder, or None
    name : of the file
    columns : of it
    frame : with those columns
    """
    if path is None:
        return
    log = ParquetLog(path / name, columns)
    texts = {}
    for column in columns:
        if column.type == "string":
            codes, names = frame[column.name].factorize()
            texts[column.name] = strings(codes, list(names))
    log.write({name: frame[name].to_numpy() for name in frame.columns} | texts)
    log.close()


def _refuse_other(path: Path, identity: Mapping[str, Any]) -> None:
    file = path / "manifest.json"
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{file}: is damaged: {error}") from error
    if "study" not in before:
        raise OutputError(f"{path}: holds no study to resume; choose another folder")
    for key, value in identity.items():
        now = json.loads(json.dumps(value))
        if before.get(key) == now:
            continue
        if key == "scenario":
            changed = ", ".join(sorted(_changed(before.get(key) or {}, now))[:5])
            raise OutputError(
                f"{path}: cannot be resumed: it is of another scenario ({changed}); choose another folder"
                " or pass --overwrite"
            )
        raise OutputError(
            f"{path}: cannot be resumed: {key} was {before.get(key)!r} and is {now!r}; choose another"
            " folder or pass --overwrite"
        )


def _changed(before: Any, now: Any, path: str = "") -> list[str]:
    """Return the key paths in which two documents differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = sorted({*before, *now})
        return [
            it
            for key in keys
            for it in _changed(before.get(key), now.get(key), f"{path}.{key}".lstrip("."))
        ]
    return [] if before == now else [path]
