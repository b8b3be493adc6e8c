"""Servers whose jobs run side by side: processor sharing, and allocated slices."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence

from simpy.events import Event

from simran.compute import Processor
from simran.entities.clock import Clock
from simran.entities.lanes import Lanes
from simran.entities.meter import Meter
from simran.entities.server import Server
from simran.entities.sharing import Sharing
from simran.results.records import Design, Request

__all__ = ["ClockPartitionServer", "ProcessorSharingServer", "SpacePartitionServer"]


class _CommonClock(Server):
    """Jobs side by side under one clock: the largest that any job present asks for.

    Work is counted in cycles. A change of clock stalls all work for the switching delay, and so does the
    loading of weights for as long as it takes.
    """

    def __init__(self, clock: Clock, name: str, processor: Processor, workers: int = 1) -> None:
        super().__init__(clock, name, processor, workers)
        self._meter = Meter(processor, workers)
        self._asked: Counter[float] = Counter()
        self._resume_s = self._loaded_s = 0.0
        self._stalled = False
        self._joules = 0.0

    @property
    def meters(self) -> Sequence[Meter]:
        """One meter for all."""
        return [self._meter]

    def energy_j(self, now: float) -> float:
        """Return what its workers have drawn up to now [J]."""
        self._account(now)
        return self._meter.total_j

    def left_s(self, now: float) -> dict[int, float]:
        """Return the service that each job present still needs, at the clock it asked for [s]."""
        return {
            request.id: cycles / request.design.server_frequency_hz
            for request, cycles in self._left()
        }

    @abstractmethod
    def _left(self) -> list[tuple[Request, float]]:
        """Return the jobs present with the cycles that each still needs."""

    def _cycles(self, request: Request) -> float:
        flops = request.design.server_flops * request.server_size
        return flops / self.processor.flops_per_cycle

    def _ask(self, frequency_hz: float) -> None:
        self._asked[frequency_hz] += 1
        self._tune()

    def _ask_no_more(self, frequency_hz: float, others_end: bool) -> None:
        self._asked[frequency_hz] -= 1
        if not self._asked[frequency_hz]:
            del self._asked[frequency_hz]
        if self._asked and not others_end:  # no clock for jobs that have no work left
            self._tune()

    def load(self, seconds: float) -> None:
        """Load weights for that long [s], after what is being loaded; the jobs present stand still."""
        now = self._clock._now
        self._account(now)
        self._loaded_s = max(self._loaded_s, now) + seconds
        self._meter.loads += self.workers
        self._stall(max(self._loaded_s, self._resume_s if self._stalled else now))

    def _stall(self, until_s: float) -> None:
        self._resume_s = until_s
        self._stalled = True
        self._set_speed(0.0)
        self._clock.call_at(until_s, self._resume, None)

    def _tune(self) -> None:
        frequency_hz = max(self._asked)
        if not self._meter.switch_to(frequency_hz):
            return
        now = self._clock._now
        until_s = max(now + self.processor.switching_delay_s, self._loaded_s)
        if until_s > now:
            self._stall(until_s)
        else:
            self._set_speed(frequency_hz)

    def _resume(self, event: Event) -> None:
        if self._clock._now == self._resume_s:
            self._account(self._clock._now)
            self._stalled = False
            self._set_speed(self._meter.clock_hz)

    def _account(self, now: float) -> None:
        """Settle energy up to now, before anything changes."""
        busy, dynamic, each = self._at_work()
        if busy and not self._stalled:
            dynamic_w = self._meter.power_w[2]
            self._joules += (now - self._meter.since_s) * dynamic_w * each
            self._meter.work_until(now, busy, dynamic)
        else:
            since_s = self._meter.since_s
            if since_s < self._loaded_s:
                self._meter.load(since_s, min(now, self._loaded_s))
            self._meter.idle_until(now)

    @abstractmethod
    def _set_speed(self, cycles_per_s: float) -> None:
        """Let all work go on at that speed; 0 stalls it."""

    @abstractmethod
    def _at_work(self) -> tuple[float, float, float]:
        """Return busy workers, their dynamic power, and the part of it that a unit share causes."""


class ProcessorSharingServer(_CommonClock):
    """All jobs present share the workers equally; none gets more than one worker."""

    def __init__(self, clock: Clock, name: str, processor: Processor, workers: int = 1) -> None:
        super().__init__(clock, name, processor, workers)
        self._jobs = Sharing(clock, self._leave, workers)
        self._jobs.set_speed(processor.f_max_hz)
        self._count = 0

    def backlog_s(self, agent: int) -> float:
        """Return the time in which all workers would finish the work present [s]."""
        return self._jobs.backlog() / (self._meter.clock_hz * self.workers)

    def jobs(self, agent: int) -> int:
        """Return the number of jobs present."""
        return self._count

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and busy worker-seconds, both up to now [s]."""
        self._account(now)
        return self._jobs.integrals(now)[0], self._meter.busy_s

    def close(self, now: float) -> None:
        """Charge unfinished jobs for the work that they have received."""
        self._account(now)
        for request, _ in self._jobs.remaining():
            request.server_j += self._joules

    def _admit(self, request: Request, now: float) -> None:
        self._account(now)
        request.server_start = now
        request.server_j = -self._joules
        self._count += 1
        self._ask(request.design.server_frequency_hz)
        self._jobs.join(request, self._cycles(request))

    def _leave(self, request: Request) -> None:
        request.server_end = now = self._clock._now
        self._account(now)
        request.server_j += self._joules
        self._count -= 1
        if not self._count:
            self._joules = 0.0
        self._ask_no_more(request.design.server_frequency_hz, self._jobs.due_now)
        self.served(request)

    def _left(self) -> list[tuple[Request, float]]:
        return self._jobs.remaining()

    def _set_speed(self, cycles_per_s: float) -> None:
        self._jobs.set_speed(cycles_per_s)

    def _at_work(self) -> tuple[float, float, float]:
        busy = min(self._count, self.workers)
        return busy, busy, busy / self._count if self._count else 0.0


