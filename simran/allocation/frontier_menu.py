"""The designs of agents that pay for shares with energy, once for every step of their clocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simran.allocation.clocks import Box
from simran.allocation.frontier import curve_of, shares_on
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.needs import Needs
from simran.allocation.problem import Bools, Floats, Ints, Problem

__all__ = ["Unpriced", "by_frontier", "frontier_menu"]

_MOST_COMPARED = 2000  # designs of an agent that are compared with each other


@dataclass(frozen=True)
class Unpriced:
    """What designs (M, K) at a server without shares compute there, Q and Q/φ [cycle]."""

    work: Floats
    in_slice: Floats


def by_frontier(problem: Problem, cell: Bools, slices: Bools) -> Bools:
    """Return (K,) whether energy depends on an agent's shares.

    Parameters
    ----------
    problem : the design problem
    cell : (K,) whether the share of the cell is the allocator's to set
    slices : (K,) whether that of the server is, and slices have clocks of their own
    """
    found: Bools = (cell & np.isfinite(problem.bandwidth_hz)) | slices
    return found


def frontier_menu(
    problem: Problem, cell: Bools, slices: Bools, menu: Needs, unpriced: Unpriced
) -> tuple[FrontierNeeds, Ints]:
    """Return designs with their curves, and (M', K) the row of ``menu`` that each comes from.

    Parameters
    ----------
    problem, cell, slices : as for :func:`by_frontier`
    menu : every design of each agent, (M, K)
    unpriced : their work where servers give no shares
    """
    by_band = cell & np.isfinite(problem.bandwidth_hz)
    top_hz = problem.server_clock.f_max_hz
    kinds = _Kinds(menu, unpriced, slices)
    rows = [
        _step(kinds, here, there)
        for here in range(menu.agent.high_hz.shape[1])
        for there in range(menu.server.high_hz.shape[1])
    ]
    count = menu.value.shape[0]
    columns = {name: np.concatenate([part[name] for part in rows]) for name in rows[0]}
    origin = np.tile(np.arange(count)[:, None], (len(rows), menu.value.shape[1]))
    order = np.argsort(~np.isfinite(columns["value"]), axis=0, kind="stable")
    longest = max(1, int(np.isfinite(columns["value"]).sum(axis=0).max()))
    order = order[:longest]
    listed: dict[str, Any] = {
        name: np.take_along_axis(it, order, axis=0) for name, it in columns.items()
    }
    rate = problem.rate_bps / problem.bandwidth_hz
    needs = FrontierNeeds(
        **listed,
        **{name: getattr(menu, name) for name in Needs.OWN},
        efficiency=np.where(by_band & np.isfinite(rate), rate, np.nan),
        transmit_w=np.where(by_band, problem.transmit_w, 0.0),
        slices=slices,
        top_hz=top_hz,
    )
    return _worth_it(needs, np.take_along_axis(origin, order, axis=0))


def _worth_it(needs: FrontierNeeds, origin: Ints) -> tuple[FrontierNeeds, Ints]:
    """Leave out designs no better than others that need no more of anything, where no clock is common.

    That is told where every design has one pair of least shares, as with steps.
    """
    if needs.common.any() or len(origin) > _MOST_COMPARED:
        return needs, origin
    clock = np.ones(needs.value.shape[1])
    curve = curve_of(needs, clock)
    if not curve.flat:
        return needs, origin
    cell, server = (it[..., 0] for it in shares_on(needs, curve.points(1), clock))
    value = np.where(curve.possible, needs.value, np.inf)
    keys = np.stack([value, cell, server])
    kept = np.zeros(value.shape, dtype=np.bool_)
    rows = np.arange(len(value))
    for agent in range(value.shape[1]):
        own = keys[:, :, agent]
        below = (own[:, :, None] <= own[:, None, :]).all(axis=0)  # the first than the second
        same = below & below.T
        better = below & (~same | (rows[:, None] < rows))
        kept[:, agent] = np.isfinite(value[:, agent]) & ~better.any(axis=0)
    order = np.argsort(~kept, axis=0, kind="stable")[: max(1, int(kept.sum(axis=0).max()))]
    listed: dict[str, Any] = {
        name: np.take_along_axis(getattr(needs, name), order, axis=0) for name in needs.LISTED
    }
    listed["value"] = np.where(np.take_along_axis(kept, order, axis=0), listed["value"], np.inf)
    return replace(needs, **listed), np.take_along_axis(origin, order, axis=0)


@dataclass(frozen=True)
class _Kinds:
    """The designs, with what tells whether they stand once for each step."""

    menu: Needs
    unpriced: Unpriced
    slices: Bools

    @property
    def by_agent_step(self) -> Bools:
        """(M, K) whether the clock of the agent has steps and is chosen by itself."""
        stepped = self.menu.agent.low_hz[:, 0] > 0
        found: Bools = stepped & (self.menu.cycles > 0) & (self.unpriced.work == 0)
        return found

    @property
    def by_slice_step(self) -> Bools:
        """(M, K) whether the clock of the agent's slice has steps."""
        stepped = self.menu.server.low_hz[:, 0] > 0
        found: Bools = stepped & self.slices & (self.menu.server_cycles > 0)
        return found


def _step(kinds: _Kinds, here: int, there: int) -> dict[str, Floats]:
    """Return the designs at one step of the agent and one of the slice, absent where there is none."""
    menu, unpriced = kinds.menu, kinds.unpriced
    shape = menu.value.shape
    agent_hz, agent_draw = _column(menu.agent, here)
    slice_hz, slice_draw = _column(menu.server, there)
    fixed = kinds.by_agent_step, kinds.by_slice_step
    exists = np.where(fixed[0], np.isfinite(agent_hz), here == 0)
    exists &= np.where(fixed[1], np.isfinite(slice_hz), there == 0)
    alpha = menu.agent.exponent[:, 0]
    top = np.fmax.reduce(menu.server.high_hz, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        spent_j = agent_draw * menu.cycles * agent_hz ** (alpha - 1)
        kappa = agent_draw * menu.cycles**alpha
        quickest_s = np.where(menu.cycles > 0, menu.cycles / agent_hz, 0.0)
    columns = {name: getattr(menu, name) for name in Needs.LISTED}
    columns |= {
        "value": np.where(exists, menu.value, np.inf),
        "quickest_s": quickest_s,
        "kappa": np.where(fixed[0] | (menu.cycles == 0), 0.0, kappa),
        "least_j": np.where(fixed[0], spent_j, 0.0),
        "own_work": unpriced.work,
        "own_in_slice": unpriced.in_slice,
        "slice_draw": np.where(kinds.slices, slice_draw * menu.server_cycles, 0.0),
        "slice_share": np.where(fixed[1], slice_hz / top, np.nan),
    }
    absent = {"value": np.inf, "slice_share": np.nan}
    return {
        name: np.where(exists, np.broadcast_to(it, shape), absent.get(name, 0.0))
        for name, it in columns.items()
    }


def _column(box: Box, step: int) -> tuple[Floats, Floats]:
    """Return the clock (K,) [Hz] of a step and its coefficient."""
    high = box.high_hz[:, min(step, box.high_hz.shape[1] - 1)]
    coefficient = box.coefficient[:, min(step, box.coefficient.shape[1] - 1)]
    return high, coefficient
