"""What holds of joint designs whatever the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contended import solved
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.allocation.bounding import lower_bound
from simran.allocation.exhaustive import Exhaustive
from simran.allocation.greedy import Greedy
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=8, deadline=None)
ALL = pytest.mark.parametrize(
    "allocator",
    [Joint(), Joint({"exact_up_to": 0}), Greedy(), Joint({"objective": "max-min"})],
    ids=["joint", "decomposition", "greedy", "max-min"],
)


def sample(seed, count, **columns):
    return contended_problem(np.random.default_rng(seed), count, **columns)


def objective(problem, design, cost):
    assert design.feasible.all()
    return float((problem.weight * cost.distortion).sum())


@ALL
@FEW
@given(SEEDS, st.integers(1, 7), st.booleans(), st.floats(0.5, 8.0), st.integers(1, 3))
def test_never_infeasible(allocator, seed, count, stepped, crowding, cuts):
    problem = sample(seed, count, stepped=stepped, crowding=crowding, cuts=cuts)
    design, _ = solved(allocator, problem)
    for feasible, fallback in zip(design.feasible, design.fallback, strict=True):
        assert feasible == (fallback == "")


@ALL
@FEW
@given(SEEDS, st.integers(2, 7), st.floats(0.5, 6.0))
def test_order_of_agents_does_not_matter(allocator, seed, count, crowding):
    problem = sample(seed, count, crowding=crowding, most_bits=6)
    order = np.random.default_rng(seed).permutation(count)
    one = allocator.allocate(problem)
    other = allocator.allocate(problem.select_agents(order))
    for name in ("cut", "weight_bits", "feasible", "server_frequency_hz", "server_share"):
        np.testing.assert_array_equal(getattr(one, name)[order], getattr(other, name))
    assert tuple(one.binding[row] for row in order) == other.binding


@FEW
@given(SEEDS, st.integers(1, 3), st.floats(1.0, 2.0), st.floats(1.0, 2.0), st.floats(1.0, 2.0))
def test_more_of_anything_is_never_worse(seed, count, time, energy, rate):
    problem = sample(seed, count, most_bits=6, crowding=2.0)
    richer = replace(
        problem,
        delay_budget_s=problem.delay_budget_s * time,
        energy_budget_j=problem.energy_budget_j * energy,
        rate_bps=problem.rate_bps * rate,
    )
    tight, cost = solved(Joint(), problem)
    loose, gain = solved(Joint(), richer)
    served = problem.weight[loose.feasible].sum() - problem.weight[tight.feasible].sum()
    assert served >= -1e-9
    if tight.feasible.all():
        before = objective(problem, tight, cost)
        assert objective(richer, loose, gain) <= before * (1 + 1e-9)


@FEW
@given(SEEDS, st.integers(1, 3), st.booleans(), st.floats(0.7, 4.0), st.booleans())
def test_joint_reaches_the_exhaustive_objective(seed, count, stepped, crowding, fair):
    options = {"objective": "max-min" if fair else "weighted-sum"}
    problem = sample(seed, count, most_bits=6, stepped=stepped, crowding=crowding, cuts=2)
    one, cost = solved(Joint(options), problem)
    best, least = solved(Exhaustive(options), problem)
    np.testing.assert_array_equal(one.feasible, best.feasible)
    ok = best.feasible
    np.testing.assert_allclose(
        (problem.weight * cost.distortion)[ok].sum(), (problem.weight * least.distortion)[ok].sum()
    )
    assert cost.energy_j[ok].sum() <= least.energy_j[ok].sum() * (1 + 1e-6)


@FEW
@given(SEEDS, st.integers(2, 12), st.booleans())
def test_no_design_beats_the_lagrangian_bound(seed, count, stepped):
    problem = sample(seed, count, stepped=stepped, cuts=2)
    design, cost = solved(Joint(), problem)
    if design.feasible.all():
        group = contentions(problem, owned(problem), 1.0)[0]
        bound = lower_bound(group, design.feasible, parts=12)
        assert bound <= objective(problem, design, cost) * (1 + 1e-9)
