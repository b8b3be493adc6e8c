"""The log of designs: one row whenever an agent's design changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from simran.results import ALLOCATION_COLUMNS, Design, ParquetLog, nullable, strings

__all__ = ["AllocationLog"]

_FLUSH = 4096


class AllocationLog:
    """Writes designs as they come into force.

    Parameters
    ----------
    path : of ``allocations.parquet``; None writes nothing
    agents, groups : (K,) names
    """

    def __init__(self, path: Path | None, agents: tuple[str, ...], groups: tuple[str, ...]) -> None:
        self._log = ParquetLog(path, ALLOCATION_COLUMNS) if path else None
        self._agents, self._groups = agents, groups
        self._rows: list[tuple[float, int, Design]] = []

    def add(self, time_s: float, agent: int, design: Design) -> None:
        """Take note of an agent's new design, in force from ``time_s`` [s]."""
        if self._log is None:
            return
        self._rows.append((time_s, agent, design))
        if len(self._rows) >= _FLUSH:
            self._flush()

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
