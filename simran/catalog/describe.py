"""The profiles of the catalogue as rows: what, how much, of what kind, from where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simran.catalog.document import Document, Path_, dotted
from simran.catalog.modes import with_mode
from simran.catalog.profiles import profile
from simran.catalog.sources import Provenance, covering, leaves, provenance

__all__ = ["describe"]


def describe(kind: str, name: str) -> list[dict[str, Any]]:
    """Return a profile as rows of ``name, description, quantity, value, kind, source``.

    Numbers of a list that one entry speaks of, such as the FLOP of all blocks, are one row, whose
    value is a list.
    """
    document = profile(kind, name, Path())
    about = str(document.data.get("description", ""))
    rows = []
    for quantity, values, entry in _described(document):
        rows.append(
            {
                "name": name,
                "description": about,
                "quantity": quantity,
                "value": values[0] if len(values) == 1 else values,
                "kind": entry.kind if entry else "",
                "source": entry.source if entry else "",
            }
        )
    return rows


def _described(document: Document) -> Iterator[tuple[str, list[Any], Provenance | None]]:
    yield from _rows(document, document.data, "")
    modes = document.data.get("modes") or {}
    if modes:
        yield "mode", [document.data["mode"]], covering(provenance(document), ("mode",))
    for mode, keys in modes.items():
        yield from _rows(with_mode(document, mode), keys, f"modes.{mode}.")


def _rows(
    document: Document, data: Any, prefix: str
) -> Iterator[tuple[str, list[Any], Provenance | None]]:
    """Yield the leaves of some data; entries of a list that share key and source come as one."""
    sources = provenance(document)
    found: dict[tuple[str, Provenance | None], tuple[list[Path_], list[Any]]] = {}
    for path, value in leaves(data):
        key = dotted(tuple(part for part in path if not isinstance(part, int)))
        paths, values = found.setdefault((key, covering(sources, path)), ([], []))
        paths.append(path)
        values.append(value)
    for (key, entry), (paths, values) in found.items():
        yield prefix + (dotted(paths[0]) if len(paths) == 1 else key), values, entry
