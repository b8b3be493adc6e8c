"""Stations whose jobs share a band: less of it is used better, as the same power lies on less noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from simpy.events import Event

from simran.entities.clock import Alarm, Clock
from simran.entities.paced import PacedLanes
from simran.entities.sharing import Sharing
from simran.radio import part_rate, rate_on_part
from simran.results.records import Request

__all__ = ["BandFlows", "BandLanes", "BandSharing", "held_up_s"]


def held_up_s(left_s: Sequence[float], efficiency: float) -> float:
    """Return what the flows present cost a new one that outlasts them, if no other comes [s].

    Among m flows each goes at m's part of the band. Of time shared equally it is all that they need, in sum.

    Parameters
    ----------
    left_s : (n,) what each still needs with the whole band to itself [s]
    efficiency : x = r/W, with the whole band [bit/s/Hz]

    Examples
    --------
    >>> round(held_up_s([1.0, 2.0], 1000.0), 1), round(held_up_s([1.0, 2.0], 1.0), 3)
    (3.0, 0.896)
    """
    if not left_s:
        return 0.0
    spells = np.diff(np.sort(left_s), prepend=0.0)
    present = np.arange(len(left_s) + 1.0, 1.0, -1.0)
    lost = 1.0 / part_rate(1.0 / present, efficiency) - 1.0
    return float(spells @ lost)


class BandSharing(Sharing):
    """Flows that share a band equally, all of one rate; work is time with the whole band.

    Parameters
    ----------
    clock, done : as of :class:`Sharing`
    efficiency : x = r/W, with the whole band [bit/s/Hz]
    """

    __slots__ = ("_efficiency", "_speeds")

    def __init__(self, clock: Clock, done: Callable[[Request], None], efficiency: float) -> None:
        self._efficiency = efficiency
        self._speeds = [0.0, 1.0]  # of each flow, by their number
        super().__init__(clock, done)

    def _aim(self, now: float) -> None:
        jobs = self.jobs
        if not jobs:
            self._next_s = math.inf
            return
        while len(self._speeds) <= jobs:
            self._speeds.append(float(part_rate(1.0 / len(self._speeds), self._efficiency)))
        rate = self._rate = self._speeds[jobs]
        left = self._marks[0][0] - self._virtual
        self._next_s = now + left / rate if left > 0.0 else now
        self._alarm.bring_forward(self._next_s)


class BandLanes(PacedLanes):
    """Allocated parts of a band, each sent on for as long as there is something to send.

    Parameters
    ----------
    clock, shares, begun, done : as of :class:`PacedLanes`
    paces : (lanes,) rates with the whole band [bit/s]
    bandwidth_hz : W [Hz]
    """

    def __init__(
        self,
        clock: Clock,
        shares: Sequence[float],
        begun: Callable[[Request, int], None],
        done: Callable[[Request, int], None],
        paces: Sequence[float],
        bandwidth_hz: float,
    ) -> None:
        self._bandwidth_hz = bandwidth_hz
        self._sent_s = [0.0] * len(shares)
        super().__init__(clock, shares, begun, done, paces)

    def set_share(self, lane: int, share: float) -> None:
        """Give a lane another part; a flow goes on with it."""
        self._settle()
        self._sent_s[lane] = self.sent_s(lane)
        super().set_share(lane, share)

    def sent_s(self, lane: int) -> float:
        """Return how long the sender of the present flow was on, or of one that is just done [s]."""
        if not self._portions[lane]:
            return self._sent_s[lane]
        return self._sent_s[lane] + self._virtual - self._since[lane]

    def airtime_s(self, lane: int, work: float) -> float:
        """Return the time of the whole band that so much work takes of it, on the lane's part [s]."""
        speed = self.speed_of(lane)
        return work * self._portions[lane] / speed if speed else work / self._paces[lane]

    def _weight(self, lane: int) -> float:
        return rate_on_part(self._portions[lane], self._paces[lane], self._bandwidth_hz)

    def _start(self, lane: int) -> None:
        self._sent_s[lane] = 0.0
        super()._start(lane)


