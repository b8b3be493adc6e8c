"""The log of designs: one row whenever an agent's design changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simran.results import ALLOCATION_COLUMNS, Design, ParquetLog, nullable, strings

__all__ = ["AllocationLog"]

Explain = Callable[[], str]

_FLUSH = 4096
_MOST_NAMES = 8


@dataclass
class _InForce:
    """What the designs of one group were, over a run."""

    changes: int = 0
    infeasible: int = 0
    cuts: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, design: Design, explain: Explain) -> None:
        self.changes += 1
        self.infeasible += not design.feasible
        _once(self.cuts, _cut(design))
        if design.binding not in self.reasons and len(self.reasons) < _MOST_NAMES:
            self.reasons[design.binding] = explain()
        for name in ("weight_bits", "agent_frequency_hz", "server_frequency_hz"):
            value = float(getattr(design, name))
            if value and not math.isnan(value):
                low, high = self.ranges.get(name, (value, value))
                self.ranges[name] = min(low, value), max(high, value)

    def as_dict(self) -> dict[str, Any]:
        ranges = {
            name: list(self.ranges[name]) if name in self.ranges else None
            for name in ("weight_bits", "agent_frequency_hz", "server_frequency_hz")
        }
        found = {"changes": self.changes, "infeasible": self.infeasible, "cuts": self.cuts}
        reasons = dict(self.reasons)
        return {**found, **ranges, "binding": list(reasons), "reasons": list(reasons.values())}


def _cut(design: Design) -> str:
    """Return the cut of a design in words."""
    cut = design.placement or "refused"
    named = f"{cut}: {design.split}" if cut == "co-inference" else cut
    return f"{named} ({design.variant})" if design.variant else named


def _once(known: list[str], name: str) -> None:
    if name not in known and len(known) < _MOST_NAMES:
        known.append(name)


class AllocationLog:
    """Writes designs as they come into force, and keeps what they were over the run.

    Parameters
    ----------
    path : of ``allocations.parquet``; None writes nothing
    agents, groups : (K,) names
    """

    def __init__(self, path: Path | None, agents: tuple[str, ...], groups: tuple[str, ...]) -> None:
        self._log = ParquetLog(path, ALLOCATION_COLUMNS) if path else None
        self._agents, self._groups = agents, groups
        self._rows: list[tuple[float, int, Design]] = []
        self._in_force = {name: _InForce() for name in groups}

    def add(self, time_s: float, agent: int, design: Design, explain: Explain) -> None:
        """Take note of an agent's new design, in force from ``time_s`` [s].

        ``explain`` says what stops a better one; it is asked once for each word of a group.
        """
        self._in_force[self._groups[agent]].add(design, explain)
        if self._log is None:
            return
        self._rows.append((time_s, agent, design))
        if len(self._rows) >= _FLUSH:
            self._flush()

    def as_dict(self) -> dict[str, Any]:
        """Return, by group: changes, cuts, ranges of bits and clocks, what stops better designs."""
        return {name: it.as_dict() for name, it in self._in_force.items()}

    def close(self) -> int:
        """Finish the file; return the number of rows."""
        if self._log is None:
            return 0
        self._flush()
        self._log.close()
        return self._log.rows

    def _flush(self) -> None:
        if not self._rows or self._log is None:
            return
        times, agents, designs = zip(*self._rows, strict=True)
        columns: dict[str, Any] = {
            "time_s": np.array(times),
            "decision": np.array([design.id for design in designs]),
            "agent": _texts([self._agents[agent] for agent in agents]),
            "group": _texts([self._groups[agent] for agent in agents]),
            "weight_bits": nullable(np.array([design.weight_bits for design in designs])),
        }
        for column in ALLOCATION_COLUMNS:
            if column.name not in columns:
                values = [getattr(design, column.name) for design in designs]
                columns[column.name] = _texts(values) if column.type == "string" else values
        self._log.write(columns)
        self._rows.clear()


def _texts(values: list[str]) -> Any:
    names = sorted(set(values))
    place = {name: index for index, name in enumerate(names)}
    return strings(np.array([place[value] for value in values]), names)
