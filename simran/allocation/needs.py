"""What designs ask of a shared cell and a shared server, for a given clock of the server."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from simran.allocation.clocks import Box
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.stages import RELATIVE_TOLERANCE

__all__ = ["Needs", "drawn_j", "kappa_of"]


@dataclass(frozen=True, eq=False)
class Needs:
    """Designs of K agents before shares and clocks are known; arrays (..., K).

    Parameters
    ----------
    value : w_k D_k; inf for a design that does not exist
    cycles : what the agent runs [cycle]
    air_s : S/r, the airtime with the whole cell; 0 where the cell gives no shares [s]
    server_cycles : Q, what a server that gives shares runs; 0 where it gives none [cycle]
    time_s : left for computing and for what is shared; see ``patient`` [s]
    energy_j : left for computing [J]
    sent_j : spent on sending [J]
    own_s : least time of all computing where the server gives no shares; inf where there is none [s]
    own_cycles : the like of Q where the server gives no shares: (Q (Q/φ)^(α−1))^(1/α) [cycle]
    agent, server : boxes (K, F) and (K, G), padded with NaN
    common : (K,) whether the agent's server gives shares
    patient : (K,) agents without a delay budget; ``time_s`` then is what sharing alone may take
    """

    value: Floats
    cycles: Floats
    air_s: Floats
    server_cycles: Floats
    time_s: Floats
    energy_j: Floats
    sent_j: Floats
    own_s: Floats
    own_cycles: Floats
    agent: Box
    server: Box
    common: Bools
    patient: Bools

    LISTED: ClassVar[tuple[str, ...]] = (
        "value", "cycles", "air_s", "server_cycles", "time_s", "energy_j", "sent_j", "own_s",
        "own_cycles",
    )  # fmt: skip
    OWN: ClassVar[tuple[str, ...]] = ("agent", "server", "common", "patient")

    def take(self, columns: Ints) -> Self:
        """Return the designs in rows ``columns`` (..., K) of a list of designs (M, K)."""
        agents = np.arange(columns.shape[-1])
        picked = {name: getattr(self, name)[columns, agents] for name in self.LISTED}
        return type(self)(**picked, **{name: getattr(self, name) for name in self.OWN})

    def tiled(self, count: int) -> Self:
        """Return designs (N, K) as often as asked for, (count · N, K)."""
        listed: dict[str, Any] = {
            name: np.tile(getattr(self, name), (count, 1)) for name in self.LISTED
        }
        return type(self)(**listed, **{name: getattr(self, name) for name in self.OWN})

    def of(self, agents: Ints) -> Self:
        """Return the designs of some agents."""
        listed = {name: getattr(self, name)[..., agents] for name in self.LISTED}
        own = {name: _rows(getattr(self, name), agents) for name in self.OWN}
        return type(self)(**listed, **own)

    def inverse_time(self, clock_hz: Floats) -> Floats:
        """Return 1/τ, τ what is left for sharing if the agent runs as fast as its energy allows.

        NaN where that leaves nothing, 1 where nothing is shared.

        Parameters
        ----------
        clock_hz : clock of each agent's server, broadcastable to (..., K) [Hz]
        """
        left = self.energy_j - drawn_j(self.server_cycles, self.server, clock_hz)
        busy_s = np.where(self.common, fastest_s(self.cycles, left, self.agent), self.own_s)
        computed = np.isfinite(busy_s) & np.isfinite(self.value)
        spare_s = self.time_s - np.where(self.patient, 0.0, busy_s)
        shares = (self.air_s > 0) | (self.server_cycles > 0)
        slack_s = RELATIVE_TOLERANCE * np.abs(self.time_s)
        possible = computed & np.where(shares, spare_s > 0, spare_s >= -slack_s)
        inverse = 1.0 / np.where(possible & shares, spare_s, 1.0)
        return np.where(possible, inverse, np.nan)


def _rows(value: Any, agents: Ints) -> Any:
    """Return some rows of an array or of a box."""
    if isinstance(value, Box):
        return Box(**{f.name: getattr(value, f.name)[agents] for f in fields(value)})
    return value[agents]


def fastest_s(cycles: Floats, energy_j: Floats, box: Box) -> Floats:
    """Return the least time to run ``cycles`` within an energy [s]; inf where there is none.

    Parameters
    ----------
    cycles, energy_j : (..., K)
    box : clocks (K, F)
    """
    least = np.full(np.broadcast_shapes(np.shape(cycles), np.shape(energy_j)), np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for column in range(box.high_hz.shape[1]):
            high, low, coefficient = (
                it[:, min(column, it.shape[1] - 1)]
                for it in (box.high_hz, box.low_hz, box.coefficient)
            )
            power = box.exponent[:, 0] - 1
            draws = coefficient * cycles
            frugal = np.where(draws > 0, (energy_j / draws) ** (1 / power), np.inf)
            clock = np.where(low == 0, np.minimum(high, frugal), high)
            fits = np.where(
                low == 0,
                (energy_j > 0) | (draws == 0) & (energy_j >= 0),
                draws * high**power <= energy_j,
            )
            found = fits & (clock > 0)
            least = np.where(found, np.fmin(least, cycles / clock), least)
    return np.where((cycles == 0) & (energy_j >= 0), 0.0, least)


def drawn_j(cycles: Floats, box: Box, clock_hz: Floats) -> Floats:
    """Return what the server draws for ``cycles`` at a clock [J]; NaN if it cannot take that clock."""
    if box.high_hz.shape[1] == 1:
        power = box.exponent[:, 0] - 1
        drawn: Floats = box.coefficient[:, 0] * cycles * clock_hz**power
        return drawn
    found = np.full(np.broadcast_shapes(np.shape(cycles), np.shape(clock_hz)), np.nan)
    for column in range(box.high_hz.shape[1]):
        high = box.high_hz[:, column]
        near = (box.low_hz[:, min(column, box.low_hz.shape[1] - 1)] == 0) | (
            np.abs(high - clock_hz) <= RELATIVE_TOLERANCE * np.abs(clock_hz)
        )
        coefficient = box.coefficient[:, min(column, box.coefficient.shape[1] - 1)]
        drawn = coefficient * cycles * clock_hz ** (box.exponent[:, 0] - 1)
        found = np.where(near & np.isfinite(high), drawn, found)
    return np.where(cycles == 0, 0.0, found)


def kappa_of(needs: Needs) -> Floats:
    """Return κ of κ t^(1−α), the energy of computing within t; with a server's own part, if it has one.

    Times of agent and server add, so that κ^(1/α) of both add where their exponents are equal.
    """
    alpha, beta = needs.agent.exponent[:, 0], needs.server.exponent[:, 0]
    here = _at_top(needs.agent) * needs.cycles**alpha
    there = np.where(alpha == beta, _at_top(needs.server) * needs.own_cycles**beta, 0.0)
    kappa: Floats = (here ** (1 / alpha) + there ** (1 / alpha)) ** alpha
    return kappa


def _at_top(box: Box) -> Floats:
    """Return (n,) the coefficient of the power at the highest clock."""
    top = np.nanargmax(box.high_hz, axis=1)
    found: Floats = box.coefficient[
        np.arange(len(top)), np.minimum(top, box.coefficient.shape[1] - 1)
    ]
    return found
