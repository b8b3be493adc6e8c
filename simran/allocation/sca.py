"""The paper's method: relaxed bits, successive convex approximation, checked rounding."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simran.allocation.base import ALLOCATORS
from simran.allocation.candidates import Candidates
from simran.allocation.designs import Choice, Designs, choose, solve
from simran.allocation.per_agent import PerAgentAllocator
from simran.allocation.problem import Allocation, Floats, Ints, Problem
from simran.allocation.relaxation import Lanes, Relaxed, relax

__all__ = ["SuccessiveConvexApproximation"]


@ALLOCATORS.register("sca")
class SuccessiveConvexApproximation(PerAgentAllocator):
    """Successive convex approximation over real-valued bits, then rounding.

    Where the distortion falls strictly with b, as it does on every rate-distortion row and for
    Lloyd-Max and most uniform tables, least distortion is largest b, so the relaxed problem
    maximises b; see :mod:`simran.allocation.relaxation`. The next candidate below and the next
    above are then tried, each with the budgets checked and the clocks solved for that integer.
    Where the distortion does not fall strictly (power-of-two), or a candidate that reaches the quality
    floor lies below one that does not, all candidates up to there are.
    Every cut and clock step is a relaxed problem of its own.

    Attributes
    ----------
    iterations : (K,) convex subproblems solved in the last call, summed over cuts and clock steps
    relaxed_bits : (K,) largest relaxed bit-width of the last call over cuts; NaN where even the
        fewest bits are infeasible or nothing runs on the agent [bit]

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> sca = SuccessiveConvexApproximation()
    >>> int(sca.allocate(single_agent(520.72e9, 245.95e9, 3.5, 2.0)).weight_bits[0])
    11
    >>> round(float(sca.relaxed_bits[0]), 1)
    11.3
    """

    name: ClassVar[str] = "sca"
    iterations: Ints
    relaxed_bits: Floats

    def allocate(self, problem: Problem) -> Allocation:
        """Return the design of every agent."""
        count = len(problem.agents)
        self.iterations = np.zeros(count, dtype=np.int64)
        self.relaxed_bits = np.full(count, np.nan)
        return super().allocate(problem)

    def choose(self, given: Candidates) -> Choice:
        """Return the rounded relaxed optimum of each agent."""
        n, n_cuts = given.fits.shape[:2]
        first = solve(given, np.zeros((n, n_cuts, 1), dtype=np.int64), any_quality=True)
        lanes, start, place = _lanes(given, first)
        relaxed = relax(lanes, start)
        most = np.full((n, n_cuts), np.nan)
        np.fmax.at(most, place[:2], relaxed.bits)
        np.add.at(self.iterations, given.agents[place[0]], relaxed.iterations)
        self.relaxed_bits[given.agents] = np.fmax.reduce(most, axis=1)
        columns = _rounded(given, most)
        designs = solve(given, columns)
        objective = given.objective[np.arange(n_cuts)[None, :, None], columns]
        return choose(given, designs, objective[..., None, None], columns)


def _lanes(given: Candidates, first: Designs) -> tuple[Lanes, Relaxed, tuple[Ints, ...]]:
    """Return a relaxed problem for each cut and pair of clocks that can run the fewest bits."""
    usable = first.feasible[:, :, 0] & given.runs_here[:, None, None]
    place = np.nonzero(usable)
    row, cut, step, server_step = place
    agent, server, cost, table = given.agent_box, given.server_box, given.cost, given.table
    there = np.broadcast_to(cost.server_cycles, given.fits.shape[:2])[row, cut]
    in_slice = np.broadcast_to(cost.server_cycles_in_slice, given.fits.shape[:2])[row, cut]
    bytes_per_bit = table.agent_weight_bytes_per_bit[given.cuts[cut]]
    with np.errstate(divide="ignore", invalid="ignore"):
        room = (
            given.problem.agent_memory_bytes[given.agents[row]]
            - table.agent_mask_bytes[given.cuts[cut]]
        )
        room = room / bytes_per_bit
    lanes = Lanes(
        cycles_per_bit=cost.agent_cycles_per_bit[row, cut],
        server_cycles=there,
        server_cycles_in_slice=in_slice,
        time_s=given.time_left_s[row, cut],
        energy_j=given.energy_left_j[row, cut],
        low_hz=agent.low_hz[row, step],
        high_hz=agent.high_hz[row, step],
        coefficient=agent.coefficient[row, np.minimum(step, agent.coefficient.shape[1] - 1)],
        exponent=agent.exponent[row, 0],
        server_low_hz=server.low_hz[row, server_step],
        server_high_hz=server.high_hz[row, server_step],
        server_coefficient=server.coefficient[row, server_step],
        server_exponent=server.exponent[row, 0],
        most_bits=np.fmin(float(given.bits[-1]), room),
    )
    start = Relaxed(
        bits=np.full(len(row), float(given.bits[0])),
        agent_hz=first.agent_hz[:, :, 0][place],
        server_hz=np.maximum(first.server_hz[:, :, 0][place], lanes.server_low_hz),
        iterations=np.zeros(len(row), dtype=np.int64),
    )
    return lanes, start, place


def _rounded(given: Candidates, relaxed: Floats) -> Ints:
    """Return (n, C, M) the columns of the bit-widths to try around the relaxed ones."""
    below = np.searchsorted(given.bits, np.nan_to_num(relaxed) * (1 + 1e-9), side="right") - 1
    below = np.where(given.runs_here, np.maximum(below, 0), 0)
    above = np.where(given.runs_here, np.minimum(below + 1, len(given.bits) - 1), 0)
    falls = np.logical_and.reduce(np.diff(given.objective, axis=1) < 0, axis=1) | ~given.runs_here
    lost = given.reaches[..., :-1] & ~given.reaches[..., 1:]
    falls = falls & ~np.logical_or.reduce(lost, axis=(0, 2))
    tries = 2 if falls.all() else len(given.bits)
    lowest = np.where(falls, below, 0)
    columns: Ints = np.minimum(lowest[..., None] + np.arange(tries), above[..., None])
    return columns
