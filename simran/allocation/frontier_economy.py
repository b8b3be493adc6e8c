"""Shares and common clocks of the least energy for settled designs whose energy depends on their shares."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simran.allocation.clocks import Box, Work, least_delay, least_energy
from simran.allocation.common_clock import spread_clock
from simran.allocation.enumeration import Selection
from simran.allocation.frontier_barrier import least_times
from simran.allocation.frontier_loads import settle_shares
from simran.allocation.frontier_mixture import mixed_shares
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.frontier_programme import Times
from simran.allocation.needs import drawn_j, kappa_of
from simran.allocation.problem import Bools, Floats
from simran.allocation.shared import Contention
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.allocation.under_clocks import steps_of
from simran.radio import part_rate

__all__ = ["Frugal", "even_energy_j", "even_shares", "frugal_shares"]

_EVER = 1e30  # as long as may be [s]

Pair = tuple[Floats, Floats]


@dataclass(frozen=True)
class Frugal:
    """What was found.

    Parameters
    ----------
    shares : (n,) β and φ
    clocks_hz : (S,) [Hz]
    energy_j : of those served [J]; inf where budgets are broken
    settled : whether the clocks are those of the least energy, not only the best that were tried
    """

    shares: Pair
    clocks_hz: Floats
    energy_j: float
    settled: bool


def even_shares(group: Contention, selection: Selection, clocks_hz: Floats) -> Pair:
    """Return (n,) β and φ of the least load, scaled to all that there is."""
    task = _Task(group, selection, clocks_hz)
    return task.scaled(task.least())


def even_energy_j(group: Contention, selection: Selection, clocks_hz: Floats) -> float:
    """Return the energy of those served with :func:`even_shares` [J]; inf where budgets are broken."""
    task = _Task(group, selection, clocks_hz)
    return float(task.energies(task.scaled(task.least())).sum())


def frugal_shares(
    group: Contention, selection: Selection, clocks_hz: Floats, free: Bools
) -> Frugal:
    """Return the shares and clocks of the least energy within all budgets.

    An agent with steps is reckoned at the step that its design stands for, one without a delay budget, which
    computes as fast as it may, with all of its slice's clock or as if its slice were free, and where a server
    without shares follows another power law than the agent, or has steps, it is left out: there the energy
    is near the least.

    Parameters
    ----------
    group, selection : what is settled
    clocks_hz : (S,) common clocks under which shares exist [Hz]
    free : (S,) whether a clock, without steps, is to be chosen; the others stay
    """
    task = _Task(group, selection, clocks_hz)
    stepped, hasty = bool(task.stepped.any()), bool(task.hasty.any())
    tried = [
        task.tuned(free, smooth=smooth, charged=charged)
        for smooth in ((False, True) if stepped else (False,))
        for charged in ((True, False) if hasty else (True,))
    ]
    found = [it for it in tried if it is not None]
    if task.patient:
        found += [task.under(it.clocks_hz).even() for it in found]
    if stepped or task.patient or not any(it.energy_j < np.inf for it in found):
        found.append(task.even())
    best = min(found, key=lambda it: it.energy_j)
    return replace(best, settled=best.settled and not task.roughly)


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

    @cached_property
    def _needs(self) -> FrontierNeeds:
        needs = self.group.menu.take(self.selection.columns)
        assert isinstance(needs, FrontierNeeds)
        return needs

    def scaled(self, shares: Pair) -> Pair:
        """Return shares that use all of every station, in the same proportions."""
        found = []
        for share, places in zip(shares, self._places(), strict=True):
            total = places @ (share @ places)
            scale = np.where(share > 0, self.room / np.where(total > 0, total, 1.0), 1.0)
            found.append(share * scale)
        return found[0], found[1]

    @cached_property
    def stepped(self) -> Bools:
        """(n,) whose clock has steps, and is the allocator's to choose by itself."""
        needs = self._needs
        found: Bools = self.selection.served & (needs.kappa == 0) & (needs.least_j > 0)
        return found & ~needs.patient

    @cached_property
    def hasty(self) -> Bools:
        """(n,) who has no delay budget, and so uses all of its slice's clock that its energy allows."""
        needs = self._needs
        found: Bools = self.selection.served & needs.patient & needs.slices
        return found & (needs.server_cycles > 0) & ~np.isfinite(needs.slice_share)

    @property
    def patient(self) -> bool:
        """Whether any has no delay budget, so that its energy may be its budget whatever its shares are."""
        return bool((self.selection.served & self._needs.patient).any())

    @property
    def roughly(self) -> bool:
        """Whether some draw otherwise than the programme has it."""
        needs = self._needs
        other = needs.agent.exponent[:, 0] != needs.server.exponent[:, 0]
        other |= needs.server.low_hz[:, 0] > 0
        return bool((self.stepped | (self.selection.served & (needs.own_work > 0) & other)).any())

    def _places(self) -> Pair:
        return self.group.stations.cell, self.group.stations.server

    def least(self) -> Pair:
        """Return shares of the least load."""
        needs = self.group.menu.take(self.selection.columns[None, :])
        assert isinstance(needs, FrontierNeeds)
        clock = spread_clock(self.group, self.clocks_hz[None, :])
        served = self.selection.served[None, :]
        found = settle_shares(needs, self.group.stations, served, clock)
        if found.load[0] > self.room and self.group.stations.cell.shape[1] > 2:
            return mixed_shares(self._needs, self.group.stations, self.selection.served, clock[0])
        return found.cell[0], found.server[0]

    @property
    def room(self) -> float:
        """What of every station may be shared out."""
        return min(float(self.group.capacity(self.selection.served)), 1.0)

    def under(self, clocks_hz: Floats) -> _Task:
        """Return the same under other clocks."""
        return replace(self, clocks_hz=clocks_hz)

    def even(self) -> Frugal:
        """Return shares of the least load that use all of every station, with their energy."""
        return self.judged(self.least())

    def judged(self, shares: Pair, *, settled: bool = False) -> Frugal:
        """Return shares that use all of every station, with their energy."""
        given = self.scaled(shares)
        return Frugal(given, self.clocks_hz, float(self.energies(given).sum()), settled)

    def tuned(self, free: Bools, *, smooth: bool, charged: bool) -> Frugal | None:
        """Return the shares and clocks of the least energy, or None if none are found.

        Parameters
        ----------
        free, smooth, charged : as for :meth:`programme`
        """
        reference_hz = self.reference_hz(free)
        level = np.log(self.clocks_hz / reference_hz)
        task = self.programme(free, smooth=smooth, charged=charged)
        found = least_times(task, level)
        found = least_times(task, level, self._inside(task)) if found is None else found
        if found is None:
            return None
        clocks_hz = np.where(free, reference_hz * np.exp(found.log_clocks), self.clocks_hz)
        return self.under(clocks_hz).judged((found.cell, found.server), settled=True)

    def _inside(self, task: Times) -> Floats:
        """Return (2, n) β and y halfway between the least load and all that there is."""
        least = self.least()
        cell, server = (
            np.sqrt(it * all_) for it, all_ in zip(least, self.scaled(least), strict=True)
        )
        clock = spread_clock(self.group, self.clocks_hz)
        speed_hz = np.where(self._needs.slices, self._needs.top_hz, clock) * server
        works = (task.work_s > 0) & (server > 0)
        y = np.where(works, self._needs.server_cycles / np.where(works, speed_hz, 1.0), 0.0)
        return np.stack([np.where(task.airtime_s > 0, cell, 0.0), y])

    def reference_hz(self, free: Bools) -> Floats:
        """Return (S,) what clocks are compared with: the highest ones, or those that stay."""
        high = np.array([high for _, high, _ in self.group.clocks])
        return np.where(free, high, self.clocks_hz)

    def programme(self, free: Bools, *, smooth: bool, charged: bool) -> Times:
        """Return what the times of sending, computing and serving, and clocks, are chosen by.

        Parameters
        ----------
        free : (S,) which clocks are chosen
        smooth : whether an agent with steps follows the law of its highest one, or stays at its own
        charged : whether those without a delay budget pay for their slices: if energy suffices for all of
            the clock they do, else they draw the whole budget, however large the slice
        """
        needs, served, clocks = self._needs, self.selection.served, self.group.clocks
        power = needs.server.exponent[:, 0] - 1
        works = served & (needs.server_cycles > 0)
        fixed = works & needs.slices & np.isfinite(needs.slice_share)
        own = works & needs.slices & ~fixed
        cores = works & ~needs.slices
        fixed_hz = np.where(fixed, needs.slice_share * needs.top_hz, 1.0)
        fixed_s = np.where(fixed, needs.server_cycles / fixed_hz, 0.0)
        fixed_j = np.where(fixed, needs.slice_draw * fixed_hz**power, 0.0)
        computes = served & ~needs.patient
        left_j = needs.energy_j + needs.transmit_w * needs.air_s - fixed_j
        stays = (needs.kappa == 0) & ~(self.stepped & smooth)
        top = spread_clock(self.group, self.reference_hz(free))
        speed = np.where(needs.slices, needs.top_hz, top)
        return Times(
            airtime_s=np.where(served, needs.air_s, 0.0),
            efficiency=needs.efficiency,
            transmit_w=needs.transmit_w,
            work_s=np.where(own | cores, needs.server_cycles / speed, 0.0),
            slice_j=np.where(
                own & (charged | ~needs.patient),
                needs.slice_draw * needs.server_cycles**power,
                0.0,
            ),
            clock_j=np.where(cores, drawn_j(needs.server_cycles, needs.server, top), 0.0),
            slice_power=power,
            kappa=np.where(computes & ~stays, kappa_of(needs), 0.0),
            power=needs.agent.exponent[:, 0] - 1,
            time_s=np.where(served, needs.time_s - fixed_s, np.inf),
            least_s=np.where(computes, needs.quickest_s, 0.0),
            energy_j=np.where(served, left_j - np.where(stays, needs.least_j, 0.0), np.inf),
            cores=((self.group.server_of[:, None] == np.arange(len(clocks))) & cores[:, None])
            * 1.0,
            least_log=np.where(free, [math.log(low / high) for low, high, _ in clocks], 0.0),
            free=free,
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

    An agent without a delay budget computes as fast as its energy allows, as its design will.
    """
    own = np.where(needs.slices, needs.server_cycles, needs.own_work)
    inside = np.where(needs.slices, needs.server_cycles, needs.own_in_slice)
    patient = needs.patient[:, None]
    limit = np.where(needs.patient, _EVER, np.maximum(rest_s, 1e-12))
    work = Work(*(it[:, None] for it in (needs.cycles, own, inside, limit, left_j)))
    ceiling = (np.where(needs.slices, server_share, 1.0) * needs.top_hz)[:, None]
    least = best = np.full(work.time_s.shape, np.inf)
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
            slow, fast = least_energy(work, here, box), least_delay(work, here, box)
            time_s = np.where(patient, fast.time_s, slow.time_s)
            energy_j = np.where(patient, fast.energy_j, slow.energy_j)
            fits = usable & (time_s <= work.time_s * (1 + RELATIVE_TOLERANCE))
            fits &= energy_j <= left_j[:, None] * (1 + RELATIVE_TOLERANCE)
            rank = np.where(patient, time_s, energy_j)
            better = fits & (rank < best)
            best, least = np.where(better, rank, best), np.where(better, energy_j, least)
    computed: Floats = least[:, 0]
    late = rest_s < -RELATIVE_TOLERANCE * np.abs(needs.time_s)
    return np.where(late, np.inf, computed)