class SpacePartitionServer(_CommonClock):
    """Each agent has a fraction φ of the cores, at a clock common to all slices.

    A slice's jobs are served first come, first served. While any slice is at work the server draws
    its static power, and of the dynamic power the fraction of cores at work.

    Parameters
    ----------
    clock, name, processor : as for every server
    agents : the agents that it serves
    """

    private = True

    def __init__(
        self, clock: Clock, name: str, processor: Processor, agents: Sequence[int]
    ) -> None:
        super().__init__(clock, name, processor)
        self._lane = {agent: lane for lane, agent in enumerate(agents)}
        self._lanes = Lanes(clock, [1.0 / len(agents)] * len(agents), self._begin, self._leave)
        self._lanes.set_speed(processor.f_max_hz)
        self._used = 0.0

    @property
    def largest_share(self) -> float:
        """Return the largest sum of the shares of jobs at work at one time."""
        return self._lanes.largest

    def backlog_s(self, agent: int) -> float:
        """Return the time that the agent's own jobs still need in its slice [s]."""
        lane = self._lane[agent]
        return self._lanes.backlog_at_share(lane) / self._meter.clock_hz

    def jobs(self, agent: int) -> int:
        """Return the number of the agent's own jobs."""
        return self._lanes.waiting(self._lane[agent])

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and ∫ fraction of cores at work dt, both up to now [s]."""
        return self._lanes.integrals(now)

    def adopt(self, agent: int, design: Design) -> None:
        """Give the agent the slice of its new design; a job in service goes on with it."""
        self._account(self._clock._now)
        lane = self._lane[agent]
        job = self._lanes.head(lane)
        if job is not None:
            job.server_j += (self._lanes.share(lane) - design.server_share) * self._joules
        self._lanes.set_share(lane, design.server_share)
        self._used = self._lanes.used

    def close(self, now: float) -> None:
        """Charge unfinished jobs for the work that they have received."""
        self._account(now)
        for request, _, begun in self._lanes.remaining():
            if begun:
                request.server_j += self._lanes.share(self._lane[request.agent]) * self._joules

    def _admit(self, request: Request, now: float) -> None:
        self._account(now)
        self._ask(request.design.server_frequency_hz)
        self._lanes.join(self._lane[request.agent], request, self._cycles(request))

    def _begin(self, request: Request, lane: int) -> None:
        now = self._clock._now
        self._account(now)
        request.server_start = now
        request.server_j = -self._lanes.share(lane) * self._joules
        self._used = self._lanes.used

    def _leave(self, request: Request, lane: int) -> None:
        request.server_end = now = self._clock._now
        self._account(now)
        request.server_j += self._lanes.share(lane) * self._joules
        self._used = self._lanes.used
        self._ask_no_more(request.design.server_frequency_hz, self._lanes.due_now)
        self.served(request)

    def _left(self) -> list[tuple[Request, float]]:
        return [(request, left) for request, left, _ in self._lanes.remaining()]

    def _set_speed(self, cycles_per_s: float) -> None:
        self._lanes.set_speed(cycles_per_s)

    def _at_work(self) -> tuple[float, float, float]:
        return (1.0 if self._used else 0.0), self._used, 1.0


class ClockPartitionServer(Server):
    """Each agent has all cores at a clock of its own, as the literature has it.

    Not physical: slices get their energy for less than one queue at full clock would. Only for
    reproducing papers.

    Parameters
    ----------
    clock, name, processor : as for every server
    agents : the agents that it serves
    """

    private = True

    def __init__(
        self, clock: Clock, name: str, processor: Processor, agents: Sequence[int]
    ) -> None:
        super().__init__(clock, name, processor)
        self.capacity = len(agents)
        self._lane = {agent: lane for lane, agent in enumerate(agents)}
        self._lanes = Lanes(clock, [1.0] * len(agents), self._begin, self._leave)
        self._meter = Meter(processor)
        self._drawn: dict[int, float] = {}

    @property
    def meters(self) -> Sequence[Meter]:
        """One meter for all."""
        return [self._meter]

    def backlog_s(self, agent: int) -> float:
        """Return the time that the agent's own jobs still need in its slice [s]."""
        return self._lanes.backlog(self._lane[agent])

    def jobs(self, agent: int) -> int:
        """Return the number of the agent's own jobs."""
        return self._lanes.waiting(self._lane[agent])

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and ∫ number of slices at work dt, both up to now [s]."""
        return self._lanes.integrals(now)

    def load(self, seconds: float) -> None:
        """Do nothing: in the fiction of slices with clocks of their own, change is free."""

    def close(self, now: float) -> None:
        """Charge unfinished jobs for the work that they have received."""
        self._account(now)
        for request, left_s, begun in self._lanes.remaining():
            if begun:
                whole_s = request.design.server_unit_s * request.server_size
                whole_j = request.design.server_unit_j * request.server_size
                request.server_j = whole_j * (1.0 - left_s / whole_s)

    def energy_j(self, now: float) -> float:
        """Return what all slices have drawn up to now [J]."""
        self._account(now)
        return self._meter.total_j

    def left_s(self, now: float) -> dict[int, float]:
        """Return the service that each job present still needs, by request number [s]."""
        return {request.id: left for request, left, _ in self._lanes.remaining()}

    def _admit(self, request: Request, now: float) -> None:
        work_s = request.design.server_unit_s * request.server_size
        self._lanes.join(self._lane[request.agent], request, work_s)

    def _begin(self, request: Request, lane: int) -> None:
        now = self._clock._now
        self._account(now)
        request.server_start = now
        power = self.processor.power
        full_w = power.dynamic_w(self.processor.f_max_hz)
        own_w = power.dynamic_w(request.design.server_frequency_hz)
        self._drawn[lane] = own_w / full_w if full_w else 0.0

    def _leave(self, request: Request, lane: int) -> None:
        request.server_end = now = self._clock._now
        self._account(now)
        del self._drawn[lane]
        request.server_j = request.design.server_unit_j * request.server_size
        self.served(request)

    def _account(self, now: float) -> None:
        if self._drawn:
            self._meter.work_until(now, 1.0, sum(self._drawn.values()))
        else:
            self._meter.idle_until(now)
