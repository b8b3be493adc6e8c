"""Times, energies and least shares of designs whose energy depends on their shares, under given clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simran.allocation.clocks import Box, Work, balance, least_delay
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.needs import drawn_j
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.radio import part_for_rate, part_rate

__all__ = ["INSIDE", "LEAST", "UnderClocks", "steps_of"]

LEAST = float(np.log(1e-9))  #: logarithm of a share that none is below
_TURNS = 8  # of Newton's method
_ROUNDING = 1e-12
INSIDE = 1e-10  #: by what the logarithm of a least share is raised, so that it is enough


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
        """Return log φ of the slice with which an agent that has the whole cell is done first.

        The sum of κ^(1/q) e^(−1/q) for the agent and the like for the slice is least where both gain
        alike from more energy, unless one of them has no use for it.
        """
        needs = self.needs
        q, own = needs.agent.exponent[:, 0] - 1, needs.server.exponent[:, 0] - 1
        whole_j = needs.slice_draw * needs.top_hz**own
        busy = ~needs.patient & (needs.kappa > 0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            most_j = np.where(busy, needs.kappa * needs.quickest_s**-q, needs.least_j)
            least_j = np.where(needs.patient & (needs.kappa > 0), _ROUNDING * self.energy_j, most_j)
            pull = np.log(np.where(busy, needs.kappa, 1.0)) / q - np.log(q)
            push = np.log(needs.slice_draw * needs.server_cycles**own) / own - np.log(own)
            even_j = balance(pull, push, 1 + 1 / q, 1 + 1 / own, self.energy_j)
            agent_j = np.where(busy, np.minimum(even_j, most_j), least_j)
            slice_j = np.minimum(self.energy_j - agent_j, whole_j)
            log_share = np.log(slice_j / whole_j) / own
        enough = (self.energy_j >= most_j + whole_j) | (whole_j == 0)
        found = np.where(enough, 0.0, np.where(np.isnan(log_share), LEAST, log_share))
        found = np.clip(found, self.slowest_slice(), 0.0)
        return np.where(np.isfinite(needs.slice_share), np.log(needs.slice_share), found)

    def frugal_slice(self, fastest: Floats) -> Floats:
        """Return log φ of the smallest slice with which an agent that has the whole cell is in time.

        It is larger by 1e-10, so as to be enough in spite of rounding.

        With y for the slice, y + (κ/(E − κ̃ y^(−q̃)))^(1/q) is convex and at most the time that there is up
        to the largest y: Newton's method closes in from above.

        Parameters
        ----------
        fastest : log φ with which it is done first
        """
        needs = self.needs
        q, own = needs.agent.exponent[:, 0] - 1, needs.server.exponent[:, 0] - 1
        rest_s = needs.time_s - needs.air_s
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            shortest_s = needs.server_cycles / (needs.top_hz * np.exp(fastest))
            y = rest_s - _flat(self._busy_s, self.energy_j)
            for _ in range(_TURNS):
                drawn_j = needs.slice_draw * (needs.server_cycles / y) ** own
                left_j = self.energy_j - drawn_j
                law_s = np.where(needs.patient, 0.0, _root(needs.kappa / left_j, q))
                rising = 1 - law_s / (q * left_j) * own * drawn_j / y
                step = np.where(rising > 0, (y + law_s - rest_s) / rising, 0.0)
                y = np.where(step > 0, np.maximum(y - step, shortest_s), y)
            log_share = np.log(needs.server_cycles / (needs.top_hz * y)) + INSIDE
        return np.where(np.isfinite(log_share), np.minimum(log_share, fastest), fastest)

    def least_part(self, left_j: Floats, rest_s: Floats) -> Floats:
        """Return the least β (..., n, P) that is in time; inf where none is.

        Parameters
        ----------
        left_j : what there is for computing, with the whole cell (..., n, P) [J]
        rest_s : what there is for sending and computing [s]
        """
        needs = self.needs
        air_s = needs.air_s[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            sent_s = self._longest_s(left_j, rest_s)
            ratio = np.where(sent_s >= air_s, np.minimum(air_s / sent_s, 1.0), np.nan)
            part = part_for_rate(ratio, needs.efficiency[..., None])
        part = np.where(air_s > 0, part, np.where(sent_s >= 0, 0.0, np.inf))
        return np.where(np.isnan(part), np.inf, part)

    def _longest_s(self, left_j: Floats, rest_s: Floats) -> Floats:
        """Return the longest time of sending that leaves enough for computing [s]; negative if none.

        With x for sending and t for computing, x + t = T and κ t^(−q) = E − p (x − a), that is
        κ t^(−q) = p t + C, C = E − p (T − a). The left side falls and is convex: Newton's method
        closes in from below.
        """
        needs = self.needs
        air_s, watt = needs.air_s[..., None], needs.transmit_w[..., None]
        kappa, q = needs.kappa[..., None], needs.agent.exponent[:, 0, None] - 1
        least_j = needs.least_j[..., None] * (1 - RELATIVE_TOLERANCE)
        busy = ~needs.patient[:, None] & (kappa > 0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            spare_j = (left_j - least_j) * (1 - _ROUNDING)
            by_energy = np.where(watt > 0, air_s + spare_j / watt, np.inf)
            by_energy = np.where(left_j - least_j >= 0, by_energy, -np.inf)
            by_clock = rest_s - np.where(needs.patient[:, None], 0.0, needs.quickest_s[..., None])
            longest = np.minimum(by_energy, by_clock)
            if busy.any():
                taken = _balanced(kappa, q, watt, left_j - watt * (rest_s - air_s))
                longest = np.where(busy, np.minimum(longest, rest_s - taken), longest)
        return np.where(np.isnan(longest), -np.inf, longest)

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
            those = (it[..., both, :] for it in (left_j, rest_s))
            part[..., both, :] = self.of_agents(both).least_part(*those)
        return part, np.where(np.isfinite(part), np.exp(points), np.inf)

    def of_agents(self, agents: Ints) -> UnderClocks:
        """Return the designs of some agents."""
        return UnderClocks(
            self.needs.of(agents), self.work_s[..., agents], self.energy_j[..., agents]
        )

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
        found: Floats = left_j - draw * _power(np.exp(z) * top_hz, power)
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
            slow = np.where(kappa > 0, _root(kappa / np.maximum(energy_j, 0.0), power), 0.0)
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


def _balanced(kappa: Floats, q: Floats, watt: Floats, rest_j: Floats) -> Floats:
    """Return t with κ t^(−q) = p t + C; inf where there is none.

    One of (κ/2C)^(1/q) and (κ/2p)^(1/(q+1)) is below it, and not by more than half.
    """
    energy = np.where(rest_j > 0, _root(kappa / (2 * rest_j), q), np.inf)
    power = np.where(watt > 0, (kappa / (2 * watt)) ** (1 / (q + 1)), np.inf)
    t = np.minimum(energy, power)
    t = np.maximum(t, np.where((rest_j < 0) & (watt > 0), -rest_j / watt, 0.0))
    for _ in range(_TURNS):
        spent = kappa / _power(t, q)
        step = (spent - watt * t - rest_j) / (q * spent / t + watt)
        t = t + step
        if not (np.abs(step) > 1e-7 * t).any():  # the next one is of its square
            break
    return np.where(np.isposinf(rest_j), 0.0, np.where(np.isfinite(t), t, np.inf))


def _power(values: Floats, exponent: Floats) -> Floats:
    """Return powers, quickly where the exponents are 2."""
    found: Floats = values * values if (exponent == 2).all() else values**exponent
    return found


def _root(values: Floats, exponent: Floats) -> Floats:
    """Return roots, quickly where they are square roots."""
    found: Floats = np.sqrt(values) if (exponent == 2).all() else values ** (1 / exponent)
    return found


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
