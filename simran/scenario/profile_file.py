"""A profile file on its own: the faults that it would have within a scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simran.catalog import Document, Mark, dotted, read_document
from simran.errors import Fault, ScenarioError
from simran.scenario.doubts import doubts
from simran.scenario.homes import Home
from simran.scenario.load import check_document
from simran.scenario.model_schema import ModelSpec
from simran.scenario.schema import DeviceSpec, ScenarioSpec
from simran.scenario.source import Source

__all__ = ["ProfileFile", "check_profile", "profile_kind"]

_KEYS = {"models": set(ModelSpec.model_fields), "devices": set(DeviceSpec.model_fields)}
_SCENARIO = {*ScenarioSpec.model_fields, "extends"} - {"description", "name"}


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A sound profile file.

    Parameters
    ----------
    kind : ``models`` or ``devices``
    doubts : numbers without a unit that hardly mean what they say, with their places
    """

    kind: str
    doubts: tuple[Fault, ...]


def profile_kind(document: Document) -> str | None:
    """Return whether a file is a profile of a model or of a device, by its keys; None for neither.

    Examples
    --------
    >>> profile_kind(Document({"f_max": 1e9}))
    'devices'
    """
    data = document.data
    if not isinstance(data, dict) or _SCENARIO & set(data):
        return None
    found = {kind: len(keys & set(data)) for kind, keys in _KEYS.items()}
    best = max(found, key=lambda kind: found[kind])
    only = _KEYS[best] - _KEYS["devices" if best == "models" else "models"]
    return best if only & set(data) else None


def check_profile(file: str, kind: str) -> ProfileFile:
    """Return a profile file that is sound.

    Parameters
    ----------
    file : its path
    kind : ``models`` or ``devices``

    Raises
    ------
    ScenarioError
        with the faults that it has within a scenario, at the same places; key paths start in the file
    """
    path = Path(file)
    name, found = kind.removesuffix("s"), profile_kind(read_document(path))
    if found is not None and found != kind:
        other = found.removesuffix("s")
        raise ScenarioError([Fault(f"is the profile of a {other}, expected one of a {name}", file)])
    head = (kind, name)
    place = Mark(file, 1, 1)
    document = Document(_around(kind, f"./{path.name}"), {(): place, head: place})
    try:
        whole = check_document(Source(document, Home(path.parent, path.parent)))
    except ScenarioError as error:
        raise ScenarioError(_within(it, dotted(head), path, file) for it in error.faults) from error
    return ProfileFile(kind, tuple(_within(it, dotted(head), path, file) for it in doubts(whole)))


def _around(kind: str, profile: str) -> dict[str, Any]:
    """Return a scenario about a profile that is sound but for it."""
    block = {"name": "block", "flops": 1e9, "parameters": 1, "output": "1 KiB"}
    model = {"parameters": 1, "weights": {"rate": 1}, "input": "1 KiB", "blocks": [block]}
    device = {"f_max": 1e9, "flops_per_cycle": 1, "power": {"dynamic": 0}}
    asked = {"profile": profile}
    agent = {"device": "device", "model": "model", "placement": "auto", "arrivals": {"rate": 1}}
    return {
        "simran": 1,
        "name": "profile",
        "requests": 1,
        "models": {"model": asked if kind == "models" else model},
        "devices": {"device": asked if kind == "devices" else device},
        "network": {
            "cells": {"cell": {"channel": {"rate": "unlimited"}}},
            "servers": {"server": {"device": "device"}},
            "links": [{"between": ["cell", "server"]}],
        },
        "agents": {"agent": agent},
    }


def _within(fault: Fault, head: str, path: Path, file: str) -> Fault:
    """Return a fault or doubt as one of the file alone."""
    inner = fault.path.removeprefix(head).lstrip(".")
    named = file if Path(fault.file) == path else fault.file
    beside = fault.suggestion or ""
    return replace(
        fault,
        file=named,
        path=inner if fault.path.startswith(head) else fault.path,
        suggestion=None if beside.startswith("it is neither here") else fault.suggestion,
    )
