"""The least energy of settled designs over the times of sending, computing and serving: a barrier method.

In b = ln β and c = ln y, with x = S/R(β) for sending, y at the server and z = T − x − y on the agent,

    minimise Σ p x + κ z^(1−α) + κ̃ y^(1−α̃)
    subject to z ≥ z_0, e ≤ E, Σ β ≤ room, Σ φ = Σ (Q/g)/y ≤ room

is convex, since ln R is concave in b. The Newton step has a block of two by two for each agent and a term of
rank one for each station, so it takes time in proportion to the number of agents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simran.allocation.loads import Stations
from simran.allocation.problem import Bools, Floats
from simran.radio import log2_snr

__all__ = ["Times", "least_times"]

_FIRST, _FACTOR = 30.0, 40.0  # weight of the energy: the first, and what it grows by
_GAP = 1e-6  # relative gap of the energy at the end
_NEWTON = 25
_HALVINGS = 25
_SMALL = 1e-6  # decrement at which a weight is done with
_ROUNDING = 1e-13  # part of the value below which it is not told apart from none


@dataclass(frozen=True)
class Times:
    """The programme of n agents; all arrays (n,).

    Parameters
    ----------
    airtime_s : S/r; 0 for those who do not send over a cell with shares
    efficiency : r/W [bit/s/Hz]; NaN where shares are of time
    transmit_w : p where airtime costs energy; 0 elsewhere
    work_s : φ y, the time of the whole server; 0 for those who use none with shares to choose
    slice_j : κ̃ of κ̃ y^(1−α̃); 0 where the server's clock is common
    slice_power : α̃ − 1
    kappa, power : κ and α − 1 of the agent
    time_s, least_s : T, and z_0
    energy_j : E; may be inf
    stations : which of the J stations is whose
    room : what may be shared out
    """

    airtime_s: Floats
    efficiency: Floats
    transmit_w: Floats
    work_s: Floats
    slice_j: Floats
    slice_power: Floats
    kappa: Floats
    power: Floats
    time_s: Floats
    least_s: Floats
    energy_j: Floats
    stations: Stations
    room: float


@dataclass(frozen=True)
class _Point:
    """All terms at one point, with first and second derivatives by b and c; arrays (n,)."""

    value_j: Floats
    gradient: Floats
    hessian: Floats
    spare_s: Floats
    spare_gradient: Floats
    spare_hessian: Floats
    cell: Floats
    server: Floats


def least_times(task: Times, cell: Floats, server: Floats) -> tuple[Floats, Floats] | None:
    """Return (n,) β and φ of the least energy, or None if the start is not strictly inside.

    Parameters
    ----------
    task : the programme
    cell, server : (n,) β and φ to begin with
    """
    sends, serves = task.airtime_s > 0, task.work_s > 0
    u = np.stack(
        [
            np.log(np.where(sends, cell, 1.0)),
            np.log(np.where(serves, task.work_s / np.where(serves, server, 1.0), 1.0)),
        ],
        axis=1,
    )
    active = np.stack([sends, serves], axis=1)
    first = _point(task, u)
    scale = float(np.abs(first.value_j).sum())
    if not (scale > 0 and active.any() and math.isfinite(_barrier(task, first))):
        return None
    weight, most = _FIRST, (2 * len(u) + 2) / _GAP
    while True:
        u = _centred(task, u, active, weight / scale)
        if weight >= most:
            break
        weight *= _FACTOR
    found = _point(task, u)
    return found.cell, found.server


def _centred(task: Times, u: Floats, active: Bools, weight: float) -> Floats:
    """Return the point (n, 2) of least weighted energy and barrier, by damped Newton steps."""
    at = _point(task, u)
    now = weight * at.value_j.sum() + _barrier(task, at)
    for _ in range(_NEWTON):
        gradient, step = _newton(task, at, active, weight)
        decrement = -float((gradient * step).sum())
        if not decrement > max(_SMALL, _ROUNDING * abs(now)):
            break
        length = 1.0
        for _ in range(_HALVINGS):
            tried = _point(task, u + length * step)
            value = weight * tried.value_j.sum() + _barrier(task, tried)
            if value <= now - 0.1 * length * decrement:
                break
            length /= 2
        else:
            break
        u, at, now = u + length * step, tried, value
    return u


def _point(task: Times, u: Floats) -> _Point:
    b, c = u[:, 0], u[:, 1]
    part, y = np.exp(b), np.where(task.work_s > 0, np.exp(c), 0.0)
    sent_s, slope, bend = _sending(task, b)
    z = task.time_s - sent_s - y
    safe = np.where(z > 0, z, 1.0)
    with np.errstate(over="ignore"):
        spent = task.kappa * safe**-task.power
        drawn = np.where(task.work_s > 0, task.slice_j * np.exp(-task.slice_power * c), 0.0)
    first = -task.power * spent / safe
    second = -(task.power + 1) * first / safe
    off = second * slope * y
    gradient = np.stack(
        [(task.transmit_w - first) * slope, -first * y - task.slice_power * drawn], axis=1
    )
    across = (task.transmit_w - first) * bend + second * slope**2
    along = -first * y + second * y**2 + task.slice_power**2 * drawn
    return _Point(
        value_j=task.transmit_w * sent_s + spent + drawn,
        gradient=gradient,
        hessian=np.stack([across, off, along], axis=1),
        spare_s=z - task.least_s,
        spare_gradient=np.stack([-slope, -y], axis=1),
        spare_hessian=np.stack([-bend, np.zeros_like(y), -y], axis=1),
        cell=np.where(task.airtime_s > 0, part, 0.0),
        server=np.where(task.work_s > 0, task.work_s / np.where(y > 0, y, 1.0), 0.0),
    )


def _sending(task: Times, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Return x = S/R(β) with its derivatives by ln β [s].

    With q = s/β and L = ln(1+q): ln R has the slope 1 − q/((1+q) L) and the second derivative
    −q (q − L)/((1+q) L)².
    """
    by_band = np.isfinite(task.efficiency)
    efficiency = np.where(by_band, np.minimum(task.efficiency, 400.0), 1.0)
    log_q = log2_snr(efficiency) * math.log(2.0) - b
    q = np.exp(np.minimum(log_q, 600.0))
    whole = np.logaddexp(0.0, log_q)
    rising = (q / (1 + q)) / whole
    slope = np.where(by_band, 1 - rising, 1.0)
    bend = np.where(
        by_band, -(q / (1 + q)) * ((q - np.minimum(whole, q)) / (1 + q)) / whole**2, 0.0
    )
    rate = np.where(by_band, np.exp(b) * whole / (efficiency * math.log(2.0)), np.exp(b))
    sent_s = np.where(task.airtime_s > 0, task.airtime_s / rate, 0.0)
    return sent_s, -sent_s * slope, sent_s * (slope**2 - bend)


