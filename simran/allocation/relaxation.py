"""The relaxed design problem: the largest real-valued bit-width, by convex subproblems.

With real b the design problem asks for the largest b such that ``a b/f + B/f̃ ≤ T`` and ``P b
f^(α−1) + Q f̃^(β−1) ≤ E``. The products of b with functions of f are not convex. Around a point
each is bounded from above by the arithmetic mean, ``b h(f) ≤ (κ b² + h(f)²/κ)/2`` with ``κ =
h(f)/b`` taken at the point, which is convex, holds everywhere and is tight at the point, with the
same gradient. So every subproblem's solution is feasible for the relaxed problem and no worse
than the point before, and a point that does not move satisfies the Karush-Kuhn-Tucker conditions.
In logarithms the relaxed problem is a geometric program, so such a point is its global optimum.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from simran.allocation.problem import Floats, Ints

__all__ = ["Lanes", "Relaxed", "relax"]

_MOVE = 1e-7  # relative change of b at which an iteration ends
_ITERATIONS = 500
_HALVINGS = 50
_LOWEST = 1e-9  # of the highest clock; keeps continuous clocks positive


@dataclass(frozen=True)
class Lanes:
    """Relaxed problems side by side, each array (m,).

    Parameters
    ----------
    cycles_per_bit : a [cycle/bit]
    server_cycles, server_cycles_in_slice : what energy and time count [cycle]
    time_s, energy_j : T and E, what the budgets leave for computing; may be inf
    low_hz, high_hz, coefficient, exponent : clock of the agent, see :class:`Box`
    server_low_hz, server_high_hz, server_coefficient, server_exponent : likewise
    most_bits : largest b to consider [bit]
    """

    cycles_per_bit: Floats
    server_cycles: Floats
    server_cycles_in_slice: Floats
    time_s: Floats
    energy_j: Floats
    low_hz: Floats
    high_hz: Floats
    coefficient: Floats
    exponent: Floats
    server_low_hz: Floats
    server_high_hz: Floats
    server_coefficient: Floats
    server_exponent: Floats
    most_bits: Floats

    def rows(self, index: Ints) -> Lanes:
        """Return some of the lanes."""
        return Lanes(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


@dataclass(frozen=True)
class Relaxed:
    """A point of each relaxed problem, (m,).

    Parameters
    ----------
    bits : b, real-valued [bit]
    agent_hz, server_hz : f and f̃ [Hz]
    iterations : subproblems solved
    """

    bits: Floats
    agent_hz: Floats
    server_hz: Floats
    iterations: Ints


def relax(lanes: Lanes, start: Relaxed) -> Relaxed:
    """Return the optimum of every relaxed problem, from a feasible ``start``."""
    bits, f, g = start.bits.copy(), start.agent_hz.copy(), start.server_hz.copy()
    iterations = start.iterations.copy()
    moving = np.arange(len(bits))
    for _ in range(_ITERATIONS):
        if not moving.size:
            break
        part = lanes.rows(moving)
        s, new_f, new_g = _subproblem(part, bits[moving], f[moving], g[moving])
        new = np.minimum(np.sqrt(np.maximum(s, 0.0)), part.most_bits)
        gained = new > bits[moving]
        iterations[moving] += 1
        done = (new <= bits[moving] * (1 + _MOVE)) | (new == part.most_bits)
        better = moving[gained]
        bits[better], f[better], g[better] = new[gained], new_f[gained], new_g[gained]
        moving = moving[~done]
    return Relaxed(bits, f, g, iterations)


def _subproblem(lanes: Lanes, bits: Floats, f: Floats, g: Floats) -> tuple[Floats, Floats, Floats]:
    """Return b², f and f̃ of the convex subproblem around a point.

    Its Lagrangian, with weights θ on delay and 1 − θ on energy, splits into a term of f and one
    of f̃, each with a closed-form minimum; ln(θ/(1 − θ)) is found by bisection, since the more
    delay weighs, the faster the clocks and the less the delay binds.
    """
    low, high = np.full_like(bits, -200.0), np.full_like(bits, 200.0)
    bend = _Bend.around(lanes, bits, f)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        by_delay, by_energy, _, _ = bend.at(lanes, middle)
        late = by_delay < by_energy
        low, high = np.where(late, middle, low), np.where(late, high, middle)
    # Where energy is free of the clock it jumps, and only one side of the root is feasible.
    by_delay, by_energy, new_f, new_g = bend.at(lanes, low)
    below = np.minimum(by_delay, by_energy)
    by_delay, by_energy, other_f, other_g = bend.at(lanes, high)
    above = np.minimum(by_delay, by_energy)
    up = above > below
    return (
        np.where(up, above, below),
        np.where(up, other_f, new_f),
        np.where(up, other_g, new_g),
    )


@dataclass(frozen=True)
class _Bend:
    """The convex bounds around one point: κ of the delay, κ of the energy, and the clocks' laws."""

    of_delay: Floats
    of_energy: Floats
    log_agent: Floats
    log_server: Floats

    @classmethod
    def around(cls, lanes: Lanes, bits: Floats, f: Floats) -> _Bend:
        alpha, beta = lanes.exponent, lanes.server_exponent
        of_delay, of_energy = 1 / (bits * f), f ** (alpha - 1) / bits
        with np.errstate(divide="ignore", invalid="ignore"):
            log_agent = np.log(of_energy) - np.log(of_delay) - np.log(alpha - 1)
            log_agent = log_agent - np.log(lanes.coefficient)
            log_server = np.log(lanes.server_cycles_in_slice) - np.log(beta - 1)
            log_server = log_server - np.log(lanes.server_coefficient * lanes.server_cycles)
        return cls(of_delay, of_energy, log_agent, np.nan_to_num(log_server, nan=np.inf))

    def at(self, lanes: Lanes, z: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the b² that delay and energy admit, and the clocks, at ln(θ/(1 − θ)) = z."""
        alpha, beta = lanes.exponent, lanes.server_exponent
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            f = np.exp((z + self.log_agent) / (2 * alpha))
            f = np.clip(f, np.maximum(lanes.low_hz, _LOWEST * lanes.high_hz), lanes.high_hz)
            g = np.exp((z + self.log_server) / beta)
            g = np.clip(
                g, np.maximum(lanes.server_low_hz, _LOWEST * lanes.server_high_hz),
                lanes.server_high_hz,
            )  # fmt: skip
            spare = (lanes.time_s - lanes.server_cycles_in_slice / g) / lanes.cycles_per_bit
            by_delay = 2 * spare / self.of_delay - 1 / (self.of_delay * f) ** 2
            drawn = lanes.server_coefficient * lanes.server_cycles * g ** (beta - 1)
            per_bit = lanes.coefficient * lanes.cycles_per_bit
            by_energy = 2 * ((lanes.energy_j - drawn) / per_bit) / self.of_energy
            by_energy = by_energy - (f ** (alpha - 1) / self.of_energy) ** 2
        return by_delay, np.where(np.isnan(by_energy), np.inf, by_energy), f, g
