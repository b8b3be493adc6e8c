"""More budget never gives a worse design."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.allocation import evaluate, refuse_impossible
from simran.allocation.exact import Exact
from simran.allocation.samples import sample_problem

SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=40, deadline=None)


def sample(seed, stepped, **columns):
    return sample_problem(np.random.default_rng(seed), 20, stepped=stepped, **columns)


def solved(problem):
    design = Exact().allocate(problem)
    refuse_impossible(problem, design)
    return design, evaluate(problem, design)


@QUICK
@given(SEEDS, st.booleans(), st.floats(1.0, 3.0), st.floats(1.0, 3.0))
def test_more_budget_is_never_worse(seed, stepped, more_time, more_energy):
    problem = sample(seed, stepped)
    richer = replace(
        problem,
        delay_budget_s=problem.delay_budget_s * more_time,
        energy_budget_j=problem.energy_budget_j * more_energy,
    )
    tight, cost = solved(problem)
    loose, gain = solved(richer)
    assert (loose.feasible >= tight.feasible).all()
    ok = tight.feasible
    assert (gain.distortion[ok] <= cost.distortion[ok] * (1 + 1e-9)).all()


@QUICK
@given(SEEDS, st.booleans(), st.floats(1.0, 3.0))
def test_more_time_never_costs_energy_at_the_same_design(seed, stepped, more_time):
    problem = sample(seed, stepped)
    relaxed = replace(problem, delay_budget_s=problem.delay_budget_s * more_time)
    tight, cost = solved(problem)
    loose, gain = solved(relaxed)
    same = tight.feasible & (tight.cut == loose.cut) & (tight.weight_bits == loose.weight_bits)
    assert (gain.energy_j[same] <= cost.energy_j[same] * (1 + 1e-9)).all()


@QUICK
@given(SEEDS, st.booleans(), st.sampled_from(["min-energy", "min-delay"]))
def test_feasible_means_within_both_budgets_and_memory(seed, stepped, select):
    problem = sample(seed, stepped, select=select, headroom=0.1)
    design, cost = solved(problem)
    ok = design.feasible
    assert (cost.delay_s[ok] <= problem.delay_budget_s[ok] * (0.9 + 1e-9)).all()
    assert cost.energy_ok[ok].all()
    weights = problem.tables[0].agent_weight_bytes_per_bit[design.cut] * design.weight_bits
    assert (weights <= problem.agent_memory_bytes)[design.cut >= 0].all()


@QUICK
@given(SEEDS, st.booleans())
def test_infeasible_agents_say_why_and_feasible_ones_do_not_fall_back(seed, stepped):
    design, _ = solved(sample(seed, stepped))
    for feasible, binding, fallback in zip(
        design.feasible, design.binding, design.fallback, strict=True
    ):
        assert feasible == (fallback == "")
        if not feasible:
            assert binding in {"memory", "delay", "energy", "delay+energy"}


@QUICK
@given(SEEDS, st.booleans(), st.floats(0.1, 10.0))
def test_units_of_energy_do_not_matter(seed, stepped, factor):
    problem = sample(seed, stepped)

    def scaled(clock):
        return replace(clock, dynamic=clock.dynamic * factor, table_w=clock.table_w * factor)

    other = replace(
        problem,
        agent_clock=scaled(problem.agent_clock),
        server_clock=scaled(problem.server_clock),
        transmit_w=problem.transmit_w * factor,
        energy_budget_j=problem.energy_budget_j * factor,
    )
    (one, cost), (two, bill) = solved(problem), solved(other)
    np.testing.assert_array_equal(one.weight_bits, two.weight_bits)
    np.testing.assert_allclose(cost.energy_j * factor, bill.energy_j, rtol=1e-9)
