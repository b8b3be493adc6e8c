"""From numbers in [0, 1] to designs, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simran.allocation import Allocation, ClockSet, CutTable, Problem, evaluate
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.stages import (
    RELATIVE_TOLERANCE,
    offloads,
    server_ceiling_hz,
    slices_by_clock,
)

__all__ = ["ACTIONS", "decode", "encode", "open_shares"]

#: The columns of an action, in order; each is a number in [0, 1].
ACTIONS: tuple[str, ...] = (
    "cut",  # which of the allowed cuts, in equal parts
    "weight_bits",  # which of the candidate bit-widths, in equal parts
    "agent_clock",  # part of the highest clock; the nearest step where there are steps
    "server_clock",  # likewise; of the slice's highest where slices have clocks of their own
    "bandwidth_share",  # share of the cell, if it gives shares
    "server_share",  # share of the server, likewise
)
_LEAST = 1e-3  # no clock and no share is zero


def decode(problem: Problem, action: Floats, name: str) -> Allocation:
    """Return the design that an action stands for; it is always physically possible.

    Where the chosen bit-width does not fit the agent's memory, the largest that does is taken; where
    none does, or the server's part does not fit there, the agent's requests have ``failed``. Shares that
    add up to more than one are scaled down to one. No clock or share is below 0.001 of the whole.

    Parameters
    ----------
    problem : as observed
    action : (K, 6) numbers in [0, 1], columns as in :data:`ACTIONS`
    name : of who decides

    Raises
    ------
    ValueError
        if the action has another shape, or a value outside [0, 1]

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(520.7e9, 224.0e9, delay_budget_s=3.5, energy_budget_j=2.0)
    >>> design = decode(problem, np.full((1, 6), 0.5), "half")
    >>> float(design.agent_frequency_hz[0] / problem.agent_clock.f_max_hz[0])
    0.5
    """
    count = len(problem.agents)
    given = _vetted(action, count)
    cut, bits = np.full(count, -1), np.zeros(count, dtype=np.int64)
    here, there = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    for index, table in enumerate(problem.tables):
        rows = np.flatnonzero(problem.table_index == index)
        cut[rows], bits[rows] = _chosen(problem, table, rows, given[rows])
        served = rows[cut[rows] >= 0]
        here[served] = table.agent_flops[cut[served]] > 0
        there[served] = (offloads(table) & (table.server_flops > 0))[cut[served]]
    cell, server = open_shares(problem)
    bandwidth = _shares(given[:, 4], problem.cell_index, cell)
    slice_ = _shares(given[:, 5], problem.server_index, server)
    ceiling = _ceiling_hz(problem, slice_)
    top_hz = problem.agent_clock.f_max_hz
    agent_hz = _clock_hz(problem.agent_clock, given[:, 2] * top_hz, top_hz)
    server_hz = _clock_hz(problem.server_clock, given[:, 3] * ceiling, ceiling)
    draft = Allocation(
        allocator=name,
        cut=cut,
        weight_bits=bits,
        agent_frequency_hz=np.where(here, agent_hz, np.nan),
        server_frequency_hz=np.where(there, server_hz, np.nan),
        bandwidth_share=bandwidth,
        server_share=slice_,
        feasible=np.zeros(count, dtype=np.bool_),
        binding=("none",) * count,
        fallback=tuple(np.where(cut < 0, "failed", "").tolist()),
    )
    cost = evaluate(problem, draft)
    return replace(draft, feasible=cost.delay_ok & cost.energy_ok)


def encode(problem: Problem, allocation: Allocation) -> Floats:
    """Return (K, 6) an action that stands for a design, to within rounding of its clocks.

    Parameters
    ----------
    problem, allocation : as asked and answered

    Raises
    ------
    ValueError
        if an agent is refused, or its cut or bit-width is none that an action can choose
    """
    action = np.full((len(problem.agents), len(ACTIONS)), 0.5)
    for index, table in enumerate(problem.tables):
        rows = np.flatnonzero(problem.table_index == index)
        allowed = np.flatnonzero(table.allowed)
        runs = table.agent_flops[allocation.cut[rows]] > 0
        for column, values, known in (
            (0, allocation.cut[rows], allowed),
            (1, np.where(runs, allocation.weight_bits[rows], table.bits[0]), table.bits),
        ):
            if not np.isin(values, known).all():
                row = rows[int(np.argmin(np.isin(values, known)))]
                raise ValueError(f"no action stands for the {ACTIONS[column]} of agent"
                                 f" {problem.agents[row]!r}")  # fmt: skip
            action[rows, column] = (np.searchsorted(known, values) + 0.5) / len(known)
    ceiling = _ceiling_hz(problem, allocation.server_share)
    action[:, 2] = _known(allocation.agent_frequency_hz / problem.agent_clock.f_max_hz)
    action[:, 3] = _known(allocation.server_frequency_hz / ceiling)
    action[:, 4] = _known(allocation.bandwidth_share)
    action[:, 5] = _known(allocation.server_share)
    return action


def open_shares(problem: Problem) -> tuple[Bools, Bools]:
    """Return (K,) whether a design can give the agent a share of its cell, and of its server.

    It can where shares are allocated among several agents and the decision is about all of these.
    """
    found = []
    for index, kinds, members in (
        (problem.cell_index, problem.cell_scheduler, problem.cell_agents),
        (problem.server_index, problem.server_discipline, problem.server_agents),
    ):
        here = np.bincount(index, minlength=len(kinds))
        gives = np.array([kind == "allocated" for kind in kinds])
        whole = (here == np.array(members)) & (here > 1)
        found.append((gives & whole)[index])
    return found[0], found[1]


def _vetted(action: Floats, count: int) -> Floats:
    given = np.asarray(action, dtype=np.float64)
    if given.shape != (count, len(ACTIONS)):
        raise ValueError(f"action must have shape ({count}, {len(ACTIONS)}), got {given.shape}")
    if not ((given >= 0.0) & (given <= 1.0)).all():
        raise ValueError("action must lie in [0, 1]")
    return given


def _known(values: Floats) -> Floats:
    return np.where(np.isnan(values), 0.5, np.clip(values, 0.0, 1.0))


def _chosen(problem: Problem, table: CutTable, rows: Ints, action: Floats) -> tuple[Ints, Ints]:
    """Return the cuts and the bit-widths of some agents; -1 where nothing fits."""
    allowed = np.flatnonzero(table.allowed)
    cut = allowed[_index(action[:, 0], len(allowed))]
    need = table.agent_weight_bytes_per_bit[cut][:, None] * table.bits
    need = need + table.agent_mask_bytes[cut][:, None]
    fitting = np.count_nonzero(need <= problem.agent_memory_bytes[rows][:, None], axis=1)
    bit = np.minimum(_index(action[:, 1], len(table.bits)), fitting - 1)
    held = np.where(offloads(table), table.server_weight_bytes, 0.0)[cut]
    fits = (fitting > 0) & (held <= problem.server_memory_bytes[rows])
    bits = np.where(table.agent_flops[cut] > 0, table.bits[np.maximum(bit, 0)], 0)
    return np.where(fits, cut, -1), np.where(fits, bits, 0)


def _index(part: Floats, count: int) -> Ints:
    return np.minimum((part * count).astype(np.int64), count - 1)


def _shares(wanted: Floats, index: Ints, gives: Bools) -> Floats:
    """Return the shares, scaled down where those of a place add up to more than one; NaN elsewhere."""
    share = np.where(gives, np.maximum(wanted, _LEAST), 0.0)
    total = np.bincount(index, weights=share)[index]
    return np.where(gives, share / np.maximum(total, 1.0), np.nan)


def _ceiling_hz(problem: Problem, share: Floats) -> Floats:
    """Return (K,) the highest server clock that a share of the server allows [Hz]."""
    own = slices_by_clock(problem) & ~np.isnan(share)
    top_hz = problem.server_clock.f_max_hz
    return np.where(own, share * top_hz, server_ceiling_hz(problem, 1.0))


def _clock_hz(clock: ClockSet, wanted_hz: Floats, ceiling_hz: Floats) -> Floats:
    """Return the wanted clock, or the nearest step up to the ceiling."""
    free = np.maximum(wanted_hz, _LEAST * ceiling_hz)
    steps = clock.table_hz
    if not steps.shape[1]:
        return free
    gaps = np.abs(steps - free[:, None])
    late = steps > (ceiling_hz * (1.0 + RELATIVE_TOLERANCE))[:, None]
    gaps = np.where(np.isnan(steps), np.inf, np.where(late, gaps + 2.0 * steps, gaps))
    nearest = steps[np.arange(len(steps)), np.argmin(gaps, axis=1)]
    return np.where(np.isfinite(steps).any(axis=1), nearest, free)
