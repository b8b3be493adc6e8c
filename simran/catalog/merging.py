"""One document worked into another: mappings merge, all else is replaced, every key keeps its place."""

from __future__ import annotations

from typing import Any

from simran.catalog.document import Document, Path_

__all__ = ["merge", "put"]


def merge(base: Document, other: Document, at: Path_ = (), source: Path_ = ()) -> None:
    """Work the part of ``other`` below ``source`` into the part of ``base`` below ``at``."""
    value = _get(other.data, source)
    known = _get(base.data, at)
    if isinstance(value, dict) and isinstance(known, dict):
        for key in value:
            if key in known:
                merge(base, other, (*at, key), (*source, key))
            else:
                put(base, (*at, key), value[key], other, (*source, key))
    elif at:
        put(base, at, value, other, source)
    if source in other.marks and at and not isinstance(value, dict):
        base.marks[at] = other.marks[source]


def put(base: Document, at: Path_, value: Any, other: Document, source: Path_) -> None:
    """Set one key of ``base``, with the places that it and what lies below had in ``other``."""
    parent = _get(base.data, at[:-1])
    if at[-1] in parent:
        base.forget(at)
    parent[at[-1]] = value
    for rest, mark in list(other.below(source)):
        base.marks[(*at, *rest)] = mark


def _get(data: Any, path: Path_) -> Any:
    for part in path:
        data = data[part]
    return data
