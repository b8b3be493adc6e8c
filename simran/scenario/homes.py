"""Where the files lie that a scenario names: traces, profiles, parents."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from simran.catalog import Document
from simran.errors import Fault, ScenarioError, shown, word

__all__ = ["Home", "at_the_key", "near_file"]

Key = tuple[str | int, ...]

_YAML = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class Home:
    """Where the relative paths of one file start, and how far they lead.

    A scenario that somebody hands on must neither depend on files around its folder nor read them, so
    what a file names lies in the folder of the scenario or below. What is given from Python or with
    ``--set`` is its user's own word and may lie anywhere.

    Parameters
    ----------
    folder : of the file
    root : the scenario's folder, which its paths do not leave; None where they may
    """

    folder: Path
    root: Path | None = None

    def locate(self, name: str) -> Path:
        """Return the path that a name means; links within the folder are followed.

        Raises
        ------
        ValueError
            if it leads out of the scenario's folder
        """
        path = self.folder / name
        if self.root is None:
            return path
        if os.path.isabs(name):
            raise ValueError(f"expected a path within the scenario's folder, found {shown(name)}")
        if os.path.relpath(path, self.root).split(os.sep)[0] == os.pardir:
            raise ValueError(f"{shown(name)} leads out of the scenario's folder")
        return path


def near_file(path: Path, others: Iterable[str] = ()) -> str | None:
    """Return the file that is likely to be meant by the path of one that is missing, or None.

    Parameters
    ----------
    path : that does not exist
    others : names without a suffix that could be meant as well
    """
    try:
        if path.exists():
            return None
        kind = path.suffix.lower() if path.suffix.lower() not in _YAML else ""
        beside = [
            it.name
            for it in path.parent.iterdir()
            if it.suffix.lower() in (_YAML if not kind else {kind})
        ]
    except (OSError, ValueError):
        return None
    names = {Path(name).stem.lower(): name for name in sorted([*beside, *others], reverse=True)}
    stem = path.stem.lower()
    found = difflib.get_close_matches(stem, names, n=1, cutoff=0.75)
    longer = [it for it in sorted(names) if len(stem) >= 3 and it.startswith(stem)]
    best = next(iter([*found, *longer]), None)
    return (
        None
        if best is None
        else str(path.parent / names[best])
        if names[best] in beside
        else names[best]
    )


def at_the_key(document: Document, key: Key, error: ScenarioError, path: Path) -> list[Fault]:
    """Return the faults of a file; that it cannot be read is a fault of the key that names it."""
    found = []
    for fault in error.faults:
        if fault.line:
            found.append(fault)
            continue
        best = near_file(path)
        help_ = f"did you mean {best!r}?" if best else None
        found.append(document.fault(key, f"{word(fault.file)} {fault.message}", help_))
    return found
