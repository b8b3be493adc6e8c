"""Shared stations whose jobs go at rates of their own, which may change while they are served."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from heapq import heapify

from simran.entities.clock import Clock
from simran.entities.lanes import Lanes
from simran.entities.sharing import Sharing
from simran.results.records import Request

__all__ = ["PacedLanes", "PacedSharing"]


class PacedSharing(Sharing):
    """Jobs that share time equally, each with the time that it needs at its present rate."""

    __slots__ = ()

    def join(self, job: Request, work: float) -> None:
        """Let a job in that needs ``work`` seconds alone, at its present rate."""
        super().join(job, work)
        job.airtime_s = -self._virtual

    def stretch(self, factor: float, concerned: Callable[[Request], bool]) -> None:
        """Multiply what some of the jobs still need, from now on."""
        now = self._clock._now
        self._virtual = virtual = self.virtual
        self._at_s = now
        self._marks = [
            (virtual + (mark - virtual) * factor if concerned(job) else mark, number, job)
            for mark, number, job in self._marks
        ]
        heapify(self._marks)
        self._sum = math.fsum(mark for mark, _, _ in self._marks)
        self._aim(now)

    def received(self, job: Request) -> float:
        """Return the time that a job has had up to now, or that one had which is just done [s]."""
        return job.airtime_s + (self.virtual if self.jobs else self._virtual)


class PacedLanes(Lanes):
    """Allocated shares of time in which each lane's work goes at a rate of its own.

    Parameters
    ----------
    clock, shares, begun, done : as of :class:`Lanes`
    paces : (lanes,) work per second of the whole resource
    """

    def __init__(
        self,
        clock: Clock,
        shares: Sequence[float],
        begun: Callable[[Request, int], None],
        done: Callable[[Request, int], None],
        paces: Sequence[float],
    ) -> None:
        self._portions = list(shares)
        self._paces = list(paces)
        self._had_s = [0.0] * len(self._portions)
        self._since = [0.0] * len(self._portions)
        # To the base a lane's share is what its work moves on by in a second.
        super().__init__(clock, [self._weight(lane) for lane in range(len(shares))], begun, done)

    def share(self, lane: int) -> float:
        """Return φ of a lane."""
        return self._portions[lane]

    def pace(self, lane: int) -> float:
        """Return what a lane's work would move on by in a second of the whole resource."""
        return self._paces[lane]

    def speed_of(self, lane: int) -> float:
        """Return what a lane's work moves on by in a second, at its share."""
        return self._shares[lane]

    def set_share(self, lane: int, share: float) -> None:
        """Give a lane another share; a job in service goes on with it."""
        self._settle()
        self._had_s[lane] = self.had_s(lane)
        self._since[lane] = self._virtual
        self._portions[lane] = share
        super().set_share(lane, self._weight(lane))
        self._count_used()

    def set_pace(self, lane: int, pace: float) -> None:
        """Let a lane's work go at another rate, from now on."""
        self._paces[lane] = pace
        super().set_share(lane, self._weight(lane))

    def had_s(self, lane: int) -> float:
        """Return the time of the whole that the job in service has had, or one that is just done [s]."""
        return self._had_s[lane] + (self._virtual - self._since[lane]) * self._portions[lane]

    def sent_s(self, lane: int) -> float:
        """Return how long the sender of the present job was on, or of one that is just done [s]."""
        return self.had_s(lane)

    def airtime_s(self, lane: int, work: float) -> float:
        """Return the time of the whole that so much work takes [s]."""
        return work / self._paces[lane]

    def _weight(self, lane: int) -> float:
        return self._portions[lane] * self._paces[lane]

    def _count_used(self) -> None:
        self.used = math.fsum(self._portions[lane] for lane in self._active)

    def _start(self, lane: int) -> None:
        self._had_s[lane] = 0.0
        self._since[lane] = self._virtual
        super()._start(lane)
