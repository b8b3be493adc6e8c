"""A radio cell: what the agents' uplinks share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from simran.entities.clock import Clock
from simran.entities.lanes import Lanes
from simran.entities.sharing import Sharing
from simran.results.records import Design, Request

__all__ = [
    "AllocatedCell",
    "AllottedAirtime",
    "Cell",
    "EqualShareCell",
    "SharedAirtime",
    "UnlimitedCell",
]


class Cell(ABC):
    """A cell as its agents see it. Work is counted in seconds of the whole cell's airtime.

    Energy is electrical transmit power × own airtime: with shares of time, how long a flow had to
    share does not change what its agent draws. With shares of the band it is × the time it takes.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    rate_bps : rate of an agent with the whole cell [bit/s]

    Attributes
    ----------
    sent : called with a request when its features have been sent
    private : whether an agent waits for its own flows only
    notes_airtime : whether requests note their airtime, which does not follow from their designs
    elastic : whether the more flows there are, the more it carries, without bound
    """

    sent: Callable[[Request], None]
    private = False
    notes_airtime = False
    elastic = False

    def __init__(self, clock: Clock, name: str, rate_bps: float = math.inf) -> None:
        self._clock = clock
        self.name = name
        self._rate_bps = rate_bps

    def rate_of(self, agent: int) -> float:
        """Return the rate that an agent has with the whole cell, now [bit/s]."""
        return self._rate_bps

    @property
    def largest_share(self) -> float:
        """Return 0: nothing is given away in shares."""
        return 0.0

    @abstractmethod
    def send(self, request: Request) -> None:
        """Take a request's features to send."""

    @abstractmethod
    def backlog_s(self, agent: int) -> float:
        """Return the airtime that flows before a new one of this agent still need [s]."""

    @abstractmethod
    def jobs(self, agent: int) -> int:
        """Return the number of flows before a new one of this agent."""

    @abstractmethod
    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of flows dt and the time with any flow, both up to now [s]."""

    @abstractmethod
    def left_s(self) -> dict[int, float]:
        """Return the airtime that each flow present still needs, by request number [s]."""

    @abstractmethod
    def close(self, now: float) -> None:
        """Charge the flows that the end of the run finds unfinished for what they have sent."""

    def adopt(self, agent: int, design: Design) -> None:  # noqa: B027
        """Take note of an agent's new design; only an allocated cell has shares to change."""

    def _end(self, request: Request) -> None:
        request.uplink_end = self._clock._now
        request.transmit_j = request.design.transmit_unit_j * request.uplink_size
        self.sent(request)

    @staticmethod
    def _charge(request: Request, left_s: float) -> None:
        whole_s = request.design.uplink_unit_s * request.uplink_size
        part = 1.0 - left_s / whole_s if whole_s else 1.0
        request.transmit_j = request.design.transmit_unit_j * request.uplink_size * part


class UnlimitedCell(Cell):
    """A cell of unlimited rate: sending takes neither time nor energy."""

    def send(self, request: Request) -> None:
        """Send at once."""
        request.uplink_start = self._clock._now
        self._end(request)

    def backlog_s(self, agent: int) -> float:
        """Return 0."""
        return 0.0

    def jobs(self, agent: int) -> int:
        """Return 0."""
        return 0

    def integrals(self, now: float) -> tuple[float, float]:
        """Return zeros: nothing stays."""
        return 0.0, 0.0

    def left_s(self) -> dict[int, float]:
        """Return nothing: no flow is ever unfinished."""
        return {}

    def close(self, now: float) -> None:
        """Do nothing: no flow is ever unfinished."""


class SharedAirtime(Cell):
    """What all cells have in common whose airtime is shared equally among the flows present."""

    _flows: Sharing

    def backlog_s(self, agent: int) -> float:
        """Return the airtime that all flows present still need [s]."""
        return self._flows.backlog()

    def jobs(self, agent: int) -> int:
        """Return the number of flows present."""
        return self._flows.jobs

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of flows dt and the time with any flow, both up to now [s]."""
        return self._flows.integrals(now)

    def left_s(self) -> dict[int, float]:
        """Return the airtime that each flow present still needs, by request number [s]."""
        return {request.id: left for request, left in self._flows.remaining()}


class AllottedAirtime(Cell):
    """What all cells have in common that give each agent a share of airtime, for its flows in turn."""

    private = True
    _lane: dict[int, int]
    _lanes: Lanes

    @property
    def largest_share(self) -> float:
        """Return the largest sum of the shares of flows at one time."""
        return self._lanes.largest

    def jobs(self, agent: int) -> int:
        """Return the number of the agent's own flows."""
        return self._lanes.waiting(self._lane[agent])

    def integrals(self, now: float) -> tuple[float, float]:
        """Return ∫ number of flows dt and ∫ Σβ of those who send dt, both up to now [s]."""
        return self._lanes.integrals(now)

    def adopt(self, agent: int, design: Design) -> None:
        """Give the agent the share of its new design."""
        self._lanes.set_share(self._lane[agent], design.bandwidth_share)

    def _begin(self, request: Request, lane: int) -> None:
        """Nothing to note: the wait for one's own flows counts as uplink time."""


class EqualShareCell(SharedAirtime):
    """A cell whose airtime is shared equally among the flows present."""

    def __init__(self, clock: Clock, name: str, rate_bps: float = math.inf) -> None:
        super().__init__(clock, name, rate_bps)
        self._flows = Sharing(clock, self._end)

    def send(self, request: Request) -> None:
        """Start a flow."""
        request.uplink_start = self._clock._now
        self._flows.join(request, request.design.uplink_unit_s * request.uplink_size)

    def close(self, now: float) -> None:
        """Charge unfinished flows for what they have sent."""
        for request, left_s in self._flows.remaining():
            self._charge(request, left_s)


class AllocatedCell(AllottedAirtime):
    """A cell that gives each agent a share of its airtime, which no other agent can use.

    An agent's flows take turns in its share, first come first served.

    Parameters
    ----------
    clock : the simulated time
    name : for the results
    agents : the agents of the cell; each starts with an equal share
    rate_bps : rate of an agent with the whole cell [bit/s]
    """

    def __init__(
        self, clock: Clock, name: str, agents: Sequence[int], rate_bps: float = math.inf
    ) -> None:
        super().__init__(clock, name, rate_bps)
        self._lane = {agent: lane for lane, agent in enumerate(agents)}
        equal = 1.0 / len(agents)
        self._lanes = Lanes(clock, [equal] * len(agents), self._begin, self._sent)

    def send(self, request: Request) -> None:
        """Queue a flow in its agent's share."""
        request.uplink_start = self._clock._now
        work_s = request.design.uplink_unit_s * request.uplink_size
        self._lanes.join(self._lane[request.agent], request, work_s)

    def backlog_s(self, agent: int) -> float:
        """Return the airtime that the agent's own flows still need, at its share [s]."""
        return self._lanes.backlog_at_share(self._lane[agent])

    def left_s(self) -> dict[int, float]:
        """Return the airtime that each flow present still needs, by request number [s]."""
        return {request.id: left for request, left, _ in self._lanes.remaining()}

    def close(self, now: float) -> None:
        """Charge unfinished flows for what they have sent."""
        for request, left_s, begun in self._lanes.remaining():
            if begun:
                self._charge(request, left_s)

    def _sent(self, request: Request, lane: int) -> None:
        self._end(request)
