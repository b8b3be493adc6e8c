"""An edge server, and the disciplines that serve jobs one by one: first come, or first due."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from copy import copy
from heapq import heappop, heappush

from simpy.events import Event

from simran.compute import Processor
from simran.entities.calendar import Calendar
from simran.entities.clock import Alarm, Clock
from simran.entities.loading import Loading
from simran.entities.meter import Meter
from simran.results.records import Design, Request

__all__ = ["EarliestDeadlineServer", "FifoServer", "Server"]


class Server(ABC):
    """A server as the rest of the world sees it.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    processor : what each worker can do
    workers : number of processors

    Attributes
    ----------
    served : called with a request when its work is done
    private : whether an agent waits for its own jobs only
    capacity : number of jobs that can be served at once, each at the clock that it asks for
    """

    served: Callable[[Request], None]
    private = False

    def __init__(self, clock: Clock, name: str, processor: Processor, workers: int = 1) -> None:
        self._clock = clock
        self.name = name
        self.processor = processor
        self.workers = self.capacity = workers

    def accept(self, request: Request) -> None:
        """Take a request that has arrived; one without work for the server passes at once."""
        request.server_arrival = now = self._clock._now
        if request.design.server_flops:
            self._admit(request, now)
        else:
            request.server_start = request.server_end = now
            self.served(request)

    @property
    def largest_share(self) -> float:
        """Return 0: nothing is given away in shares."""
        return 0.0

    @property
    @abstractmethod
    def meters(self) -> Sequence[Meter]:
        """The energy meters of its workers."""

    @abstractmethod
    def backlog_s(self, agent: int) -> float:
        """Return how long a job of this agent that came now would wait or be held up [s]."""

    @abstractmethod
    def jobs(self, agent: int) -> int:
        """Return the number of jobs present; of the agent's own where each has a slice."""

    @abstractmethod
    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and busy worker-seconds, both up to now [s]."""

    @abstractmethod
    def energy_j(self, now: float) -> float:
        """Return what its workers have drawn up to now [J]."""

    @abstractmethod
    def left_s(self, now: float) -> dict[int, float]:
        """Return the service that each job present still needs, by request number [s]."""

    @abstractmethod
    def close(self, now: float) -> None:
        """Settle what the end of the run finds unfinished: partial energy, no stamps beyond it."""

    @abstractmethod
    def load(self, seconds: float) -> None:
        """Load weights for that long [s]; nobody is served meanwhile."""

    def adopt(self, agent: int, design: Design) -> None:  # noqa: B027
        """Take note of an agent's new design; only an allocated server has shares to change."""

    @abstractmethod
    def _admit(self, request: Request, now: float) -> None: ...


