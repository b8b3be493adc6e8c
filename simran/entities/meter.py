"""The energy of a processor, integrated exactly at its changes of state."""

from __future__ import annotations

from simran.compute import Processor

__all__ = ["Meter"]


class Meter:
    """Integrates what one processor draws in each of its states, PUE included.

    The states are idle, busy (static and dynamic part) and switching, which holds changes of clock and
    the loading of weights: a processor that waits for its memory draws its static power. An idle
    processor stays at the clock of its last job; at the start of a run that is its highest clock. Jobs
    of a single worker are summed up until the clock changes, since until then only their time in all matters.

    Parameters
    ----------
    processor : what it can do and what it draws
    workers : number of processors that share one clock and are metered together
    """

    __slots__ = (
        "_busy_s",
        "_dynamic_w",
        "_idle_w",
        "_spell_s",
        "_static_w",
        "clock_hz",
        "dynamic_j",
        "idle_j",
        "loading_j",
        "loading_s",
        "loads",
        "processor",
        "since_s",
        "static_j",
        "switches",
        "switching_j",
        "workers",
    )

    def __init__(self, processor: Processor, workers: int = 1) -> None:
        self.processor = processor
        self.workers = workers
        self.since_s = self._busy_s = self._spell_s = 0.0
        self.idle_j = self.static_j = self.dynamic_j = self.switching_j = 0.0
        self.switches = self.loads = 0
        self.loading_s = self.loading_j = 0.0
        self._tune(processor.f_max_hz)

    def _tune(self, clock_hz: float) -> None:
        processor = self.processor
        self.clock_hz = clock_hz
        self._dynamic_w = processor.pue * processor.power.dynamic_w(clock_hz)
        self._static_w = processor.pue * processor.power.static_at_w(clock_hz)
        self._idle_w = processor.pue * processor.power.idle_at_w(clock_hz)

    def idle_until(self, time_s: float) -> None:
        """Account for what is left up to ``time_s`` [s]: the jobs since the last call, and idling."""
        spell = self._spell_s
        if spell:
            self._spell_s = 0.0
            self._busy_s += spell
            self.static_j += spell * self._static_w
            self.dynamic_j += spell * self._dynamic_w
        self.idle_j += max(0.0, time_s - self.since_s - spell) * self._idle_w * self.workers
        self.since_s = time_s

    def load(self, start_s: float, end_s: float) -> None:
        """Account for loading weights from ``start_s`` to ``end_s`` [s], after idling before it."""
        self.idle_until(start_s)
        seconds = end_s - start_s
        joules = seconds * self._static_w * self.workers
        self.loading_s += seconds * self.workers
        self.loading_j += joules
        self.switching_j += joules
        self.since_s = end_s

    @property
    def busy_s(self) -> float:
        """Time at work, of all workers together [s]."""
        return self._busy_s + self._spell_s

    def switch_to(self, clock_hz: float) -> bool:
        """Account for a change of clock [Hz]; return False if the processor has it already."""
        if clock_hz == self.clock_hz:
            return False
        self.switching_j += self.processor.pue * self.processor.switching_energy_j * self.workers
        self.switches += self.workers
        self._tune(clock_hz)
        return True

    def work_until(self, time_s: float, busy: float, dynamic: float) -> None:
        """Account for work from the last change of state to ``time_s`` [s].

        Parameters
        ----------
        time_s : end of the interval [s]
        busy : number of workers at work; the others idle
        dynamic : how many times the dynamic power at this clock was drawn
        """
        spell = time_s - self.since_s
        self._busy_s += spell * busy
        self.static_j += spell * busy * self._static_w
        self.idle_j += spell * (self.workers - busy) * self._idle_w
        self.dynamic_j += spell * dynamic * self._dynamic_w
        self.since_s = time_s

    def job(self, start_s: float, end_s: float, clock_hz: float) -> None:
        """Account for one job of a single worker, which idled before it.

        Parameters
        ----------
        start_s, end_s : when its work began and ended [s]
        clock_hz : its clock; the switch to it was over at ``start_s`` [Hz]
        """
        if clock_hz != self.clock_hz:
            self.idle_until(start_s - self.processor.switching_delay_s)
            self.switch_to(clock_hz)
        self._spell_s += end_s - start_s

    def broken_job(self, start_s: float, now_s: float, clock_hz: float) -> None:
        """Account for a job that the end of the run at ``now_s`` [s] finds begun or planned."""
        if clock_hz != self.clock_hz:
            switch_s = start_s - self.processor.switching_delay_s
            if switch_s < now_s:
                self.idle_until(switch_s)
                self.switch_to(clock_hz)
        if start_s < now_s:
            self.job(start_s, now_s, clock_hz)

    @property
    def power_w(self) -> tuple[float, float, float]:
        """Idle, static and dynamic power of one worker at the present clock, PUE included [W]."""
        return self._idle_w, self._static_w, self._dynamic_w

    @property
    def total_j(self) -> float:
        """All energy up to the last call of :meth:`idle_until` or :meth:`work_until` [J]."""
        return self.idle_j + self.static_j + self.dynamic_j + self.switching_j