def _left(task: Times, at: _Point) -> tuple[Floats, Floats]:
    """Return what is left of each agent's energy (n,) and of each station (J,)."""
    used = at.cell @ task.stations.cell + at.server @ task.stations.server
    return task.energy_j - at.value_j, task.room - used


def _barrier(task: Times, at: _Point) -> float:
    """Return the barrier: −Σ ln of what is left; inf outside."""
    energy_j, room = _left(task, at)
    limited = np.isfinite(task.energy_j)
    timed = np.isfinite(task.time_s)
    left = np.concatenate([at.spare_s[timed], energy_j[limited], room])
    if not (left > 0).all():
        return math.inf
    return -float(np.log(left).sum())


def _newton(task: Times, at: _Point, active: Bools, weight: float) -> tuple[Floats, Floats]:
    """Return the gradient (n, 2) and the Newton step, by blocks and one term for each station."""
    energy_j, room = _left(task, at)
    by_energy = np.where(np.isfinite(energy_j), 1 / np.maximum(energy_j, 1e-300), 0.0)
    by_time = np.where(np.isfinite(at.spare_s), 1 / np.maximum(at.spare_s, 1e-300), 0.0)
    price = 1 / room
    at_cell, at_server = task.stations.cell @ price, task.stations.server @ price
    gradient = (weight + by_energy)[:, None] * at.gradient - by_time[:, None] * at.spare_gradient
    gradient[:, 0] += at_cell * at.cell
    gradient[:, 1] -= at_server * at.server
    block = (weight + by_energy)[:, None] * at.hessian - by_time[:, None] * at.spare_hessian
    block += by_energy[:, None] ** 2 * _outer(at.gradient)
    block += by_time[:, None] ** 2 * _outer(at.spare_gradient)
    block[:, 0] += at_cell * at.cell
    block[:, 2] += at_server * at.server
    block[:, 0] = np.where(active[:, 0], block[:, 0], 1.0)
    block[:, 2] = np.where(active[:, 1], block[:, 2], 1.0)
    block[:, 1] = np.where(active.all(axis=1), block[:, 1], 0.0)
    gradient = np.where(active, gradient, 0.0)
    ways = np.stack(
        [
            (at.cell * active[:, 0])[:, None] * task.stations.cell * price,
            -(at.server * active[:, 1])[:, None] * task.stations.server * price,
        ],
        axis=1,
    )
    own = _solved(block, gradient)
    other = np.stack([_solved(block, ways[:, :, j]) for j in range(len(room))], axis=2)
    core = np.eye(len(room)) + np.einsum("nij,nik->jk", ways, other)
    pulls = np.einsum("nij,ni->j", ways, own)
    step = -(own - other @ np.linalg.solve(core, pulls))
    return gradient, step


def _outer(values: Floats) -> Floats:
    """Return the products (n, 3) of a gradient (n, 2) with itself."""
    found: Floats = np.stack(
        [values[:, 0] ** 2, values[:, 0] * values[:, 1], values[:, 1] ** 2], axis=1
    )
    return found


def _solved(block: Floats, right: Floats) -> Floats:
    """Return the solution (n, 2) of symmetric systems of two by two, (n, 3)."""
    determinant = block[:, 0] * block[:, 2] - block[:, 1] ** 2
    determinant = np.maximum(determinant, 1e-14 * block[:, 0] * block[:, 2])
    first = (block[:, 2] * right[:, 0] - block[:, 1] * right[:, 1]) / determinant
    second = (block[:, 0] * right[:, 1] - block[:, 1] * right[:, 0]) / determinant
    found: Floats = np.stack([first, second], axis=1)
    return found
