"""Radio cells in which the agents' rates vary, also in the middle of an upload."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simpy.events import Event

from simran.entities.cell import AllottedAirtime, Cell, SharedAirtime
from simran.entities.clock import Clock
from simran.entities.course import Course
from simran.entities.paced import PacedLanes, PacedSharing
from simran.results.records import Request

__all__ = ["AllocatedVaryingCell", "EqualShareVaryingCell", "Radio", "VaryingCell"]


@dataclass(frozen=True, slots=True)
class Radio:
    """What the agents of a cell of varying rates have there.

    Parameters
    ----------
    courses : rates with the whole cell [bit/s]
    course_of : agent -> which of the courses it has; several may have the same one
    transmit_w : agent -> electrical power drawn while sending [W]
    """

    courses: Sequence[Course]
    course_of: Mapping[int, int]
    transmit_w: Mapping[int, float]


class VaryingCell(Cell):
    """A cell of varying rates: what is left of an upload when its rate changes is sent at the new one.

    Energy is transmit power × the time that a flow is sent: of shared airtime its own airtime. A
    change of rate is an event only while a flow is there that it concerns.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    radio : rates and powers of the agents
    """

    notes_airtime = True

    def __init__(self, clock: Clock, name: str, radio: Radio) -> None:
        super().__init__(clock, name)
        self._radio = radio
        self._courses = radio.courses
        self._course_of = radio.course_of
        self._rates = [course.at(clock._now)[0] for course in radio.courses]
        self._present = [0] * len(radio.courses)
        self._watched = [False] * len(radio.courses)

    def rate_of(self, agent: int) -> float:
        """Return the rate that an agent has with the whole cell, now [bit/s]."""
        return self._courses[self._course_of[agent]].at(self._clock._now)[0]

    def received_s(self, agent: int, start_s: float, bits: float) -> float:
        """Return when an agent has received so many bits, sent from ``start_s`` on at its rate [s]."""
        return self._courses[self._course_of[agent]].reached_s(start_s, bits)

    def send(self, request: Request) -> None:
        """Take a request's features to send."""
        request.uplink_start = self._clock._now
        place = self._course_of[request.agent]
        until_s = self._keep_up(place)
        self._present[place] += 1
        if not self._watched[place]:
            self._watch(place, until_s)
        self._join(request, request.design.uplink_bits * request.uplink_size)

    @abstractmethod
    def _join(self, request: Request, bits: float) -> None:
        """Start or queue a flow at its present rate."""

    @abstractmethod
    def _pace(self, place: int, rate_bps: float) -> None:
        """Let the flows of one course go on at another rate."""

    def _keep_up(self, place: int) -> float:
        """Put the present rate of a course into force; return until when it holds [s]."""
        rate_bps, until_s = self._courses[place].at(self._clock._now)
        if rate_bps != self._rates[place]:
            self._pace(place, rate_bps)
            self._rates[place] = rate_bps
        return until_s

    def _watch(self, place: int, until_s: float) -> None:
        self._watched[place] = until_s < math.inf
        if self._watched[place]:
            self._clock.call_at(until_s, self._changed, place)

    def _changed(self, event: Event) -> None:
        place: int = event._value
        until_s = self._keep_up(place)
        if self._present[place]:
            self._watch(place, until_s)
        else:
            self._watched[place] = False

    def _rate(self, agent: int) -> float:
        """Return the rate at which an agent's flows go [bit/s]."""
        return self._rates[self._course_of[agent]]

    def _finish(self, request: Request, airtime_s: float, sent_s: float) -> None:
        self._present[self._course_of[request.agent]] -= 1
        self._account(request, airtime_s, sent_s)
        request.uplink_end = self._clock._now
        self.sent(request)

    def _account(self, request: Request, airtime_s: float, sent_s: float) -> None:
        """Note the airtime that a flow takes in all, and charge it for how long it has been sent [s]."""
        request.airtime_s = airtime_s
        request.transmit_j = self._radio.transmit_w[request.agent] * sent_s


class EqualShareVaryingCell(SharedAirtime, VaryingCell):
    """A cell of varying rates whose airtime is shared equally among the flows present.

    What flows still need is told at their present rates.
    """

    _flows: PacedSharing

    def __init__(self, clock: Clock, name: str, radio: Radio) -> None:
        super().__init__(clock, name, radio)
        self._flows = PacedSharing(clock, self._done)

    def close(self, now: float) -> None:
        """Charge unfinished flows for the airtime that they have had."""
        for request, left_s in self._flows.remaining():
            had_s = self._flows.received(request)
            self._account(request, had_s + left_s, had_s)

    def _join(self, request: Request, bits: float) -> None:
        self._flows.join(request, bits / self._rate(request.agent))

    def _pace(self, place: int, rate_bps: float) -> None:
        if self._present[place]:
            course_of = self._course_of
            factor = self._rates[place] / rate_bps
            self._flows.stretch(factor, lambda request: course_of[request.agent] == place)

    def _done(self, request: Request) -> None:
        had_s = self._flows.received(request)
        self._finish(request, had_s, had_s)


class AllocatedVaryingCell(AllottedAirtime, VaryingCell):
    """A cell of varying rates that gives each agent a share of its airtime, for its flows in turn.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    radio : rates and powers of the agents; each starts with an equal share
    """

    _lanes: PacedLanes

    def __init__(self, clock: Clock, name: str, radio: Radio) -> None:
        super().__init__(clock, name, radio)
        agents = list(radio.course_of)
        self._lane = {agent: lane for lane, agent in enumerate(agents)}
        self._of_course: list[list[int]] = [[] for _ in radio.courses]
        for agent, place in radio.course_of.items():
            self._of_course[place].append(self._lane[agent])
        shares = [1.0 / len(agents)] * len(agents)
        self._lanes = self._made_lanes(shares, [self._rate(agent) for agent in agents])

    def _made_lanes(self, shares: Sequence[float], paces: Sequence[float]) -> PacedLanes:
        return PacedLanes(self._clock, shares, self._begin, self._done, paces)

    def backlog_s(self, agent: int) -> float:
        """Return the time that the agent's own flows still need, at its share and present rate [s].

        Without a share it is what the whole cell would take.
        """
        lane = self._lane[agent]
        return self._lanes.backlog(lane) / (self._lanes.speed_of(lane) or self._lanes.pace(lane))

    def left_s(self) -> dict[int, float]:
        """Return the airtime that each flow still needs at its present rate, by request number [s]."""
        return {
            job.id: self._lanes.airtime_s(self._lane[job.agent], bits)
            for job, bits, _ in self._lanes.remaining()
        }

    def close(self, now: float) -> None:
        """Charge unfinished flows for the time that they have been sent."""
        lanes = self._lanes
        for request, bits, begun in lanes.remaining():
            lane = self._lane[request.agent]
            airtime_s, sent_s = (lanes.had_s(lane), lanes.sent_s(lane)) if begun else (0.0, 0.0)
            self._account(request, airtime_s + lanes.airtime_s(lane, bits), sent_s)

    def _join(self, request: Request, bits: float) -> None:
        self._lanes.join(self._lane[request.agent], request, bits)

    def _pace(self, place: int, rate_bps: float) -> None:
        for lane in self._of_course[place]:
            self._lanes.set_pace(lane, rate_bps)

    def _done(self, request: Request, lane: int) -> None:
        self._finish(request, self._lanes.had_s(lane), self._lanes.sent_s(lane))
