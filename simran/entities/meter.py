"""The energy of a processor, integrated exactly at its changes of state."""

from __future__ import annotations

from simran.compute import Processor

__all__ = ["Meter"]


class Meter:
    """Integrates what one processor draws in each of its states, PUE included.

    The states are idle, busy (static and dynamic part) and switching. An idle processor stays at
    the clock of its last job; at the start of a run that is its highest clock.

    Parameters
    ----------
    processor : what it can do and what it draws
    """

    __slots__ = (
        "_dynamic_w",
        "_idle_w",
        "_static_w",
        "busy_s",
        "clock_hz",
        "dynamic_j",
        "idle_j",
        "processor",
        "since_s",
        "static_j",
        "switches",
        "switching_j",
    )

    def __init__(self, processor: Processor) -> None:
        self.processor = processor
        self.since_s = self.busy_s = 0.0
        self.idle_j = self.static_j = self.dynamic_j = self.switching_j = 0.0
        self.switches = 0
        self._tune(processor.f_max_hz)

    def _tune(self, clock_hz: float) -> None:
        processor = self.processor
        self.clock_hz = clock_hz
        self._dynamic_w = processor.pue * processor.power.dynamic_w(clock_hz)
        self._static_w = processor.pue * processor.power.static_at_w(clock_hz)
        self._idle_w = processor.pue * processor.power.idle_at_w(clock_hz)

    def idle_until(self, time_s: float) -> None:
        """Account for idling from the last change of state to ``time_s`` [s]."""
        self.idle_j += (time_s - self.since_s) * self._idle_w
        self.since_s = time_s

    def switch_to(self, clock_hz: float) -> None:
        """Account for a change of clock [Hz]; none if the processor has it already."""
        if clock_hz != self.clock_hz:
            self.switching_j += self.processor.pue * self.processor.switching_energy_j
            self.switches += 1
            self._tune(clock_hz)

    def busy_until(self, time_s: float, share: float = 1.0) -> None:
        """Account for work from the last change of state to ``time_s`` [s].

        Parameters
        ----------
        time_s : end of the interval [s]
        share : fraction of the cores that were at work, which draw that part of the dynamic power
        """
        spell = time_s - self.since_s
        self.busy_s += spell
        self.static_j += spell * self._static_w
        self.dynamic_j += spell * self._dynamic_w * share
        self.since_s = time_s

    def job(self, start_s: float, end_s: float, clock_hz: float) -> None:
        """Account for one job of a processor that serves one at a time, idle before it.

        Parameters
        ----------
        start_s, end_s : when its work began and ended [s]
        clock_hz : its clock; the switch to it was over at ``start_s`` [Hz]
        """
        if clock_hz != self.clock_hz:
            switch_s = self.processor.switching_delay_s
            self.idle_until(start_s - switch_s)
            self.switch_to(clock_hz)
        self.idle_until(start_s)
        self.busy_until(end_s)

    @property
    def total_j(self) -> float:
        """All energy accounted for so far [J]."""
        return self.idle_j + self.static_j + self.dynamic_j + self.switching_j
