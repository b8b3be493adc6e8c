"""First-come-first-served service by next-free-time calendars."""

from __future__ import annotations

from heapq import heappushpop

from simran.compute import Processor
from simran.entities.worker import Worker

__all__ = ["Calendar"]


class Calendar:
    """Workers that serve in order of arrival.

    A job goes to the worker that is free first, the lower number on ties, and runs at its own clock.

    Parameters
    ----------
    processor : what each worker can do
    workers : how many there are

    Attributes
    ----------
    meters : the workers
    """

    __slots__ = ("_first", "_number", "_others", "meters")

    def __init__(self, processor: Processor, workers: int = 1) -> None:
        self.meters = [Worker(processor) for _ in range(workers)]
        self._first, self._number = self.meters[0], 0  # who is free first
        self._others: list[tuple[float, int]] = [(0.0, worker) for worker in range(1, workers)]

    def reserve(self, ready_s: float, seconds: float, clock_hz: float) -> tuple[float, float, int]:
        """Reserve the first free worker; return start and end [s] and the worker."""
        worker, number = self._first, self._number
        start_s = worker.reserve(ready_s, seconds, clock_hz)
        if self._others:
            _, self._number = heappushpop(self._others, (worker.free_s, number))
            self._first = self.meters[self._number]
        return start_s, worker.free_s, number

    def after_holds(self) -> None:
        """Find out anew who is free first, after workers were held."""
        free = sorted((worker.free_s, number) for number, worker in enumerate(self.meters))
        self._number = free[0][1]
        self._first = self.meters[self._number]
        self._others = free[1:]

    def wait_s(self, now_s: float) -> float:
        """Return how long a job that came now would wait for a worker [s]."""
        return max(0.0, self._first.free_s - now_s)

    def close(self, now_s: float) -> None:
        """Account for the idling of every worker up to the end of the run [s]."""
        for meter in self.meters:
            meter.idle_until(now_s)
