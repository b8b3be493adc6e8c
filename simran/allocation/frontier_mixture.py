"""Shares of the least load at any number of stations, to the end, for settled designs.

Prices that follow what is asked for find shares near those of the least load; at three stations or more they
may end some percent above it, since no one set of prices leads to mixtures. Here the shares at all prices
tried are mixed, which the convex sets allow: the least load of the mixtures is a linear program, whose
prices lead to the next shares (the method of Dantzig and Wolfe).
"""

from __future__ import annotations

import numpy as np

from simran.allocation.frontier import curve_of, shares_on
from simran.allocation.frontier_loads import cheapest
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.loads import Stations
from simran.allocation.problem import Bools, Floats

__all__ = ["mixed_shares"]

_POINTS = 257
_MOST, _NEAR = (
    60,
    1e-6,
)  # prices that are tried; part of the load that the next ones are to better it by


def mixed_shares(
    needs: FrontierNeeds, stations: Stations, served: Bools, clock_hz: Floats
) -> tuple[Floats, Floats]:
    """Return β and φ (n,) with the least largest sum; 0 for those who are not served.

    Parameters
    ----------
    needs : designs (n,), those who are served with shares that suffice
    stations : which of the J stations is whose
    served : (n,) who takes part
    clock_hz : (n,) clock of each agent's server [Hz]
    """
    curve = curve_of(needs, clock_hz)
    shares = shares_on(needs, curve.points(_POINTS, steep=True), clock_hz)
    takes = (served & curve.possible)[:, None]
    cell, server = (np.where(takes, it, 0.0) for it in shares)
    size, agents = stations.cell.shape[1], np.arange(len(served))
    tried: list[tuple[Floats, Floats]] = []
    sums: list[Floats] = []
    prices, load = np.full(size, 1.0 / size), np.inf
    parts = np.ones(1)
    for _ in range(_MOST):
        place = cheapest(cell, server, stations, prices)
        found = cell[agents, place], server[agents, place]
        asked = found[0] @ stations.cell + found[1] @ stations.server
        if not np.isfinite(asked).all() or prices @ asked >= load * (1 - _NEAR):
            break
        tried.append(found)
        sums.append(asked)
        parts, prices, load = _least(np.stack(sums))
    if not tried:
        return found
    beta, phi = (np.tensordot(parts, np.stack(it), axes=1) for it in zip(*tried, strict=True))
    return beta, phi


def _least(sums: Floats) -> tuple[Floats, Floats, float]:
    """Return the parts (m,) of rows (m, J) with the least largest sum, the prices (J,) then, and that sum."""
    from scipy.optimize import linprog  # takes a while to load, and is seldom wanted

    count, size = sums.shape
    found = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=np.column_stack([sums.T, -np.ones(size)]),
        b_ub=np.zeros(size),
        A_eq=np.append(np.ones(count), 0.0)[None, :],
        b_eq=[1.0],
    )
    parts = np.maximum(np.asarray(found.x)[:-1], 0.0)
    prices = np.maximum(-np.asarray(found.ineqlin.marginals), 1e-12)
    return parts / parts.sum(), prices / prices.sum(), float((parts @ sums / parts.sum()).max())
