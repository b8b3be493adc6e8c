"""Shares of little energy for settled designs whose energy depends on their shares.

At the least energy every agent of a station would gain the same from a little more of it. Shares move
towards √(β D), D = −∂e/∂ln β, which for an energy of A/β is the optimum at once; a step counts only if it
costs less energy and every agent stays within its budgets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.clocks import Box, Work, least_energy
from simran.allocation.common_clock import spread_clock
from simran.allocation.enumeration import Selection
from simran.allocation.frontier import FrontierNeeds, steps_of
from simran.allocation.frontier_loads import settle_shares
from simran.allocation.needs import drawn_j
from simran.allocation.problem import Bools, Floats
from simran.allocation.shared import Contention
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.radio import part_rate

__all__ = ["even_shares", "frugal_shares"]

_STEPS = 60
_NUDGE = 1e-5
_SETTLED = 1e-8  # relative gain of energy at which a search ends

Pair = tuple[Floats, Floats]


def even_shares(group: Contention, selection: Selection, clocks_hz: Floats) -> Pair:
    """Return (n,) β and φ of the least load, scaled to all that there is."""
    needs = group.menu.take(selection.columns[None, :])
    assert isinstance(needs, FrontierNeeds)
    clock = spread_clock(group, clocks_hz[None, :])
    found = settle_shares(needs, group.stations, selection.served[None, :], clock)
    return _Task(group, selection, clocks_hz).scaled((found.cell[0], found.server[0]))


def frugal_shares(
    group: Contention, selection: Selection, clocks_hz: Floats, start: Pair | None = None
) -> tuple[Pair, float]:
    """Return (n,) β and φ of little energy within all budgets, and the energy of those served [J].

    Parameters
    ----------
    group, selection : what is settled
    clocks_hz : (S,) common clocks under which shares exist [Hz]
    start : shares to begin with, if they are within the budgets
    """
    task = _Task(group, selection, clocks_hz)
    now = even_shares(group, selection, clocks_hz)
    spent = task.energies(now)
    if start is not None:
        other = task.energies(start)
        if other.sum() < spent.sum():
            now, spent = start, other
    if not np.isfinite(spent.sum()):
        return now, float(spent.sum())
    for _ in range(_STEPS):
        aim = task.within(now, task.pulled(now, spent))
        for part in (1.0, 0.5, 0.25, 0.125):
            tried = _mixed(now, aim, part)
            found = task.energies(tried)
            if found.sum() < spent.sum():
                break
        else:
            break
        gain = spent.sum() - found.sum()
        now, spent = tried, found
        if gain <= _SETTLED * spent.sum():
            break
    return now, float(spent.sum())


def _mixed(one: Pair, other: Pair, part: float) -> Pair:
    return (
        (1 - part) * one[0] + part * other[0],
        (1 - part) * one[1] + part * other[1],
    )


@dataclass(frozen=True)
class _Task:
    """Agents with settled designs under given clocks.

    Parameters
    ----------
    group, selection, clocks_hz : what is settled
    """

    group: Contention
    selection: Selection
    clocks_hz: Floats

    @property
    def _needs(self) -> FrontierNeeds:
        needs = self.group.menu.take(self.selection.columns)
        assert isinstance(needs, FrontierNeeds)
        return needs

    def scaled(self, shares: Pair) -> Pair:
        """Return shares that use all of every station, in the same proportions."""
        room = float(self.group.capacity(self.selection.served))
        found = []
        for share, places in zip(shares, self._places(), strict=True):
            total = places @ (share @ places)
            scale = np.where(share > 0, room / np.where(total > 0, total, 1.0), 1.0)
            found.append(share * scale)
        return found[0], found[1]

    def _places(self) -> Pair:
        return self.group.stations.cell, self.group.stations.server

    def pulled(self, now: Pair, spent: Floats) -> Pair:
        """Return shares in proportion to √(β D), each station by itself."""
        more = [
            self.energies((now[0] * (1 + _NUDGE), now[1])),
            self.energies((now[0], now[1] * (1 + _NUDGE))),
        ]
        pulls = []
        for share, after in zip(now, more, strict=True):
            gain = np.maximum(spent - np.where(np.isfinite(after), after, spent), 0.0) / _NUDGE
            pulls.append(np.where(share > 0, np.sqrt(share * gain), 0.0))
        found = []
        for share, pull, places in zip(now, pulls, self._places(), strict=True):
            moving = places @ (pull @ places) > 0  # stations where anybody gains from anything
            least = 1e-3 * share  # nobody lets go of everything at once
            found.append(
                np.where(moving, np.maximum(pull, _scale(pull, share, places) * least), share)
            )
        return self.scaled((found[0], found[1]))

    def within(self, now: Pair, aim: Pair) -> Pair:
        """Return shares near those aimed at with which every agent keeps its budgets."""
        held = np.zeros(len(now[0]), dtype=np.bool_)
        for _ in range(12):
            broken = ~np.isfinite(self.energies(aim))
            if not broken.any():
                return aim
            held |= broken
            halfway = _mixed(now, aim, 0.5)
            aim = (np.where(broken, halfway[0], aim[0]), np.where(broken, halfway[1], aim[1]))
            aim = self._around(aim, held)
        return now

    def _around(self, aim: Pair, held: Bools) -> Pair:
        """Return shares in which those who are not held have what the others leave."""
        room = float(self.group.capacity(self.selection.served))
        found = []
        for share, places in zip(aim, self._places(), strict=True):
            kept = places @ (np.where(held, share, 0.0) @ places)
            free = places @ (np.where(held, 0.0, share) @ places)
            scale = np.maximum(room - kept, 0.0) / np.where(free > 0, free, 1.0)
            found.append(np.where(held, share, share * scale))
        return found[0], found[1]

    def energies(self, shares: Pair) -> Floats:
        """Return (n,) the least energy of each agent with some shares [J]; inf where budgets are broken."""
        needs = self._needs
        served = self.selection.served
        clock = spread_clock(self.group, self.clocks_hz)
        part = np.where(shares[0] > 0, shares[0], 1.0)
        sent_s = np.where(needs.air_s > 0, needs.air_s / part_rate(part, needs.efficiency), 0.0)
        by_band = np.isfinite(needs.efficiency) & (needs.air_s > 0)
        sent_j = np.where(by_band, needs.transmit_w * sent_s, needs.sent_j)
        left_j = needs.energy_j - needs.transmit_w * (sent_s - needs.air_s)
        cores = ~needs.slices & (needs.server_cycles > 0)
        drawn = np.where(cores, drawn_j(needs.server_cycles, needs.server, clock), 0.0)
        slice_s = needs.server_cycles / (np.where(shares[1] > 0, shares[1], 1.0) * clock)
        rest_s = needs.time_s - sent_s - np.where(cores, slice_s, 0.0)
        computed = _computing_j(needs, shares[1], rest_s, left_j - drawn)
        total = sent_j + drawn + computed
        return np.where(served, total, 0.0)


def _scale(pull: Floats, share: Floats, places: Floats) -> Floats:
    """Return the sum of pulls over the sum of shares of each agent's station."""
    total = places @ (share @ places)
    found: Floats = places @ (pull @ places) / np.where(total > 0, total, 1.0)
    return found


