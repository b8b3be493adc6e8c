"""What designs ask of a cell and a server where energy depends on the shares: curves of share against share.

With parts of the band (``sharing: frequency``) an agent sends for as long as its part makes it, at full
power; with a clock of its own (``partition: clock``) a slice draws more the larger it is. What is left for
computing then depends on the shares, and those that suffice are no longer those of a/β + d/φ ≤ τ. For a
settled design and a common clock they still form a convex set, closed upwards: sending for x, computing for
t and serving for y is possible if

    x + t + y ≤ T,    p x + κ t^(1−α) + κ̃ y^(1−α̃) ≤ E,    x ≥ S/R(β),    y ≥ Q/(φ f̃_max),

and S/R(β) and 1/φ are convex. Its lower edge is a curve, here told point by point: the least φ for a part β
of the cell, or the least β for a slice with a clock of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simran.allocation.clocks import Box, Work, least_delay
from simran.allocation.needs import Needs, drawn_j
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.radio import part_rate

__all__ = ["Curve", "FrontierNeeds", "steps_of"]

_LEAST = np.log(1e-9)  # no share is below
_HALVINGS = 34
_FEW = 4096  # values that are looked at many points at a time
_SECTIONS = np.linspace(1 / 16, 1.0, 16)
_TURNS = 9
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Curve:
    """Where the curves of some designs begin and end; arrays (..., n).

    Parameters
    ----------
    low, high : logarithm of φ for slices with a clock of their own, of β for the rest; equal where one
        share decides all
    possible : whether any shares suffice
    """

    low: Floats
    high: Floats
    possible: Bools

    @property
    def flat(self) -> bool:
        """Whether every design has one pair of least shares."""
        return bool((self.low == self.high).all())

    def points(self, count: int, *, steep: bool = False) -> Floats:
        """Return (..., n, P) parameters along the curves, evenly spaced in the logarithm.

        One each where none of the curves is longer than a point.

        Parameters
        ----------
        count : P
        steep : whether half of them crowd where the curves begin, at the least that one share can be: there
            the other share falls steeply
        """
        places = np.linspace(0.0, 1.0, 1 if self.flat else count)
        if steep and not self.flat:
            crowded = np.geomspace(1.0, 1001.0, count // 2 + 1) - 1.0
            places = np.union1d(np.linspace(0.0, 1.0, count - count // 2), crowded / 1000.0)
        found: Floats = self.low[..., None] + (self.high - self.low)[..., None] * places
        return found

    def around(self, points: Floats, first: Ints, last: Ints) -> Curve:
        """Return the parts of curves from the point before ``first`` (..., n) to the one after ``last``."""
        end = points.shape[-1] - 1
        low = np.take_along_axis(points, np.maximum(first - 1, 0)[..., None], axis=-1)
        high = np.take_along_axis(points, np.minimum(last + 1, end)[..., None], axis=-1)
        return Curve(low[..., 0], high[..., 0], self.possible)


@dataclass(frozen=True, eq=False)
class FrontierNeeds(Needs):
    """Designs of K agents some of whom pay for shares with energy; arrays (..., K).

    Designs of agents with stepped clocks stand once for each step of the agent, and those of slices with
    stepped clocks of their own once for each step of the slice, so that each has a convex curve.

    Parameters
    ----------
    quickest_s : least time of computing on the agent, whatever the energy [s]
    kappa : κ of κ t^(1−α), what the agent draws if it computes for t [J s^(α−1)]
    least_j : what the agent draws at least [J]
    own_work, own_in_slice : Q and Q/φ where the server gives no shares [cycle]
    slice_draw : coefficient times Q, for slices with a clock of their own [J/Hz^(α−1)]
    slice_share : the only φ that such a slice can have; NaN for any
    efficiency : (K,) r/W where shares of the cell are of its band [bit/s/Hz]; NaN elsewhere
    transmit_w : (K,) power drawn while sending, where more airtime costs more energy; 0 elsewhere [W]
    slices : (K,) whether a slice of the server has a clock of its own
    top_hz : (K,) highest clock of the server [Hz]
    """

    quickest_s: Floats
    kappa: Floats
    least_j: Floats
    own_work: Floats
    own_in_slice: Floats
    slice_draw: Floats
    slice_share: Floats
    efficiency: Floats
    transmit_w: Floats
    slices: Bools
    top_hz: Floats

    LISTED: ClassVar[tuple[str, ...]] = (
        *Needs.LISTED, "quickest_s", "kappa", "least_j", "own_work", "own_in_slice", "slice_draw",
        "slice_share",
    )  # fmt: skip
    OWN: ClassVar[tuple[str, ...]] = (*Needs.OWN, "efficiency", "transmit_w", "slices", "top_hz")

    def curve(self, clock_hz: Floats, frugal_hz: Floats | None = None) -> Curve:
        """Return the curve of each design.

        Parameters
        ----------
        clock_hz : clock of each agent's server, broadcastable to (..., K), for times [Hz]
        frugal_hz : the one for energies, if it is another [Hz]
        """
        at = _At.of(self, clock_hz, frugal_hz)
        shape = self.value.shape
        slices = np.broadcast_to(self.slices & (self.server_cycles > 0), shape)
        by_slice = bool(slices.any())

        def in_time(z: Floats) -> Bools:
            if not by_slice:
                return at.part_fits(z)
            return np.where(slices, at.slice_fits(z), at.part_fits(z))

        top = np.where(slices, at.fastest_slice(), 0.0) if by_slice else np.zeros(shape)
        floor = np.where(slices, np.minimum(at.slowest_slice(), top), _LEAST)
        fits = in_time(top)
        least = _edge(in_time, floor, top)
        sends, serves = self.air_s > 0, self.server_cycles > 0
        fixed = np.where(slices, np.log(self.slice_share), np.nan)
        settled = np.isfinite(fixed)
        low = np.where(settled, fixed, np.where(sends | slices, least, 0.0))
        high = np.where(settled, fixed, np.where(sends & serves, top, low))
        low = np.where(serves | settled, low, np.where(sends, least, 0.0))
        fits &= np.isfinite(self.value)
        return Curve(np.where(fits, low, 0.0), np.where(fits, high, 0.0), fits)

    def shares(
        self, points: Floats, clock_hz: Floats, frugal_hz: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return β and φ at points of the curves, (..., K, P); inf where there are none.

        Parameters
        ----------
        points : (..., K, P), see :class:`Curve`
        clock_hz, frugal_hz : as for :meth:`curve`
        """
        at = _At.of(self, clock_hz, frugal_hz)
        own = (self.slices & (self.server_cycles > 0))[..., None]
        if not own.any():
            return at.by_part(points)
        slice_, part = at.by_slice(points), at.by_part(points)
        return np.where(own, slice_[0], part[0]), np.where(own, slice_[1], part[1])