@dataclass(slots=True)
class _Flow:
    """A flow: bits left, its rate with the whole band and now [bit/s], and what it had of that rate [s]."""

    job: Request
    bits: float
    rate_bps: float
    pace_bps: float = 0.0
    had_s: float = 0.0


class BandFlows:
    """Flows that share a band equally, each at a rate of its own, which may change while it is sent.

    Less of the band takes another part of each rate, so there is no one clock for all: whatever happens is
    reckoned for every flow present.

    Parameters
    ----------
    clock : the simulated time
    done : called with each job after it has left, and what it had of its rate, in time with the whole band
    bandwidth_hz : W [Hz]
    """

    def __init__(
        self, clock: Clock, done: Callable[[Request, float], None], bandwidth_hz: float
    ) -> None:
        self._clock = clock
        self._done = done
        self._bandwidth_hz = bandwidth_hz
        self._flows: list[_Flow] = []
        self._paces: dict[tuple[int, float], float] = {}
        self._alarm = Alarm(clock)
        self._next: _Flow | None = None
        self._at_s = self._busy_s = self._occupancy_s = 0.0
        self._next_s = math.inf
        clock.start(self._serve())

    @property
    def jobs(self) -> int:
        """Number of flows present."""
        return len(self._flows)

    def join(self, job: Request, bits: float, rate_bps: float) -> None:
        """Let a flow in."""
        self._settle()
        self._flows.append(_Flow(job, bits, rate_bps))
        self._aim()

    def set_rate(self, rate_bps: float, concerned: Callable[[Request], bool]) -> None:
        """Let some of the flows go on at another rate."""
        self._settle()
        for flow in self._flows:
            if concerned(flow.job):
                flow.rate_bps = rate_bps
        self._aim()

    def present(self) -> list[tuple[Request, float, float]]:
        """Return the jobs, the time that each still needs with the whole band, and had of it [s]."""
        self._settle()
        return [(flow.job, flow.bits / flow.rate_bps, flow.had_s) for flow in self._flows]

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of flows dt and the time with any flow, both up to now [s]."""
        spell = now - self._at_s
        return (
            self._occupancy_s + spell * len(self._flows),
            self._busy_s + (spell if self._flows else 0.0),
        )

    def _settle(self) -> None:
        now = self._clock._now
        self._occupancy_s, self._busy_s = self.integrals(now)
        spell = now - self._at_s
        for flow in self._flows:
            sent = min(flow.bits, flow.pace_bps * spell)
            flow.bits -= sent
            flow.had_s += sent / flow.rate_bps
        self._at_s = now

    def _pace(self, rate_bps: float) -> float:
        key = len(self._flows), rate_bps
        known = self._paces.get(key)
        if known is None:
            known = self._paces[key] = rate_on_part(1.0 / key[0], rate_bps, self._bandwidth_hz)
        return known

    def _aim(self) -> None:
        now = self._clock._now
        self._next, soonest_s = None, math.inf
        for flow in self._flows:
            flow.pace_bps = self._pace(flow.rate_bps)
            needs_s = flow.bits / flow.pace_bps
            if needs_s < soonest_s:
                self._next, soonest_s = flow, needs_s
        self._next_s = now + soonest_s
        self._alarm.bring_forward(self._next_s)

    def _serve(self) -> Generator[Event, None, None]:
        while True:
            yield self._alarm.rest_until(self._next_s)
            while self._next_s <= self._clock._now:
                self._release()

    def _release(self) -> None:
        self._settle()
        flow = self._next
        assert flow is not None  # whose time it is
        self._flows.remove(flow)
        had_s = flow.had_s + flow.bits / flow.rate_bps  # what rounding left
        self._aim()
        self._done(flow.job, had_s)
