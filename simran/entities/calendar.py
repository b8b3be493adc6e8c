"""First-come-first-served service by next-free-time calendars."""

from __future__ import annotations

from heapq import heappushpop

from simran.compute import Processor
from simran.entities.meter import Meter

__all__ = ["Calendar"]


class Calendar:
    """Like workers that serve in order of arrival: each knows when it will be free.

    In a first-come-first-served station a job's start and end are known on its arrival, so no
    event is needed for them. A job goes to the worker that is free first, the lower number on
    ties, and runs at its own clock.

    Parameters
    ----------
    processor : what each worker can do
    workers : how many there are
    """

    __slots__ = ("_clocks_hz", "_delay_s", "_first_s", "_others", "_worker", "meters")

    def __init__(self, processor: Processor, workers: int = 1) -> None:
        self.meters = [Meter(processor) for _ in range(workers)]
        self._clocks_hz = [processor.f_max_hz] * workers
        self._delay_s = processor.switching_delay_s
        self._first_s, self._worker = 0.0, 0  # who is free first, and when
        self._others: list[tuple[float, int]] = [(0.0, worker) for worker in range(1, workers)]

    def reserve(self, ready_s: float, seconds: float, clock_hz: float) -> tuple[float, float, int]:
        """Reserve the first free worker; return start and end [s] and the worker."""
        free_s, worker = self._first_s, self._worker
        start_s = ready_s if free_s <= ready_s else free_s
        if clock_hz != self._clocks_hz[worker]:
            self._clocks_hz[worker] = clock_hz
            start_s += self._delay_s
        end_s = start_s + seconds
        if self._others:
            self._first_s, self._worker = heappushpop(self._others, (end_s, worker))
        else:
            self._first_s = end_s
        return start_s, end_s, worker

    def wait_s(self, now_s: float) -> float:
        """Return how long a job that came now would wait for a worker [s]."""
        return max(0.0, self._first_s - now_s)

    def close(self, now_s: float) -> None:
        """Account for the idling of every worker up to the end of the run [s]."""
        for meter in self.meters:
            meter.idle_until(now_s)
