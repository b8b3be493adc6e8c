"""Where the files lie that a scenario names: traces, profiles, parents."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from simran.catalog import Document
from simran.errors import Fault, ScenarioError, nearest, shown, word

__all__ = ["Home", "at_the_key"]

Key = tuple[str | int, ...]


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


def at_the_key(document: Document, key: Key, error: ScenarioError, path: Path) -> list[Fault]:
    """Return the faults of a file; that it cannot be read is a fault of the key that names it."""
    found = []
    for fault in error.faults:
        if fault.line:
            found.append(fault)
            continue
        try:
            best = nearest(path.name, os.listdir(path.parent))
        except (OSError, ValueError):
            best = None
        help_ = f"did you mean {best!r}?" if best and not path.exists() else None
        found.append(document.fault(key, f"{word(fault.file)} {fault.message}", help_))
    return found
