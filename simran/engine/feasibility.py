"""Which groups of a scenario have budgets that no design meets, told without a run."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace

from simran.allocation import Allocator, Problem
from simran.allocation.exact import Exact
from simran.allocation.guard import AllocatorFault, ask, explained
from simran.allocation.per_agent import PerAgentAllocator
from simran.engine.consulting import make_allocator
from simran.engine.observation import observe
from simran.scenario import Scenario
from simran.streams import Streams

__all__ = ["shortfalls"]


def shortfalls(scenario: Scenario) -> dict[str, str]:
    """Return, by group, why no design meets its budgets even for one agent with all to itself.

    One agent of each group is looked at, with empty queues and requests of mean size. What an
    allocator that designs each agent by itself keeps to, such as fixed clocks, counts as well. Groups that
    miss their budgets only because they share cell and server are not among them.
    """
    groups = {name: replace(group, count=1) for name, group in scenario.groups.items()}
    problem = observe(replace(scenario, groups=groups))
    problem = replace(problem, server_agents=tuple(1 for _ in problem.server_agents))
    found = _unmet(problem, Exact())
    own = make_allocator(scenario, Streams(scenario.seed))
    if isinstance(own, PerAgentAllocator):
        with suppress(AllocatorFault):  # what a run makes of that, a run tells
            found = _unmet(problem, own, scenario.allocator.time_limit_s) | found
    return {name: found[name] for name in groups if name in found}


def _unmet(problem: Problem, allocator: Allocator, limit_s: float = math.inf) -> dict[str, str]:
    allocation = ask(allocator, problem, limit_s).allocation
    return {
        group: explained(allocator, problem, allocation, row, limit_s)
        for row, group in enumerate(problem.groups)
        if not allocation.feasible[row]
    }
