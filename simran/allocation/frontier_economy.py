"""Shares of the least energy for settled designs whose energy depends on their shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simran.allocation.clocks import Box, Work, least_energy
from simran.allocation.common_clock import spread_clock
from simran.allocation.enumeration import Selection
from simran.allocation.frontier_barrier import Times, least_times
from simran.allocation.frontier_loads import settle_shares
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.needs import drawn_j, kappa_of
from simran.allocation.problem import Floats
from simran.allocation.shared import Contention
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.allocation.under_clocks import steps_of
from simran.radio import part_rate

__all__ = ["even_energy_j", "even_shares", "frugal_shares"]

_EVER = 1e30  # as long as may be [s]

Pair = tuple[Floats, Floats]


def even_shares(group: Contention, selection: Selection, clocks_hz: Floats) -> Pair:
    """Return (n,) β and φ of the least load, scaled to all that there is."""
    task = _Task(group, selection, clocks_hz)
    return task.scaled(task.least())


def even_energy_j(group: Contention, selection: Selection, clocks_hz: Floats) -> float:
    """Return the energy of those served with :func:`even_shares` [J]; inf where budgets are broken."""
    task = _Task(group, selection, clocks_hz)
    return float(task.energies(task.scaled(task.least())).sum())


def frugal_shares(group: Contention, selection: Selection, clocks_hz: Floats) -> tuple[Pair, float]:
    """Return (n,) β and φ of the least energy within all budgets, and the energy of those served [J].

    An agent with steps is reckoned at the step that its design stands for, and where a server without
    shares follows another power law than the agent, or has steps, it is left out: there the energy is near
    the least.

    Parameters
    ----------
    group, selection : what is settled
    clocks_hz : (S,) common clocks under which shares exist [Hz]
    """
    task = _Task(group, selection, clocks_hz)
    even = task.least()
    tried = [task.scaled(even)]
    for start in task.inside(even):
        found = least_times(task.programme(), *start)
        if found is not None:
            tried.append(task.scaled(found))
            break
    spent = [float(task.energies(it).sum()) for it in tried]
    best = int(np.argmin(spent))
    return tried[best], spent[best]


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
        room = min(float(self.group.capacity(self.selection.served)), 1.0)
        found = []
        for share, places in zip(shares, self._places(), strict=True):
            total = places @ (share @ places)
            scale = np.where(share > 0, room / np.where(total > 0, total, 1.0), 1.0)
            found.append(share * scale)
        return found[0], found[1]

    def _places(self) -> Pair:
        return self.group.stations.cell, self.group.stations.server

    def least(self) -> Pair:
        """Return shares of the least load."""
        needs = self.group.menu.take(self.selection.columns[None, :])
        assert isinstance(needs, FrontierNeeds)
        clock = spread_clock(self.group, self.clocks_hz[None, :])
        served = self.selection.served[None, :]
        found = settle_shares(needs, self.group.stations, served, clock)
        return found.cell[0], found.server[0]

    def inside(self, least: Pair) -> Iterator[Pair]:
        """Yield shares halfway to all that there is, at which nothing may be used up."""
        most = self.scaled(least)
        cell, server = (
            np.sqrt(np.maximum(one * other, 0.0)) for one, other in zip(least, most, strict=True)
        )
        yield cell, server
        yield cell, np.where(self._needs.slices, least[1], server)

    def programme(self) -> Times:
        """Return what the times of sending, computing and serving are chosen by."""
        needs, served = self._needs, self.selection.served
        clock = spread_clock(self.group, self.clocks_hz)
        power = needs.server.exponent[:, 0] - 1
        works = served & (needs.server_cycles > 0)
        fixed = works & needs.slices & np.isfinite(needs.slice_share)
        free = works & needs.slices & ~fixed
        cores = works & ~needs.slices
        fixed_hz = np.where(fixed, needs.slice_share * needs.top_hz, 1.0)
        fixed_s = np.where(fixed, needs.server_cycles / fixed_hz, 0.0)
        fixed_j = np.where(fixed, needs.slice_draw * fixed_hz**power, 0.0)
        fixed_j += np.where(cores, drawn_j(needs.server_cycles, needs.server, clock), 0.0)
        computes = served & ~needs.patient
        left_j = needs.energy_j + needs.transmit_w * needs.air_s - fixed_j - needs.least_j
        speed = np.where(needs.slices, needs.top_hz, clock)
        return Times(
            airtime_s=np.where(served, needs.air_s, 0.0),
            efficiency=needs.efficiency,
            transmit_w=needs.transmit_w,
            work_s=np.where(free | cores, needs.server_cycles / speed, 0.0),
            slice_j=np.where(free, needs.slice_draw * needs.server_cycles**power, 0.0),
            slice_power=power,
            kappa=np.where(computes & (needs.kappa > 0), kappa_of(needs), 0.0),
            power=needs.agent.exponent[:, 0] - 1,
            time_s=np.where(served, needs.time_s - fixed_s, np.inf),
            least_s=np.where(computes, needs.quickest_s, 0.0),
            energy_j=np.where(served, left_j, np.inf),
            stations=self.group.stations,
            room=float(self.group.capacity(served)),
        )

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


def _computing_j(
    needs: FrontierNeeds, server_share: Floats, rest_s: Floats, left_j: Floats
) -> Floats:
    """Return the least energy of computing within a time [J]; inf where it takes too long or too much.

    An agent without a delay budget computes as slowly as it may, on which shares have no bearing.
    """
    own = np.where(needs.slices, needs.server_cycles, needs.own_work)
    inside = np.where(needs.slices, needs.server_cycles, needs.own_in_slice)
    limit = np.where(needs.patient, _EVER, rest_s)
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
