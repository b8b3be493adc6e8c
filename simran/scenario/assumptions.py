"""The assumed numbers that a scenario rests on: which are in use, and what if they were others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simran.catalog import Document, covering, dotted, is_number, leaves, provenance

__all__ = ["Assumption", "assumptions", "multiply", "settle"]

Key = tuple[str | int, ...]

_QUANTITY = re.compile(r"^([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Assumption:
    """An entry of a profile that is assumed, as far as the scenario does not say otherwise.

    Parameters
    ----------
    path : key path in the scenario, such as ``devices.robot.power.dynamic``
    source : why this value
    owner : key path of the model or device
    values : key path -> value as written, of every leaf that the entry speaks of
    """

    path: str
    source: str
    owner: Key
    values: Mapping[Key, Any]

    @property
    def numbers(self) -> Mapping[Key, Any]:
        """The leaves that are numbers other than 0, which have no half and no double."""
        return {key: it for key, it in self.values.items() if is_number(it) and _amount(it)}

    def __str__(self) -> str:
        """Return the line that results show."""
        return f"{self.path}: {self.source}"


def assumptions(profile: Document, own: Mapping[str, Any], head: Key) -> list[Assumption]:
    """Return what is assumed in a profile and not overridden.

    Parameters
    ----------
    profile : with its mode in force
    own : what the scenario says itself
    head : key path of the model or device
    """
    sources = provenance(profile)
    found: dict[str, Assumption] = {}
    for path, value in _left(profile, own):
        source = covering(sources, path)
        if source is None or source.kind != "assumed":
            continue
        name = f"{dotted(head)}.{source.key}"
        known = found.setdefault(name, Assumption(name, source.source, head, {}))
        values = {**known.values, (*head, *path): value}
        found[name] = Assumption(name, source.source, head, values)
    return list(found.values())


def settle(merged: Document, profile: Document, own: Mapping[str, Any]) -> None:
    """Make a merged model or device stand on its own, in place, as the manifest keeps it.

    It names no profile any more, and gives no source for a number of the profile that the scenario
    has replaced, unless the scenario gives that source itself.
    """
    merged.data.pop("profile", None)
    known, said = merged.data.get("provenance"), own.get("provenance")
    if not isinstance(known, dict):
        return
    sources = provenance(profile)
    in_use = {covering(sources, path) for path, _ in _left(profile, own)}
    for source in sources:
        if source not in in_use and not (isinstance(said, Mapping) and source.key in said):
            del known[source.key]


def _left(profile: Document, own: Mapping[str, Any]) -> Iterator[tuple[Key, Any]]:
    """Yield the leaves of a profile that a scenario leaves as they are."""
    return (leaf for leaf in leaves(profile.data) if not _says(own, leaf[0]))


def _says(own: Any, path: Key) -> bool:
    """Say whether a scenario gives a leaf, or something else in the place of what holds it."""
    for part in path:
        if not isinstance(own, Mapping):
            return True
        if part not in own:
            return False
        own = own[part]
    return True


def multiply(data: Any, assumption: Assumption, factor: float) -> None:
    """Multiply the numbers of an assumption, in place."""
    for path in assumption.numbers:
        holder = data
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = _times(holder[path[-1]], factor)


def _amount(value: Any) -> float:
    match = _QUANTITY.match(str(value))
    amount = float(match[1]) if match else math.nan
    return 1.0 if match and match[2] in {"dBm", "dBW"} else amount


def _times(value: Any, factor: float) -> Any:
    if not isinstance(value, str):
        product = value * factor
        return int(product) if product == int(product) else product
    match = _QUANTITY.match(value)
    if match is None:
        return value
    number, unit = float(match[1]), match[2]
    if unit in {"dBm", "dBW"}:
        return f"{number + 10 * math.log10(factor)!r} {unit}"
    return f"{number * factor!r} {unit}".strip()
