"""Whether shares exist for designs whose shares lie on curves.

Agent k may have any (β, φ) on or above its curve, a convex set. By duality the least possible largest sum
of shares is the largest value over prices p of Σ_k min (p_c β + p_s φ). With one cell and one server that is
a concave function of one ratio of prices, whose slope is what the stations are asked for: it is found by
halving. Curves are told by points, between which shares may be mixed, since the sets are convex: what is
found exists. The points are then drawn together around those that were asked for, until they no longer
matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simran.allocation.frontier import FrontierNeeds
from simran.allocation.loads import Stations
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["Settled", "balanced", "cheapest", "cost_table", "settle_shares"]

_POINTS = 17
_ROUNDS = 6
_HALVINGS = 40
_FARTHEST = 40.0  # logarithm of the largest ratio of prices
_TURNS = 60  # changes of the prices of three stations or more
_SAFE = 1 - 1e-7  # what halving and drawing together leave of costs


@dataclass(frozen=True)
class Settled:
    """Shares of designs (N, n), and their load.

    Parameters
    ----------
    load : (N,) largest sum of shares of a station; inf where a design is impossible
    cell, server : (N, n) β and φ; 0 for those who are not served
    first, last : (N, n) points between which they lie
    """

    load: Floats
    cell: Floats
    server: Floats
    first: Ints
    last: Ints


def settle_shares(
    needs: FrontierNeeds, stations: Stations, served: Bools, clock_hz: Floats
) -> Settled:
    """Return the shares with the least largest sum, and that sum.

    Parameters
    ----------
    needs : designs (N, n)
    stations : which of the J stations is whose
    served : (N, n) who takes part
    clock_hz : (N, n) clock of each agent's server [Hz]
    """
    curve = needs.curve(clock_hz)
    able = np.logical_and.reduce(curve.possible | ~served, axis=-1)
    takes = served & curve.possible
    for round_ in range(_ROUNDS):
        points = curve.points(_POINTS)
        cell, server = needs.shares(points, clock_hz)
        cell = np.where(takes[..., None], cell, 0.0)
        server = np.where(takes[..., None], server, 0.0)
        found = balanced(cell, server, stations)
        if round_ < _ROUNDS - 1:
            curve = curve.around(points, found.first, found.last)
    load = np.where(able, found.load, np.inf)
    return Settled(load, found.cell, found.server, found.first, found.last)


def cheapest(cell: Floats, server: Floats, stations: Stations, direction: Floats) -> Ints:
    """Return the points (..., n) of least cost at prices (..., J)."""
    at_cell = direction @ stations.cell.T
    at_server = direction @ stations.server.T
    costs = _paid(at_cell, cell) + _paid(at_server, server)
    found: Ints = np.argmin(np.where(np.isnan(costs), np.inf, costs), axis=-1)
    return found


def _paid(price: Floats, share: Floats) -> Floats:
    """Return what a share costs; at no price an endless one is still none."""
    with np.errstate(invalid="ignore"):
        paid: Floats = np.where(np.isinf(share), np.inf, price[..., None] * share)
    return paid


def balanced(cell: Floats, server: Floats, stations: Stations) -> Settled:
    """Return the shares with the least largest sum among points (N, n, P) and mixtures of neighbours."""
    size = stations.cell.shape[1]
    if size == 1:
        direction = np.ones((len(cell), 1))
        place = cheapest(cell, server, stations, direction)
        return _settled(cell, server, stations, (place, place), np.ones(len(cell)))
    if size == 2:
        return _between(cell, server, stations)
    return _turned(cell, server, stations)


def _between(cell: Floats, server: Floats, stations: Stations) -> Settled:
    """Return the same for two stations, by halving the logarithm of the ratio of their prices."""

    def asked(z: Floats) -> tuple[Ints, Floats]:
        second = 1 / (1 + np.exp(-z))
        place = cheapest(cell, server, stations, np.stack([1 - second, second], axis=-1))
        sums = _sums(cell, server, stations, place)
        with np.errstate(invalid="ignore"):
            return place, sums[:, 1] - sums[:, 0]

    low, high = np.full(len(cell), -_FARTHEST), np.full(len(cell), _FARTHEST)
    (at_low, more_low), (at_high, more_high) = asked(low), asked(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        place, more = asked(middle)
        up = more > 0  # the second is asked for more than the first: a higher price
        low, high = np.where(up, middle, low), np.where(up, high, middle)
        at_low = np.where(up[:, None], place, at_low)
        at_high = np.where(up[:, None], at_high, place)
        more_low, more_high = np.where(up, more, more_low), np.where(up, more_high, more)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = more_high / (more_high - more_low)  # of the places at the lower price
    part = np.where((more_low > 0) & (more_high < 0), part, np.where(more_low > 0, 0.0, 1.0))
    return _settled(cell, server, stations, (at_low, at_high), part)


def _turned(cell: Floats, server: Floats, stations: Stations) -> Settled:
    """Return the same for more stations: prices follow what is asked for; the best of all that was tried.

    What is found exists, but need not be the least.
    """
    size = stations.cell.shape[1]
    direction = np.full((len(cell), size), 1.0 / size)
    best: Settled | None = None
    for turn in range(_TURNS):
        place = cheapest(cell, server, stations, direction)
        found = _settled(cell, server, stations, (place, place), np.ones(len(cell)))
        best = found if best is None else _better(found, best)
        asked = np.maximum(_sums(cell, server, stations, place), 1e-12)
        with np.errstate(invalid="ignore"):
            direction = direction * asked ** (1.0 / (1 + 0.2 * turn))
            direction = np.where(np.isfinite(direction), direction, 1.0)
        direction = direction / direction.sum(axis=1, keepdims=True)
    assert best is not None  # there is at least one turn
    return best


def _better(one: Settled, other: Settled) -> Settled:
    """Return whichever has the lower load, for each of N."""
    first = one.load < other.load

    def chosen(name: str) -> Any:
        mine, theirs = getattr(one, name), getattr(other, name)
        return np.where(first if mine.ndim == 1 else first[:, None], mine, theirs)

    return Settled(*(chosen(name) for name in ("load", "cell", "server", "first", "last")))


def _settled(
    cell: Floats, server: Floats, stations: Stations, places: tuple[Ints, Ints], part: Floats
) -> Settled:
    """Return mixtures of two points of each curve, with ``part`` (N,) of the first ones."""
    mixed = []
    for share in (cell, server):
        one, other = (np.take_along_axis(share, it[..., None], -1)[..., 0] for it in places)
        with np.errstate(invalid="ignore"):
            both = part[:, None] * one + (1 - part[:, None]) * other
        mixed.append(np.where(places[0] == places[1], one, both))
    sums = mixed[0] @ stations.cell + mixed[1] @ stations.server
    load = np.where(np.isnan(sums), np.inf, sums).max(axis=1)
    first, last = np.minimum(*places), np.maximum(*places)
    return Settled(load, mixed[0], mixed[1], first, last)


def _sums(cell: Floats, server: Floats, stations: Stations, place: Ints) -> Floats:
    """Return (N, J) what the stations are asked for at some points."""
    beta = np.take_along_axis(cell, place[..., None], -1)[..., 0]
    phi = np.take_along_axis(server, place[..., None], -1)[..., 0]
    with np.errstate(invalid="ignore"):
        sums = beta @ stations.cell + phi @ stations.server
    found: Floats = np.where(np.isnan(sums), np.inf, sums)
    return found


def cost_table(
    needs: FrontierNeeds,
    stations: Stations,
    directions: Floats,
    clocks_hz: tuple[Floats, Floats],
) -> Floats:
    """Return (D, M, n) what the shares of designs (M, n) cost at the least, inf for impossible ones.

    Parameters
    ----------
    directions : (D, J) prices
    clocks_hz : (n,) for times and for energies [Hz]
    """
    begin = needs.curve(*clocks_hz)
    found = np.empty((len(directions), *needs.value.shape))
    for index, direction in enumerate(directions):
        curve = begin
        for _ in range(_ROUNDS):
            points = curve.points(_POINTS)
            cell, server = needs.shares(points, *clocks_hz)
            place = cheapest(cell, server, stations, direction)
            curve = curve.around(points, place, place)
        beta = np.take_along_axis(cell, place[..., None], -1)[..., 0]
        phi = np.take_along_axis(server, place[..., None], -1)[..., 0]
        at_cell, at_server = direction @ stations.cell.T, direction @ stations.server.T
        found[index] = np.where(begin.possible, at_cell * beta + at_server * phi, np.inf) * _SAFE
    return found