@dataclass(frozen=True)
class _At:
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
    def of(cls, needs: FrontierNeeds, clock_hz: Floats, frugal_hz: Floats | None) -> _At:
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

        found = _least(taken_s, low, high)
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

    def _of(self, agents: Ints) -> _At:
        """Return the designs of some agents."""
        return _At(self.needs.of(agents), self.work_s[..., agents], self.energy_j[..., agents])

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
        found = np.exp(_edge(fits, np.full_like(left_j, _LEAST), whole))
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


def _edge(fits: Callable[[Floats], Bools], low: Floats, high: Floats) -> Floats:
    """Return the least parameter that fits, between one that may and one that does.

    A few are looked at many points at a time, many by halving.
    """
    a, b = low.copy(), high.copy()
    b = np.where(fits(a), a, b)
    if low.size > _FEW:
        for _ in range(_HALVINGS):
            middle = (a + b) / 2
            good = fits(middle)
            a, b = np.where(good, a, middle), np.where(good, middle, b)
        return b
    sections = _SECTIONS.reshape(-1, *(1,) * low.ndim)
    for _ in range(_TURNS):
        width = b - a
        good = fits(a + width * sections)
        good[-1] = True  # as it is, but for rounding
        first = np.argmax(good, axis=0)
        b = a + width * _SECTIONS[first]
        a = b - width * _SECTIONS[0]
    return b


def _least(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Return where a function that falls and then rises is least, by golden section.

    Where both points are impossible, the possible ones are below.
    """
    a, b = low.copy(), high.copy()
    left, right = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    at_left, at_right = function(left), function(right)
    for _ in range(_HALVINGS):
        down = (at_left <= at_right) | np.isnan(at_right)
        a, b = np.where(down, a, left), np.where(down, right, b)
        probe = np.where(down, b - _GOLDEN * (b - a), a + _GOLDEN * (b - a))
        found = function(probe)
        left, right = np.where(down, probe, right), np.where(down, left, probe)
        at_left, at_right = np.where(down, found, at_right), np.where(down, at_left, found)
    best = np.where(at_left <= at_right, left, right)
    # at full clock without any bound the least is at the very end
    return np.where(function(high) <= np.minimum(at_left, at_right), high, best)
