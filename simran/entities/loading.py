"""Weights that a worker loads between jobs."""

from __future__ import annotations

from collections import deque

from simpy.events import Event

from simran.entities.clock import Clock
from simran.entities.meter import Meter
from simran.entities.worker import Worker

__all__ = ["Loading"]


class Loading:
    """The loads of one worker that serves in order: those begun, and those that wait for their turn.

    Parameters
    ----------
    clock : the simulated time
    worker : who loads; it serves nobody meanwhile
    """

    def __init__(self, clock: Clock, worker: Worker) -> None:
        self._clock = clock
        self._worker = worker
        self._spans_s: deque[tuple[float, float]] = deque()

    def begin(self, ready_s: float, seconds: float) -> None:
        """Load for ``seconds`` [s] from ``ready_s`` [s] on, or when all reserved jobs are done."""
        start_s = self._worker.hold(ready_s, seconds)
        end_s = self._worker.free_s
        self._spans_s.append((start_s, end_s))
        self._clock.call_at(end_s, self._end, None)

    def settle(self, meter: Meter, now: float) -> None:
        """Account on ``meter`` for what of a load has been done up to now [s]."""
        for start_s, end_s in self._spans_s:
            if start_s < now:
                meter.load(start_s, min(end_s, now))

    def _end(self, event: Event) -> None:
        self._worker.load(*self._spans_s.popleft())
