"""Times, energies and least shares of designs whose energy depends on their shares, under given clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simran.allocation.clocks import Box, Work, least_delay
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.needs import drawn_j
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.searching import edge, trough
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.radio import part_rate

__all__ = ["LEAST", "UnderClocks", "steps_of"]

LEAST = float(np.log(1e-9))  #: logarithm of a share that none is below


@dataclass(frozen=True)
class UnderClocks:
    """Designs under given clocks.

    Parameters
    ----------
    needs : the designs
    work_s : time that the whole server takes at the common clock [s]
    energy_j : left for the agent after the server at the common clock, with the whole cell [J]
    """

    needs: FrontierNeeds
    work_s: Floats
    energy_j: Floats

    @classmethod
    def of(cls, needs: FrontierNeeds, clock_hz: Floats, frugal_hz: Floats | None) -> UnderClocks:
        """Return the designs under clocks for times and, if they differ, for energies."""
        own = needs.slices
        drawn = drawn_j(
            np.where(own, 0.0, needs.server_cycles),
            needs.server,
            clock_hz if frugal_hz is None else frugal_hz,
        )
        return cls(needs, needs.server_cycles / clock_hz, needs.energy_j - drawn)

    def fastest_slice(self) -> Floats:
        """Return log φ of the slice with which an agent that has the whole cell is done first."""
        needs = self.needs
        low, high = self.slowest_slice(), np.zeros_like(self.energy_j)

        def taken_s(z: Floats) -> Floats:
            return _flat(self._busy_s, self._slice_left_j(z)) + self._slice_s(z)

        found = trough(taken_s, low, high)
        return np.where(np.isfinite(needs.slice_share), np.log(needs.slice_share), found)

    def slowest_slice(self) -> Floats:
        """Return log φ of the slice that has no time left for anything else."""
        needs = self.needs
        with np.errstate(divide="ignore", invalid="ignore"):
            least = needs.server_cycles / (needs.top_hz * needs.time_s)
        least = np.where(np.isfinite(least) & (needs.time_s > 0), least, 1.0)
        found: Floats = np.log(np.clip(least, 1e-9, 1.0))
        return found

    def slice_fits(self, z: Floats) -> Bools:
        """Say whether an agent that has the whole cell is in time with a slice of log φ."""
        taken = _flat(self._busy_s, self._slice_left_j(z)) + self._slice_s(z)
        fits: Bools = taken + self.needs.air_s <= self.needs.time_s
        return fits

    def hurry(self) -> Floats:
        """Return the time with all of cell and server over the time that there is."""
        needs = self.needs
        work_s = np.where(needs.server_cycles > 0, self.work_s, 0.0)
        taken_s = needs.air_s + _flat(self._busy_s, self.energy_j) + work_s
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(needs.time_s > 0, taken_s / needs.time_s, np.inf)
        return np.where(np.isnan(found) | ~np.isfinite(needs.value), np.inf, found)

    def part_fits(self, z: Floats) -> Bools:
        """Say whether an agent that has the whole server is in time with a part of log β."""
        needs = self.needs
        sent_s = self._sent_s(np.exp(z), needs.air_s, needs.efficiency)
        left_j = self.energy_j - needs.transmit_w * (sent_s - needs.air_s)
        spare_s = needs.time_s - sent_s - _flat(self._busy_s, left_j)
        slack_s = RELATIVE_TOLERANCE * np.abs(needs.time_s)
        whole = np.where(needs.server_cycles > 0, spare_s >= self.work_s, spare_s >= -slack_s)
        fits: Bools = whole & ~np.isnan(left_j)
        return fits

    def by_part(self, points: Floats) -> tuple[Floats, Floats]:
        """Return β and φ for the logarithms of β."""
        needs = self.needs
        part = np.exp(points)
        air_s = needs.air_s[..., None]
        sent_s = self._sent_s(part, air_s, needs.efficiency[..., None])
        left_j = self.energy_j[..., None] - needs.transmit_w[..., None] * (sent_s - air_s)
        spare_s = needs.time_s[..., None] - sent_s - self._busy_s(left_j)
        work_s = self.work_s[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(work_s > 0, np.where(spare_s > 0, work_s / spare_s, np.inf), 0.0)
        late = ~(spare_s >= -RELATIVE_TOLERANCE * np.abs(needs.time_s[..., None]))
        late |= np.isnan(left_j)
        return np.where(air_s > 0, part, 0.0), np.where(late, np.inf, share)

    def by_slice(self, points: Floats) -> tuple[Floats, Floats]:
        """Return β and φ for the logarithms of φ of slices with a clock of their own."""
        needs = self.needs
        left_j = self._slice_left_j(points, each=True)
        rest_s = needs.time_s[..., None] - self._slice_s(points, each=True)
        air_s = np.broadcast_to(needs.air_s[..., None], points.shape)
        spare_s = rest_s - self._busy_s(left_j)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(spare_s > 0, air_s / spare_s, np.inf)
        part = np.where((air_s == 0) & (spare_s >= -1e-9 * np.abs(rest_s)), 0.0, part)
        both = np.flatnonzero(needs.slices & np.isfinite(needs.efficiency))
        if both.size:
            those = (it[..., both, :] for it in (left_j, rest_s, air_s))
            part[..., both, :] = self._of(both)._least_part(*those)
        return part, np.where(np.isfinite(part), np.exp(points), np.inf)

    def _of(self, agents: Ints) -> UnderClocks:
        """Return the designs of some agents."""
        return UnderClocks(
            self.needs.of(agents), self.work_s[..., agents], self.energy_j[..., agents]
        )

    def _least_part(self, left_j: Floats, rest_s: Floats, air_s: Floats) -> Floats:
        """Return the least β that is in time; inf where none is."""
        needs = self.needs
        efficiency, power = needs.efficiency[..., None], needs.transmit_w[..., None]

        def fits(z: Floats) -> Bools:
            sent_s = self._sent_s(np.exp(z), air_s, efficiency)
            busy_s = self._busy_s(left_j - power * (sent_s - air_s))
            in_time: Bools = sent_s + busy_s <= rest_s * (1 + 1e-12)
            return in_time

        whole = np.zeros_like(left_j)
        found = np.exp(edge(fits, np.full_like(left_j, LEAST), whole))
        return np.where(fits(whole), np.where(air_s > 0, found, 0.0), np.inf)

    def _slice_s(self, z: Floats, *, each: bool = False) -> Floats:
        """Return what a slice of log φ, one or ``each`` of several, takes at its own clock [s]."""
        work_s = self.needs.server_cycles / self.needs.top_hz
        found: Floats = (work_s[..., None] if each else work_s) / np.exp(z)
        return found

    def _slice_left_j(self, z: Floats, *, each: bool = False) -> Floats:
        """Return what a slice of log φ, one or ``each`` of several, leaves to the agent [J]."""
        needs = self.needs
        values = self.energy_j, needs.slice_draw, needs.top_hz, needs.server.exponent[:, 0] - 1
        left_j, draw, top_hz, power = (it[..., None] if each else it for it in values)
        found: Floats = left_j - draw * (np.exp(z) * top_hz) ** power
        return found

    @staticmethod
    def _sent_s(part: Floats, air_s: Floats, efficiency: Floats) -> Floats:
        """Return the time of sending on a part of the cell [s]."""
        found: Floats = np.where(air_s > 0, air_s / part_rate(part, efficiency), 0.0)
        return found

    def _busy_s(self, energy_j: Floats) -> Floats:
        """Return the least time of computing within energies (..., n, P) [s]; inf where there is none."""
        needs = self.needs
        kappa, quickest = needs.kappa[..., None], needs.quickest_s[..., None]
        power = needs.agent.exponent[:, 0, None] - 1
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slow = np.where(kappa > 0, (kappa / np.maximum(energy_j, 0.0)) ** (1 / power), 0.0)
            least = np.maximum(quickest, slow)
        enough = energy_j >= needs.least_j[..., None] * (1 - RELATIVE_TOLERANCE)
        least = np.where(enough, least, np.inf)
        both = needs.own_work > 0
        if both.any():
            least = np.where(both[..., None], self._both_s(energy_j), least)
        return np.where(needs.patient[:, None] & np.isfinite(least), 0.0, least)

    def _both_s(self, energy_j: Floats) -> Floats:
        """Return the least time of computing on agent and server, where the server gives no shares [s]."""
        needs = self.needs
        shape = energy_j.shape

        def wide(values: Floats) -> Floats:
            return np.broadcast_to(values[..., None], shape)

        work = Work(
            wide(needs.cycles), wide(needs.own_work), wide(needs.own_in_slice),
            np.full(shape, np.inf), energy_j,
        )  # fmt: skip
        least = np.full(shape, np.inf)
        for here in steps_of(needs.agent):
            for there in steps_of(needs.server):
                found = least_delay(work, here, there)
                fits = found.energy_j <= energy_j * (1 + RELATIVE_TOLERANCE)
                least = np.where(fits, np.fmin(least, found.time_s), least)
        return least


def _flat(function: Callable[[Floats], Floats], values: Floats) -> Floats:
    """Apply to values (..., n) a function of values (..., n, P)."""
    return function(values[..., None])[..., 0]


def steps_of(box: Box) -> list[Box]:
    """Return a box of one column (n, 1) for each step."""
    return [
        Box(
            *(
                getattr(box, name)[:, min(column, getattr(box, name).shape[1] - 1), None]
                for name in ("low_hz", "high_hz", "coefficient", "exponent")
            )
        )
        for column in range(box.high_hz.shape[1])
    ]
