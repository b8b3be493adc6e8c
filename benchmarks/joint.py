"""Joint designs against the best ones, and against a bound; time per decision.

300 random instances (K up to 3 with up to 10 bits, K = 4 with up to 8, two splits, some with stepped clocks):
`joint`, its decomposition alone, and `greedy` against `exhaustive`. Then 50 and 1000 agents against a
Lagrangian bound, which no design can be below. A fifth of the instances, and 50 and 1000 agents, also under
the other conventions: parts of the band (`sharing: frequency`), slices with clocks of their own
(`partition: clock`); there K = 4 with steps has up to 5 bits, since designs count once for each step.
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
PLAIN = ("time", "space")
OTHERS = (("time", "clock"), ("frequency", "space"), ("frequency", "clock"))
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


def instance(number: int, convention: tuple[str, str]) -> Problem:
    """Return one of the random instances, under a convention of cell and server."""
    rng = np.random.default_rng([20260213, number])
    count = 1 + number % 4
    stepped = number % 12 >= 8
    four = 5 if stepped and convention != PLAIN else 8
    return contended_problem(
        rng,
        count,
        most_bits=four if count == 4 else 10,
        cuts=1 if count == 4 else 2,
        stepped=stepped,
        crowding=float(rng.uniform(0.8, 5.0)),
        cell_sharing=convention[:1],
        server_partition=convention[1:],
    )


def small(instances: int, convention: tuple[str, str] = PLAIN) -> dict[str, Any]:
    """Return the gaps to the exhaustive optimum over the random instances."""
    gaps: dict[str, list[float]] = {name: [] for name in METHODS}
    wrong = dict.fromkeys((*METHODS, "exhaustive"), 0)
    fewer, turned_away = dict.fromkeys(METHODS, 0), 0
    for number in range(instances):
        problem = instance(number, convention)
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


def large(
    count: int, crowding: float, convention: tuple[str, str] = PLAIN, repeats: int = REPEATS
) -> dict[str, Any]:
    """Return time and gap to the Lagrangian bound at many agents."""
    problem = contended_problem(
        np.random.default_rng(count),
        count,
        most_bits=16,
        crowding=crowding,
        cell_sharing=convention[:1],
        server_partition=convention[1:],
    )
    rows: dict[str, Any] = {}
    for method in ("joint", "greedy"):
        times = []
        for _ in range(repeats):
            began = time.process_time()
            design, value, energy, wrong = solved(problem, method, {})
            times.append(time.process_time() - began)
        group = contentions(problem, owned(problem), 1.0)[0]
        bound = lower_bound(group, design.feasible, 48 if convention == PLAIN else 12)
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
    others = [
        {
            "sharing": sharing,
            "partition": partition,
            "small": small(max(1, instances // 5), (sharing, partition)),
            "large": [large(count, 1.0, (sharing, partition), 1) for count in (50, 1000)],
        }
        for sharing, partition in OTHERS
    ]
    return {
        "other_conventions": others,
        "small": small(instances),
        "large": [large(50, 1.0), large(1000, 1.0), large(1000, 3.0)],
    }


if __name__ == "__main__":
    publish(__doc__, "instances", INSTANCES, table)
