"""Successive convex approximation finds the designs of the exact allocator."""

from __future__ import annotations

import numpy as np
import pytest

from simran.allocation import evaluate, refuse_impossible
from simran.allocation.exact import Exact
from simran.allocation.samples import sample_problem
from simran.allocation.sca import SuccessiveConvexApproximation
from simran.allocation.simple import clock_set, single_agent


@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (21, {}),
        (22, {"same_exponents": False}),
        (23, {"select": "min-delay"}),
        (24, {"floor": 0.17}),
        (25, {"stepped": True}),
        (26, {"delay_budget_s": np.inf}),
        (27, {"energy_budget_j": np.inf}),
    ],
)
def test_same_designs_as_exact(seed, options):
    problem = sample_problem(np.random.default_rng(seed), 100, **options)
    sca, exact = SuccessiveConvexApproximation(), Exact()
    rounded, best = sca.allocate(problem), exact.allocate(problem)
    refuse_impossible(problem, rounded)
    np.testing.assert_array_equal(rounded.feasible, best.feasible)
    np.testing.assert_array_equal(rounded.cut, best.cut)
    np.testing.assert_array_equal(rounded.weight_bits, best.weight_bits)
    for name in ("agent_frequency_hz", "server_frequency_hz"):
        np.testing.assert_allclose(getattr(rounded, name), getattr(best, name), rtol=1e-9)
    assert rounded.binding == best.binding
    assert rounded.fallback == best.fallback


def test_relaxed_optimum_meets_both_budgets_with_equality():
    # bits beyond the candidates are cut off, so the budgets are chosen to bind in between
    problem = single_agent(520.72e9, 245.95e9, 3.5, 2.0)
    sca = SuccessiveConvexApproximation()
    design = sca.allocate(problem)
    relaxed = float(sca.relaxed_bits[0])
    assert int(np.floor(relaxed)) == design.weight_bits[0] == 11
    assert 1 < sca.iterations[0] < 50
    # at real-valued b the least energy is exactly E0: the closed form of equal exponents
    A, B = 520.72e9 / 32 / 32 * relaxed, 245.95e9 / 128
    u, v = (1e-28 * A**3) ** (1 / 3), (2e-30 * B**3) ** (1 / 3)
    energy = (u + v) ** 3 / 3.5**2
    assert energy == pytest.approx(2.0, rel=1e-5)


def test_budget_met_exactly_at_an_integer_is_not_rounded_away():
    first = single_agent(520.72e9, 245.95e9, 3.5, 2.0)
    cost = evaluate(first, Exact().allocate(first))
    tight = single_agent(520.72e9, 245.95e9, 3.5, float(cost.energy_j[0]))
    assert SuccessiveConvexApproximation().allocate(tight).weight_bits[0] == 11


def test_free_energy():
    free = clock_set(1, dynamic=0.0)
    problem = single_agent(520.72e9, 245.95e9, 1.5, 2.0, agent_clock=free)
    rounded = SuccessiveConvexApproximation().allocate(problem)
    assert rounded.weight_bits[0] == Exact().allocate(problem).weight_bits[0]


@pytest.mark.parametrize("energy_j", [0.05, 0.0983, 0.1, 0.3, 2.0])
def test_agrees_where_the_agent_s_power_is_free(energy_j: float) -> None:
    """Energy then jumps with the weight of delay, and only one side of the jump is feasible."""
    free = single_agent(520.72e9, 245.95e9, 3.5, energy_j, agent_clock=clock_set(1, dynamic=0.0))
    exact, sca = Exact().allocate(free), SuccessiveConvexApproximation().allocate(free)
    assert sca.weight_bits == exact.weight_bits


@pytest.mark.parametrize("delay_s", [1e2, 1e4, 1e7, 1e10])
def test_agrees_where_time_is_plentiful(delay_s: float) -> None:
    ample = single_agent(520.72e9, 245.95e9, delay_s, 2.0)
    exact, sca = Exact().allocate(ample), SuccessiveConvexApproximation().allocate(ample)
    assert sca.weight_bits == exact.weight_bits == 16
