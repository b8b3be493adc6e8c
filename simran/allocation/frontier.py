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

import numpy as np

from simran.allocation.curve import Curve
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.problem import Bools, Floats
from simran.allocation.searching import edge
from simran.allocation.under_clocks import INSIDE, LEAST, UnderClocks

__all__ = ["curve_of", "shares_on"]


def curve_of(needs: FrontierNeeds, clock_hz: Floats, frugal_hz: Floats | None = None) -> Curve:
    """Return the curve of each design.

    Parameters
    ----------
    needs : the designs, (..., K)
    clock_hz : clock of each agent's server, broadcastable to (..., K), for times [Hz]
    frugal_hz : the one for energies, if it is another [Hz]
    """
    at = UnderClocks.of(needs, clock_hz, frugal_hz)
    shape = needs.value.shape
    slices = np.broadcast_to(needs.slices & (needs.server_cycles > 0), shape)
    top, fits, least = np.zeros(shape), at.part_fits(np.zeros(shape)), _least_part(at)
    if slices.any():
        fastest = at.fastest_slice()
        top = np.where(slices, fastest, top)
        fits = np.where(slices, at.slice_fits(top), fits)
        least = np.where(slices, at.frugal_slice(fastest), least)
    least = np.where(fits, least, top)
    sends, serves = needs.air_s > 0, needs.server_cycles > 0
    fixed = np.where(slices, np.log(needs.slice_share), np.nan)
    settled = np.isfinite(fixed)
    low = np.where(settled, fixed, np.where(sends | slices, least, 0.0))
    high = np.where(settled, fixed, np.where(sends & serves, top, low))
    low = np.where(serves | settled, low, np.where(sends, least, 0.0))
    fits &= np.isfinite(needs.value)
    hurry = np.where(slices, np.where(fits, 0.0, np.inf), at.hurry())
    return Curve(np.where(fits, low, 0.0), np.where(fits, high, 0.0), fits, hurry)


def _least_part(at: UnderClocks) -> Floats:
    """Return log β of the least part of the cell with which agents that have the whole server are in time.

    In closed form, but for agents that also compute at a server which gives no shares.
    """
    needs = at.needs
    work_s = np.where(needs.server_cycles > 0, at.work_s, 0.0)
    part = at.least_part(at.energy_j[..., None], (needs.time_s - work_s)[..., None])[..., 0]
    least = np.minimum(np.log(np.clip(part, np.exp(LEAST), 1.0)) + INSIDE, 0.0)
    both = np.flatnonzero((needs.own_work > 0).reshape(-1, needs.own_work.shape[-1]).any(axis=0))
    if both.size:
        some = at.of_agents(both)
        whole = np.zeros(some.energy_j.shape)
        least[..., both] = edge(some.part_fits, np.full_like(whole, LEAST), whole)
    return least


def shares_on(
    needs: FrontierNeeds,
    points: Floats,
    clock_hz: Floats,
    frugal_hz: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return β and φ at points of the curves, (..., K, P); inf where there are none.

    Parameters
    ----------
    needs : the designs, (..., K)
    points : (..., K, P), see :class:`Curve`
    clock_hz, frugal_hz : as for :func:`curve_of`
    """
    at = UnderClocks.of(needs, clock_hz, frugal_hz)
    own = (needs.slices & (needs.server_cycles > 0))[..., None]
    if not own.any():
        return at.by_part(points)
    slice_, part = at.by_slice(points), at.by_part(points)
    return np.where(own, slice_[0], part[0]), np.where(own, slice_[1], part[1])