def _computing_j(
    needs: FrontierNeeds, server_share: Floats, rest_s: Floats, left_j: Floats
) -> Floats:
    """Return the least energy of computing within a time [J]; inf where it takes too long or too much.

    An agent without a delay budget computes as slowly as it may, on which shares have no bearing.
    """
    own = np.where(needs.slices, needs.server_cycles, needs.own_work)
    inside = np.where(needs.slices, needs.server_cycles, needs.own_in_slice)
    limit = np.where(needs.patient, np.finfo(float).max, rest_s)
    work = Work(
        *(it[:, None] for it in (needs.cycles, own, inside, np.maximum(limit, 1e-12), left_j))
    )
    ceiling = (np.where(needs.slices, server_share, 1.0) * needs.top_hz)[:, None]
    least = np.full(work.time_s.shape, np.inf)
    for here in steps_of(needs.agent):
        for there in steps_of(needs.server):
            lower = there.low_hz > 0
            usable = (
                ~lower | (there.high_hz <= ceiling * (1 + RELATIVE_TOLERANCE)) | (own <= 0)[:, None]
            )
            box = Box(
                there.low_hz,
                np.where(lower, there.high_hz, np.minimum(there.high_hz, ceiling)),
                there.coefficient,
                there.exponent,
            )
            found = least_energy(work, here, box)
            fits = usable & (found.time_s <= work.time_s * (1 + RELATIVE_TOLERANCE))
            fits &= found.energy_j <= left_j[:, None] * (1 + RELATIVE_TOLERANCE)
            least = np.where(fits, np.fmin(least, found.energy_j), least)
    computed: Floats = np.where(needs.patient, 0.0, least[:, 0])
    late = rest_s < -RELATIVE_TOLERANCE * np.abs(needs.time_s)
    return np.where(late, np.inf, computed)
