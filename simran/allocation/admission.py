"""Who is served where not all can be: the largest sum of weights, by the cost of the shares."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from simran.allocation.common_clock import clock_grid, is_crowd
from simran.allocation.enumeration import Selection
from simran.allocation.prices import Offer, offer, thrifty
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.shared import Contention

__all__ = ["admit", "clock_tuples"]

_CLOSELY = 2  # clocks that are looked at again where they were compared roughly


def admit(group: Contention) -> Selection:
    """Return who is served, with the designs that need least and the clocks they need them at.

    At each clock of a grid: all agents that can be served alone ask for their cheapest design. While these
    have no shares, the agent with the largest cost of shares per weight is turned away; those
    turned away are then tried again, cheapest first. The clock with the largest sum of weights is
    taken, of equals that with the least load. With one shared station and equal weights that serves as
    many agents as possible at that clock.
    """
    everyone = np.ones(len(group.agents), dtype=np.bool_)
    room = float(group.capacity(everyone))
    rough = is_crowd(group)
    offers = [(clocks, offer(group, clocks, rough=rough)) for clocks in clock_tuples(group)]
    whole = [it for it in offers if np.isfinite(it[1].value).any(axis=0).all()]
    found = [(*thrifty(given, room)[:2], clocks) for clocks, given in whole]
    columns, load, clocks = min(found, key=lambda it: it[1], default=(None, np.inf, None))
    if columns is not None and clocks is not None and load <= room:
        return Selection(columns, everyone, clocks)
    some = [_at(group, clocks, given) for clocks, given in offers]
    if rough:
        given = {it[0].tobytes(): it[1] for it in offers}
        some = [
            _at(group, it.clocks_hz, given[it.clocks_hz.tobytes()].focused(it.direction))
            for it in sorted(some, key=lambda it: it.rank)[:_CLOSELY]
        ]
    best = min(some, key=lambda it: it.rank)
    return Selection(best.columns, best.served, best.clocks_hz)


@dataclass(frozen=True)
class _Served:
    """Who is served under some clocks.

    Parameters
    ----------
    clocks_hz : (S,) [Hz]
    columns, served : (n,) designs, and who has them
    direction : (J,) prices at which these shares are balanced
    rank : the sum of weights, negative, and the load
    """

    clocks_hz: Floats
    columns: Ints
    served: Bools
    direction: Floats
    rank: tuple[float, float]


def clock_tuples(group: Contention) -> list[Floats]:
    """Return clocks (S,) to try: the grid of one server, the others at the same place of theirs."""
    grids = [clock_grid(group, server) for server in range(len(group.clocks))]
    if not grids:
        return [np.empty(0)]
    if len(grids) == 2:
        return [np.array(pair) for pair in itertools.product(*grids)]
    longest = max(len(grid) for grid in grids)
    places = np.linspace(0.0, 1.0, longest)
    return [np.array([grid[round(place * (len(grid) - 1))] for grid in grids]) for place in places]


def _at(group: Contention, clocks_hz: Floats, given: Offer) -> _Served:
    count = len(group.agents)
    served: Bools = np.logical_or.reduce(np.isfinite(given.value), axis=0)
    columns = np.zeros(count, dtype=np.int64)
    load, direction = 0.0, np.full(given.size, 1.0 / given.size)
    while served.any():
        rows = np.flatnonzero(served)
        part = given.only(rows)
        room = float(group.capacity(served))
        columns[rows], load, direction = thrifty(part, room)
        if load <= room:
            columns, served, load = _again(group, given, columns, served, load, direction)
            break
        own = part.costs(direction)[columns[rows], np.arange(len(rows))]
        order = np.argsort(-own / group.weight[rows], kind="stable")
        left = own.sum() - np.cumsum(own[order])
        enough = left <= room * own.sum() / load
        served[rows[order[: int(np.argmax(enough)) + 1]]] = False
    rank = -float(group.weight[served].sum()), load if served.any() else 0.0
    return _Served(clocks_hz, columns, served, direction, rank)


def _again(
    group: Contention, given: Offer, columns: Ints, served: Bools, load: float, direction: Floats
) -> tuple[Ints, Bools, float]:
    """Try those turned away again, the cheapest per weight first."""
    agents = np.arange(len(served))
    level = np.full(given.size, 1.0 / given.size)
    costs = given.costs(level)
    cheapest = np.argmin(costs, axis=0)
    out = ~served & np.isfinite(costs[cheapest, agents])
    order = np.argsort(costs[cheapest, agents] / group.weight, kind="stable")
    columns, served = np.where(served, columns, cheapest), served.copy()
    ledger = given.settled_on(columns).ledger(np.zeros_like(columns), served, direction)
    step = 0.01 / len(served) * group.degrades
    room = float(group.capacity(served))
    for agent in order[out[order]].tolist():
        more = ledger.load_with(agent, 0)
        if more <= room + step[agent]:
            ledger.take(agent, 0)
            load, room = more, room + float(step[agent])
            served[agent] = True
    return columns, served, load
