"""A worker that serves one job after another: when it will be free, and what it draws."""

from __future__ import annotations

from simran.compute import Processor
from simran.entities.meter import Meter

__all__ = ["Worker"]


class Worker(Meter):
    """A processor with jobs one by one, each at its own clock, and its meter.

    Where jobs are served in the order in which they are reserved, a job's start and end are known
    then, so no event is needed for them.

    Parameters
    ----------
    processor : what it can do and what it draws

    Attributes
    ----------
    free_s : when the last reserved job ends [s]
    """

    __slots__ = ("_reserved_hz", "free_s")

    def __init__(self, processor: Processor) -> None:
        super().__init__(processor)
        self._reserved_hz = processor.f_max_hz
        self.free_s = 0.0

    def reserve(self, ready_s: float, seconds: float, clock_hz: float) -> float:
        """Reserve the next turn for a job; return its start, :attr:`free_s` being its end [s]."""
        free_s = self.free_s
        start_s = ready_s if free_s <= ready_s else free_s
        if clock_hz != self._reserved_hz:
            self._reserved_hz = clock_hz
            start_s += self.processor.switching_delay_s
        self.free_s = start_s + seconds
        return start_s

    def hold(self, ready_s: float, seconds: float) -> float:
        """Reserve the next turn for loading weights; return its start, :attr:`free_s` being its end."""
        start_s = max(self.free_s, ready_s)
        self.free_s = start_s + seconds
        self.loads += 1
        return start_s
