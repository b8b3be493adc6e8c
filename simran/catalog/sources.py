"""Where the numbers of a profile come from: every one has a kind and a source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simran.catalog.document import Document, Path_, key_path
from simran.errors import Fault, ScenarioError

__all__ = ["KINDS", "Provenance", "covering", "is_number", "leaves", "provenance"]

#: Measured by somebody on the thing itself; published by its maker or in a paper; derived from such
#: numbers by a stated rule; assumed for want of any.
KINDS = ("measured", "published", "derived", "assumed")

_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(\s*[^\W\d_][\w/^.]*)?$")
_WORDS = ("description", "mode", "modes", "profile", "provenance")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one number, or all numbers below one key, come from.

    Parameters
    ----------
    key : key path within the profile, such as ``power.dynamic``, ``blocks.flops`` (of all blocks) or
        ``states[3].busy`` (of one)
    kind : one of :data:`KINDS`
    source : in words
    """

    key: str
    kind: str
    source: str


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
        if kind not in KINDS or not entry.get("source") or set(entry) != {"kind", "source"}:
            place = ("provenance", key)
            faults.append(document.fault(place, f"expected kind ({', '.join(KINDS)}) and source"))
        else:
            found.append(Provenance(str(key), str(kind), str(entry["source"])))
    if faults:
        raise ScenarioError(faults)
    return tuple(found)


def is_number(value: Any) -> bool:
    """Say whether a leaf is a number, with or without a unit.

    Examples
    --------
    >>> [is_number(it) for it in (3, "64 B", "2e-30 W/Hz^3", "3gpp-uma", True)]
    [True, True, True, False, False]
    """
    if isinstance(value, str):
        return _NUMBER.match(value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def leaves(data: Any, at: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield the scalar leaves of a profile with their key paths, without its words about itself."""
    if isinstance(data, Mapping):
        for key, item in data.items():
            if at or key not in _WORDS:
                yield from leaves(item, (*at, str(key)))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from leaves(item, (*at, index))
    elif data is not None:
        yield at, data


def covering(sources: Sequence[Provenance], path: Path_) -> Provenance | None:
    """Return the entry that speaks of a leaf: the one with the longest key that leads to it."""
    best, length = None, 0
    for source in sources:
        parts = key_path(source.key)
        if len(parts) > length and _leads(parts, path):
            best, length = source, len(parts)
    return best


def _leads(parts: Path_, path: Path_) -> bool:
    """Say whether a key leads to a leaf; a key without an index speaks of every entry."""
    place = 0
    for part in path:
        if place < len(parts) and parts[place] == part:
            place += 1
        elif not isinstance(part, int):
            break
    return place == len(parts)
