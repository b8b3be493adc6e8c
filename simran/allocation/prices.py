"""Dual decomposition: at prices for cell and server every agent picks its own best design.

With prices λp, p on the unit simplex, the Lagrangian of min Σ w D subject to "shares exist" is
Σ_k min_m [w D + λ (√(p_c a) + √(p_s d))²/τ] − λ·room, a lower bound for a given clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.common_clock import is_crowd, spread_clock
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.frontier_offer import frontier_offer
from simran.allocation.offers import CROWD, Offer, RootOffer
from simran.allocation.problem import Floats, Ints
from simran.allocation.shared import Contention

__all__ = [
    "Offer",
    "Priced",
    "decompose",
    "hopeless",
    "lagrangian_bound",
    "offer",
    "offer_between",
    "thrifty",
]

_ROUNDS, _TURNS = 6, 4  # changes of the ratio of the prices
_ENDLESS = 1e30  # level of prices at which agents want nothing but the least
_HALVINGS = 16
_RISES = 60  # of the level of prices, where shares do not exist
_RISE, _STEEPEST = 1e-3, 0.15  # the first of them, and the largest
_MOST_KEPT = 300_000  # designs of offers that are kept, besides one


@dataclass(frozen=True)
class Priced:
    """What prices lead to.

    Parameters
    ----------
    columns : (n,) designs that have shares, or None if none were found
    bound : no designs with shares under these clocks have a lower sum of values, if costs are exact
    direction : (J,) the prices, with sum 1
    """

    columns: Ints | None
    bound: float
    direction: Floats


def offer(group: Contention, clocks_hz: Floats, *, rough: bool = False) -> Offer:
    """Return all designs of a group under the clocks (S,) of its servers.

    Parameters
    ----------
    group : who contends
    clocks_hz : (S,) [Hz]
    rough : whether shares may be too large by some percent, where that is quicker
    """
    if not isinstance(group.menu, FrontierNeeds):
        return offer_between(group, clocks_hz, clocks_hz)
    rough = rough and is_crowd(group)
    known, key = (
        group.memo.offers,
        (rough, clocks_hz.tobytes()),
    )  # costly, and wanted more than once
    if key not in known:
        while known and len(known) * group.menu.value.size > _MOST_KEPT:
            del known[next(iter(known))]
        known[key] = offer_between(group, clocks_hz, clocks_hz, rough=rough)
    return known[key]


def offer_between(
    group: Contention, low_hz: Floats, high_hz: Floats, *, rough: bool = False
) -> Offer:
    """Return designs with the energies of the lower and the times of the higher clocks (S,) of an interval.

    No design under a clock of the interval needs smaller shares than these do.
    """
    frugal, quick = spread_clock(group, low_hz), spread_clock(group, high_hz)
    if isinstance(group.menu, FrontierNeeds):
        return frontier_offer(group.menu, group.stations, quick, frugal, rough=rough)
    inverse = group.menu.inverse_time(frugal)
    possible = np.isfinite(inverse)
    return RootOffer(
        np.where(possible, group.menu.value, np.inf),
        group.stations.vectors(group.menu, quick),
        np.where(possible, inverse, 0.0),
    )


def decompose(given: Offer, room: float, direction: Floats | None = None) -> Priced:
    """Return designs that have shares with a small sum of values, and a bound on the least.

    The level of the prices is found by bisection. Their ratio then is that at which the shares of the designs
    so found are balanced, until it no longer changes.

    Parameters
    ----------
    given : designs of the agents to be served, each with at least one that is possible
    room : what may be shared out, at most 1
    direction : (J,) prices to begin with
    """
    size = given.size
    direction = np.full(size, 1.0 / size) if direction is None else direction
    best: Ints | None = None
    least, bound = np.inf, 0.0
    for _ in range(_ROUNDS):
        costs = given.costs(direction)
        level, columns, below = _level(given.value, costs, room)
        bound = max(bound, below)
        if level >= _ENDLESS:  # not even the cheapest designs have shares
            return Priced(None, bound, direction)
        load, following = given.balanced(columns)
        if load > room and len(columns) <= CROWD:
            columns, load = _lowered(given, costs, level, room)
        total = float(given.value[columns, np.arange(len(columns))].sum())
        if load <= room and total < least:
            best, least = columns, total
        if np.abs(following - direction).max() < 1e-3:
            break
        direction = following
    if best is None:
        columns, load = _lowered(given, costs, level, room)
        best = columns if load <= room else None
    return Priced(best, bound, direction)


def _lowered(given: Offer, costs: Floats, level: float, room: float) -> tuple[Ints, float]:
    """Return designs at the next level of prices at which they have shares, and their load."""
    columns, load, rise = np.empty(0, dtype=np.int64), np.inf, _RISE
    for _ in range(_RISES):
        level = (1 + rise) * level + 1e-300
        rise = min(2 * rise, _STEEPEST)
        columns = np.argmin(given.value + level * costs, axis=0)
        load = given.load(columns)
        if load <= room:
            break
    return columns, load


def lagrangian_bound(given: Offer, room: float) -> float:
    """Return what no designs with shares under given clocks can have a lower sum of values than.

    Parameters
    ----------
    given, room : as for :func:`decompose`
    """
    found = decompose(given, room)
    if given.exact:
        return found.bound
    costs = given.least_costs(found.direction)
    return _level(given.value, costs, room)[2]


def _level(value: Floats, costs: Floats, room: float) -> tuple[float, Ints, float]:
    """Return the lowest level of prices at which demand fits, the designs then, and the bound."""
    agents = np.arange(value.shape[1])

    def at(level: float) -> tuple[Ints, float, float]:
        with np.errstate(invalid="ignore"):
            total = np.where(np.isfinite(value), value + level * costs, np.inf)
        columns = np.argmin(total, axis=0)
        return columns, float(costs[columns, agents].sum()), float(total[columns, agents].sum())

    columns, demand, total = at(0.0)
    bound = total
    if demand <= room:
        return 0.0, columns, bound
    low, high = 0.0, max(float(value[columns, agents].sum()), 1e-12)
    columns, demand, total = at(high)
    while demand > room and high < _ENDLESS:
        bound = max(bound, total - high * room)
        low, high = high, 8 * high
        columns, demand, total = at(high)
    if demand > room:
        return high, columns, bound
    bound = max(bound, total - high * room)
    for _ in range(_HALVINGS):
        middle = np.sqrt(low * high) if low else high / 64
        tried, demand, total = at(float(middle))
        bound = max(bound, total - middle * room)
        if demand > room:
            low = float(middle)
        else:
            high, columns = float(middle), tried
    return high, columns, bound


def hopeless(given: Offer, room: float) -> bool:
    """Tell quickly that designs have no shares: even the cheapest cost more than there is at equal prices."""
    if not given.size:
        return False
    costs = given.costs(np.full(given.size, 1.0 / given.size))
    return bool(costs.min(axis=0).sum() > room)


def thrifty(
    given: Offer, room: float, direction: Floats | None = None
) -> tuple[Ints, float, Floats]:
    """Return the designs (n,) that need the least shares, that load, and the prices (J,) then.

    With one cut for each agent that is its possible design of least cost; with several the prices follow
    those at which the shares of the designs are balanced.

    Parameters
    ----------
    given : designs of the agents to be served
    room : what may be shared out
    direction : (J,) prices to begin with
    """
    size = given.size
    direction = np.full(size, 1.0 / size) if direction is None else direction
    best = np.argmin(given.costs(direction), axis=0), np.inf, direction
    for _ in range(_TURNS if size > 1 else 1):
        columns = np.argmin(given.costs(direction), axis=0)
        load, following = given.balanced(columns)
        if load < best[1]:
            best = columns, load, following
        if load <= 0.1 * room or np.abs(following - direction).max() < 1e-3:
            break
        direction = following
    return best
