"""Joint designs whose energy depends on their shares, against convex programs and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from contended import CONVENTIONS, convex_optimum

from simran.allocation import evaluate, refuse_impossible
from simran.allocation.common_clock import may_fit, settle_clocks
from simran.allocation.exhaustive import Exhaustive
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem
from simran.allocation.shared import RESERVE, contentions, owned

CURVED = [it for it in CONVENTIONS if it != ("time", "space")]


def problem_of(seed, count, convention, **options):
    sharing, partition = convention
    return contended_problem(
        np.random.default_rng(seed),
        count,
        cell_sharing=(sharing,),
        server_partition=(partition,),
        **options,
    )


def group_of(problem):
    return contentions(problem, owned(problem), 1.0)[0]


def rows_of(group, bits):
    """Return the rows of the menu with some bit-widths under the only cut."""
    return np.array([int(np.flatnonzero(group.bits[:, k] == b)[0]) for k, b in enumerate(bits)])


@pytest.mark.parametrize("convention", CURVED)
@pytest.mark.parametrize("seed", range(4))
def test_the_least_load_against_a_convex_program(seed, convention):
    count = 2 + seed % 3
    problem = problem_of(seed, count, convention, most_bits=8, crowding=1.5)
    group = group_of(problem)
    assert isinstance(group.menu, FrontierNeeds)
    rng = np.random.default_rng(seed)
    compared = 0
    for _ in range(4):
        bits = rng.integers(1, 9, count)
        columns, everyone = rows_of(group, bits)[None, :], np.ones((1, count), dtype=bool)
        load, _ = settle_clocks(group, columns, everyone)
        expected = convex_optimum(problem, np.zeros(count, dtype=int), bits, "load")
        if np.isfinite(expected):
            assert load[0] == pytest.approx(expected, rel=2e-5)  # the solver's own accuracy
            compared += 1
        else:
            assert not load[0] <= 1
        if load[0] <= 1 - RESERVE:
            assert may_fit(group, columns, everyone)[0]
    assert compared


@pytest.mark.parametrize("convention", CURVED)
@pytest.mark.parametrize("seed", range(2))
def test_exhaustive_and_joint_against_brute_force_by_convex_programs(seed, convention):
    problem = problem_of(40 + seed, 3, convention, most_bits=5, crowding=1.2 + seed)
    table = problem.tables[0]
    combinations = sorted(
        itertools.product(table.bits, repeat=3),
        key=lambda it: (problem.weight * table.distortion[0, np.array(it) - 1]).sum(),
    )
    best = np.inf
    for bits in combinations:
        load = convex_optimum(problem, np.zeros(3, dtype=int), np.array(bits), "load")
        if load <= 1 - RESERVE:
            best = float((problem.weight * table.distortion[0, np.array(bits) - 1]).sum())
            break
    for allocator in (Exhaustive(), Joint()):
        design = allocator.allocate(problem)
        refuse_impossible(problem, design)
        cost = evaluate(problem, design)
        assert (cost.delay_ok & cost.energy_ok)[design.feasible].all()
        assert design.feasible.all() == np.isfinite(best)
        if np.isfinite(best):
            assert (problem.weight * cost.distortion).sum() == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("convention", CURVED)
@pytest.mark.parametrize("seed", range(1, 3))
def test_energy_of_the_settled_designs_against_a_convex_program(seed, convention):
    problem = problem_of(100 + seed, 4, convention, most_bits=8, crowding=1.2)
    design = Joint({"exact_up_to": 0}).allocate(problem)
    assert design.feasible.all()
    energy = evaluate(problem, design).energy_j.sum()
    least = convex_optimum(problem, design.cut, design.weight_bits, "energy", 1 - RESERVE)
    assert energy == pytest.approx(
        least, rel=1e-5
    )  # the search of the clock, and the solver's own accuracy
