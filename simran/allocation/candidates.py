"""The designs that an allocator may choose from: cuts, bit-widths and ranges of clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from simran.allocation.clocks import Box
from simran.allocation.problem import Bools, ClockSet, CutTable, Floats, Ints, Problem
from simran.allocation.stages import (
    Shares,
    Stages,
    meets_floor,
    offloads,
    server_ceiling_hz,
    stages,
    waits,
)
from simran.errors import InputError

__all__ = ["Candidates", "Restriction", "batches", "candidates"]

_CHUNK = 1 << 19  # designs that are held in memory at once


@dataclass(frozen=True)
class Restriction:
    """What an allocator keeps to, besides what the problem allows.

    Parameters
    ----------
    weight_bits : the only bit-width to consider, or None for all candidates
    unquantized : consider only the reference bit-width
    placement : consider the cuts of this placement, allowed or not; None for the allowed cuts
    agent_hz, server_hz : (K,) the only clocks to consider [Hz], or None for all
    assumed_share : share of cell and server that each agent counts on, in (0, 1]
    slices : (K,) φ of slices with a clock of their own that the allocator sets; NaN for equal ones
    """

    weight_bits: int | None = None
    unquantized: bool = False
    placement: str | None = None
    agent_hz: Floats | None = None
    server_hz: Floats | None = None
    assumed_share: float = 1.0
    slices: Floats | None = None

    @property
    def fixes_bits(self) -> bool:
        """Whether the bit-width is given beforehand."""
        return self.unquantized or self.weight_bits is not None


@dataclass(frozen=True)
class Candidates:
    """The candidate designs of n agents that share a cut table.

    Parameters
    ----------
    problem, table, restriction : where they come from
    agents : (n,) rows of the problem
    cuts : (C,) rows of the table
    bits : (B,) bit-widths, ascending [bit]
    objective : (C, B) distortion
    fits : (n, C, B) whether the weights fit both memories; a cut that runs nothing on the agent
        has its one design in the first column
    quality : (C, B) measured quality, or NaN
    reaches : (n, C, B) whether it reaches the floor of the agent
    cost : stages with shape (n, C)
    fixed_s : (n, C) transfers, waits and decision [s]
    time_left_s, energy_left_j : (n, C) what the budgets leave for computing [s], [J]
    time_slack_s, energy_slack_j : (n, 1) tolerance of either budget [s], [J]
    agent_box : clocks of the agent, (n, F); F = 1 for continuous ones
    server_box : clocks of the server, (n, G)
    """

    problem: Problem
    table: CutTable
    restriction: Restriction
    agents: Ints
    cuts: Ints
    bits: Ints
    objective: Floats
    fits: Bools
    quality: Floats
    reaches: Bools
    cost: Stages
    fixed_s: Floats
    time_left_s: Floats
    energy_left_j: Floats
    time_slack_s: Floats
    energy_slack_j: Floats
    agent_box: Box
    server_box: Box

    @property
    def fast(self) -> Bools:
        """(n,) whether the fastest design is wanted: asked for, or there is no delay budget.

        Without a delay budget the least energy would be reached at a clock of zero.
        """
        unlimited = np.isinf(self.problem.delay_budget_s[self.agents])
        return unlimited | (self.problem.select == "min-delay")

    @property
    def runs_here(self) -> Bools:
        """(C,) whether a cut runs anything on the agent."""
        runs: Bools = self.table.agent_flops[self.cuts] > 0
        return runs

    @property
    def least_bit(self) -> Ints:
        """(n, C) column of the fewest bits whose quality reaches the floor; 0 where none does."""
        fewest: Ints = np.argmax(self.reaches, axis=2)
        return fewest

    @property
    def reachable(self) -> Bools:
        """(n, C) whether any bit-width reaches the floor."""
        found: Bools = np.logical_or.reduce(self.reaches, axis=2)
        return found

    def with_shares(self, shares: Shares) -> Candidates:
        """Return the same candidates under other shares of cell and server.

        Parameters
        ----------
        shares : β and φ, broadcastable to (n, C)
        """
        cost = stages(self.problem, self.table, self.agents[:, None], self.cuts, shares)
        more_s = cost.transfers_s - self.cost.transfers_s
        more_j = cost.transmit_j - self.cost.transmit_j
        return replace(
            self,
            cost=cost,
            fixed_s=self.fixed_s + more_s,
            time_left_s=self.time_left_s - more_s,
            energy_left_j=self.energy_left_j - more_j,
        )

    def hurried(self) -> Candidates:
        """Return the same candidates, of which the fastest within the energy budget is wanted."""
        return replace(self, problem=replace(self.problem, select="min-delay"))

    def part(self, rows: Ints, cuts: Ints) -> Candidates:
        """Return some agents with some cuts, in the order given; a cut may come more than once."""
        grid = np.ix_(rows, cuts)
        shape = self.fits.shape[:2]

        def pick(values: Floats) -> Floats:
            return np.broadcast_to(values, shape)[grid]

        cost = Stages(**{f.name: pick(getattr(self.cost, f.name)) for f in fields(self.cost)})

        def chosen(box: Box) -> Box:
            return Box(**{f.name: getattr(box, f.name)[rows] for f in fields(box)})

        return replace(
            self,
            agents=self.agents[rows],
            cuts=self.cuts[cuts],
            objective=self.objective[cuts],
            fits=self.fits[grid],
            quality=self.quality[cuts],
            reaches=self.reaches[grid],
            cost=cost,
            fixed_s=pick(self.fixed_s),
            time_left_s=pick(self.time_left_s),
            energy_left_j=pick(self.energy_left_j),
            time_slack_s=self.time_slack_s[rows],
            energy_slack_j=self.energy_slack_j[rows],
            agent_box=chosen(self.agent_box),
            server_box=chosen(self.server_box),
        )


def batches(problem: Problem, restriction: Restriction) -> Iterator[Candidates]:
    """Yield the candidates of all agents, by cut table and kind of clock, in handy pieces."""
    by_step = np.isfinite(problem.agent_clock.table_hz).any(axis=1) * 2
    by_step = by_step + np.isfinite(problem.server_clock.table_hz).any(axis=1)
    keys = problem.table_index * 4 + by_step
    for key in np.unique(keys):
        rows = np.flatnonzero(keys == key)
        table = problem.tables[int(key) // 4]
        steps = max(problem.agent_clock.table_hz.shape[1], 1) if key & 2 else 1
        steps *= max(problem.server_clock.table_hz.shape[1], 1) if key & 1 else 1
        each = max(1, int(table.allowed.sum())) * len(table.bits) * steps
        size = max(1, _CHUNK // each)
        for start in range(0, len(rows), size):
            yield candidates(problem, rows[start : start + size], restriction)


def candidates(problem: Problem, agents: Ints, restriction: Restriction) -> Candidates:
    """Return the candidates of ``agents``, which share a cut table and the kind of their clocks.

    Raises
    ------
    InputError
        if the restriction leaves no cut or no bit-width
    """
    table = problem.tables[int(problem.table_index[agents[0]])]
    cuts, bits = _cuts(table, restriction), _bits(table, restriction)
    share = np.float64(restriction.assumed_share)
    rows = agents[:, None]
    cost = stages(problem, table, rows, cuts, Shares(np.asarray(share), np.asarray(share)))
    fixed = cost.transfers_s + problem.decision_s[rows] + sum(waits(problem, table, rows, cuts))
    delay, energy = problem.delay_budget_s[rows], problem.energy_budget_j[rows]
    agent_box, server_box = _boxes(problem, agents, restriction)
    quality = _tabled(table, table.quality, table.reference_quality, cuts, bits)
    return Candidates(
        problem=problem,
        table=table,
        restriction=restriction,
        agents=agents,
        cuts=cuts,
        bits=bits,
        objective=_tabled(table, table.distortion, table.reference_distortion, cuts, bits),
        fits=_fits(problem, table, agents, cuts, bits),
        quality=quality,
        reaches=meets_floor(quality, problem.quality_floor[agents][:, None, None]),
        cost=cost,
        fixed_s=fixed,
        time_left_s=delay * (1.0 - problem.headroom) - fixed,
        energy_left_j=energy - cost.transmit_j,
        time_slack_s=np.where(np.isinf(delay), 0.0, delay) * 1e-9,
        energy_slack_j=np.where(np.isinf(energy), 0.0, energy) * 1e-9,
        agent_box=agent_box,
        server_box=server_box,
    )


def _cuts(table: CutTable, restriction: Restriction) -> Ints:
    wanted = table.allowed
    if restriction.placement is not None:
        wanted = np.array([name == restriction.placement for name in table.placement])
    cuts = np.flatnonzero(wanted)
    if not cuts.size:
        wanted_ = restriction.placement or "as the scenario asks"
        raise InputError(f"the model cannot be placed {wanted_}: it has no split point for that")
    return cuts


def _bits(table: CutTable, restriction: Restriction) -> Ints:
    if restriction.unquantized:
        return np.array([round(table.reference_bits)], dtype=np.int64)
    if restriction.weight_bits is None:
        return table.bits
    chosen = restriction.weight_bits
    if chosen not in table.bits and chosen != table.reference_bits:
        known = ", ".join(str(int(bits)) for bits in table.bits)
        raise InputError(f"bit-width {chosen} is not one of the model's: {known}")
    return np.array([chosen], dtype=np.int64)


def _tabled(table: CutTable, values: Floats, unquantized: Floats, cuts: Ints, bits: Ints) -> Floats:
    """Return (C, B) what a table has of quantized weights, or what holds of unquantized ones."""
    columns = np.minimum(np.searchsorted(table.bits, bits), len(table.bits) - 1)
    quantized = (bits != table.reference_bits) & (table.agent_flops[cuts] > 0)[:, None]
    return np.where(quantized, values[np.ix_(cuts, columns)], unquantized[cuts][:, None])


def _fits(problem: Problem, table: CutTable, agents: Ints, cuts: Ints, bits: Ints) -> Bools:
    here = table.agent_weight_bytes_per_bit[cuts][:, None] * bits
    here = here + table.agent_mask_bytes[cuts][:, None]
    there = np.where(offloads(table)[cuts], table.server_weight_bytes[cuts], 0.0)
    fits = here <= problem.agent_memory_bytes[agents][:, None, None]
    fits &= (there <= problem.server_memory_bytes[agents][:, None])[:, :, None]
    once = (table.agent_flops[cuts] > 0)[:, None] | (bits == bits[0])
    kept: Bools = fits & once
    return kept


def _boxes(problem: Problem, agents: Ints, restriction: Restriction) -> tuple[Box, Box]:
    ceiling = server_ceiling_hz(problem, restriction.assumed_share, restriction.slices)
    return (
        _box(problem.agent_clock, agents, problem.agent_clock.f_max_hz, restriction.agent_hz),
        _box(problem.server_clock, agents, ceiling, restriction.server_hz),
    )


def _box(clock: ClockSet, agents: Ints, ceiling_hz: Floats, fixed_hz: Floats | None) -> Box:
    coefficient = (clock.pue * clock.dynamic)[agents][:, None]
    exponent = clock.exponent[agents][:, None]
    high = ceiling_hz[agents][:, None]
    if not (clock.table_hz.shape[1] and np.isfinite(clock.table_hz[agents[0]]).any()):
        if fixed_hz is not None:
            return Box(fixed_hz[agents][:, None], fixed_hz[agents][:, None], coefficient, exponent)
        return Box(np.zeros_like(high), high, coefficient, exponent)
    steps, watts = clock.table_hz[agents], clock.table_w[agents]
    usable = steps <= high * (1 + 1e-9)
    if fixed_hz is not None:
        usable &= np.isclose(steps, fixed_hz[agents][:, None], rtol=1e-9, atol=0.0)
    steps = np.where(usable, steps, np.nan)
    coefficient = clock.pue[agents][:, None] * watts / steps**3  # any exponent does for one clock
    return Box(steps, steps, coefficient, np.full_like(exponent, 3.0))
