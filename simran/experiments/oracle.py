"""A bound that no allocator within its budgets can pass: every request alone in the system."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from simran.allocation import ALLOCATORS, Problem, evaluate
from simran.engine.observation import observe
from simran.entities.arrivals import request_sizes
from simran.scenario import Cell, Scenario
from simran.streams import Streams

__all__ = ["oracle", "outside"]

_DRAWS = 2048


def oracle(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Return, by group and in ``total``, the least mean distortion that any allocator could reach.

    Every request has the whole cell, at the highest rate that it ever has, and the whole server to itself,
    empty queues, no headroom and no time for the decision, and its design is the global optimum (``exact``)
    for its own true size, among those that the scenario allows: its cuts, also the whole model on the device
    where that is the fallback, its candidate bit-widths, and its quality floor. A design that meets both
    budgets under contention meets them alone, so no allocator that keeps to such designs and whose requests
    all meet their budgets has less distortion. ``feasible`` is the
    share of sizes for which there is any such design: the rest are violations whoever decides. Where sizes
    are random the figures are means over 2048 draws.

    Parameters
    ----------
    scenario : of which the allocator does not matter

    Returns
    -------
    mapping from group to ``distortion`` (None where no size is feasible) and ``feasible``; the total weighs
    groups with their rates of requests, and is None where one of them is
    """
    bare = replace(scenario.allocator, headroom=0.0, decision_time_s=0.0, options={})
    cells = {name: _at_best(cell) for name, cell in scenario.cells.items()}
    problem = observe(replace(scenario, allocator=bare, cells=cells))
    # Nobody else has a slice of the server's clock.
    problem = replace(problem, server_agents=(1,) * len(problem.server_agents))
    found: dict[str, dict[str, Any]] = {}
    rates: dict[str, float] = {}
    for name in scenario.groups:
        row = problem.groups.index(name)
        found[name] = _alone(_with_fallback(_requests(scenario, problem, row, name)))
        rates[name] = problem.groups.count(name) * float(problem.arrival_rate_hz[row])
    found["total"] = _together(found, rates)
    return found


def outside(scenario: Scenario, allocator: str) -> bool:
    """Tell whether an allocator steps out of the designs that the scenario allows, and so of the bound.

    Baselines do: ``on-device`` and ``on-server`` place the whole model there, and ``full-precision``
    quantizes nothing, whatever the scenario's placement and candidates.

    Parameters
    ----------
    scenario : what the bound is of
    allocator : its name, as scenarios have it
    """
    models = [scenario.models[group.model] for group in scenario.groups.values()]
    if allocator == "full-precision":
        return any(model.reference_bits not in model.bits for model in models)
    placements = [group.placement for group in scenario.groups.values()]
    return allocator in {"on-device", "on-server"} and any(
        placement not in {"auto", allocator} for placement in placements
    )


def _with_fallback(problem: Problem) -> Problem:
    """Return a problem of one agent in which what it falls back to is as good as what is asked for."""
    if problem.on_violation[0] != "fallback-on-device":
        return problem
    tables = tuple(
        replace(it, allowed=it.allowed | (np.array(it.placement) == "on-device"))
        for it in problem.tables
    )
    return replace(problem, tables=tables)


def _at_best(cell: Cell) -> Cell:
    """Return a cell at the highest rate that it ever has: a request may meet just that."""
    if cell.varying is None:
        return cell
    return replace(cell, rate_bps=max(cell.varying.rates), varying=None)


def _requests(scenario: Scenario, problem: Problem, row: int, group: str) -> Problem:
    """Return the problem of one agent's requests of many sizes, one row for each."""
    size = scenario.models[scenario.groups[group].model].size
    count = 1 if size.law == "constant" else _DRAWS
    many = problem.select_agents(np.full(count, row))
    drawn: dict[str, Any] = {}
    for name in ("size", "uplink_size", "server_size"):
        rng = Streams(scenario.seed).generator("oracle", group, "size" if size.shared else name)
        draws = request_sizes(size.law, size.cv, size.trace, rng)
        drawn[name] = np.array([next(draws) for _ in range(count)])
    return replace(many, **drawn)


def _alone(problem: Problem) -> dict[str, Any]:
    allocation = ALLOCATORS.load("exact")().allocate(problem)
    plan = evaluate(problem, allocation)
    met = allocation.feasible & plan.delay_ok & plan.energy_ok & (allocation.cut >= 0)
    return {
        "distortion": float(plan.distortion[met].mean()) if met.any() else None,
        "feasible": float(met.mean()),
    }


def _together(found: dict[str, dict[str, Any]], rates: dict[str, float]) -> dict[str, Any]:
    whole = math.fsum(rates.values())
    values = {name: it["distortion"] for name, it in found.items()}
    if len(found) > 1 and (None in values.values() or not whole):
        return {"distortion": None, "feasible": None}
    weights = {name: rates[name] / whole if whole else 1.0 for name in found}
    return {
        key: math.fsum(weights[name] * it[key] for name, it in found.items())
        if None not in (it[key] for it in found.values())
        else None
        for key in ("distortion", "feasible")
    }
