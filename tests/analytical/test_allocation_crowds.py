"""Joint designs of more agents than are looked at closely under every clock."""

from __future__ import annotations

import numpy as np
import pytest
from contended import CONVENTIONS, solved

from simran.allocation.bounding import lower_bound
from simran.allocation.greedy import Greedy
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned

EACH = pytest.mark.parametrize("convention", CONVENTIONS, ids="-".join)


def crowd(convention, count=120, **options):
    return contended_problem(
        np.random.default_rng(5),
        count,
        most_bits=12,
        cell_sharing=convention[:1],
        server_partition=convention[1:],
        **options,
    )


def total(problem, design, cost):
    return float((problem.weight * cost.distortion)[design.feasible].sum())


@EACH
def test_designs_of_a_crowd_keep_their_budgets_near_the_bound(convention):
    problem = crowd(convention)
    design, cost = solved(Joint(), problem)
    assert design.feasible.all()
    group = contentions(problem, owned(problem), 1.0)[0]
    bound = lower_bound(group, design.feasible, 24)
    # of 120 agents one step of one of them is worth about a percent; the rest is the intervals' of the clock
    assert bound <= total(problem, design, cost) <= 1.02 * bound
    other, cost = solved(Greedy(), problem)
    assert other.feasible.all()
    assert total(problem, other, cost) >= bound


@EACH
def test_a_crowd_that_is_too_large_is_served_in_part(convention):
    problem = crowd(convention, crowding=8.0)
    design, _ = solved(Joint(), problem)
    assert 0 < design.feasible.sum() < len(problem.agents)
    shares = {
        "cell": design.bandwidth_share[np.isfinite(design.bandwidth_share)].sum(),
        "server": design.server_share[np.isfinite(design.server_share)].sum(),
    }
    assert max(shares.values()) <= 1 + 1e-9
    assert max(shares.values()) > 0.97  # what there is, is used


@EACH
def test_the_order_of_a_crowd_does_not_matter(convention):
    problem = crowd(convention, stepped=convention == ("time", "space"))
    order = np.random.default_rng(0).permutation(len(problem.agents))
    one, other = Joint().allocate(problem), Joint().allocate(problem.select_agents(order))
    assert (one.weight_bits[order] == other.weight_bits).all()
    assert np.allclose(one.bandwidth_share[order], other.bandwidth_share, rtol=1e-12)
