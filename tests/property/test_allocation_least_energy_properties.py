"""What holds of shares and clocks of least energy, whatever the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contended import CONVENTIONS, convex_optimum
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simran.allocation import evaluate
from simran.allocation.common_clock import settle_clocks
from simran.allocation.economy import frugal_split, promising
from simran.allocation.enumeration import Selection
from simran.allocation.frontier_economy import even_energy_j
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned

CURVED = [it for it in CONVENTIONS if it != ("time", "space")]


def unlike(rng, count, convention, crowding):
    """Return agents some of whom have no budgets or send for free, and all follow power laws of their own."""
    problem = contended_problem(
        rng,
        count,
        most_bits=4,
        cuts=2,
        crowding=crowding,
        rate_bps=rng.uniform(1e6, 6e8, count) * count,
        cell_sharing=convention[:1],
        server_partition=convention[1:],
    )
    alpha, clock = rng.uniform(2.2, 3.5, count), problem.agent_clock
    endless = rng.random((2, count)) < 0.2
    return replace(
        problem,
        agent_clock=replace(clock, exponent=alpha, dynamic=clock.dynamic * 2e9 ** (3 - alpha)),
        delay_budget_s=np.where(endless[0], np.inf, problem.delay_budget_s),
        energy_budget_j=np.where(endless[1], np.inf, problem.energy_budget_j),
        transmit_w=np.where(rng.random(count) < 0.2, 0.0, problem.transmit_w),
    )


@pytest.mark.parametrize("convention", CURVED, ids="-".join)
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 10), st.floats(0.4, 6.0))
def test_never_above_the_shares_of_least_load_and_never_out_of_range(
    convention, seed, count, crowding
):
    rng = np.random.default_rng(seed)
    problem = unlike(rng, count, convention, crowding)
    (group,) = contentions(problem, owned(problem), 1.0)
    there = np.isfinite(group.menu.value)
    served = there.any(axis=0)
    assume(served.any())
    columns = np.array([rng.choice(np.flatnonzero(it)) if it.any() else 0 for it in there.T])
    load, clocks = settle_clocks(group, columns[None, :], served[None, :])
    assume(load[0] <= group.capacity(served))
    selection = Selection(columns, served, clocks[0])
    split = frugal_split(group, selection)
    even = even_energy_j(group, selection, clocks[0])
    assert split.energy_j <= even * (1 + 1e-6) + 1e-12
    for share, places in (
        (split.bandwidth, group.stations.cell),
        (split.server, group.stations.server),
    ):
        assert (share >= 0).all()
        assert (share @ places <= 1 + 1e-12).all()
    for clock, (low, high, _) in zip(split.clocks_hz, group.clocks, strict=True):
        assert low * (1 - 1e-9) <= clock <= high


@pytest.mark.parametrize("convention", CURVED, ids="-".join)
@pytest.mark.parametrize("seed", range(6))
def test_the_energy_that_is_least_is_that_of_the_designs_also_without_delay_budgets(
    convention, seed
):
    rng = np.random.default_rng(seed)
    problem = unlike(rng, 3, convention, 0.5)
    endless = np.array([False, True, True])
    problem = replace(problem, delay_budget_s=np.where(endless, np.inf, 4.0))
    (group,) = contentions(problem, owned(problem), 1.0)
    (selection, *_) = promising(group, Joint().select(group))
    split = frugal_split(group, selection)
    assert split.energy_j <= even_energy_j(group, selection, split.clocks_hz) * (1 + 1e-6)
    design = Joint().allocate(problem)
    drawn_j = evaluate(problem, design).energy_j[design.feasible].sum()
    assert drawn_j == pytest.approx(split.energy_j, rel=1e-6)


@pytest.mark.parametrize("seed", [0, 11])
def test_energy_is_that_of_a_convex_program_where_designs_leave_hardly_anything(seed):
    rng = np.random.default_rng(seed)
    problem = contended_problem(
        rng,
        19,
        crowding=4.0,
        delay_budget_s=rng.uniform(1.5, 5.0, 19),
        energy_budget_j=np.where(rng.random(19) < 0.5, np.inf, rng.uniform(0.8, 4.0, 19)),
        server_partition=("clock",),
    )
    design = Joint().allocate(problem)
    assert design.feasible.all()
    drawn_j = evaluate(problem, design).energy_j.sum()
    least_j = convex_optimum(problem, design.cut, design.weight_bits, "energy")
    assert drawn_j == pytest.approx(least_j, rel=1e-4)
