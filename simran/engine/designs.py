"""Allocations as the designs that requests run under."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.allocation import Allocation, Evaluation, Problem, evaluate
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.results.records import Design

__all__ = ["designs", "with_equal_shares"]

Floats = NDArray[np.float64]

_DECIDED = (
    "cut",
    "weight_bits",
    "agent_frequency_hz",
    "server_frequency_hz",
    "bandwidth_share",
    "server_share",
)
_COPIED = frozenset(_DECIDED[2:])
_PLANNED = (
    "agent_s",
    "uplink_s",
    "backhaul_s",
    "server_s",
    "uplink_wait_s",
    "server_wait_s",
    "agent_j",
    "transmit_j",
    "server_j",
    "distortion",
    "distortion_lower",
    "distortion_upper",
    "quality",
)


def with_equal_shares(problem: Problem, allocation: Allocation) -> Allocation:
    """Fill in the shares that an allocator left open where the resource is an allocated one.

    What it has not given away is split equally among the agents that it gave nothing, those that
    the problem is not about included. To those that it refuses it has given nothing, whatever it says:
    what they sent before goes on with a part of what is left, or rests where nothing is.
    """
    refused = allocation.cut < 0
    cells = [name == "allocated" for name in problem.cell_scheduler]
    servers = [name == "allocated" for name in problem.server_discipline]
    return replace(
        allocation,
        bandwidth_share=_filled(
            np.where(refused, np.nan, allocation.bandwidth_share),
            problem.cell_index,
            cells,
            problem.cell_agents,
        ),
        server_share=_filled(
            np.where(refused, np.nan, allocation.server_share),
            problem.server_index,
            servers,
            problem.server_agents,
        ),
    )


def _filled(
    shares: Floats,
    station: np.ndarray[tuple[int], np.dtype[np.int64]],
    allocated: Iterable[bool],
    members: Sequence[int],
) -> Floats:
    filled = shares.copy()
    for index, (is_allocated, count) in enumerate(zip(allocated, members, strict=True)):
        here = station == index
        if not is_allocated or not here.any():
            continue
        open_ = here & np.isnan(shares)
        if open_.any():
            left = 1.0 - np.nansum(np.where(here, shares, 0.0))
            left = left if left > RELATIVE_TOLERANCE else 0.0  # no share of rounding's making
            filled[open_] = left / (open_.sum() + count - here.sum())
    return filled


@dataclass(frozen=True)
class _Sheet:
    """Everything about a decision, as plain lists by agent."""

    problem: Problem
    allocation: Allocation
    decided: dict[str, list[float]]
    planned: dict[str, list[float]]
    unit: dict[str, list[float]]


def designs(
    problem: Problem,
    allocation: Allocation,
    first_id: int,
    agents: Sequence[int],
    rate_bps: Floats | None = None,
) -> dict[int, Design]:
    """Return the designs of the agents named, by index of the agent.

    Times and energies are planned for the problem's sizes and rates as reported; the unit ones are for
    size 1 and the true rates. Agents
    whose designs are alike in every figure share one, which keeps the memory that a run walks
    through small.

    Parameters
    ----------
    problem, allocation : what was asked and answered
    first_id : number of the first of them; the other ones follow without a gap
    agents : indices
    rate_bps : (K,) true rates with the whole cell [bit/s]; None for those of the problem
    """
    plan = evaluate(problem, allocation)
    true_bps = problem.rate_bps if rate_bps is None else rate_bps
    sheet = _Sheet(
        problem,
        allocation,
        {name: getattr(allocation, name).tolist() for name in _DECIDED},
        {name: getattr(plan, name).tolist() for name in _PLANNED} | _sums(plan),
        _unit(replace(problem, rate_bps=true_bps), allocation),
    )
    keys = _keys(sheet)
    known: dict[tuple[Any, ...], Design] = {}
    made = {}
    for agent in agents:
        design = known.get(keys[agent])
        if design is None:
            design = known[keys[agent]] = _design(sheet, agent, first_id + len(known))
        made[agent] = design
    return made


def _keys(sheet: _Sheet) -> list[tuple[Any, ...]]:
    """Return (K,) what tells one design from another; as bytes, so that NaN equals NaN."""
    problem, allocation = sheet.problem, sheet.allocation
    columns = [*sheet.decided.values(), *sheet.planned.values(), *sheet.unit.values()]
    own = (problem.table_index, problem.delay_budget_s, problem.energy_budget_j)
    rows = np.column_stack([*columns, *own, allocation.feasible]).astype(np.float64)
    fallback = allocation.fallback or ("",) * len(rows)
    figures = [row.tobytes() for row in rows]
    return list(zip(figures, allocation.binding, fallback, strict=True))


def _sums(plan: Evaluation) -> dict[str, list[float]]:
    return {
        "agent_wait_s": (plan.agent_wait_s + plan.decision_s).tolist(),
        "downlink_s": (plan.return_link_s + plan.downlink_s).tolist(),
        "plan_ok": (plan.delay_ok & plan.energy_ok & plan.quality_ok).tolist(),
    }


def _unit(problem: Problem, allocation: Allocation) -> dict[str, list[float]]:
    """Return times and energies at size 1, with the whole of the cell and the server."""
    whole = replace(
        allocation,
        bandwidth_share=np.ones(len(problem.agents)),
        server_share=np.ones(len(problem.agents)),
    )
    ones = np.ones(len(problem.agents))
    plain = replace(problem, size=ones, uplink_size=ones, server_size=ones)
    # On a part of the band a sender is on while it waits, but that is not of the work.
    plain = replace(plain, uplink_wait_s=np.zeros(len(problem.agents)))
    unit = evaluate(plain, whole)
    names = ("agent_s", "uplink_s", "server_s", "agent_j", "transmit_j", "server_j")
    return {
        f"{name[:-2]}_unit{name[-2:]}": np.nan_to_num(getattr(unit, name)).tolist()
        for name in names
    }


def _design(sheet: _Sheet, agent: int, number: int) -> Design:
    problem, allocation = sheet.problem, sheet.allocation
    table = problem.tables[problem.table_index[agent]]
    cut = int(sheet.decided["cut"][agent])
    bits = int(sheet.decided["weight_bits"][agent])
    refused = cut < 0
    return Design(
        id=number,
        allocator=allocation.allocator,
        split="" if refused else table.split[cut],
        placement="" if refused else table.placement[cut],
        feasible=bool(allocation.feasible[agent] and sheet.planned["plan_ok"][agent]),
        binding=allocation.binding[agent],
        fallback=allocation.fallback[agent] if allocation.fallback else "",
        weight_bits=bits,
        pruning_ratio=0.0 if refused else float(table.pruning_ratio[cut]),
        feature_bits=math.nan if refused else float(table.feature_bits[cut]),
        variant="" if refused else table.variant(cut),
        agent_flops=0.0 if refused else float(table.agent_flops[cut]) * bits / table.reference_bits,
        server_flops=0.0 if refused else float(table.server_flops[cut]),
        uplink_bits=0.0 if refused else float(table.uplink_bits[cut]),
        downlink_bits=0.0 if refused else float(table.downlink_bits[cut]),
        delay_budget_s=float(problem.delay_budget_s[agent]),
        energy_budget_j=float(problem.energy_budget_j[agent]),
        **{name: values[agent] for name, values in sheet.decided.items() if name in _COPIED},  # type: ignore[arg-type]
        **{name: values[agent] for name, values in sheet.planned.items()},  # type: ignore[arg-type]
        **{name: values[agent] for name, values in sheet.unit.items()},  # type: ignore[arg-type]
    )
