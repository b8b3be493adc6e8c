"""Refusing what is physically impossible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simran.allocation.problem import Allocation, Bools, ClockSet, CutTable, Floats, Ints, Problem
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
        _check_designs(problem, allocation, table, rows)
        works = table.agent_flops[cuts] > 0
        _check_clocks(problem, allocation, rows[works], "agent")
        offloaded = offloads(table)[cuts] & (table.server_flops[cuts] > 0)
        _check_clocks(problem, allocation, rows[offloaded], "server")
    _check_shares(problem, allocation, served)


def _check_designs(problem: Problem, allocation: Allocation, table: CutTable, rows: Ints) -> None:
    cuts, bits = allocation.cut[rows], allocation.weight_bits[rows]
    placement = np.array(table.placement)[cuts]
    fallback = allocation.fallback or ("",) * len(problem.agents)
    local = np.array([name == "fallback-on-device" for name in fallback], dtype=np.bool_)[rows]
    exempt = (placement == allocation.allocator) | ((placement == "on-device") & local)
    banned = ~table.allowed[cuts] & ~exempt
    _refuse(problem, allocation, rows, banned, "cut {} is not allowed", cuts)
    known = np.isin(bits, table.bits) | (bits == table.reference_bits)
    wrong = np.where(table.agent_flops[cuts] > 0, ~known, bits != 0)
    _refuse(problem, allocation, rows, wrong, "weight bits {} are not a candidate", bits)


def _check_shapes(problem: Problem, allocation: Allocation) -> None:
    count = len(problem.agents)
    for name in _COLUMNS:
        shape = np.shape(getattr(allocation, name))
        if shape != (count,):
            raise AllocationError(
                f"allocator {allocation.allocator!r}: {name} has shape {shape}, not ({count},)"
            )
    for name in ("binding", "fallback"):
        given = len(getattr(allocation, name))
        if given != count and (given or name == "binding"):
            raise AllocationError(
                f"allocator {allocation.allocator!r}: {name} has {given} entries, not {count}"
            )
    for name in ("cut", "weight_bits"):
        if not np.issubdtype(getattr(allocation, name).dtype, np.integer):
            raise AllocationError(f"allocator {allocation.allocator!r}: {name} is not of integers")
    if allocation.feasible.dtype != np.bool_:
        raise AllocationError(f"allocator {allocation.allocator!r}: feasible is not of booleans")
    if not all(isinstance(word, str) for word in (*allocation.binding, *allocation.fallback)):
        raise AllocationError(f"allocator {allocation.allocator!r}: binding is not of words")
    rows = np.arange(count)
    _refuse(problem, allocation, rows, allocation.cut < -1, "cut {} is not listed", allocation.cut)


def _check_clocks(problem: Problem, allocation: Allocation, rows: Ints, side: str) -> None:
    clock: ClockSet = getattr(problem, f"{side}_clock")
    given: Floats = getattr(allocation, f"{side}_frequency_hz")[rows]
    wrong = ~((given > 0) & (given <= clock.f_max_hz[rows] * (1 + RELATIVE_TOLERANCE)))
    message = f"{side} clock {{:g}} Hz is not in (0, f_max]"
    _refuse(problem, allocation, rows, wrong, message, given)
    if not clock.table_hz.shape[1]:
        return
    steps = clock.table_hz[rows]
    near = np.isclose(steps, given[:, None], rtol=RELATIVE_TOLERANCE, atol=0.0)
    near = np.logical_or.reduce(near, axis=1)
    wrong = np.isfinite(steps).any(axis=1) & ~near
    _refuse(problem, allocation, rows, wrong, f"{side} clock {{:g}} Hz is not a step", given)


def _check_shares(problem: Problem, allocation: Allocation, served: Bools) -> None:
    everyone = np.arange(len(problem.agents))
    sends = _sends(problem, allocation)
    for name, index, place in (
        ("bandwidth_share", problem.cell_index, "cell"),
        ("server_share", problem.server_index, "server"),
    ):
        share: Floats = getattr(allocation, name)
        given = served & ~np.isnan(share)
        low = np.where(sends, share > 0, share >= 0)  # what runs on the device alone needs none
        wrong = given & ~(low & (share <= 1 + RELATIVE_TOLERANCE))
        _refuse(problem, allocation, everyone, wrong, f"{name} {{:g}} is not in (0, 1]", share)
        total = np.bincount(index, weights=np.where(given, share, 0.0))[index]
        crowded = given & (total > 1 + RELATIVE_TOLERANCE)
        message = f"{name} in its {place} adds up to {{:g}}, above 1"
        _refuse(problem, allocation, everyone, crowded, message, total)
    ceiling = allocation.server_share * problem.server_clock.f_max_hz * (1 + RELATIVE_TOLERANCE)
    wrong = slices_by_clock(problem) & (allocation.server_frequency_hz > ceiling)
    message = "server clock {:g} Hz is above its share of the server's clock"
    _refuse(problem, allocation, everyone, wrong, message, allocation.server_frequency_hz)


def _sends(problem: Problem, allocation: Allocation) -> Bools:
    """Return (K,) whether a design sends anything to the server."""
    found = np.zeros(len(problem.agents), dtype=np.bool_)
    for index, table in enumerate(problem.tables):
        rows = np.flatnonzero((allocation.cut >= 0) & (problem.table_index == index))
        found[rows] = offloads(table)[allocation.cut[rows]]
    return found


def _refuse(
    problem: Problem,
    allocation: Allocation,
    rows: Ints,
    wrong: Bools,
    message: str,
    values: NDArray[np.generic],
) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        raise AllocationError(
            f"allocator {allocation.allocator!r}, agent {problem.agents[rows[first]]!r}: "
            + message.format(values[first])
        )
