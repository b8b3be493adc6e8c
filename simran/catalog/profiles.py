"""The profiles that ship with simran, and profile files of the user's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from simran.catalog.document import Document
from simran.catalog.reader import read_document
from simran.errors import InputError, ScenarioError, UnknownNameError

__all__ = [
    "LATER",
    "device_names",
    "is_file_name",
    "model_names",
    "profile",
    "scenario_names",
    "scenario_path",
]

#: Names that belong to the catalogue but are not built yet.
LATER: dict[str, tuple[str, ...]] = {
    "models": (),
    "devices": (),
}


def model_names() -> tuple[str, ...]:
    """Return the models of the catalogue, sorted."""
    return _names("models")


def device_names() -> tuple[str, ...]:
    """Return the devices of the catalogue, sorted."""
    return _names("devices")


def _folder(kind: str) -> Path:
    return Path(str(files("simran.catalog"))) / "data" / kind


def _names(kind: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _folder(kind).glob("*.yaml")))


def _scenario_folder() -> Path:
    packaged = Path(str(files("simran.catalog"))) / "scenarios"
    if packaged.is_dir():
        return packaged
    return Path(str(files("simran"))).parent / "scenarios"


def scenario_names() -> tuple[str, ...]:
    """Return the scenarios that ship with simran, sorted."""
    return tuple(sorted(path.stem for path in _scenario_folder().glob("*.yaml")))


def scenario_path(name: str) -> Path:
    """Return the file of a shipped scenario.

    Raises
    ------
    UnknownNameError
        if there is none of that name
    """
    stem = name.removesuffix(".yaml")
    if stem not in scenario_names():
        raise UnknownNameError("scenario", name, scenario_names())
    return _scenario_folder() / f"{stem}.yaml"


def is_file_name(name: str) -> bool:
    """Say whether a profile's name is the path of a file: it has a ``/`` or ends in .yaml or .yml."""
    return "/" in name or name.endswith((".yaml", ".yml"))


def profile(kind: str, name: str, base: Path) -> Document:
    """Return the profile of a model or device as a document.

    Parameters
    ----------
    kind : ``models`` or ``devices``
    name : catalogue name, or path of a profile file
    base : folder that relative paths start from

    Raises
    ------
    ScenarioError
        if the file is broken
    InputError
        if the name is not in the catalogue
    """
    if is_file_name(name):
        return _mapping(read_document(base / name))
    if name in LATER[kind]:
        raise InputError(f"profile {name!r} is not in this version")
    if name not in _names(kind):
        raise UnknownNameError(f"{kind[:-1]} profile", name, _names(kind))
    return _mapping(read_document(_folder(kind) / f"{name}.yaml", f"{kind}/{name}.yaml"))


def _mapping(document: Document) -> Document:
    if not isinstance(document.data, dict):
        raise ScenarioError([document.fault((), "expected a mapping of keys")])
    return document
