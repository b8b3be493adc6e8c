"""Whether shares exist for designs whose shares lie on curves.

Agent k may have any (β, φ) on or above its curve, a convex set. By duality the least possible largest sum
of shares is the largest value over prices p of Σ_k min (p_c β + p_s φ). With one cell and one server that is
a concave function of one ratio of prices, whose slope is what the stations are asked for: one ratio is
closed in on. Curves are told by points, between which shares may be mixed, since the sets are convex: what is
found exists. The points are then drawn together around those that were asked for, until they no longer
matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simran.allocation.curve import Curve
from simran.allocation.frontier import curve_of, shares_on
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.frontier_slopes import crossing, oriented, slopes
from simran.allocation.loads import Stations
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["Settled", "balanced", "cheapest", "cost_table", "settle_shares"]

_POINTS = 17
_ROUNDS = 5
_COUNTS, _ROUGH = (17, 17, 9, 9, 9, 9), 3  # points each time they are drawn together
_FARTHEST = 40.0  # logarithm of the largest ratio of prices
_TURNS, _FEW_TURNS = 30, 8  # changes of the prices of three stations or more, first and later
_SAFE = 1 - 1e-5  # of a cost: what points and edges leave of it
_HOPELESS = 1e9  # load of designs that not even all of cell and server suffice for
_MOST = 2_000_000  # points that are held at once


@dataclass(frozen=True)
class Settled:
    """Shares of designs (N, n), and their load.

    Parameters
    ----------
    load : (N,) largest sum of shares of a station; where a design is impossible inf, or far above 1 and
        the more the slower it is
    cell, server : (N, n) β and φ; 0 for those who are not served
    first, last : (N, n) points between which they lie
    log_prices : (N, J) logarithms of the prices that led to them, up to a constant
    """

    load: Floats
    cell: Floats
    server: Floats
    first: Ints
    last: Ints
    log_prices: Floats


def settle_shares(
    needs: FrontierNeeds,
    stations: Stations,
    served: Bools,
    clock_hz: Floats,
    *,
    rough: bool = False,
) -> Settled:
    """Return the shares with the least largest sum, and that sum.

    Parameters
    ----------
    needs : designs (N, n)
    stations : which of the J stations is whose
    served : (N, n) who takes part
    clock_hz : (N, n) clock of each agent's server [Hz]
    rough : whether 1e-5 of the sum does not matter
    """
    curve = curve_of(needs, clock_hz)
    able = np.logical_and.reduce(curve.possible | ~served, axis=-1)
    takes = (served & curve.possible)[..., None]
    prices = np.zeros((len(served), stations.cell.shape[1]))
    best: Settled | None = None
    counts = _COUNTS[:1] if curve.flat else _COUNTS[:_ROUGH] if rough else _COUNTS
    for round_, count in enumerate(counts):
        points = curve.points(count, steep=round_ == 0)
        cell, server = shares_on(needs, points, clock_hz)
        table = np.where(takes, cell, 0.0), np.where(takes, server, 0.0)
        found = balanced(*table, stations, (prices, 2.0 * 0.2**round_))
        prices = found.log_prices
        curve = curve.around(points, found.first, found.last)
        best = found if best is None else _better(found, best)
    assert best is not None  # there is at least one round
    late = np.where(served, curve.hurry, 0.0).max(
        axis=-1
    )  # tells a search where to look for clocks
    return replace(best, load=np.where(able, best.load, _HOPELESS * np.maximum(late, 1.0)))


def cheapest(cell: Floats, server: Floats, stations: Stations, direction: Floats) -> Ints:
    """Return the points (..., n) of least cost at prices (..., J)."""
    costs = _paid(direction @ stations.cell.T, cell) + _paid(direction @ stations.server.T, server)
    found: Ints = np.argmin(costs, axis=-1)
    return found


def _paid(price: Floats, share: Floats) -> Floats:
    """Return what shares cost, of which an endless one is never free."""
    paid: Floats = np.maximum(price, 1e-30)[..., None] * share
    return paid


def balanced(
    cell: Floats,
    server: Floats,
    stations: Stations,
    near: tuple[Floats, float],
    bends: Floats | None = None,
) -> Settled:
    """Return the shares with the least largest sum among points (N, n, P) and mixtures of neighbours.

    Parameters
    ----------
    cell, server : β and φ at the points
    stations : which of the J stations is whose
    near : logarithms of the prices (N, J) to begin with, and how far from there the ones of the least load
        are likely to be
    bends : the slopes of the curves, if they are known, of points by rising β
    """
    size = stations.cell.shape[1]
    if size == 1:
        place = cheapest(cell, server, stations, np.ones((len(cell), 1)))
        return _settled(cell, server, stations, (place, place), np.ones(len(cell)))
    if size == 2:
        return _between(cell, server, stations, bends)
    return _turned(cell, server, stations, *near)


def _between(cell: Floats, server: Floats, stations: Stations, bends: Floats | None) -> Settled:
    """Return the same for one cell and one server, from the slopes of the curves."""
    if bends is None:
        along = oriented(cell, server)
        at = crossing(along.cell, along.server, slopes(along.cell, along.server))
        before, after = (
            np.take_along_axis(along.origin, it[..., None], axis=-1)[..., 0]
            for it in (at.before, at.after)
        )
    else:
        at = crossing(cell, server, bends)
        before, after = at.before, at.after
    found = _settled(cell, server, stations, (before, after), at.part)
    return replace(found, log_prices=np.stack([-at.odds / 2, at.odds / 2], axis=1))


def _turned(
    cell: Floats, server: Floats, stations: Stations, log_prices: Floats, width: float
) -> Settled:
    """Return the same for more stations: prices follow what is asked for; the best of all that was tried.

    What is found exists, but need not be the least.
    """
    best = np.full(len(cell), np.inf)
    chosen = np.zeros(cell.shape[:2], dtype=np.int64)
    kept = log_prices
    for turn in range(0 if width > 1 else _TURNS - _FEW_TURNS, _TURNS):
        shifted = log_prices - log_prices.max(axis=1, keepdims=True)
        place = cheapest(cell, server, stations, np.exp(np.maximum(shifted, -_FARTHEST)))
        sums = _sums(cell, server, stations, place)
        better = sums.max(axis=1) < best
        best = np.where(better, sums.max(axis=1), best)
        chosen = np.where(better[:, None], place, chosen)
        kept = np.where(better[:, None], log_prices, kept)
        log_prices = log_prices + np.log(np.clip(sums, 1e-12, 1e12)) / (1 + 0.2 * turn)
    found = _settled(cell, server, stations, (chosen, chosen), np.ones(len(cell)))
    return replace(found, log_prices=kept)


def _better(one: Settled, other: Settled) -> Settled:
    """Return whichever has the lower load, for each of N."""
    first = one.load < other.load

    def chosen(name: str) -> Any:
        mine, theirs = getattr(one, name), getattr(other, name)
        return np.where(first if mine.ndim == 1 else first[:, None], mine, theirs)

    return Settled(
        *(chosen(name) for name in ("load", "cell", "server", "first", "last", "log_prices"))
    )


def _settled(
    cell: Floats, server: Floats, stations: Stations, places: tuple[Ints, Ints], part: Floats
) -> Settled:
    """Return mixtures of two points of each curve, with ``part`` (N,) of the first ones."""
    mixed = []
    for share in (cell, server):
        one, other = (_at(share, it) for it in places)
        with np.errstate(invalid="ignore"):
            both = part[:, None] * one + (1 - part[:, None]) * other
        mixed.append(np.where(places[0] == places[1], one, both))
    sums = mixed[0] @ stations.cell + mixed[1] @ stations.server
    load = np.where(np.isnan(sums), np.inf, sums).max(axis=1)
    first, last = np.minimum(*places), np.maximum(*places)
    return Settled(load, mixed[0], mixed[1], first, last, np.zeros(sums.shape))


def _at(share: Floats, place: Ints) -> Floats:
    """Return shares (N, n, P) at points (..., N, n)."""
    rows, agents = np.arange(share.shape[0])[:, None], np.arange(share.shape[1])
    found: Floats = share[rows, agents, place]
    return found


def _sums(cell: Floats, server: Floats, stations: Stations, place: Ints) -> Floats:
    """Return (..., N, J) what the stations are asked for at some points."""
    with np.errstate(invalid="ignore"):
        sums = _at(cell, place) @ stations.cell + _at(server, place) @ stations.server
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
    curve = curve_of(needs, *clocks_hz)
    each = max(1, _MOST // max(1, needs.value.size * _POINTS))
    parts = [
        _least_costs(needs, stations, directions[start : start + each], curve, clocks_hz)
        for start in range(0, len(directions), each)
    ]
    return np.concatenate(parts)


def _least_costs(
    needs: FrontierNeeds,
    stations: Stations,
    directions: Floats,
    curve: Curve,
    clocks_hz: tuple[Floats, Floats],
) -> Floats:
    """Return the same for so many prices that all points are held at once."""
    shape = (len(directions), *needs.value.shape)
    price = directions[:, None, :]
    now = Curve(
        np.broadcast_to(curve.low, shape),
        np.broadcast_to(curve.high, shape),
        np.broadcast_to(curve.possible, shape),
        np.broadcast_to(curve.hurry, shape),
    )
    for _ in range(1 if curve.flat else _ROUNDS):
        points = now.points(_POINTS)
        cell, server = shares_on(needs, points, *clocks_hz)
        place = cheapest(cell, server, stations, price)
        now = now.around(points, place, place)
    beta = np.take_along_axis(cell, place[..., None], -1)[..., 0]
    phi = np.take_along_axis(server, place[..., None], -1)[..., 0]
    costs = _paid(price @ stations.cell.T, beta[..., None]) + _paid(
        price @ stations.server.T, phi[..., None]
    )
    return np.where(curve.possible, costs[..., 0] * _SAFE, np.inf)
