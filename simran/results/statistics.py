"""Statistics of groups and stations, kept up block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.results.batches import BatchMeans
from simran.results.context import RecordContext
from simran.results.loads import Jobs, StationLoad
from simran.results.moments import Moments
from simran.results.records import COMPLETED, STATUS_NAMES, UNFINISHED
from simran.results.sketch import QuantileSketch
from simran.results.table import CAUSES, Columns
from simran.results.violations import ViolationCount

__all__ = ["GroupStatistics", "StationStatistics", "number"]

_QUANTITIES = ("delay_s", "energy_j", "distortion")


def number(value: float) -> float | None:
    """Return a value as JSON has it: None where there is no number."""
    return float(value) if math.isfinite(value) else None


class _Quantity:
    """Everything that is said of one quantity of one group."""

    def __init__(self) -> None:
        self._moments = Moments()
        self._sketch = QuantileSketch()
        self._batches = BatchMeans()

    def add(self, values: NDArray[np.float64]) -> None:
        finite = values[np.isfinite(values)]
        self._moments.add(finite)
        self._sketch.add(np.maximum(finite, 0.0))
        self._batches.add(finite)

    @property
    def total(self) -> float:
        return self._moments.total

    def as_dict(self) -> dict[str, Any]:
        low, high = self._batches.interval()
        std = self._moments.std  # of values that are all alike, nothing but rounding
        known = math.isfinite(low)
        return {
            "mean": number(self._moments.mean),
            "std": number(0.0 if std <= 1e-12 * abs(self._moments.mean) else std),
            **{f"p{p}": number(self._sketch.quantile(p / 100)) for p in (50, 95, 99)},
            "interval95": [low, high] if known else None,
            "note": "" if known else "run too short",
        }


class GroupStatistics:
    """Counts, delays, energies, distortion and violations of each group and of all.

    Parameters
    ----------
    context : who the agents are
    """

    def __init__(self, context: RecordContext) -> None:
        self.names, self._group = context.coded("groups")
        self._one_metric = len(context.metrics) < 2
        # A single group is the total too, so both are one entry.
        places = len(self.names) + (len(self.names) > 1)
        self._counts = np.zeros((len(self.names), len(STATUS_NAMES)), dtype=np.int64)
        self._quantities = [{name: _Quantity() for name in _QUANTITIES} for _ in range(places)]
        self._quality = [Moments() for _ in range(places)]
        self._violations = ViolationCount(len(self.names), len(CAUSES))
        self.completed_in_all = 0
        self.energy_in_all_j = self.energy_completed_j = 0.0

    def add(self, columns: Columns, now_s: float) -> None:
        """Add a block of requests that have ended by ``now_s`` [s], or are unfinished then."""
        done = columns["status"] == COMPLETED
        self.completed_in_all += int(np.count_nonzero(done))
        self.energy_in_all_j += float(columns["energy_j"].sum())
        self.energy_completed_j += float(columns["energy_j"][done].sum())
        kept = np.flatnonzero(~columns["in_warmup"])
        if not len(kept):
            return
        group = self._group[columns["agent"][kept]]
        status = columns["status"][kept]
        cell = np.bincount(group * len(STATUS_NAMES) + status, minlength=self._counts.size)
        self._counts += cell.reshape(self._counts.shape)
        # What is unfinished and not late so far may yet be in time, at the end of the run or after.
        judged = (status != UNFINISHED) | ~columns["delay_ok"][kept]
        deadline = columns["arrival"][kept] + columns["plan_delay_budget_s"][kept]
        self._violations.add(group[judged], columns["cause"][kept][judged], deadline[judged], now_s)
        self._add_quantities(columns, kept[done[kept]])

    def as_dict(self, end_s: float, warmup_s: float) -> dict[str, Any]:
        """Return ``total`` and ``groups`` of the summary."""
        causes = self._violations.close(end_s)
        span_s = max(end_s - warmup_s, 0.0)
        groups = {
            name: self._group_dict(place, self._counts[place], causes[place], span_s)
            for place, name in enumerate(self.names)
        }
        total = self._group_dict(-1, self._counts.sum(axis=0), causes.sum(axis=0), span_s)
        if not self._one_metric:
            total["quality_mean"] = None  # of accuracies of different tasks there is no mean
        return {"total": total, "groups": groups}

    def _add_quantities(self, columns: Columns, rows: NDArray[np.int64]) -> None:
        group = self._group[columns["agent"][rows]]
        quality = columns["plan_quality"][rows]
        measured = ~np.isnan(quality)
        values = {
            "delay_s": columns["delay_s"][rows],
            "energy_j": columns["energy_j"][rows],
            "distortion": columns["plan_distortion"][rows],
        }
        single = len(self.names) == 1
        for place in range(len(self._quantities)):
            everyone = single or place == len(self.names)
            mine = slice(None) if everyone else group == place
            for name, quantity in self._quantities[place].items():
                quantity.add(values[name][mine])
            if measured.any():
                chosen = measured if everyone else measured & (group == place)
                self._quality[place].add(quality[chosen])

    def _group_dict(
        self, place: int, counts: NDArray[np.int64], causes: NDArray[np.int64], span_s: float
    ) -> dict[str, Any]:
        judged = int(causes.sum())
        summed = {
            name: int(count) for name, count in zip(CAUSES[1:], causes[1:], strict=True) if count
        }
        violated = sum(summed.values())
        return {
            "arrivals": int(counts.sum()),
            **{name: int(count) for name, count in zip(STATUS_NAMES, counts, strict=True)},
            "throughput_hz": number(counts[COMPLETED] / span_s) if span_s else None,
            "violation_rate": violated / judged if judged else None,
            "violations": {"judged": judged, "violated": violated, "causes": summed},
            **{name: it.as_dict() for name, it in self._quantities[place].items()},
            "quality_mean": number(self._quality[place].mean),
        }


class StationStatistics:
    """The load of every station: agents by group, cells, servers.

    Parameters
    ----------
    context : who the agents are
    """

    def __init__(self, context: RecordContext) -> None:
        self.loads: dict[str, StationLoad] = {}
        self._kinds: list[tuple[str, NDArray[np.int64], list[StationLoad]]] = []
        budgets = np.array(context.delay_budget_s)
        for kind in ("groups", "cells", "servers"):
            names, codes = context.coded(kind)
            loads = []
            for place, name in enumerate(names):
                capacity = {"groups": float(np.count_nonzero(codes == place)), "cells": 1.0}.get(
                    kind, float(context.workers.get(name, 1))
                )
                budget_s = float(budgets[codes == place].max())
                elastic = kind == "cells" and name in context.elastic
                load = StationLoad(capacity, context.warmup_s, budget_s, elastic)
                self.loads[f"agents/{name}" if kind == "groups" else name] = load
                loads.append(load)
            self._kinds.append((kind, codes, loads))

    def add(
        self, columns: Columns, now_s: float, left_s: Mapping[int, float] | None = None
    ) -> None:
        """Add a block of requests; of unfinished ones, what each still needs at its station."""
        stages = {
            "groups": ("arrival", "agent_start", "agent_end", "agent_unit_s", "size"),
            "cells": ("uplink_start", "uplink_start", "uplink_end", "uplink_unit_s", "uplink_size"),
            "servers": (
                "server_arrival",
                "server_start",
                "server_end",
                "server_unit_s",
                "server_size",
            ),
        }
        for kind, codes, loads in self._kinds:
            arrival, start, end, unit, size = stages[kind]
            work = columns[f"plan_{unit}"] * columns[size]
            if kind == "cells" and "airtime_s" in columns:
                work = columns["airtime_s"]
            there = np.flatnonzero(~np.isnan(columns[arrival]) & (work > 0.0))
            if not len(there):
                continue
            jobs = _jobs(columns, (arrival, start, end), work, there, now_s, left_s)
            code = codes[columns["agent"][there]]
            for place, load in enumerate(loads):
                load.add(jobs if len(loads) == 1 else _chosen(jobs, code == place))


def _jobs(
    columns: Columns,
    stamps: tuple[str, str, str],
    work: NDArray[np.float64],
    there: NDArray[np.int64],
    now_s: float,
    left_s: Mapping[int, float] | None,
) -> Jobs:
    arrival, start, end = (columns[name][there] for name in stamps)
    work = work[there]
    left = np.zeros(len(there))
    if left_s is not None:
        cut = np.isnan(end)
        numbers = columns["id"][there].astype(np.int64)
        known = [left_s.get(int(it), full) for it, full in zip(numbers, work, strict=True)]
        left = np.where(cut, known, 0.0)
        end = np.where(cut, now_s, end)
        start = np.where(np.isnan(start), end, start)
    return Jobs(arrival, start, end, work, left)


def _chosen(jobs: Jobs, mine: NDArray[np.bool_]) -> Jobs:
    return Jobs(
        jobs.arrival_s[mine],
        jobs.start_s[mine],
        jobs.end_s[mine],
        jobs.work_s[mine],
        jobs.left_s[mine],
    )
