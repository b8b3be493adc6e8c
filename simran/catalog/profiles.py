"""The profiles that ship with simran, and profile files of the user's own."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from simran.catalog.document import Document, read_document
from simran.errors import Fault, InputError, ScenarioError, UnknownNameError

__all__ = [
    "LATER",
    "Provenance",
    "describe",
    "device_names",
    "model_names",
    "profile",
    "provenance",
    "scenario_names",
    "scenario_path",
]

#: Names that belong to the catalogue but are not built yet.
LATER = {
    "models": ("fcdnn-16", "git-base", "minilm-l6", "whisper-tiny.en"),
    "devices": ("jetson-agx-orin-64gb", "rtx-3090", "xeon-6246r"),
}

_KINDS = ("measured", "published", "derived", "assumed")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one number comes from.

    Parameters
    ----------
    key : key path within the profile, such as ``power.dynamic``
    kind : ``measured``, ``published``, ``derived`` or ``assumed``
    source : in words
    """

    key: str
    kind: str
    source: str


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


def profile(kind: str, name: str, base: Path) -> Document:
    """Return the profile of a model or device as a document.

    Parameters
    ----------
    kind : ``models`` or ``devices``
    name : catalogue name, or path of a profile file (with a ``/`` or ending in .yaml or .yml)
    base : folder that relative paths start from

    Raises
    ------
    ScenarioError
        if the file is broken
    InputError
        if the name is not in the catalogue
    """
    if "/" in name or name.endswith((".yaml", ".yml")):
        return _mapping(read_document(base / name, name))
    if name in LATER[kind]:
        raise InputError(f"profile {name!r} is not in this version")
    if name not in _names(kind):
        raise UnknownNameError(f"{kind[:-1]} profile", name, _names(kind))
    return _mapping(read_document(_folder(kind) / f"{name}.yaml", f"{kind}/{name}.yaml"))


def _mapping(document: Document) -> Document:
    if not isinstance(document.data, dict):
        raise ScenarioError([document.fault((), "expected a mapping of keys")])
    return document


def provenance(document: Document) -> tuple[Provenance, ...]:
    """Return where the numbers of a profile come from.

    Raises
    ------
    ScenarioError
        if an entry lacks its kind or source
    """
    entries = document.data.get("provenance") or {}
    faults: list[Fault] = []
    found = []
    for key, entry in entries.items() if isinstance(entries, Mapping) else ():
        kind = entry.get("kind") if isinstance(entry, Mapping) else None
        if kind not in _KINDS or not entry.get("source") or set(entry) != {"kind", "source"}:
            place = ("provenance", key)
            faults.append(document.fault(place, f"expected kind ({', '.join(_KINDS)}) and source"))
        else:
            found.append(Provenance(str(key), str(kind), str(entry["source"])))
    if faults:
        raise ScenarioError(faults)
    return tuple(found)


def describe(kind: str, name: str) -> list[dict[str, Any]]:
    """Return the numbers of a profile with their kind and source, as rows for people."""
    document = profile(kind, name, Path())
    sources = provenance(document)
    rows = []
    for key, value in _leaves(document.data):
        if key.split(".")[0] in {"provenance", "description"}:
            continue
        entry = next((it for it in sources if fnmatch.fnmatch(key, f"{it.key}*")), None)
        rows.append(
            {
                "name": name,
                "quantity": key,
                "value": value,
                "kind": entry.kind if entry else "",
                "source": entry.source if entry else "",
            }
        )
    return rows


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the scalar leaves of a profile; a chain of blocks is summed up."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield f"{prefix}.number", len(value)
        for key in ("flops", "parameters"):
            yield f"{prefix}.{key} (sum)", sum(item.get(key, 0) for item in value)
    else:
        yield prefix, value
