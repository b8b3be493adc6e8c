"""The way of a request: over the cell and the transport links to the server, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from simran.entities.clock import Clock
from simran.entities.transport import Direction
from simran.results.records import COMPLETED, Request

__all__ = ["Path", "VaryingPath"]

_Callbacks = tuple[Callable[[Request], None], ...]


class Path:
    """What joins one cell to one server, in both directions.

    The answer travels back over the same links and down the cell at the whole-cell rate, which is
    not shared; so its last link and the downlink are one event.

    Parameters
    ----------
    clock : the simulated time
    out, back : the links hop by hop, towards the server and from it
    downlink_bps : rate of the answer in the cell [bit/s]; inf takes no time
    """

    __slots__ = (
        "_after",
        "_after_back",
        "_after_last",
        "_back",
        "_clock",
        "_downlink_bps",
        "_out",
        "accept",
        "ended",
    )

    accept: Callable[[Request], None]
    ended: Callable[[Request], None]

    def __init__(
        self,
        clock: Clock,
        out: Sequence[Direction],
        back: Sequence[Direction],
        downlink_bps: float,
    ) -> None:
        self._clock = clock
        self._out = [hop for hop in out if not hop.instant]
        self._back = [hop for hop in back if not hop.instant]
        self._downlink_bps = downlink_bps
        # What follows each hop.
        self._after: list[_Callbacks] = [
            (partial(self._hop, place=place),) for place in range(1, len(self._out))
        ]
        self._after.append((self._arrived,))
        self._after_back: list[_Callbacks] = [
            (partial(self._hop_back, place=place),) for place in range(1, len(self._back))
        ]
        self._after_last: _Callbacks = (self._complete,)

    def forward(self, request: Request) -> None:
        """Carry a request from the cell to the server."""
        if self._out:
            self._hop(request, 0)
        else:
            self.accept(request)

    def answer(self, request: Request) -> None:
        """Carry the answer from the server to the agent."""
        if len(self._back) > 1:
            self._hop_back(request, 0)
        else:
            self._last_leg(request)

    def _hop(self, request: Request, place: int) -> None:
        bits = request.design.uplink_bits * request.uplink_size
        clock = self._clock
        clock.carry(self._out[place].carry(clock._now, bits), self._after[place], request)

    def _arrived(self, request: Request) -> None:
        self.accept(request)

    def _hop_back(self, request: Request, place: int) -> None:
        if place + 1 == len(self._back):
            self._last_leg(request)
            return
        bits = request.design.downlink_bits * request.size
        clock = self._clock
        clock.carry(self._back[place].carry(clock._now, bits), self._after_back[place], request)

    def _last_leg(self, request: Request) -> None:
        now = self._clock._now
        bits = request.design.downlink_bits * request.size
        time_s = self._back[-1].carry(now, bits) if self._back else now
        time_s += bits / self._downlink_bps
        if time_s > now:
            self._clock.carry(time_s, self._after_last, request)
        else:
            self._complete(request)

    def _complete(self, request: Request) -> None:
        request.status = COMPLETED
        self.ended(request)


class VaryingPath(Path):
    """A path whose answers come down the cell at the rate of their agent, which varies on the way.

    Parameters
    ----------
    clock : the simulated time
    out, back : the links hop by hop, towards the server and from it
    received_s : (agent, start [s], bits) -> when all of it has come down [s]
    """

    __slots__ = ("_received_s",)

    def __init__(
        self,
        clock: Clock,
        out: Sequence[Direction],
        back: Sequence[Direction],
        received_s: Callable[[int, float, float], float],
    ) -> None:
        super().__init__(clock, out, back, math.inf)
        self._received_s = received_s

    def _last_leg(self, request: Request) -> None:
        now = self._clock._now
        bits = request.design.downlink_bits * request.size
        time_s = self._back[-1].carry(now, bits) if self._back else now
        time_s = self._received_s(request.agent, time_s, bits)
        if time_s > now:
            self._clock.carry(time_s, self._after_last, request)
        else:
            self._complete(request)
