"""The best pair of clocks for a given bit-width, in closed form and vectorised.

The agent runs A cycles and draws e_a = p A f^(α−1), the server runs B cycles (Q of them counted by
the energy, B = Q/φ) and draws e_s = q Q f̃^(β−1), with p = ηψ and q = η̃ψ̃.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.problem import Floats

__all__ = ["Box", "Clocks", "Work", "at_clocks", "balance", "least_delay", "least_energy"]


@dataclass(frozen=True)
class Box:
    """The range of clocks of one processor; all arrays broadcast together.

    Parameters
    ----------
    low_hz, high_hz : range [Hz]; low 0 for continuous clocks, equal to high for one step
    coefficient : ηψ, so that power is coefficient · f^exponent [W/Hz^exponent]
    exponent : α
    """

    low_hz: Floats
    high_hz: Floats
    coefficient: Floats
    exponent: Floats


@dataclass(frozen=True)
class Work:
    """What must be done within what is left of both budgets; all arrays broadcast together.

    Parameters
    ----------
    agent_cycles : A, also what the energy counts [cycle]
    server_cycles : Q, what the energy counts [cycle]
    server_cycles_in_slice : B = Q/φ, what the time counts [cycle]
    time_s : left for computing [s]; may be inf
    energy_j : left for computing [J]; may be inf
    """

    agent_cycles: Floats
    server_cycles: Floats
    server_cycles_in_slice: Floats
    time_s: Floats
    energy_j: Floats


@dataclass(frozen=True)
class Clocks:
    """A pair of clocks, and the time and energy of computing with it; NaN clock for no work."""

    agent_hz: Floats
    server_hz: Floats
    time_s: Floats
    energy_j: Floats


def least_energy(work: Work, agent: Box, server: Box) -> Clocks:
    """Return the clocks of least energy that finish within ``work.time_s``.

    With x and y the times of agent and server, ``p A^α x^(1−α) + q Q B^(β−1) y^(1−β)`` is convex on
    the line x + y = T, so the free optimum, clipped to what the clocks allow, is the optimum. For
    α = β it is ``x : y = (p A^α)^(1/α) : (q Q B^(α−1))^(1/α)``, that is f^α : f̃^α = (A/P) : (B/Q)
    with P for p A and Q for q Q. Where even full clocks are too slow, they are returned. ``time_s``
    must be finite.
    """
    alpha, beta = agent.exponent, server.exponent
    A, B = work.agent_cycles, work.server_cycles_in_slice
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        pull = np.log(alpha - 1) + np.log(agent.coefficient) + alpha * np.log(A)
        push = np.log(beta - 1) + np.log(server.coefficient * work.server_cycles)
        push = push + (beta - 1) * np.log(B)
        part = balance(pull, push, alpha, beta, work.time_s)
        x_low, x_high = _times(A, agent)
        y_low, y_high = _times(B, server)
        x = np.maximum(np.minimum(part, work.time_s - y_low), work.time_s - y_high)
        x = np.minimum(np.maximum(x, x_low), x_high)
        y = np.minimum(np.maximum(work.time_s - x, y_low), y_high)
        y = np.where(np.isneginf(push), y_low, y)  # free energy is spent at full clock
        f, g = np.minimum(A / x, agent.high_hz), np.minimum(B / y, server.high_hz)
    return at_clocks(work, agent, server, f, g)


def least_delay(work: Work, agent: Box, server: Box) -> Clocks:
    """Return the fastest clocks whose energy stays within ``work.energy_j``.

    The delay ``A (pA/e)^(1/(α−1)) + …`` is convex on the line e_a + e_s = E, so the argument of
    :func:`least_energy` holds with energies in the place of times. Full clocks where E allows them.
    """
    alpha, beta = agent.exponent, server.exponent
    P = agent.coefficient * work.agent_cycles
    Q = server.coefficient * work.server_cycles
    B = work.server_cycles_in_slice
    e_low, e_high = P * agent.low_hz ** (alpha - 1), P * agent.high_hz ** (alpha - 1)
    s_low, s_high = Q * server.low_hz ** (beta - 1), Q * server.high_hz ** (beta - 1)
    full = work.energy_j >= e_high + s_high
    total = np.maximum(np.where(full, e_high + s_high, work.energy_j), 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        pull = -np.log(alpha - 1) + np.log(work.agent_cycles) + np.log(P) / (alpha - 1)
        push = -np.log(beta - 1) + np.log(B) + np.log(Q) / (beta - 1)
        part = balance(pull, push, alpha / (alpha - 1), beta / (beta - 1), total)
        e = np.maximum(np.minimum(part, total - s_low), total - s_high)
        e = np.minimum(np.maximum(e, e_low), e_high)
        s = np.minimum(np.maximum(total - e, s_low), s_high)
        f = np.where(full | (P == 0), agent.high_hz, (e / P) ** (1 / (alpha - 1)))
        g = np.where(full | (Q == 0), server.high_hz, (s / Q) ** (1 / (beta - 1)))
        f = np.clip(f, agent.low_hz, agent.high_hz)
        g = np.clip(g, server.low_hz, server.high_hz)
    return at_clocks(work, agent, server, f, g)


def balance(log_pull: Floats, log_push: Floats, p: Floats, q: Floats, total: Floats) -> Floats:
    """Return x in [0, total] with ``pull · x^−p = push · (total − x)^−q``.

    Closed form where p = q; else x = total·σ(z) and Newton on z, whose residual has a slope between
    −p and −q that changes monotonically, so it converges from everywhere.
    """
    odds = np.exp((log_push - log_pull) / p)
    closed = 1 / (1 + odds)
    if not np.all(p == q):
        closed = np.where(p == q, closed, _newton(log_pull, log_push, p, q, total))
    # no pull at all leaves no time to it; neither pull nor push is 0/0
    return total * np.where(np.isneginf(log_pull), 0.0, closed)


def _newton(log_pull: Floats, log_push: Floats, p: Floats, q: Floats, total: Floats) -> Floats:
    """Return x over the total where p and q differ."""
    constant = log_pull - log_push + (q - p) * np.log(np.maximum(total, 1e-300))
    z = constant / np.maximum(p, q)
    for _ in range(50):
        residual = constant + p * np.logaddexp(0, -z) - q * np.logaddexp(0, z)
        step = residual / (p / (1 + np.exp(z)) + q / (1 + np.exp(-z)))
        z = np.where(np.isfinite(step), z + step, z)
        if not np.any(np.abs(step) > 1e-15 * (1 + np.abs(z))):
            break
    z = np.where(np.isfinite(constant), z, constant)
    share: Floats = 1 / (1 + np.exp(-z))
    return share


def _times(cycles: Floats, box: Box) -> tuple[Floats, Floats]:
    longest = np.where(box.low_hz > 0, cycles / box.low_hz, np.inf)
    return cycles / box.high_hz, longest


def at_clocks(work: Work, agent: Box, server: Box, f: Floats, g: Floats) -> Clocks:
    """Return the clocks with their time and energy; a part without work has neither."""
    here, there = work.agent_cycles > 0, work.server_cycles > 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        time = np.where(here, work.agent_cycles / f, 0.0)
        time = time + np.where(there, work.server_cycles_in_slice / g, 0.0)
        spent = agent.coefficient * work.agent_cycles * f ** (agent.exponent - 1)
        drawn = server.coefficient * work.server_cycles * g ** (server.exponent - 1)
    energy = np.where(here, spent, 0.0) + np.where(there, drawn, 0.0)
    return Clocks(np.where(here, f, np.nan), np.where(there, g, np.nan), time, energy)
