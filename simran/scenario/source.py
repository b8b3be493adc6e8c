"""Where a scenario is read from: a file, a shipped name, the manifest of a run, or a mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simran.catalog import (
    Document,
    Mark,
    parse_document,
    plain,
    read_document,
    read_text,
    scenario_names,
    scenario_path,
)
from simran.errors import Fault, ScenarioError, UnknownNameError
from simran.scenario.homes import Home, near_file

__all__ = ["Source", "read_source"]

_MANIFEST = {"scenario", "seed", "packages"}


@dataclass(frozen=True, slots=True)
class Source:
    """A scenario as it was written.

    Parameters
    ----------
    document : with the places of its keys
    home : where its relative paths start
    """

    document: Document
    home: Home


def read_source(source: str | Path | Mapping[str, Any]) -> Source:
    """Return what a scenario is read from.

    Parameters
    ----------
    source : path, name of a shipped scenario, or the content as a mapping

    Raises
    ------
    ScenarioError
        if there is none, or its form is broken
    """
    if isinstance(source, Mapping):
        try:
            return Source(Document(plain(source)), Home(Path()))
        except ValueError as error:
            raise ScenarioError([Fault(f"the scenario {error}")]) from error
    path = Path(source)
    if _is_missing(path):
        try:
            path = scenario_path(str(source))
        except UnknownNameError as error:
            raise ScenarioError([_missing(path, str(source))]) from error
    if path.suffix == ".json":
        document = _manifest(path, str(source))
        if document is not None:
            return Source(document, Home(path.parent))
    return Source(read_document(path, str(source)), Home(path.parent, path.parent))


def _is_missing(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # a name that is too long, a folder that may not be searched
        return False
    return False


def _missing(path: Path, name: str) -> Fault:
    best = near_file(path, scenario_names())
    help_ = f"did you mean {best!r}?" if best else None
    if best is None and len(path.parts) == 1 and not path.suffix:
        help_ = f"scenarios that ship: {', '.join(scenario_names())}"
    return Fault("cannot be read: No such file or directory", name, suggestion=help_)


def _manifest(path: Path, name: str) -> Document | None:
    """Return the resolved scenario of a run's manifest, with its seed; None for another file."""
    text = read_text(path, name)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not set(data) >= _MANIFEST:
        return None
    scenario = data["scenario"]
    if data.get("replication") and isinstance(scenario, dict):
        help_ = "run the manifest in the folder above with --replications, which holds it again"
        why = f"is the manifest of replication {data['replication']} of a run"
        raise ScenarioError([Fault(why, name, suggestion=help_)])
    try:
        marks = parse_document(text, name).marks
    except ScenarioError:  # characters that JSON spells in a way that YAML does not know
        marks = {}
    own = {key[1:]: mark for key, mark in marks.items() if key[:1] == ("scenario",)}
    own.setdefault((), Mark(name, 1, 1))
    if isinstance(scenario, dict):
        scenario["seed"] = data["seed"]
        own["seed",] = marks.get(("seed",), own[()])
    return Document(scenario, own)
