"""Designs whose shares lie on curves, as what prices choose from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from simran.allocation.frontier import curve_of, shares_on
from simran.allocation.frontier_loads import Settled, balanced, cost_table
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.frontier_slopes import oriented, slopes
from simran.allocation.loads import Stations
from simran.allocation.offers import CROWD, Ledger, Offer
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["FrontierOffer", "frontier_offer"]

_POINTS, _FEWER = 41, 13
_MOST = 4_000_000  # points that are held at once
#: Logarithms of ratios of prices that a ledger reckons with, close to each other in the middle.
_NEAR = 3.0 * np.sinh(np.linspace(-4.0, 4.0, 17)) / np.sinh(4.0)
_AROUND = np.linspace(0.0, 1.0, 11)  # of the way between two points around the cheapest one
_AT_ONCE = 2_000_000  # points that are compared at once
_NEVER = 1e9  # a share that nobody can pay for, at no price either


@dataclass(frozen=True)
class FrontierOffer(Offer):
    """Designs with points of their curves.

    Parameters
    ----------
    cell, server : (M, n, P) β and φ at points of each curve, by rising β
    places : (M, n, P) parameters of these points
    bends : (M, n, P − 1) ratios of the server's price to the cell's from which on the next point is cheaper
    needs : the designs themselves
    stations : which of the J stations is whose
    clocks_hz : (n,) each agent's server's clock, for times and for energies [Hz]
    rough : whether the points are few
    """

    cell: Floats
    server: Floats
    places: Floats
    bends: Floats
    needs: FrontierNeeds
    stations: Stations
    clocks_hz: tuple[Floats, Floats]
    rough: bool
    exact: ClassVar[bool] = False

    @property
    def size(self) -> int:
        """J, the number of shared stations."""
        return int(self.stations.cell.shape[1])

    def costs(self, direction: Floats) -> Floats:
        """Return (M, n) what the shares of each design cost at prices ``direction`` (J,)."""
        beta, phi = self._cheapest(slice(None), slice(None), direction)
        at_cell, at_server = self._prices(direction)
        return np.where(np.isfinite(self.value), at_cell * beta + at_server * phi, np.inf)

    def least_costs(self, direction: Floats) -> Floats:
        """Return (M, n) costs that are surely not too high, with points drawn together."""
        found = cost_table(self.needs, self.stations, direction[None, :], self.clocks_hz)[0]
        return np.where(np.isfinite(self.value), found, np.inf)

    def focused(self, direction: Floats) -> FrontierOffer:
        """Return the same with points around the cheapest ones at some prices, if they were few."""
        if not self.rough:
            return self
        place = self._place(slice(None), slice(None), direction)
        last = self.places.shape[-1] - 1
        a, b = (
            np.take_along_axis(self.places, it[..., None], axis=-1)
            for it in (np.maximum(place - 1, 0), np.minimum(place + 1, last))
        )
        ends = self.places[..., :1], self.places[..., -1:]
        points = np.concatenate([ends[0], a + (b - a) * _AROUND, ends[1]], axis=-1)
        return _offered(self.value, points, self.needs, self.stations, self.clocks_hz)

    def asked(self, columns: Ints, direction: Floats) -> Floats:
        """Return (J,) the sums of the cheapest shares of the designs in rows ``columns`` at some prices."""
        beta, phi = self._cheapest(columns, np.arange(len(columns)), direction)
        sums: Floats = beta @ self.stations.cell + phi @ self.stations.server
        return sums

    def asked_by(self, rows: Any, agents: Any, directions: Floats) -> Floats:
        """Return (D, ..., J) what some designs ask for at each of some prices (D, J)."""
        bends = self.bends[rows, agents]
        if bends.size * len(directions) > _AT_ONCE and len(directions) > 1:
            parts = [self.asked_by(rows, agents, it[None]) for it in directions]
            return np.concatenate(parts)
        places = self.stations.cell[agents], self.stations.server[agents]
        ratio = _ratios(*(np.moveaxis(it @ directions.T, -1, 0) for it in places))
        if bends.ndim > 2:  # every design of each agent
            ratio = ratio[:, None]
        place = np.count_nonzero(bends < ratio[..., None], axis=-1)
        beta, phi = (
            np.take_along_axis(it[rows, agents][None], place[..., None], axis=-1)
            for it in (self.cell, self.server)
        )
        asked: Floats = beta * places[0] + phi * places[1]
        return asked

    def balanced(self, columns: Ints) -> tuple[float, Floats]:
        """Return the least load of the designs in rows ``columns``, and the prices (J,) then."""
        found = self.settled(columns, np.ones(len(columns), dtype=np.bool_))
        log_prices = found.log_prices[0]
        prices = np.maximum(np.exp(log_prices - log_prices.max()), 1e-12)
        return float(found.load[0]), prices / prices.sum()

    def settled(self, columns: Ints, served: Bools) -> Settled:
        """Return the shares of least load of the designs in rows ``columns`` of those who are served (n,)."""
        agents = np.flatnonzero(served)
        rows = columns[agents]
        cell, server, bends = (
            it[rows, agents][None] for it in (self.cell, self.server, self.bends)
        )
        stations = Stations(self.stations.cell[agents], self.stations.server[agents])
        return balanced(cell, server, stations, (np.zeros((1, self.size)), 4.0), bends)

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
            places=self.places[:, agents],
            bends=self.bends[:, agents],
            needs=self.needs.of(agents),
            stations=Stations(self.stations.cell[agents], self.stations.server[agents]),
            clocks_hz=(frugal[agents], quick[agents]),
        )

    def settled_on(self, columns: Ints) -> Self:
        """Return only the designs in rows ``columns`` (n,), one for each agent."""
        agents = np.arange(len(columns))
        return replace(
            self,
            value=self.value[None, columns, agents],
            cell=self.cell[None, columns, agents],
            server=self.server[None, columns, agents],
            places=self.places[None, columns, agents],
            bends=self.bends[None, columns, agents],
            needs=self.needs.take(columns[None, :]),
        )

    def _cheapest(self, rows: Any, agents: Any, direction: Floats) -> tuple[Floats, Floats]:
        """Return β and φ of some designs at some prices."""
        place = self._place(rows, agents, direction)[..., None]
        beta, phi = (
            np.take_along_axis(it[rows, agents], place, axis=-1)[..., 0]
            for it in (self.cell, self.server)
        )
        return beta, phi

    def _place(self, rows: Any, agents: Any, direction: Floats) -> Ints:
        """Return the cheapest points of some designs at some prices."""
        at_cell, at_server = (it[agents][..., None] for it in self._prices(direction))
        ratio = _ratios(at_cell, at_server)
        found: Ints = np.count_nonzero(self.bends[rows, agents] < ratio, axis=-1)
        return found

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
        self._directions = _around(direction, given.settled(columns, served))
        agents = np.flatnonzero(served)
        asked = self._at_all(columns[agents], agents)
        self._now = dict(zip(agents.tolist(), np.swapaxes(asked, 0, 1), strict=True))
        self._sums = asked.sum(axis=1)
        self._table = self._at_all(slice(None), slice(None)) if len(agents) > CROWD else None

    def load_with(self, agent: int, row: int) -> float:
        """Return the load if one agent had the design in ``row``."""
        return float(self.loads_with(agent, np.array([row]))[0])

    def loads_with(self, agent: int, rows: Ints) -> Floats:
        """Return the load with each of the designs in ``rows`` (N,) of one agent."""
        return _mixed(self._without(agent) + self._asked(agent, rows))

    def loads(self) -> Floats:
        """Return (M, n) the load with each design of every agent who is served."""
        table = self._at_all(slice(None), slice(None)) if self._table is None else self._table
        rest = np.stack([self._without(agent) for agent in range(table.shape[2])], axis=1)
        sums = np.moveaxis(rest[:, None] + table, 0, 2)
        return _mixed(sums.reshape(-1, *sums.shape[2:])).reshape(sums.shape[:2])

    def take(self, agent: int, row: int) -> None:
        """Let an agent have the design in ``row``."""
        asked = self._asked(agent, np.array([row]))[0]
        self._sums = self._without(agent) + asked
        self._now[agent] = asked

    def _without(self, agent: int) -> Floats:
        now = self._now.get(agent)
        rest: Floats = self._sums if now is None else self._sums - now
        return rest

    def _asked(self, agent: int, rows: Ints) -> Floats:
        """Return (N, D, J) what designs of an agent ask for at each of the prices."""
        if self._table is not None:
            known: Floats = self._table[:, rows, agent].swapaxes(0, 1)
            return known
        return self._at_all(rows, np.full(len(rows), agent)).swapaxes(0, 1)

    def _at_all(self, rows: Any, agents: Any) -> Floats:
        """Return (D, ..., J) what some designs ask for at each of the prices."""
        return self._given.asked_by(rows, agents, self._directions)


def _ratios(at_cell: Floats, at_server: Floats) -> Floats:
    """Return the ratios of prices, server to cell; 0 for a server for free."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(at_server > 0, at_server / at_cell, 0.0)
    return found


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
    needs: FrontierNeeds,
    stations: Stations,
    quick_hz: Floats,
    frugal_hz: Floats,
    *,
    rough: bool = False,
) -> FrontierOffer:
    """Return the designs of some agents under clocks (n,) for times and for energies [Hz].

    With fewer points of each curve if that may be ``rough``.
    """
    curve = curve_of(needs, quick_hz, frugal_hz)
    most = _FEWER if rough else _POINTS
    count = max(9, min(most, _MOST // max(1, needs.value.size)))
    points = curve.points(count, steep=True)
    value = np.where(curve.possible, needs.value, np.inf)
    found = _offered(value, points, needs, stations, (quick_hz, frugal_hz))
    return replace(found, rough=rough and not curve.flat)


def _offered(
    value: Floats,
    points: Floats,
    needs: FrontierNeeds,
    stations: Stations,
    clocks_hz: tuple[Floats, Floats],
) -> FrontierOffer:
    """Return designs with the points of their curves at some parameters (M, n, P)."""
    possible = np.isfinite(value)[..., None]
    shares = shares_on(needs, points, *clocks_hz)
    along = oriented(*(np.where(possible, it, _NEVER) for it in shares))
    cell, server = (np.minimum(it, _NEVER) for it in (along.cell, along.server))
    places = np.take_along_axis(points, along.origin, axis=-1) if along.moved else points
    bends = slopes(cell, server)
    return FrontierOffer(
        value, cell, server, places, bends, needs, stations, clocks_hz, rough=False
    )
