"""Radio cells whose shares are of the band: a sender on a part of it sends at full power all the time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from simran.entities.band import BandFlows, BandLanes, BandSharing, held_up_s
from simran.entities.cell import SharedAirtime
from simran.entities.clock import Clock
from simran.entities.varying_cell import AllocatedVaryingCell, Radio, VaryingCell
from simran.results.records import Request

__all__ = ["AllocatedBandCell", "EqualShareBandCell", "EqualShareVaryingBandCell"]


class EqualShareBandCell(SharedAirtime):
    """A cell whose band is shared equally among the flows present, all of one rate.

    Each of n flows has 1/n of the band, so it goes at R(1/n), and its sender is on for as long as it stays.
    Together they are faster than one alone, the more so the more they are, without bound: such a cell is
    never overloaded. Airtime is counted as what a flow would take with the whole band to itself.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    rate_bps : r, rate with the whole band [bit/s]
    bandwidth_hz : W [Hz]
    transmit_w : agent -> electrical power drawn while sending [W]
    """

    elastic = True

    def __init__(
        self,
        clock: Clock,
        name: str,
        rate_bps: float,
        bandwidth_hz: float,
        transmit_w: Mapping[int, float],
    ) -> None:
        super().__init__(clock, name, rate_bps)
        self._efficiency = rate_bps / bandwidth_hz
        self._transmit_w = transmit_w
        self._flows = BandSharing(clock, self._sent, self._efficiency)

    def send(self, request: Request) -> None:
        """Start a flow."""
        request.uplink_start = self._clock._now
        self._flows.join(request, request.design.uplink_unit_s * request.uplink_size)

    def backlog_s(self, agent: int) -> float:
        """Return what the flows present cost a new one that outlasts them, if no other comes [s]."""
        return held_up_s([left_s for _, left_s in self._flows.remaining()], self._efficiency)

    def close(self, now: float) -> None:
        """Charge unfinished flows for the time that they have been sent."""
        for request, _ in self._flows.remaining():
            self._pay(request, now)

    def _sent(self, request: Request) -> None:
        request.uplink_end = self._clock._now
        self._pay(request, request.uplink_end)
        self.sent(request)

    def _pay(self, request: Request, now: float) -> None:
        taken_s = now - request.uplink_start
        alone_s = request.design.uplink_unit_s * request.uplink_size
        if abs(taken_s - alone_s) <= 4.0 * math.ulp(now):
            taken_s = alone_s  # without the rounding of two stamps
        request.transmit_j = self._transmit_w[request.agent] * taken_s


class EqualShareVaryingBandCell(SharedAirtime, VaryingCell):
    """A cell of varying rates whose band is shared equally among the flows present.

    What flows need, and what they have had, is counted in time with the whole band at the rate of the moment.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    radio : rates and powers of the agents
    bandwidth_hz : W [Hz]
    """

    elastic = True
    _flows: BandFlows  # type: ignore[assignment]

    def __init__(self, clock: Clock, name: str, radio: Radio, bandwidth_hz: float) -> None:
        super().__init__(clock, name, radio)
        self._bandwidth_hz = bandwidth_hz
        self._flows = BandFlows(clock, self._done, bandwidth_hz)

    def backlog_s(self, agent: int) -> float:
        """Return what the flows present cost a new one that outlasts them, if no other comes [s].

        It is reckoned as if all had the agent's present rate.
        """
        left_s = [left_s for _, left_s, _ in self._flows.present()]
        return held_up_s(left_s, self.rate_of(agent) / self._bandwidth_hz)

    def left_s(self) -> dict[int, float]:
        """Return what each flow still needs with the whole band, by request number [s]."""
        return {request.id: left_s for request, left_s, _ in self._flows.present()}

    def close(self, now: float) -> None:
        """Charge unfinished flows for the time that they have been sent."""
        for request, left_s, had_s in self._flows.present():
            self._account(request, had_s + left_s, now - request.uplink_start)

    def _join(self, request: Request, bits: float) -> None:
        self._flows.join(request, bits, self._rate(request.agent))

    def _pace(self, place: int, rate_bps: float) -> None:
        if self._present[place]:
            course_of = self._course_of
            self._flows.set_rate(rate_bps, lambda request: course_of[request.agent] == place)

    def _done(self, request: Request, had_s: float) -> None:
        self._finish(request, had_s, self._clock._now - request.uplink_start)


class AllocatedBandCell(AllocatedVaryingCell):
    """A cell that gives each agent a part β of its band, for its flows in turn; rates may vary.

    A flow goes at R(β), and its sender is on all along, but for times without a share. Its airtime is what it
    takes of the whole band, β times as long.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    radio : rates and powers of the agents; each starts with an equal share
    bandwidth_hz : W [Hz]
    """

    def __init__(self, clock: Clock, name: str, radio: Radio, bandwidth_hz: float) -> None:
        self._bandwidth_hz = bandwidth_hz
        super().__init__(clock, name, radio)

    def _made_lanes(self, shares: Sequence[float], paces: Sequence[float]) -> BandLanes:
        return BandLanes(self._clock, shares, self._begin, self._done, paces, self._bandwidth_hz)
