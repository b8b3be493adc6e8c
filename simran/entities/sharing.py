"""Egalitarian processor sharing by virtual time."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from heapq import heappop, heappush
from itertools import count

from simpy.events import Event

from simran.entities.clock import Alarm, Clock
from simran.results.records import Request

__all__ = ["Sharing"]


class Sharing:
    """Jobs that share a speed equally: a process that wakes when the next of them is done.

    Every job present receives the same service, so one virtual clock V serves all: a job of work x
    that joins at V is done at V + x, and a heap of those marks gives the next one, at whatever
    number of jobs, without touching the others. V moves at ``speed · min(1, servers/n)``, and is
    set back to 0 whenever the station empties, which keeps its rounding error small.

    Parameters
    ----------
    clock : the simulated time
    done : called with each job when its work is done, after it has left
    servers : number of servers; a job alone never gets more than one

    Attributes
    ----------
    occupancy_s : ∫ number of jobs dt less number × now [s]; see :meth:`integrals`
    """

    __slots__ = (
        "_alarm",
        "_at_s",
        "_busy_s",
        "_clock",
        "_done",
        "_marks",
        "_next_s",
        "_numbers",
        "_rate",
        "_servers",
        "_sum",
        "_virtual",
        "jobs",
        "occupancy_s",
        "speed",
    )

    def __init__(self, clock: Clock, done: Callable[[Request], None], servers: int = 1) -> None:
        self._clock = clock
        self._done = done
        self._servers = servers
        self._marks: list[tuple[float, int, Request]] = []
        self._numbers = count()
        self._alarm = Alarm(clock)
        self._virtual = self._at_s = self._sum = self._busy_s = self.occupancy_s = 0.0
        self._next_s = math.inf
        self.speed = self._rate = 1.0
        self.jobs = 0
        clock.start(self._serve())

    def join(self, job: Request, work: float) -> None:
        """Let a job in, with ``work`` in the unit that ``speed`` is per second of."""
        now = self._clock._now
        if self.jobs:
            self._virtual += (now - self._at_s) * self._rate
        else:
            self._virtual = self._sum = 0.0
            self._busy_s -= now
        self._at_s = now
        mark = self._virtual + work
        heappush(self._marks, (mark, next(self._numbers), job))
        self._sum += mark
        self.jobs += 1
        self.occupancy_s -= now
        self._aim(now)

    @property
    def due_now(self) -> bool:
        """Whether another job is done at this very instant."""
        return bool(self._marks) and self._marks[0][0] <= self._virtual

    def set_speed(self, speed: float) -> None:
        """Change the speed of a server, from now on; 0 stalls."""
        now = self._clock._now
        if self.jobs:
            self._virtual += (now - self._at_s) * self._rate
            self._at_s = now
        self.speed = speed
        self._aim(now)

    @property
    def virtual(self) -> float:
        """V: the service that a job present since the station was last empty has received."""
        if not self.jobs:
            return 0.0
        return self._virtual + (self._clock._now - self._at_s) * self._rate

    def backlog(self) -> float:
        """Return the work that the jobs present still need, in sum."""
        return max(0.0, self._sum - self.jobs * self.virtual) if self.jobs else 0.0

    def remaining(self) -> list[tuple[Request, float]]:
        """Return the jobs present with the work that each still needs."""
        virtual = self.virtual
        return [(job, max(0.0, mark - virtual)) for mark, _, job in sorted(self._marks)]

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and the time with any job, both up to now [s]."""
        busy_s = self._busy_s + now if self.jobs else self._busy_s
        return self.occupancy_s + self.jobs * now, busy_s

    def _aim(self, now: float) -> None:
        jobs = self.jobs
        if not jobs:
            self._next_s = math.inf
            return
        servers = self._servers
        rate = self.speed if jobs <= servers else self.speed * servers / jobs
        self._rate = rate
        left = self._marks[0][0] - self._virtual
        if left <= 0.0:
            due = now
        elif jobs <= servers:
            due = now + left / rate if rate else math.inf
        else:
            due = now + left * jobs / (self.speed * servers) if rate else math.inf
        self._next_s = due
        self._alarm.bring_forward(due)

    def _serve(self) -> Generator[Event, None, None]:
        rest_until = self._alarm.rest_until
        clock = self._clock
        while True:
            yield rest_until(self._next_s)
            now = clock._now
            while self._next_s <= now:
                self._release(now)

    def _release(self, now: float) -> None:
        mark, _, job = heappop(self._marks)
        self._virtual = max(self._virtual, mark)
        self._at_s = now
        self._sum -= mark
        self.jobs -= 1
        self.occupancy_s += now
        if not self.jobs:
            self._busy_s += now
        self._aim(now)
        self._done(job)
