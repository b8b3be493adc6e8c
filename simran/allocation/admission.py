"""Who is served where not all can be: the largest sum of weights, by the cost of the shares."""

from __future__ import annotations

import itertools

import numpy as np

from simran.allocation.common_clock import clock_grid
from simran.allocation.enumeration import Selection
from simran.allocation.loads import largest_load, load_matrix
from simran.allocation.prices import Offer, offer, thrifty
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.shared import Contention

__all__ = ["admit", "clock_tuples"]


def admit(group: Contention) -> Selection:
    """Return who is served, with the designs that need least and the clocks they need them at.

    At each clock of a grid: all agents that can be served alone ask for their cheapest design. While these
    have no shares, the agent with the largest cost of shares per weight is turned away; those
    turned away are then tried again, cheapest first. The clock with the largest sum of weights is
    taken, of equals that with the least load. With one shared station and equal weights that serves as
    many agents as possible at that clock.
    """
    best: tuple[tuple[float, float], Selection] | None = None
    for clocks in clock_tuples(group):
        columns, served, load = _at(group, offer(group, clocks))
        key = (-float(group.weight[served].sum()), load)
        if best is None or key < best[0]:
            best = key, Selection(columns, served, clocks)
    assert best is not None  # a grid is never empty
    return best[1]


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


def _at(group: Contention, given: Offer) -> tuple[Ints, Bools, float]:
    count = len(group.agents)
    served = np.isfinite(given.value).any(axis=0)
    columns = np.zeros(count, dtype=np.int64)
    load = 0.0
    while served.any():
        rows = np.flatnonzero(served)
        part = given.only(rows)
        room = float(group.capacity(served))
        columns[rows], load, direction = thrifty(part, room)
        if load <= room:
            return _again(group, given, columns, served)
        own = part.costs(direction)[columns[rows], np.arange(len(rows))]
        served[rows[_too_many(own, group.weight[rows], room)]] = False
    return columns, served, 0.0


def _too_many(cost: Floats, weight: Floats, room: float) -> Ints:
    """Return whom to turn away: by falling cost per weight, until what is left fits at these prices."""
    order = np.argsort(-cost / weight, kind="stable")
    left = cost.sum() - np.cumsum(cost[order])
    first = int(np.argmax(left <= room)) if (left <= room).any() else len(order) - 1
    return order[: first + 1] if cost.sum() > room else order[:1]


def _again(
    group: Contention, given: Offer, columns: Ints, served: Bools
) -> tuple[Ints, Bools, float]:
    """Try those turned away again, the cheapest per weight first."""
    agents = np.arange(len(served))
    size = given.vectors.shape[-1]
    costs = given.costs(np.full(size, 1.0 / size))
    cheapest = np.argmin(costs, axis=0)
    out = ~served & np.isfinite(costs[cheapest, agents])
    order = np.argsort(costs[cheapest, agents] / group.weight, kind="stable")
    for agent in order[out[order]].tolist():
        tried, more = columns.copy(), served.copy()
        tried[agent], more[agent] = cheapest[agent], True
        if _load(given, tried, more) > float(group.capacity(more)):
            if size == 1:
                break
            continue
        columns, served = tried, more
    return columns, served, _load(given, columns, served)


def _load(given: Offer, columns: Ints, served: Bools) -> float:
    agents = np.arange(len(columns))
    inverse = np.where(served, given.inverse[columns, agents], 0.0)
    return float(largest_load(load_matrix(given.vectors[columns, agents], inverse)))
