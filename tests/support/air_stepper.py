"""Flows in a radio cell, stepped by hand from one change to the next; knows nothing of virtual time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

#: One agent's (stay [s], rate with the whole cell [bit/s]), one after another; the last one holds on.
Stays = list[tuple[float, float]]


def starts(stays: Stays) -> list[float]:
    """Return when each rate begins [s]."""
    return [0.0, *itertools.accumulate(stay for stay, _ in stays[:-1])]


def rate_at(stays: Stays, now: float) -> tuple[float, float]:
    """Return the rate [bit/s] and the time of its next change [s]."""
    ends = [*starts(stays)[1:], math.inf]
    place = next(index for index, end in enumerate(ends) if now < end)
    return stays[place][1], ends[place]


@dataclass
class Air:
    """A cell to step through.

    Parameters
    ----------
    jobs : (agent, start [s], bits) of every flow, by start
    radio : rates of each agent
    shares : of each agent, or None where all flows present share equally
    band_hz : width of the band, or None where shares are of time
    changes : (time [s], agent, share) from then on
    """

    jobs: list[tuple[int, float, float]]
    radio: list[Stays]
    shares: Sequence[float] | None
    band_hz: float | None = None
    changes: list[tuple[float, int, float]] = field(default_factory=list)

    def share_of(self, agent: int, now: float) -> float:
        """Return the share of an agent now."""
        assert self.shares is not None
        known = [share for time, who, share in self.changes if who == agent and time <= now]
        return known[-1] if known else self.shares[agent]

    def speed(self, share: float, rate: float) -> float:
        """Return how fast a flow goes on a share [bit/s]."""
        if self.band_hz is None or not share:
            return share * rate
        signal = 2.0 ** (rate / self.band_hz) - 1.0
        return share * self.band_hz * math.log2(1.0 + signal / share)

    def run(self, until: float = math.inf) -> dict[int, Flow]:
        """Step to the end."""
        flows = {n: Flow(bits) for n, (_, _, bits) in enumerate(self.jobs)}
        now = 0.0
        while now < until and any(flow.left for flow in flows.values()):
            speeds = self._speeds([k for k in flows if flows[k].left], now)
            done = {k: now + flows[k].left / it[1] for k, it in speeds.items() if it[1]}
            then = min([until, *self._turns(now), *done.values()])
            for k, (share, speed, rate) in speeds.items():
                flow = flows[k]
                sent = speed * (then - now)
                flow.left -= sent
                flow.share_s += share * (then - now)
                flow.alone_s += sent / rate
                flow.on_s += (then - now) * (share > 0.0)
                if done.get(k, math.inf) <= then + 1e-12:
                    flow.left, flow.end = 0.0, then
            now = then
        return flows

    def _speeds(self, left: list[int], now: float) -> dict[int, tuple[float, float, float]]:
        """Return share, speed and whole rate of each flow that has its turn."""
        here = [k for k in left if self.jobs[k][1] <= now]
        if self.shares is None:
            share = {k: 1.0 / len(here) for k in here}
        else:  # the first of each agent sends
            first = {self.jobs[k][0]: k for k in reversed(here)}
            share = {k: self.share_of(agent, now) for agent, k in first.items()}
        rate = {k: rate_at(self.radio[self.jobs[k][0]], now)[0] for k in share}
        return {k: (share[k], self.speed(share[k], rate[k]), rate[k]) for k in share}

    def _turns(self, now: float) -> list[float]:
        times = [start for _, start, _ in self.jobs] + [time for time, _, _ in self.changes]
        return [it for it in times if it > now] + [rate_at(it, now)[1] for it in self.radio]


@dataclass
class Flow:
    """What has become of a flow.

    Parameters
    ----------
    left : bits to send
    end : when it was through [s]
    share_s, alone_s, on_s : ∫ share dt, ∫ speed over whole rate dt, time with any share [s]
    """

    left: float
    end: float = math.nan
    share_s: float = 0.0
    alone_s: float = 0.0
    on_s: float = 0.0
