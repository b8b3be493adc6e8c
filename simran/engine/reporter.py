"""What reaches the controller of the world: reports of queues, rates and completions, of some age."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from simpy.events import Event

from simran.engine.waits import ObservedWaits, waits_now
from simran.engine.world import World
from simran.results.records import Request
from simran.scenario import AllocatorSpec
from simran.streams import Streams

__all__ = ["Report", "Reporter"]

Floats = NDArray[np.float64]

_REPORTS_PER_DELAY = 4  # where decisions come with requests, and so at any time


@dataclass(frozen=True)
class Report:
    """How things stood at one time; arrays with one entry for each agent concerned.

    Parameters
    ----------
    time_s : when [s]
    rate_bps : rate with the whole cell, with the error of the report [bit/s]
    waits_s : (3, K) waits at agent, cell and server [s]: means since the report before, or where nothing
        has passed, and for decisions per request, what waits now
    backlogs_s : (3, K) what waits now at the three [s]
    jobs : (3, K) requests there
    completed, spent_j, delay_s : completions since the report before, sums of their energies and delays;
        in a report that travels to decisions for single requests, since the start
    """

    time_s: float
    rate_bps: Floats
    waits_s: Floats
    backlogs_s: Floats
    jobs: Floats
    completed: Floats
    spent_j: Floats
    delay_s: Floats


class Reporter:
    """Makes reports, keeps them until they arrive, and gives their rates an error.

    A periodic decision rests on a report made ``delay`` before it. Decisions for single requests come at
    any time, so reports are made at every quarter of the delay, and the last that has arrived counts:
    it is between one delay and one and a quarter old. Until the first has arrived there is None.

    Parameters
    ----------
    spec : delay and noise
    world : whose state is reported
    streams : each agent's rate reports have errors of their own
    """

    def __init__(self, spec: AllocatorSpec, world: World, streams: Streams) -> None:
        self._spec, self._world = spec, world
        self._waits = ObservedWaits(world)
        count = len(world.agents)
        self._sums = [[0.0, 0.0, 0.0] for _ in range(count)]
        self._told = np.zeros((3, count))  # what travelling reports have already told of these sums
        self._made: deque[tuple[int, Report]] = deque()  # with the number of what they are for
        # Log-normal with mean 1 and the standard deviation that is asked for.
        self._variance = math.log1p(spec.observation_noise**2)
        self._errors = (
            [streams.generator(name, "observation") for name in world.names]
            if self._variance
            else []
        )

    def start(self) -> None:
        """Begin to make reports ahead of the decisions, if they take time to arrive."""
        if self._spec.observation_delay_s:
            periodic = self._spec.every == "periodic"
            self._world.clock.start(self._live() if periodic else self._often())

    def note(self, request: Request) -> None:
        """Take note of a request that has completed, with the wait that it had."""
        self._waits.note(request)
        self.add(request)

    def add(self, request: Request) -> None:
        """Take note of a request that has completed."""
        sums = self._sums[request.agent]
        sums[0] += 1.0
        sums[1] += request.agent_j + request.transmit_j + request.server_j
        sums[2] += request.finish - request.arrival

    def arrived(self, tick: int) -> Report | None:
        """Return the report for periodic decision ``tick``, or None if none has arrived."""
        if not self._spec.observation_delay_s:
            return self._take()
        made = self._made
        return made.popleft()[1] if made and made[0][0] <= tick else None

    def arrived_of(self, agent: int) -> Report | None:
        """Return the last report of one agent that has arrived, or None."""
        if not self._spec.observation_delay_s:
            spent = np.array(self._sums[agent])
            self._sums[agent][:] = 0.0, 0.0, 0.0
            now = self._world.clock.now
            return _of(now, self._rate(agent), *self._queues(agent), spent)
        made = self._made
        latest_s = self._world.clock.now - self._spec.observation_delay_s
        while len(made) > 1 and made[1][1].time_s <= latest_s:
            made.popleft()
        if not made or made[0][1].time_s > latest_s:
            return None
        old = made[0][1]
        rate_bps = float(old.rate_bps[agent]) * self._error(agent)
        waits, jobs = old.backlogs_s[:, agent], old.jobs[:, agent]
        known = np.array([it[agent] for it in (old.completed, old.spent_j, old.delay_s)])
        spent = known - self._told[:, agent]
        self._told[:, agent] = known
        return _of(old.time_s, rate_bps, waits, jobs, spent)

    def _live(self) -> Generator[Event, None, None]:
        """Make a report ahead of every decision."""
        clock, spec = self._world.clock, self._spec
        first = math.ceil(spec.observation_delay_s / spec.period_s)
        for tick in range(first, 2**62):
            yield clock.at(max(0.0, tick * spec.period_s - spec.observation_delay_s))
            if self._world.finished:
                return
            self._made.append((tick, self._take()))

    def _often(self) -> Generator[Event, None, None]:
        clock = self._world.clock
        step_s = self._spec.observation_delay_s / _REPORTS_PER_DELAY
        for tick in range(2**62):
            yield clock.at(tick * step_s)
            if self._world.finished:
                return
            rates = np.array([self._true_rate(k) for k in range(len(self._sums))])
            queues = [self._queues(k) for k in range(len(self._sums))]
            waits, jobs = (np.array(it).T for it in zip(*queues, strict=True))
            now = clock.now
            report = Report(now, rates, waits, waits, jobs, *np.array(self._sums).T)
            self._made.append((tick, report))
            while self._made[0][1].time_s < now - 2 * self._spec.observation_delay_s:
                self._made.popleft()

    def _take(self) -> Report:
        everyone = range(len(self._sums))
        waits = np.array(self._waits.means())
        queues = [self._queues(agent) for agent in everyone]
        backlogs, jobs = (np.array(it).T for it in zip(*queues, strict=True))
        rates = np.array([self._rate(agent) for agent in everyone])
        completed, spent, delay = np.array(self._sums).T
        for sums in self._sums:
            sums[:] = 0.0, 0.0, 0.0
        return Report(self._world.clock.now, rates, waits, backlogs, jobs, completed, spent, delay)

    def _queues(self, agent: int) -> tuple[Floats, Floats]:
        world, group = self._world, self._world.groups[agent]
        jobs = (
            world.agents[agent].jobs,
            world.cells[group.cell].jobs(agent),
            world.servers[group.server].jobs(agent),
        )
        return np.array(waits_now(world, agent)), np.array(jobs, dtype=np.float64)

    def _rate(self, agent: int) -> float:
        return self._true_rate(agent) * self._error(agent)

    def _true_rate(self, agent: int) -> float:
        return self._world.cells[self._world.groups[agent].cell].rate_of(agent)

    def _error(self, agent: int) -> float:
        if not self._variance:
            return 1.0
        draw = self._errors[agent].standard_normal()
        return math.exp(math.sqrt(self._variance) * draw - self._variance / 2)


def _of(time_s: float, rate_bps: float, waits: Floats, jobs: Floats, spent: Floats) -> Report:
    """Return a report of one agent, from what it has of waits, requests and completions, (3,) each."""
    queues, here = (np.array(it).reshape(3, 1) for it in (waits, jobs))
    return Report(time_s, np.array([rate_bps]), queues, queues, here, *spent.reshape(3, 1))
