"""Refusing what is physically impossible, and checking an allocator before it is trusted."""

from __future__ import annotations

import numpy as np

from simran.allocation.problem import Allocation, Bools, ClockSet, Floats, Problem
from simran.allocation.stages import RELATIVE_TOLERANCE, offloads, slices_by_clock
from simran.errors import AllocationError

__all__ = ["refuse_impossible"]

_COLUMNS = (
    "cut", "weight_bits", "agent_frequency_hz", "server_frequency_hz",
    "bandwidth_share", "server_share", "feasible",
)  # fmt: skip


def refuse_impossible(problem: Problem, allocation: Allocation) -> None:
    """Raise if ``allocation`` asks for what no agent, cell or server can do.

    A design over budget is legal. An allocator that is named after a placement, and an agent that
    falls back on its own device, may use a cut that the scenario does not allow.

    Raises
    ------
    AllocationError
        names the allocator, the first agent concerned and the violation
    """
    _check_shapes(problem, allocation)
    served = allocation.cut >= 0
    for index, table in enumerate(problem.tables):
        rows = np.flatnonzero(served & (problem.table_index == index))
        cuts = allocation.cut[rows]
        _refuse(problem, allocation, rows, cuts >= len(table.split), "cut {} is not listed", cuts)
        placement = np.array(table.placement)[cuts]
        fallback = np.array([name == "fallback-on-device" for name in allocation.fallback])[rows]
        exempt = (placement == allocation.allocator) | ((placement == "on-device") & fallback)
        banned = ~table.allowed[cuts] & ~exempt
        _refuse(problem, allocation, rows, banned, "cut {} is not allowed", cuts)
        bits = allocation.weight_bits[rows]
        works = table.agent_flops[cuts] > 0
        known = np.isin(bits, table.bits) | (bits == table.reference_bits)
        wrong = np.where(works, ~known, bits != 0)
        _refuse(problem, allocation, rows, wrong, "weight bits {} are not a candidate", bits)
        clock, cap = problem.agent_clock, problem.agent_clock.f_max_hz
        _check_clocks(problem, allocation, rows[works], "agent", clock, cap)
        offloaded = rows[offloads(table)[cuts] & (table.server_flops[cuts] > 0)]
        clock, cap = problem.server_clock, problem.server_clock.f_max_hz
        _check_clocks(problem, allocation, offloaded, "server", clock, cap)
    _check_shares(problem, allocation, served)


def _check_shapes(problem: Problem, allocation: Allocation) -> None:
    count = len(problem.agents)
    for name in _COLUMNS:
        shape = np.shape(getattr(allocation, name))
        if shape != (count,):
            raise AllocationError(
                f"allocator {allocation.allocator!r}: {name} has shape {shape}, not ({count},)"
            )
    for name in ("binding", "fallback"):
        if len(getattr(allocation, name)) != count:
            raise AllocationError(
                f"allocator {allocation.allocator!r}: {name} has "
                f"{len(getattr(allocation, name))} entries, not {count}"
            )
    for name in ("cut", "weight_bits"):
        if not np.issubdtype(getattr(allocation, name).dtype, np.integer):
            raise AllocationError(f"allocator {allocation.allocator!r}: {name} is not of integers")
    rows = np.arange(count)
    _refuse(problem, allocation, rows, allocation.cut < -1, "cut {} is not listed", allocation.cut)


def _check_clocks(
    problem: Problem,
    allocation: Allocation,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    side: str,
    clock: ClockSet,
    cap: Floats,
) -> None:
    given: Floats = getattr(allocation, f"{side}_frequency_hz")[rows]
    wrong = ~((given > 0) & (given <= cap[rows] * (1 + RELATIVE_TOLERANCE)))
    _refuse(
        problem, allocation, rows, wrong, f"{side} clock {{:g}} Hz is not in (0, f_max]", given
    )
    if not clock.table_hz.shape[1]:
        return
    steps = clock.table_hz[rows]
    near = np.isclose(steps, given[:, None], rtol=RELATIVE_TOLERANCE, atol=0.0).any(axis=1)
    wrong = np.isfinite(steps).any(axis=1) & ~near
    _refuse(problem, allocation, rows, wrong, f"{side} clock {{:g}} Hz is not a step", given)
