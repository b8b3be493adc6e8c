"""Designs whose shares lie on curves, as what prices choose from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from simran.allocation.frontier import curve_of, shares_on
from simran.allocation.frontier_loads import Settled, balanced, cheapest, cost_table
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.loads import Stations
from simran.allocation.offers import Ledger, Offer
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["FrontierOffer", "frontier_offer"]

_POINTS = 41
_MOST = 4_000_000  # points that are held at once
_NEAR = np.linspace(-3.0, 3.0, 49)  # logarithms of ratios of prices a ledger reckons with


@dataclass(frozen=True)
class FrontierOffer(Offer):
    """Designs with points of their curves.

    Parameters
    ----------
    cell, server : (M, n, P) β and φ at points of each curve
    needs : the designs themselves
    stations : which of the J stations is whose
    clocks_hz : (n,) each agent's server's clock, for times and for energies [Hz]
    """

    cell: Floats
    server: Floats
    needs: FrontierNeeds
    stations: Stations
    clocks_hz: tuple[Floats, Floats]
    exact: ClassVar[bool] = False

    @property
    def size(self) -> int:
        """J, the number of shared stations."""
        return int(self.stations.cell.shape[1])

    def costs(self, direction: Floats) -> Floats:
        """Return (M, n) what the shares of each design cost at prices ``direction`` (J,)."""
        at_cell, at_server = self._prices(direction)
        costs = at_cell[:, None] * self.cell
        costs += at_server[:, None] * self.server
        return np.where(np.isfinite(self.value), np.fmin.reduce(costs, axis=-1), np.inf)

    def least_costs(self, direction: Floats) -> Floats:
        """Return (M, n) costs that are surely not too high, with points drawn together."""
        found = cost_table(self.needs, self.stations, direction[None, :], self.clocks_hz)[0]
        return np.where(np.isfinite(self.value), found, np.inf)

    def asked(self, columns: Ints, direction: Floats) -> Floats:
        """Return (J,) the sums of the cheapest shares of the designs in rows ``columns`` at some prices."""
        cell, server = self.points_of(columns)
        place = cheapest(cell, server, self.stations, direction)
        agents = np.arange(len(columns))
        sums: Floats = cell[agents, place] @ self.stations.cell
        return sums + server[agents, place] @ self.stations.server

    def balanced(self, columns: Ints) -> tuple[float, Floats]:
        """Return the least largest sum of shares of the designs in rows ``columns``, and the prices (J,) then."""
        found = self.settled(*self.points_of(columns))
        log_prices = found.log_prices[0]
        prices = np.maximum(np.exp(log_prices - log_prices.max()), 1e-12)
        return float(found.load[0]), prices / prices.sum()

    def settled(self, cell: Floats, server: Floats) -> Settled:
        """Return the shares of least load of designs with some points (n, P)."""
        return balanced(cell[None], server[None], self.stations, np.zeros((1, self.size)), 4.0)

    def ledger(self, columns: Ints, served: Bools, direction: Floats) -> Ledger:
        """Return a ledger that begins with the designs in rows ``columns`` of those who are served."""
        return _FrontierLedger(self, columns, served, direction)

    def only(self, agents: Ints) -> Self:
        """Return the designs of some agents."""
        frugal, quick = self.clocks_hz
        return replace(
            self,
            value=self.value[:, agents],
            cell=self.cell[:, agents],
            server=self.server[:, agents],
            needs=self.needs.of(agents),
            stations=Stations(self.stations.cell[agents], self.stations.server[agents]),
            clocks_hz=(frugal[agents], quick[agents]),
        )

    def points_of(self, columns: Ints) -> tuple[Floats, Floats]:
        """Return (n, P) the points of the designs in rows ``columns``."""
        agents = np.arange(len(columns))
        return self.cell[columns, agents], self.server[columns, agents]

    def _prices(self, direction: Floats) -> tuple[Floats, Floats]:
        return self.stations.cell @ direction, self.stations.server @ direction


class _FrontierLedger(Ledger):
    """Keeps what stations are asked for at prices around the ones that are known.

    With two stations, mixtures of what is asked for at neighbouring prices are looked at: a load that is
    found exists, and is near the least as long as the prices stay near.
    """

    def __init__(
        self, given: FrontierOffer, columns: Ints, served: Bools, direction: Floats
    ) -> None:
        self._given = given
        cell, server = (np.where(served[:, None], it, 0.0) for it in given.points_of(columns))
        self._directions = _around(direction, given.settled(cell, server))
        self._now = {
            agent: self._asked(agent, columns[[agent]])[0]
            for agent in np.flatnonzero(served).tolist()
        }
        self._sums = sum(self._now.values(), np.zeros_like(self._directions))

    def load_with(self, agent: int, row: int) -> float:
        """Return the load if one agent had the design in ``row``."""
        return float(self.loads_with(agent, np.array([row]))[0])

    def loads_with(self, agent: int, rows: Ints) -> Floats:
        """Return the load with each of the designs in ``rows`` (N,) of one agent."""
        return _mixed(self._without(agent) + self._asked(agent, rows))

    def take(self, agent: int, row: int) -> None:
        """Let an agent have the design in ``row``."""
        asked = self._asked(agent, np.array([row]))[0]
        self._sums = self._without(agent) + asked
        self._now[agent] = asked

    def _without(self, agent: int) -> Floats:
        return self._sums - self._now[agent] if agent in self._now else self._sums

    def _asked(self, agent: int, rows: Ints) -> Floats:
        """Return (N, D, J) what designs of an agent ask for at each of the prices."""
        given = self._given
        cell, server = given.cell[rows, agent], given.server[rows, agent]
        at_cell = self._directions @ given.stations.cell[agent]
        at_server = self._directions @ given.stations.server[agent]
        costs = at_cell[:, None] * cell[:, None, :] + at_server[:, None] * server[:, None, :]
        place = np.argmin(costs, axis=2)
        at = np.arange(len(rows))[:, None]
        beta, phi = cell[at, place][..., None], server[at, place][..., None]
        asked: Floats = beta * given.stations.cell[agent] + phi * given.stations.server[agent]
        return asked


def _around(direction: Floats, settled: Settled) -> Floats:
    """Return (D, J) some prices; of two stations a row around those of least load, by rising price."""
    if len(direction) != 2:
        return direction[None, :]
    odds = np.clip(settled.log_prices[0, 1] - settled.log_prices[0, 0], -30.0, 30.0)
    second = 1 / (1 + np.exp(-odds - _NEAR))
    found: Floats = np.stack([1 - second, second], axis=1)
    return found


def _mixed(sums: Floats) -> Floats:
    """Return (N,) the least largest sum among rows (N, D, J), and mixtures of neighbours of two stations."""
    best: Floats = sums.max(axis=2).min(axis=1)
    if sums.shape[2] != 2:
        return best
    more = sums[..., 1] - sums[..., 0]  # falls with the price of the second
    one, other = more[:, :-1], more[:, 1:]
    crossed = (one > 0) & (other < 0)
    part = other / np.where(crossed, other - one, 1.0)
    mixed = part * sums[:, :-1, 0] + (1 - part) * sums[:, 1:, 0]
    found: Floats = np.minimum(best, np.where(crossed, mixed, np.inf).min(axis=1))
    return found


def frontier_offer(
    needs: FrontierNeeds, stations: Stations, quick_hz: Floats, frugal_hz: Floats
) -> FrontierOffer:
    """Return the designs of some agents under clocks (n,) for times and for energies [Hz]."""
    curve = curve_of(needs, quick_hz, frugal_hz)
    count = max(9, min(_POINTS, _MOST // max(1, needs.value.size)))
    cell, server = shares_on(needs, curve.points(count, steep=True), quick_hz, frugal_hz)
    possible = curve.possible & np.isfinite(needs.value)
    none = ~possible[..., None] | ~np.isfinite(cell) | ~np.isfinite(server)
    return FrontierOffer(
        np.where(possible, needs.value, np.inf),
        np.where(none, 1e9, cell),  # nobody can pay for it, at no price either
        np.where(none, 1e9, server),
        needs,
        stations,
        (quick_hz, frugal_hz),
    )
