"""Shares and common clocks of the least energy: a primal-dual interior-point method.

Every limit of :mod:`~simran.allocation.frontier_programme` leaves something, has a slack s for it that may
differ from what is left until the end, and a price λ. Newton steps on the conditions of optimality with
s λ = μ, and μ towards 0, keep slacks and prices above 0. A step has a block of two by two for each agent, a
dense column for each common clock and one for each station, so it takes time in proportion to the number of
agents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from simran.allocation.arrow import Arrow, Blocks
from simran.allocation.frontier_programme import Place, Terms, Times, terms
from simran.allocation.problem import Bools, Floats

__all__ = ["Found", "least_times"]

_FIRST = 30.0  # Σ s λ at first, as a part of the energy
_FASTER = 0.15  # of it, what the next step aims at
_WIDE = 0.1  # of what is limited, the least slack at first
_SURE = 0.5  # of the slack, where what is left takes its place
_GAP, _LOOSE = 1e-7, 1e-5  # of the energy: how far from the least at the end, and if no step helps
_STEPS, _HALVINGS = 60, 12
_KEPT = 0.99  # of the way to where a slack or a price is used up
_FALL = 0.01  # of what the residual falls by to first order, at the least


@dataclass(frozen=True)
class Found:
    """Shares and clocks.

    Parameters
    ----------
    cell, server : (n,) β and φ; 0 for those who use none
    log_clocks : (S,) logarithm of each common clock over the highest
    """

    cell: Floats
    server: Floats
    log_clocks: Floats


def least_times(task: Times, log_clocks: Floats, inside: Floats | None = None) -> Found | None:
    """Return shares and clocks of the least energy strictly within all limits, or None if none are found.

    It may begin outside the limits, but takes too many steps then where hardly anything is left within them.

    Parameters
    ----------
    task : the programme
    log_clocks : (S,) clocks to begin with; those that are not free stay
    inside : (2, n) β and y strictly within all limits to begin with, if known; 0 for those who use none
    """
    if inside is None:
        place = _begun(task, log_clocks)
    else:
        place = Place(np.log(np.where(inside > 0, inside, 1.0)), log_clocks)
    scale = float(terms(task, place).energy_j.sum())
    if not 0 < scale < math.inf:
        return None
    method = _Method(_scaled(task, scale))
    at = method.first(place, inside=inside is not None)
    if inside is not None and not (at.left > 0).all():
        return None
    for _ in range(_STEPS):
        if at.ended(_GAP):
            break
        aim = _FASTER * max(float(at.slack @ at.prices), at.apart)  # prices wait for places
        following = method.moved(at, aim / method.count)
        if following is None:
            break
        at = following
    return Found(at.terms.cell, at.terms.server, at.place.clocks) if at.ended(_LOOSE) else None


def _begun(task: Times, log_clocks: Floats) -> Place:
    """Return a place with time for all that is done, whatever shares that takes."""
    sends, serves = task.airtime_s > 0, task.work_s > 0
    timed = np.isfinite(task.time_s)
    time_s, least_s = (np.where(timed, it, 1.0) for it in (task.time_s, task.least_s))
    each_s = np.maximum(time_s - least_s * timed, 1e-6 * np.abs(time_s)) / 4
    each_s = np.where(each_s > 0, each_s, 1.0)  # of those who share nothing
    cell = np.where(sends, task.airtime_s / each_s, 1.0)  # which takes less than that, of a band
    return Place(np.log([cell, np.where(serves, each_s, 1.0)]), log_clocks)


def _scaled(task: Times, scale: float) -> Times:
    """Return the programme with another unit of energy."""
    names = ("transmit_w", "slice_j", "clock_j", "kappa", "energy_j")
    return replace(task, **{name: getattr(task, name) / scale for name in names})


@dataclass(frozen=True)
class _Iterate:
    """Where the method is.

    Parameters
    ----------
    left, slack, prices : (m,) of all limits; 1, 1 and 0 where there is none
    by_share, by_clock : (2, n) and (S,) derivatives of energy and priced limits: how far from optimal
    """

    place: Place
    terms: Terms
    left: Floats
    slack: Floats
    prices: Floats
    by_share: Floats
    by_clock: Floats

    @property
    def apart(self) -> float:
        """How far from optimal: Σ of the derivatives."""
        return float(np.abs(self.by_share).sum() + np.abs(self.by_clock).sum())

    def ended(self, gap: float) -> bool:
        """Say whether this is within all limits, and how near to the least energy is known."""
        near = max(float(self.left @ self.prices), self.apart) <= gap * float(
            self.terms.energy_j.sum()
        )
        return near and bool((self.left > 0).all())

    def residual(self, mu: float, held: Bools) -> float:
        """Return the length of all that is to vanish."""
        apart = np.where(held, self.slack * self.prices - mu, 0.0)
        parts = (self.by_share, self.by_clock, apart, self.slack - self.left)
        return math.sqrt(sum(float((it * it).sum()) for it in parts))


class _Method:
    """The steps, for one programme; limits are of time, energy, stations, lowest and highest clocks."""

    def __init__(self, task: Times) -> None:
        self.task = task
        size, servers = len(task.work_s), len(task.free)
        stations = task.stations.cell.shape[1]
        self._edges = np.cumsum([size, size, stations, servers])
        sends, serves = task.airtime_s > 0, task.work_s > 0
        self._idle = np.stack([~sends, ~serves]).astype(float)
        self._cores = task.cores * task.free
        timed = np.isfinite(task.time_s) & (sends | serves)
        changes = (task.transmit_w > 0) & sends | (task.kappa > 0) & timed
        changes |= (task.slice_j > 0) & serves | (task.clock_j > 0) & self._cores.any(axis=1)
        limited = np.isfinite(task.energy_j) & changes
        held = [timed, limited, np.ones(stations, dtype=np.bool_), task.free, task.free]
        self.held: Bools = np.concatenate(held)
        self.count = int(self.held.sum())

    def first(self, place: Place, *, inside: bool) -> _Iterate:
        """Return the first iterate: with slacks wider than what is left, where that is little, or inside."""
        task, at = self.task, terms(self.task, place)
        left = self._left(at, place)
        rest = np.ones(len(left) - 2 * len(task.time_s))
        limits = np.concatenate([task.time_s, task.energy_j, rest])
        least = left if inside else _WIDE * np.abs(limits)
        wide = np.maximum(left, least, where=self.held, out=np.ones(len(left)))
        prices = np.where(self.held, _FIRST / self.count / wide, 0.0)
        return self._iterate(place, at, (left, wide, prices))

    def moved(self, now: _Iterate, mu: float) -> _Iterate | None:
        """Return the iterate after a Newton step towards s λ = μ, or None if none is better.

        What is left takes the place of a slack unless it is far less; so limits that do not matter do not
        shorten steps either.
        """
        shares, clocks, slack, prices = self._direction(now, mu)
        length = min(1.0, _KEPT * _way(now.prices, prices), _KEPT * _way(now.slack, slack))
        before = now.residual(mu, self.held)
        for _ in range(_HALVINGS):
            place = Place(now.place.shares + length * shares, now.place.clocks + length * clocks)
            at = terms(self.task, place)
            left, wide = self._left(at, place), now.slack + length * slack
            wide = np.where(left > _SURE * wide, left, wide)
            tried = self._iterate(place, at, (left, wide, now.prices + length * prices))
            if tried.residual(mu, self.held) <= (1 - _FALL * length) * before:
                return tried
            length /= 2
        return None

    def _left(self, at: Terms, place: Place) -> Floats:
        """Return what is left of every limit; 1 where there is none."""
        task = self.task
        used = at.cell @ task.stations.cell + at.server @ task.stations.server
        left = np.concatenate(
            [
                at.spare_s,
                task.energy_j - at.energy_j,
                task.room - used,
                place.clocks - task.least_log,
                -place.clocks,
            ]
        )
        return np.where(self.held, left, 1.0)

    def _iterate(self, place: Place, at: Terms, limits: tuple[Floats, Floats, Floats]) -> _Iterate:
        """Return an iterate with what is left of all limits, slacks and prices."""
        return _Iterate(place, at, *limits, *self._derivatives(at, limits[2]))

    def _derivatives(self, at: Terms, prices: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives of energy and priced limits by shares (2, n) and clocks (S,)."""
        time, energy, station, low, high = np.split(prices, self._edges)
        places = self.task.stations
        sold = (places.server @ station) * at.server
        by_share = (1 + energy) * at.by_share - time * at.spare_by_share
        by_share[0] += (places.cell @ station) * at.cell
        by_share[1] -= sold
        by_clock = ((1 + energy) * at.by_clock - sold) @ self._cores - low + high
        return by_share, by_clock

    def _direction(self, now: _Iterate, mu: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the Newton step of shares (2, n), clocks (S,), slacks and prices (m,)."""
        at, servers = now.terms, len(self.task.free)
        stiff, lacking = now.prices / now.slack, now.slack - now.left
        aim = np.where(self.held, mu / now.slack, 0.0) + stiff * lacking
        by_share, by_clock = self._derivatives(at, aim)
        arrow = self._arrow(now, stiff)
        low = np.concatenate([-by_clock, np.zeros(len(arrow.corner) - servers)])
        shares, rest = arrow.solve(-by_share, low)
        clocks = rest[:servers]
        left = np.where(self.held, self._left_by(at, shares, clocks), 0.0)
        change = -stiff * left
        change[self._edges[1] : self._edges[2]] = rest[servers:]  # a product of huge and tiny sums
        return shares, clocks, left - lacking, np.where(self.held, aim - now.prices + change, 0.0)

    def _blocks(self, now: _Iterate, stiff: Floats) -> Blocks:
        """Return the second derivatives by each agent's own shares."""
        at, places = now.terms, self.task.stations
        time, energy, station, _, _ = np.split(now.prices, self._edges)
        by_time, by_energy, *_ = np.split(stiff, self._edges)
        diagonal = (1 + energy) * at.diagonal + time * at.spare_bends + self._idle
        diagonal[0] += (places.cell @ station) * at.cell
        diagonal[1] += (places.server @ station) * at.server
        weights = np.stack([(1 + energy) * at.bend + by_time, by_energy])
        return Blocks(diagonal, at.spare_by_share, at.by_share, weights)

    def _arrow(self, now: _Iterate, stiff: Floats) -> Arrow:
        """Return the system of one step: rows of shares, then of S clocks and J stations."""
        at, places = now.terms, self.task.stations
        _, energy, station, _, _ = np.split(now.prices, self._edges)
        _, _, by_station, at_low, at_high = np.split(stiff, self._edges)
        sold = (places.server @ station) * at.server
        own = ((1 + energy) * at.bend_by_clock + sold) @ self._cores
        ways = np.stack([at.cell * places.cell.T, -at.server * places.server.T])
        servers, size = len(own), len(own) + len(station)
        dense = np.zeros((2, size, len(sold)))
        dense[1, :servers] = sold * self._cores.T
        dense[:, servers:] = ways
        corner = np.diag(
            np.concatenate([own + at_low + at_high + ~self.task.free, -1 / by_station])
        )
        corner[servers:, :servers] = ways[1] @ self._cores
        corner[:servers, servers:] = corner[servers:, :servers].T
        reach = np.zeros((size, len(sold)))
        reach[:servers] = at.by_clock * self._cores.T
        return Arrow(self._blocks(now, stiff), dense, corner, reach)

    def _left_by(self, at: Terms, shares: Floats, clocks: Floats) -> Floats:
        """Return what a step changes what is left (m,) by, to first order."""
        level = self._cores @ clocks
        places = self.task.stations
        freed = (at.server * (shares[1] + level)) @ places.server
        return np.concatenate(
            [
                (at.spare_by_share * shares).sum(axis=0),
                -(at.by_share * shares).sum(axis=0) - at.by_clock * level,
                freed - (at.cell * shares[0]) @ places.cell,
                clocks,
                -clocks,
            ]
        )


def _way(now: Floats, step: Floats) -> float:
    """Return how much of a step leads to where the first of what is positive is used up."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ways = np.where(step < 0, -now / step, np.inf)
    return float(ways.min())
