"""The allocator's design for a scenario, without any simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.allocation import Allocation, Evaluation, Problem, evaluate
from simran.allocation.guard import AllocatorFault, explained, remarked
from simran.allocation.queues import offered_loads
from simran.allocation.stages import RELATIVE_TOLERANCE, slices_by_clock
from simran.engine.consulting import make_allocator, vetted
from simran.engine.observation import observe
from simran.errors import AllocationError, UnknownNameError
from simran.scenario import Scenario
from simran.streams import Streams

__all__ = ["solve"]

Bools = NDArray[np.bool_]

_TERMS_S = ("agent_s", "uplink_s", "backhaul_s", "server_s", "return_link_s", "downlink_s")
_WAITS_S = ("agent_wait_s", "uplink_wait_s", "server_wait_s", "decision_s")
_TERMS_J = ("agent_j", "transmit_j", "server_j")


def solve(scenario: Scenario, agent: str | None = None) -> dict[str, Any]:
    """Return the design of every agent, with every term and its slack.

    Queues are empty, unless the allocator is asked to be aware of them.

    Parameters
    ----------
    scenario : what to design for
    agent : name of one agent, such as ``inspector/0``, or of a group; None for all

    Returns
    -------
    mapping with ``allocator``, ``feasible``, ``objective`` (Σ w_k D_k), ``decision_s`` (wall-clock
    time of the allocator) and ``agents``, as JSON has it: None where there is no number. ``reason``
    says of each what stops a better design, or why none meets its budgets; ``remark`` what is to be known
    of the answer as a whole, such as how far it may be from the best.

    Raises
    ------
    UnknownNameError
        for an agent that the scenario does not have
    AllocationError
        if the allocator fails, or its answer is physically impossible
    """
    problem = observe(scenario)
    chosen = _chosen(problem, agent)
    allocator = make_allocator(scenario, Streams(scenario.seed))
    try:
        problem, allocation, decision_s = vetted(allocator, problem, scenario.allocator)
    except AllocatorFault as fault:
        raise AllocationError(
            f"allocator {allocator.name!r} failed: {fault.kind}: {fault}"
        ) from fault
    plan = evaluate(problem, allocation)
    weighted = problem.weight * plan.distortion
    return {
        "scenario": scenario.name,
        "allocator": allocation.allocator,
        "assumes": _assumes(scenario, problem, bool(allocator.options.get("queue_aware")))
        + _crowded(scenario, problem, allocation),
        "remark": remarked(allocator, problem, allocation, scenario.allocator.time_limit_s) or None,
        "feasible": bool(_feasible(allocation, plan).all()),
        "objective": _number(float(np.sum(weighted))),
        "decision_s": decision_s,
        "agents": [
            {
                **_agent(problem, allocation, plan, index),
                "reason": explained(
                    allocator, problem, allocation, index, scenario.allocator.time_limit_s
                ),
            }
            for index in chosen
        ],
    }


def _chosen(problem: Problem, agent: str | None) -> list[int]:
    everyone = range(len(problem.agents))
    if agent is None:
        return list(everyone)
    found = [k for k in everyone if agent in {problem.agents[k], problem.groups[k]}]
    if not found:
        raise UnknownNameError("agent", agent, {*problem.agents, *problem.groups})
    return found


def _crowded(scenario: Scenario, problem: Problem, allocation: Allocation) -> str:
    """Say which stations the designs offer more than they can do, so that no wait is a mean."""
    loads = offered_loads(problem, allocation)
    found: dict[str, float] = {}
    for row, group in enumerate(problem.groups):
        it = scenario.groups[group]
        offers = (group, loads.agent), (it.cell, loads.uplink), (it.server, loads.server)
        for name, load in offers:
            if load[row] >= 1.0:
                found[name] = max(found.get(name, 0.0), float(load[row]))
    told = ", ".join(f"{name} {load:.3g} times" for name, load in found.items())
    return f"; BUT queues only grow where more is offered than can be done: {told}" if told else ""


def _assumes(scenario: Scenario, problem: Problem, queue_aware: bool) -> str:
    shared = "allocated" in {*problem.cell_scheduler, *problem.server_discipline}
    rest = "shares as shown" if shared else "nobody else in cell or server"
    queues = "the mean waits that this load lets expect" if queue_aware else "empty queues"
    groups = scenario.groups.values()
    varies = [
        *(["mean rates of the channel"] * any(it.varying for it in scenario.cells.values())),
        *(["mean rates of arrivals"] * any(it.arrivals.varying for it in groups)),
    ]
    conventions = [
        *(["parts of the band sent on at full power"] * ("frequency" in problem.cell_sharing)),
        *(
            ["slices that get energy for free (partition: clock)"]
            * bool(slices_by_clock(problem).any())
        ),
    ]
    return ", ".join([queues, "requests of mean size", *varies, rest, *conventions])


def _feasible(allocation: Allocation, plan: Evaluation) -> Bools:
    """Return (K,) whether the allocator found the design so, and the shares in force bear it out."""
    found: Bools = allocation.feasible & plan.delay_ok & plan.energy_ok & plan.quality_ok
    return found


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _slack(budget: float, taken: float) -> float | None:
    """Return what is left of a budget, None where there is no such number; rounding is none.

    Examples
    --------
    >>> _slack(2.0, 1.5), _slack(2.8, 2.8 + 1e-12), _slack(float("inf"), 1.0)
    (0.5, 0.0, None)
    """
    left = budget - taken
    if math.isfinite(left) and abs(left) <= RELATIVE_TOLERANCE * abs(budget):
        return 0.0
    return _number(left)


def _agent(
    problem: Problem, allocation: Allocation, plan: Evaluation, index: int
) -> dict[str, Any]:
    table = problem.tables[problem.table_index[index]]
    cut = int(allocation.cut[index])
    bits = int(allocation.weight_bits[index])
    values = {
        name: _number(float(getattr(source, name)[index]))
        for source, names in (
            (
                allocation,
                ("agent_frequency_hz", "server_frequency_hz", "bandwidth_share", "server_share"),
            ),
            (plan, ("delay_s", "energy_j")),
            (problem, ("delay_budget_s", "energy_budget_j", "quality_floor")),
            (plan, ("distortion", "distortion_lower", "distortion_upper", "quality")),
            (plan, _TERMS_S + _WAITS_S + _TERMS_J),
        )
        for name in names
    }
    planned_s = float(problem.delay_budget_s[index]) * (1.0 - problem.headroom)
    return {
        "agent": problem.agents[index],
        "group": problem.groups[index],
        "split": table.split[cut] if cut >= 0 else None,
        "placement": table.placement[cut] if cut >= 0 else None,
        "cell_sharing": problem.cell_sharing[problem.cell_index[index]],
        "weight_bits": bits if bits > 0 and cut >= 0 else None,
        "pruning_ratio": float(table.pruning_ratio[cut]) if bits > 0 and cut >= 0 else None,
        "feature_bits": _number(float(table.feature_bits[cut])) if cut >= 0 else None,
        **values,
        "delay_planned_for_s": _number(planned_s),
        "delay_slack_s": _slack(planned_s, float(plan.delay_s[index])),
        "energy_slack_j": _slack(
            float(problem.energy_budget_j[index]), float(plan.energy_j[index])
        ),
        "feasible": bool(_feasible(allocation, plan)[index]),
        "binding": allocation.binding[index],
        "fallback": (allocation.fallback[index] if allocation.fallback else "") or None,
    }
