"""The least load of designs at one cell and one server, from the slopes of their curves.

Between its points a curve is taken for a polygon, which exists since the sets are convex. As the price of the
server rises from nothing, agents go along their polygons to larger parts of the cell, each edge at the ratio of
prices that is its slope: sorted, the slopes of all agents tell what both stations are asked for at every ratio.
The load is least where both are asked for alike, somewhere on one edge of one agent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.problem import Floats, Ints

__all__ = ["Crossing", "Oriented", "crossing", "oriented", "slopes"]

_FARTHEST = 40.0  # logarithm of the largest ratio of prices


@dataclass(frozen=True)
class Oriented:
    """Points of curves (..., P) by rising part of the cell.

    Parameters
    ----------
    cell, server : β and φ; those of points that do not exist are those of the next ones that do
    origin : which point each is
    """

    cell: Floats
    server: Floats
    origin: Ints


@dataclass(frozen=True)
class Crossing:
    """Where both stations are asked for alike.

    Parameters
    ----------
    before, after : (N, n) points of the curves that are mixed
    part : (N,) part of the first ones
    odds : (N,) logarithm of the ratio of the server's price to the cell's
    """

    before: Ints
    after: Ints
    part: Floats
    odds: Floats


def oriented(cell: Floats, server: Floats) -> Oriented:
    """Return points (..., P) of curves in the order in which prices lead to them.

    Parameters
    ----------
    cell, server : β and φ along the curves, one rising and one falling; inf where there are none
    """
    good = np.isfinite(cell) & np.isfinite(server)
    last = cell.shape[-1] - 1
    origin: Ints = np.broadcast_to(np.arange(last + 1), cell.shape)
    if not good.all():
        before = np.maximum.accumulate(np.where(good, origin, -1), axis=-1)
        after = np.minimum.accumulate(np.where(good, origin, last + 1)[..., ::-1], axis=-1)
        nearest = np.where(before >= 0, before, after[..., ::-1])
        origin = np.minimum(nearest, last)
        cell, server = (np.take_along_axis(it, origin, axis=-1) for it in (cell, server))
    backwards = cell[..., :1] > cell[..., -1:]
    if backwards.any():
        cell, server, origin = (
            np.where(backwards, it[..., ::-1], it) for it in (cell, server, origin)
        )
    return Oriented(cell, server, origin)


def slopes(cell: Floats, server: Floats) -> Floats:
    """Return (..., P − 1) the ratio of the server's price to the cell's from which on the next point is cheaper.

    Rising along each curve; inf where the next point helps neither station.

    Parameters
    ----------
    cell, server : (..., P) β and φ, by rising β
    """
    more, less = np.diff(cell, axis=-1), -np.diff(server, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(more <= 0, 0.0, np.where(less > 0, more / less, np.inf))
    found: Floats = np.maximum.accumulate(ratio, axis=-1)
    return found


def crossing(cell: Floats, server: Floats, ratio: Floats) -> Crossing:
    """Return the mixture of points (N, n, P) with the least largest sum.

    Parameters
    ----------
    cell, server : β and φ, by rising β
    ratio : (N, n, P − 1) see :func:`slopes`
    """
    count, agents, edges = ratio.shape
    gap = server[..., 0].sum(axis=1) - cell[..., 0].sum(axis=1)  # what the server is asked for beyond the cell
    if not edges:
        only = np.zeros((count, agents), dtype=np.int64)
        return Crossing(only, only, np.ones(count), np.where(gap > 0, _FARTHEST, -_FARTHEST))
    flat = ratio.reshape(count, -1)
    order = np.argsort(flat, axis=1, kind="stable")
    closer = np.diff(cell, axis=-1) - np.diff(server, axis=-1)
    closer = np.where(np.isposinf(ratio), 0.0, closer).reshape(count, -1)
    closed = np.take_along_axis(closer, order, axis=1).cumsum(axis=1)
    last = (closed < gap[:, None]).sum(axis=1)  # the edge on which both are asked for alike
    rows, at = np.arange(count), np.minimum(last, agents * edges - 1)
    rising = np.take_along_axis(flat, order, axis=1)
    gone = (np.arange(agents * edges) < last[:, None]) & np.isfinite(rising)
    passed = np.zeros(flat.shape, dtype=np.bool_)
    np.put_along_axis(passed, order, gone, axis=1)
    before = passed.reshape(ratio.shape).sum(axis=-1)
    after = before.copy()
    on = (gap > 0) & (last == at)
    after[rows[on], order[rows[on], at[on]] // edges] += 1
    low = np.where(at > 0, closed[rows, at - 1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((closed[rows, at] - gap) / (closed[rows, at] - low), 0.0, 1.0)
        odds = np.log(rising[rows, at])
    odds = np.where(gap > 0, np.where(last > at, _FARTHEST, odds), -_FARTHEST)
    part = np.where(on & ~np.isnan(part), part, 1.0)
    return Crossing(before, after, part, np.clip(odds, -_FARTHEST, _FARTHEST))
