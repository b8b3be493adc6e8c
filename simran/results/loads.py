"""Whether a station keeps up: offered load, work in the system, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Jobs", "StationLoad", "worst"]

Floats = NDArray[np.float64]

_BINS = 128
_BATCHES = 5  # of each third
_ORDER = ("unknown", "stable", "backlogged", "overloaded")


def worst(verdicts: list[str]) -> str:
    """Return the worst of some verdicts; stable for none, unknown only if all are."""
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

    Work in the system is averaged over each bin: a job counts in full until its service starts and
    declines evenly until it ends, which is exact where it is served alone.

    Parameters
    ----------
    capacity : number of servers
    start_s : what came before, the warm-up, does not count [s]
    budget_s : largest delay budget of those who use the station [s]
    elastic : whether it is the faster the more jobs there are, without bound: no load is too much for it
    """

    def __init__(
        self, capacity: float, start_s: float, budget_s: float, elastic: bool = False
    ) -> None:
        self._capacity = capacity
        self._elastic = elastic
        self._start_s = start_s
        self._budget_s = budget_s
        self._width_s = 1e-6
        self._offered = np.zeros(_BINS)
        self._present = np.zeros(_BINS)  # integral of the work in the system over each bin
        self._jobs = 0

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
        self._jobs += len(places)
        self._count_present(jobs, arrival, end)

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
        """Return ``overloaded``, ``backlogged``, ``stable``, or ``unknown``.

        Overloaded: the lower bound of the offered load exceeds 1, unless no load is too much. Backlogged:
        the work in the system in the last third exceeds that in the first third by more than a mean
        request's, with 95 % confidence, or the end backlog exceeds the largest delay budget. Unknown:
        the run ended within the warm-up, so that nothing was seen of what counts.

        A queue is correlated over long spells, so the confidence comes from few and long batches, 5
        of each third, compared once (Welch's t). ``benchmarks/coverage.py`` measures how often that
        finds a backlog in a stable queue, and how often it misses an overload.

        Parameters
        ----------
        end_s : end of the run [s]
        backlog_s : work left at the end over capacity [s]
        """
        if self.offered_load(end_s)[1] > 1.0 and not self._elastic:
            return "overloaded"
        if backlog_s > self._budget_s or self._grows(end_s):
            return "backlogged"
        return "stable" if end_s > self._start_s else "unknown"

    def _bins(self, end_s: float) -> int:
        return min(_BINS, int((end_s - self._start_s) / self._width_s + 1e-9))

    def _grows(self, end_s: float) -> bool:
        bins = self._bins(end_s)
        size = bins // (3 * _BATCHES)
        if not (size and self._jobs):
            return False
        count = size * _BATCHES
        whole = self._present / self._width_s
        early = whole[:count].reshape(_BATCHES, size).mean(axis=1)
        late = whole[bins - count : bins].reshape(_BATCHES, size).mean(axis=1)
        gap = float(late.mean() - early.mean())
        # Less than one request's work is no backlog, however sure the difference.
        if gap <= float(self._offered.sum()) / self._jobs:
            return False
        from scipy.special import stdtrit

        a, b = early.var(ddof=1) / _BATCHES, late.var(ddof=1) / _BATCHES
        if a + b <= 0.0:
            return True
        freedom = (a + b) ** 2 * (_BATCHES - 1) / (a * a + b * b)
        return gap > float(stdtrit(freedom, 0.975)) * math.sqrt(a + b)

    def _count_present(self, jobs: Jobs, arrival: Floats, end: Floats) -> None:
        """Add the integral of each job's work over each bin; times count from ``start_s``."""
        first = np.maximum(np.floor(arrival / self._width_s).astype(np.int64), -1)
        last = np.floor(end / self._width_s).astype(np.int64)
        start = jobs.start_s - self._start_s
        spell, decline = end - start, jobs.work_s - jobs.left_s
        # All of it goes to the last bin; what lies before an edge is then moved to the bin before.
        total = jobs.work_s * (end - arrival) - decline * spell / 2.0
        seen = last >= 0
        # Index 0 stands for what came before the start.
        moved = np.bincount(last[seen] + 1, total[seen], minlength=_BINS + 1)
        chosen = np.flatnonzero(last > first)
        if len(chosen):
            counts = last[chosen] - first[chosen]
            job = np.repeat(chosen, counts)
            within = np.arange(len(job)) - np.repeat(np.cumsum(counts) - counts, counts)
            edge = first[job] + 1 + within
            time_s = edge * self._width_s
            served = np.maximum(time_s - start[job], 0.0)
            share = served / np.maximum(spell[job], 1e-300)
            before = (
                jobs.work_s[job] * (time_s - arrival[job]) - decline[job] * served * share / 2.0
            )
            shift = np.bincount(edge, before, minlength=_BINS + 1)
            moved += shift
            moved[1:] -= shift[:-1]
        self._present += moved[1:]

    def _double(self) -> None:
        self._width_s *= 2.0
        for bins in (self._offered, self._present):
            bins[: _BINS // 2] = bins.reshape(-1, 2).sum(axis=1)
            bins[_BINS // 2 :] = 0.0
