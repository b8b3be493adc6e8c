"""Quality floors: what they rule out, in every allocator, and how it is said."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from simran.allocation import ALLOCATORS, Allocation, Problem, check_allocator, evaluate
from simran.allocation.reasons import reason
from simran.allocation.samples import sample_problem
from simran.allocation.simple import cut_table, single_agent

OWN = [
    "exact", "fixed-bits", "fixed-frequency", "full-precision", "max-frequency", "on-device",
    "on-server", "random", "sca",
]  # fmt: skip
NAN = float("nan")


def _problem(floor: float, delay_s: float = 2.3, **columns: Any) -> Problem:
    """One agent, 5 bits of which take 2.5 s; of quality 0.1 a bit up to 8 bits."""
    quality = np.minimum(np.arange(1, 17) / 10.0, 0.8)
    table = cut_table(
        **({"agent_flops": 1024e9, "quality": quality, "reference_quality": 0.9} | columns)
    )
    return single_agent(1.0, 1.0, delay_s, 100.0, table=table, quality_floor=floor)


def _solved(problem: Problem, name: str = "exact", **options: Any) -> Allocation:
    return ALLOCATORS.load(name)(options).allocate(problem)


def test_a_floor_that_is_reached_changes_nothing() -> None:
    free, held = _solved(_problem(-np.inf)), _solved(_problem(0.4))
    assert (held.weight_bits, held.feasible, held.binding) == (4, True, ("delay",))
    assert held.agent_frequency_hz == free.agent_frequency_hz
    plan = evaluate(_problem(0.4), held)
    assert plan.quality_ok[0]
    assert plan.quality[0] == pytest.approx(0.4)


def test_a_floor_met_to_within_a_billionth_counts_as_met() -> None:
    assert _solved(_problem(0.4 * (1.0 + 5e-10))).feasible[0]
    assert not _solved(_problem(0.4 * (1.0 + 5e-9))).feasible[0]


def test_bits_that_the_floor_asks_for_and_the_budget_forbids() -> None:
    problem = _problem(0.45)
    design = _solved(problem)
    assert (design.feasible[0], design.binding, design.fallback) == (
        False,
        ("delay",),
        ("degrade",),
    )
    assert design.weight_bits[0] == 1, "degraded: the fewest bits at full clocks"
    assert reason(problem, design, 0) == (
        "no design meets its budgets and quality floor: computing on the agent alone takes 2.5 s of"
        " 2.3 s at full clock and 5 bits; 5 bits are the fewest that reach the quality floor of 0.45"
    )


def test_a_floor_above_all_quality() -> None:
    problem = _problem(0.85)
    design = _solved(problem)
    assert (design.feasible[0], design.binding) == (False, ("quality",))
    assert reason(problem, design, 0) == (
        "no design meets its budgets and quality floor: the quality is 0.8 at most with 8 bits,"
        " below the floor of 0.85"
    )
    assert not evaluate(problem, design).quality_ok[0]


def test_full_precision_has_the_unquantized_quality() -> None:
    assert _solved(_problem(0.9, 100.0), "full-precision").feasible[0]
    problem = _problem(0.95, 100.0)
    assert _solved(problem, "full-precision").binding == ("quality",)
    reference = _problem(0.85, 100.0, bits=[4, 8, 32], quality=[0.4, 0.8, 0.9])
    assert _solved(reference).weight_bits[0] == 32


def test_a_quality_that_nobody_knows_meets_no_floor() -> None:
    problem = _problem(0.1, quality=NAN, reference_quality=NAN)
    design = _solved(problem)
    assert design.binding == ("quality",)
    assert reason(problem, design, 0) == (
        "no design meets its budgets and quality floor: no quality was measured at split after"
        " block/0, so the quality floor of 0.1 cannot be met"
    )
    assert _solved(_problem(-np.inf, quality=NAN, reference_quality=NAN)).feasible[0]


@pytest.mark.parametrize("policy", ["degrade", "drop", "fallback-on-device"])
def test_what_is_done_where_a_floor_is_missed(policy: str) -> None:
    columns = {
        "agent_flops": [1024e9, 1024e9], "placement": ("co-inference", "on-device"),
        "allowed": [True, False], "quality": [[0.1] * 16, [0.2] * 16],
    }  # fmt: skip
    table = cut_table(**columns, reference_quality=0.9)
    problem = single_agent(
        1.0, 1.0, 3.0, 100.0, table=table, quality_floor=0.15, on_violation=policy
    )
    design = _solved(problem)
    assert (design.feasible[0], design.binding, design.fallback) == (False, ("quality",), (policy,))
    assert design.cut[0] == {"degrade": 0, "drop": -1, "fallback-on-device": 1}[policy]
    if policy == "fallback-on-device":
        assert design.weight_bits[0] == 6, "the best on the device that does reach it"


def test_a_given_bit_width_below_the_floor_is_kept_and_reported() -> None:
    problem = _problem(0.45, 3.0)
    design = _solved(problem, "fixed-bits", bits=3)
    assert (design.feasible[0], design.binding[0], design.weight_bits[0]) == (False, "quality", 3)
    said = ALLOCATORS.load("fixed-bits")({"bits": 3}).explain(problem, design, 0)
    assert said.endswith("the quality is 0.3 with 3 bits, below the floor of 0.45")


def test_a_quality_that_falls_in_between() -> None:
    """Of 4 bits the quality is known to be poor: 3 are the best, in both searches."""
    quality = np.minimum(np.arange(1, 17) / 10.0, 0.8)
    quality[3] = 0.05
    problem = _problem(0.25, quality=quality)
    for name in ("exact", "sca"):
        design = _solved(problem, name)
        assert (design.weight_bits[0], design.binding) == (3, ("quality",))
        assert reason(problem, design, 0) == (
            "4 bits would have a quality of 0.05, below the floor of 0.25"
        )


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("stepped", [False, True])
def test_no_allocator_calls_a_design_below_its_floor_feasible(name: str, stepped: bool) -> None:
    problem = sample_problem(np.random.default_rng(11), 120, floors=True, stepped=stepped)
    allocator = ALLOCATORS.load(name)(None, np.random.default_rng(1))
    design = allocator.allocate(problem)
    plan = evaluate(problem, design)
    kept = plan.delay_ok & plan.energy_ok & plan.quality_ok
    assert not (design.feasible & ~kept).any()
    assert design.feasible.any()
    assert Counter(design.binding)["quality"] > 0
    for row in np.flatnonzero(np.array(design.binding) == "quality"):
        assert "floor" in allocator.explain(problem, design, int(row))


def test_the_exact_design_is_that_of_all_designs_tried() -> None:
    """Every cut and bit-width by itself, with the clocks that one bit-width alone is given."""
    problem = sample_problem(np.random.default_rng(12), 60, floors=True)
    found = _solved(problem)
    reached = np.full(60, np.inf)
    table = problem.tables[0]
    for bits in table.bits.tolist():
        one = ALLOCATORS.load("fixed-bits")({"bits": bits}).allocate(problem)
        values = evaluate(problem, one).distortion
        reached = np.where(one.feasible, np.minimum(reached, values), reached)
    assert np.array_equal(found.feasible, np.isfinite(reached))
    best = evaluate(problem, found).distortion
    assert best[found.feasible] == pytest.approx(reached[found.feasible], rel=1e-9)
    assert np.array_equal(_solved(problem, "sca").weight_bits, found.weight_bits)


def test_who_ignores_the_floors_conforms() -> None:
    class Blind(ALLOCATORS.load("exact")):  # type: ignore[misc]
        name = "blind"

        def allocate(self, problem: Problem) -> Allocation:
            from dataclasses import replace

            free = replace(problem, quality_floor=np.full(len(problem.agents), -np.inf))
            return super().allocate(free)

    assert all(check.passed for check in check_allocator(Blind))
    problem = sample_problem(np.random.default_rng(13), floors=True)
    design = Blind().allocate(problem)
    assert (design.feasible & ~evaluate(problem, design).quality_ok).any()