class _OneByOne(Server):
    """Workers that serve one job each, at the job's own clock, until it is done."""

    def __init__(self, clock: Clock, name: str, processor: Processor, workers: int = 1) -> None:
        super().__init__(clock, name, processor, workers)
        self._calendar = Calendar(processor, workers)
        self._jobs: list[tuple[float, int, int, Request]] = []
        self._loading: list[Loading] = []
        self._occupancy_s = 0.0
        self._alarm = Alarm(clock)
        clock.start(self._serve())

    @property
    def meters(self) -> Sequence[Meter]:
        """One meter for each worker."""
        return self._calendar.meters

    def jobs(self, agent: int) -> int:
        """Return the number of jobs present."""
        return self._present()

    def load(self, seconds: float) -> None:
        """Load weights on every worker, when the jobs that it has are done [s]."""
        if not self._loading:
            self._loading = [Loading(self._clock, worker) for worker in self._calendar.meters]
        for loading in self._loading:
            loading.begin(self._clock._now, seconds)
        self._calendar.after_holds()

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and busy worker-seconds, both up to now [s]."""
        busy_s = math.fsum(meter.busy_s for meter in self.meters)
        for _, _, worker, job in self._jobs:
            counted_s = self.meters[worker].since_s  # the end of the run counts parts of jobs
            busy_s += max(0.0, now - max(job.server_start, counted_s))
        return self._occupancy_s + self._present() * now, busy_s

    def energy_j(self, now: float) -> float:
        """Return what its workers have drawn up to now [J]."""
        meters: list[Meter] = [copy(meter) for meter in self.meters]
        for loading, meter in zip(self._loading, meters, strict=False):
            loading.settle(meter, now)
        for _, _, worker, job in sorted(self._jobs):
            meters[worker].broken_job(job.server_start, now, job.design.server_frequency_hz)
        for meter in meters:
            meter.idle_until(now)
        return math.fsum(meter.total_j for meter in meters)

    def left_s(self, now: float) -> dict[int, float]:
        """Return the service that each job in service or planned still needs [s]."""
        return {job.id: job.server_end - max(now, job.server_start) for _, _, _, job in self._jobs}

    def close(self, now: float) -> None:
        """Settle unfinished jobs and the idling of every worker."""
        for loading, meter in zip(self._loading, self.meters, strict=False):
            loading.settle(meter, now)
        for _, _, worker, job in sorted(self._jobs):
            start, end = job.server_start, job.server_end
            self.meters[worker].broken_job(start, now, job.design.server_frequency_hz)
            if start < now:
                part = (now - start) / (end - start)
                job.server_j = job.design.server_unit_j * job.server_size * part
            else:
                job.server_start = math.nan
            job.server_end = math.nan
        self._calendar.close(now)

    def _present(self) -> int:
        return len(self._jobs)

    def _begin(self, job: Request, now: float) -> None:
        design = job.design
        job.server_start, end, worker = self._calendar.reserve(
            now, design.server_unit_s * job.server_size, design.server_frequency_hz
        )
        job.server_end = end
        heappush(self._jobs, (end, job.id, worker, job))
        self._alarm.bring_forward(end)

    def _serve(self) -> Generator[Event, None, None]:
        jobs = self._jobs
        rest_until = self._alarm.rest_until
        clock = self._clock
        while True:
            yield rest_until(jobs[0][0] if jobs else math.inf)
            now = clock._now
            while jobs and jobs[0][0] <= now:
                self._release(now)

    def _release(self, now: float) -> None:
        _, _, worker, job = heappop(self._jobs)
        design = job.design
        self._occupancy_s += now
        job.server_j = design.server_unit_j * job.server_size
        self.meters[worker].job(job.server_start, now, design.server_frequency_hz)
        self.served(job)


class FifoServer(_OneByOne):
    """First come, first served."""

    def backlog_s(self, agent: int) -> float:
        """Return how long until a worker is free [s]."""
        return self._calendar.wait_s(self._clock._now)

    def _admit(self, request: Request, now: float) -> None:
        self._occupancy_s -= now
        self._begin(request, now)


class EarliestDeadlineServer(_OneByOne):
    """Of those that wait, the one whose deadline is first; no job is interrupted."""

    def __init__(self, clock: Clock, name: str, processor: Processor, workers: int = 1) -> None:
        super().__init__(clock, name, processor, workers)
        self._waiting: list[tuple[float, int, Request]] = []
        self._waiting_s = 0.0

    def backlog_s(self, agent: int) -> float:
        """Return how long until a worker is free if those that wait now go first [s]."""
        return self._calendar.wait_s(self._clock._now) + self._waiting_s / self.workers

    def left_s(self, now: float) -> dict[int, float]:
        """Return the service that each job present still needs, by request number [s]."""
        waiting = {
            job.id: job.design.server_unit_s * job.server_size for _, _, job in self._waiting
        }
        return super().left_s(now) | waiting

    def _present(self) -> int:
        return len(self._jobs) + len(self._waiting)

    def _admit(self, request: Request, now: float) -> None:
        self._occupancy_s -= now
        if len(self._jobs) < self.workers:
            self._begin(request, now)
            return
        design = request.design
        self._waiting_s += design.server_unit_s * request.server_size
        due_s = request.arrival + design.delay_budget_s
        heappush(self._waiting, (due_s, request.id, request))

    def _release(self, now: float) -> None:
        super()._release(now)
        if self._waiting and len(self._jobs) < self.workers:
            _, _, request = heappop(self._waiting)
            work_s = request.design.server_unit_s * request.server_size
            self._waiting_s = self._waiting_s - work_s if self._waiting else 0.0
            self._begin(request, now)
