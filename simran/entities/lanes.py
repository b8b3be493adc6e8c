"""First-in-first-out lanes, one per agent, each with its own share of a common speed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Sequence
from heapq import heappop, heappush

from simpy.events import Event

from simran.entities.clock import Alarm, Clock
from simran.results.records import Request

__all__ = ["Lanes"]


class Lanes:
    """Allocated slices of one resource: what one lane does not use, no other gets.

    A virtual clock V moves at the common speed while any lane is at work. A job of work x at the
    head of a lane with share φ is done when V has moved by x/φ; a change of share moves the mark
    of the one job in service, a change of speed moves none.

    Parameters
    ----------
    clock : the simulated time
    shares : (lanes,) φ of each, in [0, 1]; work in a lane with none rests until it has one
    begun : called with a job and its lane when its service begins
    done : called with a job and its lane when its service ends, after it has left

    Attributes
    ----------
    used : Σφ of the lanes at work
    largest : the most that was ever in use for any time
    """

    def __init__(
        self,
        clock: Clock,
        shares: Sequence[float],
        begun: Callable[[Request, int], None],
        done: Callable[[Request, int], None],
    ) -> None:
        self._clock = clock
        self._shares = list(shares)
        self._begun = begun
        self._done = done
        self._queues: list[deque[tuple[Request, float]]] = [deque() for _ in shares]
        self._version = [0] * len(self._shares)
        self._mark = [math.nan] * len(self._shares)
        self._held: dict[int, float] = {}  # work left in service on lanes without a share
        self._marks: list[tuple[float, int, int]] = []
        self._alarm = Alarm(clock)
        self._virtual = self._at_s = self._used_s = self._occupancy_s = 0.0
        self._next_s = math.inf
        self._jobs = 0
        self._active: set[int] = set()
        self.speed = 1.0
        self.used = self.largest = 0.0
        clock.start(self._serve())

    def share(self, lane: int) -> float:
        """Return φ of a lane."""
        return self._shares[lane]

    def backlog_at_share(self, lane: int) -> float:
        """Return the work on a lane over its share; without one, what the whole would make of it."""
        return self.backlog(lane) / (self._shares[lane] or 1.0)

    def head(self, lane: int) -> Request | None:
        """Return the job in service on a lane, or None."""
        queue = self._queues[lane]
        return queue[0][0] if queue else None

    def join(self, lane: int, job: Request, work: float) -> None:
        """Queue a job on a lane, with ``work`` in the unit that ``speed`` is per second of."""
        now = self._settle()
        self._jobs += 1
        self._occupancy_s -= now
        self._queues[lane].append((job, work))
        if len(self._queues[lane]) == 1:
            self._start(lane)
            self._aim(now)

    def set_share(self, lane: int, share: float) -> None:
        """Give a lane another share; a job in service goes on with it."""
        now = self._settle()
        if lane not in self._active or share == self._shares[lane]:
            self._shares[lane] = share
            return
        left = self._left(lane)
        self._shares[lane] = share
        self._count_used()
        self._put(lane, left)
        self._aim(now)

    @property
    def due_now(self) -> bool:
        """Whether another job is done at this very instant."""
        self._forget_stale()
        return bool(self._marks) and self._marks[0][0] <= self._virtual

    def set_speed(self, speed: float) -> None:
        """Change the common speed, from now on; 0 stalls."""
        now = self._settle()
        self.speed = speed
        self._aim(now)

    def backlog(self, lane: int) -> float:
        """Return the work that the jobs on a lane still need, in sum."""
        queue = self._queues[lane]
        if not queue:
            return 0.0
        self._settle()
        return self._left(lane) + math.fsum(work for _, work in list(queue)[1:])

    def waiting(self, lane: int) -> int:
        """Return the number of jobs on a lane, the one in service included."""
        return len(self._queues[lane])

    def remaining(self) -> list[tuple[Request, float, bool]]:
        """Return the jobs present, the work that each still needs, and whether it is in service."""
        self._settle()
        found = []
        for lane, queue in enumerate(self._queues):
            for place, (job, work) in enumerate(queue):
                left = self._left(lane) if place == 0 else work
                found.append((job, left, place == 0))
        return found

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of jobs dt and ∫ Σφ of the lanes at work dt, both up to now [s]."""
        used_s = self._used_s + (now - self._at_s) * self.used
        return self._occupancy_s + self._jobs * now, used_s

    def _count_used(self) -> None:
        self.used = math.fsum(self._shares[lane] for lane in self._active)

    def _spend(self, now: float) -> None:
        # Shares that change at one instant, one after another, are never in use for any time.
        if now > self._at_s:
            self._used_s += (now - self._at_s) * self.used
            self.largest = max(self.largest, self.used)

    def _left(self, lane: int) -> float:
        if lane in self._held:
            return self._held[lane]
        return max(0.0, (self._mark[lane] - self._virtual) * self._shares[lane])

    def _settle(self) -> float:
        now = self._clock._now
        if self._active:
            self._spend(now)
            self._virtual += (now - self._at_s) * self.speed
        else:
            self._virtual = 0.0
            self._marks.clear()
        self._at_s = now
        return now

    def _start(self, lane: int) -> None:
        job, work = self._queues[lane][0]
        self._active.add(lane)
        self._count_used()
        self._put(lane, work)
        self._begun(job, lane)

    def _put(self, lane: int, left: float) -> None:
        self._version[lane] += 1
        if not self._shares[lane]:
            self._held[lane] = left
            return
        self._held.pop(lane, None)
        mark = self._mark[lane] = self._virtual + left / self._shares[lane]
        heappush(self._marks, (mark, lane, self._version[lane]))

    def _forget_stale(self) -> None:
        marks = self._marks
        while marks and marks[0][2] != self._version[marks[0][1]]:
            heappop(marks)

    def _aim(self, now: float) -> None:
        self._forget_stale()
        marks = self._marks
        if not marks or not self.speed:
            self._next_s = math.inf
            return
        left = marks[0][0] - self._virtual
        self._next_s = now + left / self.speed if left > 0.0 else now
        self._alarm.bring_forward(self._next_s)

    def _serve(self) -> Generator[Event, None, None]:
        while True:
            yield self._alarm.rest_until(self._next_s)
            while self._next_s <= self._clock._now:
                self._release()

    def _release(self) -> None:
        now = self._clock._now
        mark, lane, _ = heappop(self._marks)
        self._spend(now)
        self._virtual = max(self._virtual, mark)
        self._at_s = now
        self._version[lane] += 1
        job, _ = self._queues[lane].popleft()
        self._active.discard(lane)
        self._count_used()
        self._jobs -= 1
        self._occupancy_s += now
        self._done(job, lane)
        if self._queues[lane] and lane not in self._active:
            self._start(lane)
        self._aim(now)
