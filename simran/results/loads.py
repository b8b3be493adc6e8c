"""Whether a station keeps up: offered load, work in the system, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.results.batches import independent

__all__ = ["Jobs", "StationLoad", "worst"]

Floats = NDArray[np.float64]

_BINS = 128
_ORDER = ("stable", "backlogged", "overloaded")


def worst(verdicts: list[str]) -> str:
    """Return the worst of some verdicts; stable for none."""
    return max(verdicts, key=_ORDER.index, default="stable")


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs at a station, one entry per job.

    Parameters
    ----------
    arrival_s, start_s, end_s : arrival, start of service, end of service or of the run [s]
    work_s : service that each needs, in seconds of one server
    left_s : what of it is left at ``end_s``; 0 of a finished job
    """

    arrival_s: Floats
    start_s: Floats
    end_s: Floats
    work_s: Floats
    left_s: Floats


class StationLoad:
    """The load of one station over time, in at most 128 bins that double in width.

    Work in the system is taken at the edges of the bins: a job counts in full until its service
    starts and declines evenly until it ends, which is exact where it is served alone.

    Parameters
    ----------
    capacity : number of servers
    start_s : what came before, the warm-up, does not count [s]
    budget_s : largest delay budget of those who use the station [s]
    """

    def __init__(self, capacity: float, start_s: float, budget_s: float) -> None:
        self._capacity = capacity
        self._start_s = start_s
        self._budget_s = budget_s
        self._width_s = 1e-6
        self._offered = np.zeros(_BINS)
        self._present = np.zeros(_BINS + 1)

    def add(self, jobs: Jobs) -> None:
        """Add jobs, in any order."""
        if not len(jobs.arrival_s):
            return
        arrival, end = jobs.arrival_s - self._start_s, jobs.end_s - self._start_s
        while float(end.max()) >= _BINS * self._width_s:
            self._double()
        counted = arrival >= 0.0
        places = (arrival[counted] / self._width_s).astype(np.int64)
        self._offered += np.bincount(places, jobs.work_s[counted], minlength=_BINS)
        first = np.maximum(np.floor(arrival / self._width_s).astype(np.int64), -1)
        last = np.floor(end / self._width_s).astype(np.int64)
        spans = last > first
        if spans.any():
            self._count_present(jobs, np.flatnonzero(spans), first, last)

    def offered_load(self, end_s: float) -> tuple[float, float]:
        """Return offered work over capacity and its 95 % lower bound (one-sided t); NaN of none."""
        span_s = end_s - self._start_s
        if span_s <= 0.0:
            return math.nan, math.nan
        mean = float(self._offered.sum()) / (self._capacity * span_s)
        rates = self._offered[: self._bins(end_s)] / (self._capacity * self._width_s)
        if len(rates) < 2:
            return mean, math.nan
        from scipy.special import stdtrit

        error = float(rates.std(ddof=1)) / math.sqrt(len(rates))
        return mean, float(rates.mean()) - float(stdtrit(len(rates) - 1, 0.95)) * error

    def verdict(self, end_s: float, backlog_s: float) -> str:
        """Return ``overloaded``, ``backlogged`` or ``stable``.

        Overloaded: the lower bound of the offered load exceeds 1. Backlogged: the work in the
        system in the last third exceeds that in the first third with 95 % confidence, or the end
        backlog exceeds the largest delay budget.

        Parameters
        ----------
        end_s : end of the run [s]
        backlog_s : work left at the end over capacity [s]
        """
        if self.offered_load(end_s)[1] > 1.0:
            return "overloaded"
        if backlog_s > self._budget_s or self._grows(end_s):
            return "backlogged"
        return "stable"

    def _bins(self, end_s: float) -> int:
        return min(_BINS, int((end_s - self._start_s) / self._width_s + 1e-9))

    def _grows(self, end_s: float) -> bool:
        bins = self._bins(end_s)
        third = bins // 3
        early, late = self._present[1 : third + 1], self._present[bins - third + 1 : bins + 1]
        # Neighbouring samples of a queue are alike; they are joined until they are not.
        while len(early) >= 10 and not (independent(early) and independent(late)):
            half = len(early) // 2 * 2
            early = early[:half].reshape(-1, 2).mean(axis=1)
            late = late[:half].reshape(-1, 2).mean(axis=1)
        if len(early) < 4:
            return False
        from scipy.special import stdtrit

        a, b = early.var(ddof=1) / len(early), late.var(ddof=1) / len(late)
        gap = float(late.mean() - early.mean())
        if a + b <= 0.0:
            return gap > 0.0
        freedom = (a + b) ** 2 * (len(early) - 1) / (a * a + b * b)
        return gap > float(stdtrit(freedom, 0.975)) * math.sqrt(a + b)

    def _count_present(
        self,
        jobs: Jobs,
        chosen: NDArray[np.int64],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
    ) -> None:
        counts = last[chosen] - first[chosen]
        job = np.repeat(chosen, counts)
        within = np.arange(len(job)) - np.repeat(np.cumsum(counts) - counts, counts)
        edge = first[job] + 1 + within
        time_s = self._start_s + edge * self._width_s
        start, end = jobs.start_s[job], jobs.end_s[job]
        spell = np.maximum(end - start, 1e-300)
        part = np.clip((time_s - start) / spell, 0.0, 1.0)
        work, left = jobs.work_s[job], jobs.left_s[job]
        self._present += np.bincount(edge, work + (left - work) * part, minlength=_BINS + 1)

    def _double(self) -> None:
        self._width_s *= 2.0
        self._offered[: _BINS // 2] = self._offered.reshape(-1, 2).sum(axis=1)
        self._offered[_BINS // 2 :] = 0.0
        self._present[: _BINS // 2 + 1] = self._present[::2]
        self._present[_BINS // 2 + 1 :] = 0.0
