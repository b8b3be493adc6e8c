"""The energy of settled designs over the times of sending, computing and serving, and over common clocks.

In b = ln β, c = ln y and l = ln(f̃/f̃_max), with x = S/R(β) for sending, y at the server, z = T − x − y on the
agent,

    Σ p x + κ z^(1−α) + κ̃ y^(1−α̃) + d e^((α̃−1) l)
    subject to z ≥ z_0, e ≤ E, Σ β ≤ room, Σ φ = Σ w/(y e^l) ≤ room, l_min ≤ l ≤ 0

is convex, since ln R is concave in b.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simran.allocation.loads import Stations
from simran.allocation.problem import Bools, Floats
from simran.radio import log2_snr

__all__ = ["Place", "Terms", "Times", "terms"]

_LN2 = math.log(2.0)


@dataclass(frozen=True)
class Times:
    """The programme of n agents at S servers with common clocks.

    Parameters
    ----------
    airtime_s : (n,) S/r; 0 for those who do not send over a cell with shares
    efficiency : (n,) r/W [bit/s/Hz]; NaN where shares are of time
    transmit_w : (n,) p where airtime costs energy; 0 elsewhere
    work_s : (n,) w, the time of the whole server at its highest clock; 0 for those who use none with shares
        to choose
    slice_j : (n,) κ̃ of κ̃ y^(1−α̃); 0 where the server's clock is common
    clock_j : (n,) d, what the server draws at its highest clock; 0 where each slice has its own
    slice_power : (n,) α̃ − 1
    kappa, power : (n,) κ and α − 1 of the agent
    time_s, least_s : (n,) T, and z_0
    energy_j : (n,) E; may be inf
    cores : (n, S) one where the agent's share is of the cores at that common clock
    least_log : (S,) l_min
    free : (S,) whether the clock is to be chosen
    stations : which of the J stations is whose
    room : what may be shared out
    """

    airtime_s: Floats
    efficiency: Floats
    transmit_w: Floats
    work_s: Floats
    slice_j: Floats
    clock_j: Floats
    slice_power: Floats
    kappa: Floats
    power: Floats
    time_s: Floats
    least_s: Floats
    energy_j: Floats
    cores: Floats
    least_log: Floats
    free: Bools
    stations: Stations
    room: float

    @cached_property
    def by_band(self) -> Bools:
        """(n,) whether shares of the cell are of its band."""
        return np.isfinite(self.efficiency)

    @cached_property
    def band_efficiency(self) -> Floats:
        """(n,) r/W [bit/s/Hz]; 1 where shares are of time."""
        return np.where(self.by_band, self.efficiency, 1.0)

    @cached_property
    def log_snr(self) -> Floats:
        """(n,) ln s, of the whole band."""
        found: Floats = log2_snr(self.band_efficiency) * _LN2
        return found


@dataclass(frozen=True)
class Place:
    """Where all variables are.

    Parameters
    ----------
    shares : (2, n) ln β and ln y; 0 for those who use none
    clocks : (S,) l
    """

    shares: Floats
    clocks: Floats


@dataclass(frozen=True)
class Terms:
    """All terms at one place, with derivatives; arrays (n,) unless said.

    Second derivatives of e by b and c are a diagonal and ``bend`` times the product of ``spare_by_share``
    with itself.

    Parameters
    ----------
    cell, server : β and φ; 0 for those who use none
    energy_j : e
    by_share : (2, n) derivatives of e by b and c
    diagonal, bend : see above, (2, n) and (n,)
    by_clock, bend_by_clock : first and second derivative of e by l
    spare_s : z − z_0
    spare_by_share : (2, n) its derivatives by b and c
    spare_bends : (2, n) the second ones times −1; by b and c there is none
    """

    cell: Floats
    server: Floats
    energy_j: Floats
    by_share: Floats
    diagonal: Floats
    bend: Floats
    by_clock: Floats
    bend_by_clock: Floats
    spare_s: Floats
    spare_by_share: Floats
    spare_bends: Floats


def terms(task: Times, place: Place) -> Terms:
    """Return all terms at a place."""
    b, c = place.shares
    level = task.cores @ place.clocks
    with np.errstate(over="ignore"):
        y = np.where(task.work_s > 0, np.exp(c), 0.0)
        drawn = task.slice_j * np.exp(-task.slice_power * c)
        clocked = task.clock_j * np.exp(task.slice_power * level)
        x, slope, bend = _sending(task, b)
        z = task.time_s - x - y
        safe = np.where(z > 0, z, 1.0)
        spent = task.kappa * safe**-task.power
        server = task.work_s * np.exp(-c - level)
    first = task.power * spent / safe
    paid = task.transmit_w + first
    by_clock = task.slice_power * clocked
    rising = first * y
    return Terms(
        cell=np.where(task.airtime_s > 0, np.exp(b), 0.0),
        server=server,
        energy_j=task.transmit_w * x + spent + drawn + clocked,
        by_share=np.stack([-paid * slope, rising - task.slice_power * drawn]),
        diagonal=np.stack([paid * bend, rising + task.slice_power**2 * drawn]),
        bend=(task.power + 1) * first / safe,
        by_clock=by_clock,
        bend_by_clock=task.slice_power * by_clock,
        spare_s=z - task.least_s,
        spare_by_share=np.stack([slope, -y]),
        spare_bends=np.stack([bend, y]),
    )


def _sending(task: Times, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Return x = S/R(β), −dx/db and the second derivative [s].

    With q = s/β and L = ln(1+q): ln R has the slope 1 − q/((1+q) L) and the second derivative
    −q (q − L)/((1+q) L)².
    """
    even = task.airtime_s * np.exp(-b)  # what airtime does
    by_band = task.by_band
    if not by_band.any():
        return even, even, even
    log_q = task.log_snr - b
    q = np.exp(np.minimum(log_q, 600.0))
    whole = np.logaddexp(0.0, log_q)
    part = q / (1 + q)
    slope = 1 - part / whole
    bend = part * ((q - np.minimum(whole, q)) / (1 + q)) / whole**2
    x = np.where(by_band, even * task.band_efficiency * _LN2 / whole, even)
    slope, bend = np.where(by_band, slope, 1.0), np.where(by_band, bend, 0.0)
    return x, x * slope, x * (slope**2 + bend)
