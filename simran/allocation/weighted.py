"""The clocks of least weighted sum of energy and delay within limits, in closed form and vectorised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simran.allocation.candidates import Candidates
from simran.allocation.clocks import Box, Clocks, Work, at_clocks, least_delay, least_energy
from simran.allocation.designs import Designs, along, best_clocks, work_of
from simran.allocation.problem import Bools, Floats

__all__ = ["Limits", "Prices", "weighted_designs"]


Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Prices:
    """What energy and delay of a request cost.

    Parameters
    ----------
    energy : (n,) [1/J]
    delay : (n,) [1/s]
    """

    energy: Floats
    delay: Floats


@dataclass(frozen=True)
class Limits:
    """What no design may exceed.

    Parameters
    ----------
    time_left_s : (n, C) for computing [s]; may be inf
    energy_left_j : (n, C) for computing [J]; may be inf
    """

    time_left_s: Floats
    energy_left_j: Floats


def weighted_designs(given: Candidates, prices: Prices, limits: Limits) -> tuple[Designs, Floats]:
    """Return every candidate with the clocks of least cost, and that cost, (n, C, B, F, G).

    Per request the agent's part costs ``a_t A/f + a_e p A f^(α−1)``, least at
    ``f^α = a_t/((α−1) a_e p)``, and the server's likewise. In logarithms of the clocks energy and delay are
    convex, so where the free optimum breaks one limit, the optimum lies on it: least energy within the
    time, or least delay within the energy. Where both prices are zero, the clocks are those of ``exact``.

    Parameters
    ----------
    given : the candidates
    prices, limits : of energy and delay
    """
    limited = replace(given, time_left_s=limits.time_left_s, energy_left_j=limits.energy_left_j)
    work = work_of(limited, given.bits)
    agent, server = along(given.agent_box, 0), along(given.server_box, 1)
    clocks = _clocks(limited, prices, work, agent, server)
    slack = given.time_slack_s[:, :, None, None, None], given.energy_slack_j[:, :, None, None, None]
    feasible = (given.fits & given.reaches)[..., None, None] & np.isfinite(clocks.time_s)
    feasible &= clocks.time_s <= work.time_s + slack[0]
    feasible &= clocks.energy_j <= work.energy_j + slack[1]
    delay = clocks.time_s + given.fixed_s[:, :, None, None, None]
    energy = clocks.energy_j + given.cost.transmit_j[:, :, None, None, None]
    cost = _lay(prices.energy) * energy + _lay(prices.delay) * np.where(feasible, delay, 0.0)
    fast = _lay(given.fast)
    designs = Designs(
        feasible,
        np.broadcast_to(np.where(fast, delay, energy), feasible.shape),
        np.broadcast_to(np.nan_to_num(clocks.agent_hz), feasible.shape),
        np.broadcast_to(np.nan_to_num(clocks.server_hz), feasible.shape),
    )
    return designs, np.broadcast_to(cost, feasible.shape)


def _lay(values: NDArray[Number]) -> NDArray[Number]:
    return values[:, None, None, None, None]


def _clocks(given: Candidates, prices: Prices, work: Work, agent: Box, server: Box) -> Clocks:
    """Return the clocks of least cost within the limits, or of the limits where none are."""
    slow, quick = _slowest(work, agent, server), least_delay(work, agent, server)
    free = _free(prices, work, agent, server)
    late, dear = free.time_s > work.time_s, free.energy_j > work.energy_j
    late |= ~np.isfinite(free.time_s)
    priced = _pick(late, slow, _pick(dear, quick, free))
    usual, _ = best_clocks(given, work, agent, server)
    return _pick(_lay((prices.energy == 0) & (prices.delay == 0)), usual, priced)


def _slowest(work: Work, agent: Box, server: Box) -> Clocks:
    """Return the least energy within the time; without a limit of time, the least delay."""
    bounded = np.isfinite(work.time_s)
    within = replace(work, time_s=np.where(bounded, work.time_s, 1.0))
    slow, quick = least_energy(within, agent, server), least_delay(work, agent, server)
    return _pick(bounded, slow, quick)


def _free(prices: Prices, work: Work, agent: Box, server: Box) -> Clocks:
    """Return the clocks of least cost with no limit but the range of the clocks."""
    a_e, a_t = _lay(prices.energy), _lay(prices.delay)
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = work.server_cycles_in_slice / work.server_cycles
        f = (a_t / ((agent.exponent - 1) * a_e * agent.coefficient)) ** (1 / agent.exponent)
        g = a_t * stretch / ((server.exponent - 1) * a_e * server.coefficient)
        g = g ** (1 / server.exponent)
    f = np.clip(np.nan_to_num(f, posinf=np.inf), agent.low_hz, agent.high_hz)
    g = np.clip(np.nan_to_num(g, posinf=np.inf), server.low_hz, server.high_hz)
    return at_clocks(work, agent, server, f, g)


def _pick(where: Bools, one: Clocks, other: Clocks) -> Clocks:
    names = ("agent_hz", "server_hz", "time_s", "energy_j")
    return Clocks(*(np.where(where, getattr(one, it), getattr(other, it)) for it in names))
