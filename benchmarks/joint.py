"""Joint designs against the best ones, and against a bound; time per decision.

300 random instances (K up to 3 with up to 10 bits, K = 4 with up to 8, two splits, some with stepped clocks):
`joint`, its decomposition alone, and `greedy` against `exhaustive`. Then 50 and 1000 agents against a
Lagrangian bound, which no design can be below.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from tables import publish

from simran.allocation import ALLOCATORS, Allocation, Problem, evaluate, refuse_impossible
from simran.allocation.bounding import lower_bound
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned

INSTANCES, REPEATS = 300, 5
METHODS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "joint": ("joint", {}),
    "decomposition alone": ("joint", {"exact_up_to": 0}),
    "greedy": ("greedy", {}),
}


def solved(
    problem: Problem, name: str, options: Mapping[str, Any]
) -> tuple[Allocation, float, float, int]:
    """Return a design, its Σ w D and Σ E over feasible agents, and how many claims do not hold."""
    design = ALLOCATORS.load(name)(options, np.random.default_rng(1)).allocate(problem)
    refuse_impossible(problem, design)
    cost = evaluate(problem, design)
    ok = design.feasible
    wrong = int((ok & ~(cost.delay_ok & cost.energy_ok & cost.quality_ok)).sum())
    value = float((problem.weight * cost.distortion)[ok].sum())
    return design, value, float(cost.energy_j[ok].sum()), wrong


def instance(number: int) -> Problem:
    """Return one of the random instances."""
    rng = np.random.default_rng([20260213, number])
    count = 1 + number % 4
    return contended_problem(
        rng,
        count,
        most_bits=8 if count == 4 else 10,
        cuts=1 if count == 4 else 2,
        stepped=number % 12 >= 8,
        crowding=float(rng.uniform(0.8, 5.0)),
    )


def small(instances: int) -> dict[str, Any]:
    """Return the gaps to the exhaustive optimum over the random instances."""
    gaps: dict[str, list[float]] = {name: [] for name in METHODS}
    wrong = dict.fromkeys((*METHODS, "exhaustive"), 0)
    fewer, turned_away = dict.fromkeys(METHODS, 0), 0
    for number in range(instances):
        problem = instance(number)
        best, least, _, broken = solved(problem, "exhaustive", {})
        wrong["exhaustive"] += broken
        turned_away += not best.feasible.all()
        for method, (name, options) in METHODS.items():
            design, value, _, broken = solved(problem, name, options)
            wrong[method] += broken
            weight = problem.weight[design.feasible].sum() - problem.weight[best.feasible].sum()
            if weight < -1e-9:
                fewer[method] += 1
            elif least > 0:
                gaps[method].append(value / least - 1)
    rows = {
        method: {
            "compared": len(found),
            "worst_gap": max(found),
            "mean_gap": statistics.fmean(found),
            "within_1_percent": sum(gap <= 0.01 for gap in found),
            "less_weight_served": fewer[method],
            "infeasible_claims": wrong[method],
        }
        for method, found in gaps.items()
    }
    return {
        "instances": instances,
        "with_agents_turned_away": turned_away,
        "infeasible_claims_of_exhaustive": wrong["exhaustive"],
        "against_exhaustive": rows,
    }


def large(count: int, crowding: float) -> dict[str, Any]:
    """Return time and gap to the Lagrangian bound at many agents."""
    problem = contended_problem(
        np.random.default_rng(count), count, most_bits=16, crowding=crowding
    )
    rows: dict[str, Any] = {}
    for method in ("joint", "greedy"):
        times = []
        for _ in range(REPEATS):
            began = time.process_time()
            design, value, energy, wrong = solved(problem, method, {})
            times.append(time.process_time() - began)
        group = contentions(problem, owned(problem), 1.0)[0]
        bound = lower_bound(group, design.feasible)
        rows[method] = {
            "cpu_s": min(times),
            "feasible": int(design.feasible.sum()),
            "infeasible_claims": wrong,
            "objective": value,
            "lower_bound": bound,
            "gap_to_bound": value / bound - 1,
            "energy_j": energy,
        }
    return {"agents": count, "crowding": crowding, **rows}


def table(instances: int) -> dict[str, Any]:
    """Return the whole table."""
    return {
        "small": small(instances),
        "large": [large(50, 1.0), large(1000, 1.0), large(1000, 3.0)],
    }


if __name__ == "__main__":
    publish(__doc__, "instances", INSTANCES, table)
