"""What must hold in every run, checked on every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simran.results.records import COMPLETED, STATUS_NAMES
from simran.results.table import Columns

__all__ = ["Invariant", "RequestChecks"]

_ORDER = (
    "arrival",
    "agent_start",
    "agent_end",
    "uplink_start",
    "uplink_end",
    "server_arrival",
    "server_start",
    "server_end",
    "finish",
)
_STAGES = (
    "agent_wait_s",
    "agent_compute_s",
    "uplink_s",
    "backhaul_s",
    "server_wait_s",
    "server_compute_s",
    "downlink_s",
)


@dataclass(frozen=True, slots=True)
class Invariant:
    """One named invariant, whether it held, and the figures."""

    name: str
    held: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"name": self.name, "held": self.held, "detail": self.detail}


class RequestChecks:
    """Checks every row: causality, flags against numbers, stages against the whole.

    Attributes
    ----------
    counts : rows by status
    rows : number of rows, by index of the agent
    agent_j, transmit_j, server_j : sums over all rows, by index of the agent [J]
    """

    def __init__(self) -> None:
        self.counts = np.zeros(len(STATUS_NAMES), dtype=np.int64)
        self.rows = np.zeros(0)
        self.agent_j = np.zeros(0)
        self.transmit_j = np.zeros(0)
        self.server_j = np.zeros(0)
        self._early = self._flags = self._gaps = 0

    def add(self, columns: Columns) -> None:
        """Check a block of rows."""
        self.counts += np.bincount(columns["status"], minlength=len(self.counts))
        stamps = np.array([columns[name] for name in _ORDER])
        latest = np.fmax.accumulate(stamps, axis=0)
        self._early += int(np.count_nonzero(stamps[1:] < latest[:-1]))
        self._check_flags(columns)
        self._sum_energy(columns)

    def _check_flags(self, columns: Columns) -> None:
        done = columns["status"] == COMPLETED
        loose = 1.0 + 1e-9
        late = columns["delay_s"] > columns["plan_delay_budget_s"] * loose
        over = columns["energy_j"] > columns["plan_energy_budget_j"] * loose
        wrong = done & ((late == columns["delay_ok"]) | (over == columns["energy_ok"]))
        missed = ~(columns["delay_ok"] & columns["energy_ok"])
        self._flags += int(np.count_nonzero(wrong | (missed != (columns["cause"] > 0))))
        stages = np.nansum([columns[name] for name in _STAGES], axis=0)
        gap = np.abs(stages - columns["delay_s"])
        self._gaps += int(
            np.count_nonzero(gap[done] > 1e-9 * np.maximum(1.0, columns["finish"][done]))
        )

    def _sum_energy(self, columns: Columns) -> None:
        agent = columns["agent"]
        for name in ("rows", "agent_j", "transmit_j", "server_j"):
            values = None if name == "rows" else np.nan_to_num(columns[name])
            sums = np.bincount(agent, values)
            known = getattr(self, name)
            if len(sums) < len(known):
                sums = np.concatenate((sums, np.zeros(len(known) - len(sums))))
            known = np.concatenate((known, np.zeros(len(sums) - len(known))))
            setattr(self, name, known + sums)

    def invariants(self, arrivals: int) -> list[Invariant]:
        """Return what held, given the number of requests that the agents made."""
        rows = int(self.counts.sum())
        parts = ", ".join(
            f"{count} {name}" for name, count in zip(STATUS_NAMES, self.counts, strict=True)
        )
        return [
            Invariant("every arrival accounted for", rows == arrivals, f"{arrivals} = {parts}"),
            Invariant(
                "causality", not self._early, f"{self._early} stamps before an earlier stage"
            ),
            Invariant("stages add up to the delay", not self._gaps, f"{self._gaps} rows differ"),
            Invariant(
                "flags consistent with numbers", not self._flags, f"{self._flags} rows differ"
            ),
        ]
