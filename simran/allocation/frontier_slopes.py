"""The least load of designs at one cell and one server, from the slopes of their curves.

Between its points a curve is taken for a polygon, which exists since the sets are convex. As the price of the
second station rises from nothing, agents go along their polygons, each edge at the ratio of prices that is its
slope: sorted, the slopes of all agents tell what both stations are asked for at every ratio. The load is least
where both are asked for alike, somewhere on one edge of one agent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.loads import Stations
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["Crossing", "crossing"]

_FARTHEST = 40.0  # logarithm of the largest ratio of prices


@dataclass(frozen=True)
class Crossing:
    """Where both stations are asked for alike.

    Parameters
    ----------
    before, after : (N, n) points of the curves that are mixed
    part : (N,) part of the first ones
    odds : (N,) logarithm of the ratio of the second price to the first
    """

    before: Ints
    after: Ints
    part: Floats
    odds: Floats


def crossing(cell: Floats, server: Floats, stations: Stations) -> Crossing:
    """Return the mixture of points with the least largest sum.

    Parameters
    ----------
    cell, server : (N, n, P) β and φ at the points; inf where there are none
    stations : which of the two stations is whose
    """
    x, y = (_asked(cell, server, stations, it) for it in (0, 1))
    known = _known(x, y)
    x, y = (np.take_along_axis(it, known, axis=-1) for it in (x, y))
    if x.shape[-1] == 1:  # nothing to choose from
        return Crossing(known[..., 0], known[..., 0], np.ones(len(x)), np.zeros(len(x)))
    backwards = x[..., :1] > x[..., -1:]
    x, y = (np.where(backwards, it[..., ::-1], it) for it in (x, y))
    ratio, more, less = _edges(x, y)
    count, agents, edges = ratio.shape
    order = np.argsort(ratio.reshape(count, -1), axis=1, kind="stable")
    more, less = (
        np.take_along_axis(it.reshape(count, -1), order, axis=1).cumsum(axis=1)
        for it in (more, less)
    )
    gap = y[..., 0].sum(axis=1) - x[..., 0].sum(axis=1)  # what the second is asked for beyond the first
    closed = more + less
    last = (closed < gap[:, None]).sum(axis=1)  # the edge on which both are alike
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(agents * edges)[None, :], axis=1)
    rank = rank.reshape(ratio.shape)
    before = (rank < last[:, None, None]).sum(axis=-1)
    after = np.where((gap > 0)[:, None], (rank <= last[:, None, None]).sum(axis=-1), before)
    rows, at = np.arange(count), np.minimum(last, agents * edges - 1)
    low = np.where(at > 0, closed[rows, at - 1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((closed[rows, at] - gap) / (closed[rows, at] - low), 0.0, 1.0)
        odds = np.log(ratio.reshape(count, -1)[rows, order[rows, at]])
    odds = np.where(gap > 0, np.where(last > at, _FARTHEST, odds), -_FARTHEST)
    turned = backwards[..., 0]
    return Crossing(
        _place(before, turned, known),
        _place(after, turned, known),
        np.where(np.isnan(part), 1.0, part),
        np.clip(np.nan_to_num(odds, nan=0.0), -_FARTHEST, _FARTHEST),
    )


def _asked(cell: Floats, server: Floats, stations: Stations, number: int) -> Floats:
    """Return (N, n, P) what one station is asked for."""
    sent = np.where(stations.cell[:, number, None] > 0, cell, 0.0)
    served = np.where(stations.server[:, number, None] > 0, server, 0.0)
    total: Floats = sent + served
    return total


def _place(gone: Ints, backwards: Bools, known: Ints) -> Ints:
    """Return the points at which agents are after so many edges."""
    last = known.shape[-1] - 1
    places = np.where(backwards, last - gone, gone)[..., None]
    found: Ints = np.take_along_axis(known, places, axis=-1)[..., 0]
    return found


def _edges(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (N, n, P − 1) at which ratio of prices an edge is gone along, and by how much x rises and y falls.

    An edge that helps neither station is never gone along.
    """
    if not (np.isfinite(x[..., 0]).all()):
        x, y = (np.where(np.isfinite(it), it, 0.0) for it in (x, y))
    more, less = np.diff(x, axis=-1), -np.diff(y, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(more <= 0, 0.0, np.where(less > 0, more / less, np.inf))
    ratio = np.maximum.accumulate(ratio, axis=-1)
    never = np.isposinf(ratio)
    return ratio, np.where(never, 0.0, more), np.where(never, 0.0, less)


def _known(x: Floats, y: Floats) -> Ints:
    """Return (N, n, P) the points themselves, or the next ones that exist."""
    good = np.isfinite(x) & np.isfinite(y)
    count = x.shape[-1]
    place = np.arange(count)
    if good.all():
        return np.broadcast_to(place, x.shape)
    before = np.maximum.accumulate(np.where(good, place, -1), axis=-1)
    after = np.minimum.accumulate(np.where(good, place, count)[..., ::-1], axis=-1)[..., ::-1]
    found: Ints = np.minimum(np.where(before >= 0, before, after), count - 1)
    return found
