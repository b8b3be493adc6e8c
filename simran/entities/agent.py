"""An embodied agent: where requests arise, and the processor that runs the first part."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from copy import copy
from dataclasses import dataclass

from simpy.events import Event

from simran.compute import Processor
from simran.entities.clock import Alarm, Clock
from simran.entities.loading import Loading
from simran.entities.worker import Worker
from simran.errors import RunError
from simran.results.records import COMPLETED, DROPPED, FAILED, Design, Request

__all__ = ["Agent", "Demand"]

Sizes = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Demand:
    """Where an agent's requests come from.

    Parameters
    ----------
    arrivals_s : arrival times, ascending [s]; for closed-loop the first one only
    sizes : (agent, uplink, server) size factors, one draw per request
    think_s : closed-loop: next request that long after the last answer [s]; None otherwise
    """

    arrivals_s: Iterator[float]
    sizes: Iterator[tuple[float, float, float]]
    think_s: float | None = None


class _Peekable:
    """An iterator whose next value can be looked at beforehand."""

    def __init__(self, values: Iterator[Sizes]) -> None:
        self._values = values
        self._kept: Sizes | None = None

    def __iter__(self) -> Iterator[Sizes]:
        return self

    def __next__(self) -> Sizes:
        kept, self._kept = self._kept, None
        return next(self._values) if kept is None else kept

    def peek(self) -> Sizes:
        if self._kept is None:
            self._kept = next(self._values)
        return self._kept


class Agent(Alarm):
    """One agent: a process that wakes at its next arrival or at the end of its next job.

    Jobs wait for the processor in order of arrival. At equal times a job that ends goes before a
    request that arrives. A request is bound to the design in force when it arrives.

    Parameters
    ----------
    clock : the simulated time
    index : number of the agent in the world
    processor : its on-board processor
    demand : its requests
    number : gives the next request its number
    present : requests in the system by number; the agent adds its own
    """

    __slots__ = (
        "_arrivals_s",
        "_first",
        "_jobs",
        "_last",
        "_loading",
        "_next_s",
        "_number",
        "_occupancy_s",
        "_pause",
        "_present",
        "_sizes",
        "_think_s",
        "decide",
        "decision_s",
        "design",
        "ended",
        "index",
        "send",
        "worker",
    )

    design: Design
    send: Callable[[Request], None]
    ended: Callable[[Request], None]

    def __init__(
        self,
        clock: Clock,
        index: int,
        processor: Processor,
        demand: Demand,
        number: Callable[[], int],
        present: dict[int, Request],
    ) -> None:
        super().__init__(clock)
        self.index = index
        self.worker = Worker(processor)
        self._arrivals_s = demand.arrivals_s
        self._sizes = demand.sizes
        self._think_s = demand.think_s
        self._number = number
        self._present = present
        self._first: Request | None = None
        self._last: Request | None = None
        self._loading: Loading | None = None
        self._pause: Callable[[int, Sizes], Event] | None = None
        self._jobs = 0
        self._next_s = next(demand.arrivals_s, math.inf)
        self._occupancy_s = 0.0
        self.decide: Callable[[int, tuple[float, float, float]], Design] | None = None
        self.decision_s = 0.0
        clock.start(self._live())

    def answered(self, status: int) -> None:
        """Take note that a request of this agent has ended; a closed loop goes on from there."""
        if self._think_s is None:
            return
        if status != COMPLETED and self._think_s == 0.0:
            raise RunError(
                f"agent number {self.index} refuses every request in a closed loop without think"
                " time, so time cannot move: give it a think time or a design that is feasible"
            )
        self._next_s = self._clock._now + self._think_s
        self.bring_forward(self._next_s)

    @property
    def exhausted(self) -> bool:
        """Whether no request will arise here any more, unless an answer brings one about."""
        return self._next_s == math.inf

    def backlog_s(self) -> float:
        """Return how long a job that came now would wait for the processor [s]."""
        return max(0.0, self.worker.free_s - self._clock._now)

    @property
    def jobs(self) -> int:
        """Return the number of requests at the processor."""
        return self._jobs

    def pause_with(self, pause: Callable[[int, Sizes], Event]) -> None:
        """Wait, before each request is decided on, for what ``pause(agent, sizes)`` returns."""
        self._sizes = _Peekable(self._sizes)
        self._pause = pause

    def load(self, seconds: float) -> None:
        """Load weights for that long [s], after the requests that are here and before those to come."""
        if self._loading is None:
            self._loading = Loading(self._clock, self.worker)
        self._loading.begin(self._clock._now + self.decision_s, seconds)

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and the time at work, both up to now [s]."""
        meter = self.worker
        busy_s = meter.busy_s
        for job in self._here():
            busy_s += max(0.0, now - max(job.agent_start, meter.since_s))
        return self._occupancy_s + self._jobs * now, busy_s

    def energy_j(self, now: float) -> float:
        """Return what the processor has drawn up to now [J]."""
        meter = copy(self.worker)
        if self._loading:
            self._loading.settle(meter, now)
        job = self._first
        if job is not None:
            meter.broken_job(job.agent_start, now, job.design.agent_frequency_hz)
        meter.idle_until(now)
        return meter.total_j

    def left_s(self, now: float) -> dict[int, float]:
        """Return how long each job present still needs the processor, by request number [s]."""
        return {job.id: job.agent_end - max(now, job.agent_start) for job in self._here()}

    def close(self, now: float) -> None:
        """Settle what the end of the run finds unfinished: partial energy, no stamps beyond it."""
        meter = self.worker
        if self._loading:
            self._loading.settle(meter, now)
        for job in self._here():
            start, end = job.agent_start, job.agent_end
            meter.broken_job(start, now, job.design.agent_frequency_hz)
            if start < now:
                part = (now - start) / (end - start)
                job.agent_j = job.design.agent_unit_j * job.size * part
            else:
                job.agent_start = math.nan
            job.agent_end = math.nan
        meter.idle_until(now)

    def _live(self) -> Generator[Event, None, None]:
        clock = self._clock
        while True:
            next_s = self._next_s
            job = self._first
            if job is not None and job.agent_end <= next_s:
                next_s = job.agent_end
            yield self.rest_until(next_s)
            now = clock._now
            while (job := self._first) is not None and job.agent_end <= now:
                self._finish(job, now)
            while self._next_s <= now:
                if self._pause is not None:
                    yield self._pause(self.index, self._sizes.peek())  # type: ignore[attr-defined]
                self._arrive(now)

    def _here(self) -> Iterator[Request]:
        """Yield the jobs present, the one in service first."""
        job = self._first
        while job is not None:
            yield job
            job = job.follower

    def _finish(self, job: Request, now: float) -> None:
        self._first = job.follower
        job.follower = None
        self._jobs -= 1
        self._occupancy_s += now
        design = job.design
        job.agent_j = design.agent_unit_j * job.size
        self.worker.job(job.agent_start, now, design.agent_frequency_hz)
        if design.placement == "on-device":
            job.status = COMPLETED
            self.ended(job)
        else:
            self.send(job)

    def _arrive(self, now: float) -> None:
        self._next_s = next(self._arrivals_s, math.inf)
        sizes = next(self._sizes)
        decide = self.decide
        design = self.design if decide is None else decide(self.index, sizes)
        job = Request(self._number(), self.index, design, sizes[0], now)
        job.uplink_size = sizes[1]
        job.server_size = sizes[2]
        self._present[job.id] = job
        if not design.placement:
            job.status = FAILED if design.fallback == "failed" else DROPPED
            self.ended(job)
        elif design.agent_flops:
            worker = self.worker
            job.agent_start = worker.reserve(
                now + self.decision_s,
                design.agent_unit_s * sizes[0],
                design.agent_frequency_hz,
            )
            job.agent_end = worker.free_s
            self._occupancy_s -= now
            self._jobs += 1
            if self._first is None:
                self._first = job
            else:
                self._last.follower = job  # type: ignore[union-attr]
            self._last = job
        elif self.decision_s:
            self._clock.call_at(now + self.decision_s, self._decided, job)
        else:
            self.send(job)

    def _decided(self, event: Event) -> None:
        self.send(event._value)
