"""What holds of joint designs whose energy depends on their shares, whatever the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contended import CONVENTIONS, solved
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.allocation.bounding import lower_bound
from simran.allocation.exhaustive import Exhaustive
from simran.allocation.greedy import Greedy
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned

CURVED = [it for it in CONVENTIONS if it != ("time", "space")]
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=2, deadline=None)
EACH = pytest.mark.parametrize("convention", CURVED, ids="-".join)
BOTH = pytest.mark.parametrize("convention", [("frequency", "clock")], ids="-".join)


def sample(seed, count, convention, **columns):
    return contended_problem(
        np.random.default_rng(seed),
        count,
        cell_sharing=(convention[0],),
        server_partition=(convention[1],),
        **columns,
    )


def value(problem, design, cost):
    return float((problem.weight * cost.distortion)[design.feasible].sum())


@EACH
@pytest.mark.parametrize(
    "allocator", [Joint({"exact_up_to": 0}), Greedy()], ids=["joint", "greedy"]
)
@FEW
@given(SEEDS, st.integers(1, 5), st.booleans(), st.floats(0.5, 8.0), st.integers(1, 2))
def test_never_infeasible(convention, allocator, seed, count, stepped, crowding, cuts):
    columns = {"most_bits": 6, "stepped": stepped, "crowding": crowding, "cuts": cuts}
    problem = sample(seed, count, convention, **columns)
    design, _ = solved(allocator, problem)
    for feasible, fallback in zip(design.feasible, design.fallback, strict=True):
        assert feasible == (fallback == "")


@EACH
@FEW
@given(SEEDS, st.integers(1, 3), st.booleans(), st.floats(0.7, 4.0), st.booleans())
def test_joint_reaches_the_exhaustive_objective(convention, seed, count, stepped, crowding, fair):
    options = {"objective": "max-min" if fair else "weighted-sum"}
    columns = {"most_bits": 5, "stepped": stepped, "crowding": crowding}
    problem = sample(seed, count, convention, **columns)
    one, cost = solved(Joint(options), problem)
    best, least = solved(Exhaustive(options), problem)
    np.testing.assert_array_equal(one.feasible, best.feasible)
    assert value(problem, one, cost) == pytest.approx(value(problem, best, least), rel=1e-9)


@BOTH
@FEW
@given(SEEDS, st.integers(2, 5), st.floats(0.5, 6.0))
def test_order_of_agents_does_not_matter(convention, seed, count, crowding):
    problem = sample(seed, count, convention, crowding=crowding, most_bits=5)
    order = np.random.default_rng(seed).permutation(count)
    one = Greedy().allocate(problem)
    other = Greedy().allocate(problem.select_agents(order))
    for name in ("cut", "weight_bits", "feasible", "server_frequency_hz", "server_share"):
        np.testing.assert_array_equal(getattr(one, name)[order], getattr(other, name))


@BOTH
@FEW
@given(SEEDS, st.integers(1, 3), st.floats(1.0, 2.0), st.floats(1.0, 2.0))
def test_more_of_either_budget_is_never_worse(convention, seed, count, time, energy):
    problem = sample(seed, count, convention, most_bits=5, crowding=2.0)
    richer = replace(
        problem,
        delay_budget_s=problem.delay_budget_s * time,
        energy_budget_j=problem.energy_budget_j * energy,
    )
    tight, cost = solved(Exhaustive(), problem)
    loose, gain = solved(Exhaustive(), richer)
    served = problem.weight[loose.feasible].sum() - problem.weight[tight.feasible].sum()
    assert served >= -1e-9
    if tight.feasible.all():
        assert value(richer, loose, gain) <= value(problem, tight, cost) * (1 + 1e-9)


@pytest.mark.parametrize("sharing", ["time", "frequency"])
@FEW
@given(SEEDS, st.integers(1, 3), st.floats(0.7, 4.0))
def test_clocks_of_their_own_are_never_worse_than_cores(sharing, seed, count, crowding):
    # φ of the cores at f̃ takes as long as all cores at φ f̃, and draws more
    found = {}
    for partition in ("space", "clock"):
        problem = sample(seed, count, (sharing, partition), most_bits=5, crowding=crowding)
        design, cost = solved(Exhaustive(), problem)
        found[partition] = problem.weight[design.feasible].sum(), value(problem, design, cost)
    assert found["clock"][0] >= found["space"][0] - 1e-9
    if found["clock"][0] == found["space"][0]:
        assert found["clock"][1] <= found["space"][1] * (1 + 1e-9)


@BOTH
@FEW
@given(SEEDS, st.integers(2, 8))
def test_no_design_beats_the_lagrangian_bound(convention, seed, count):
    problem = sample(seed, count, convention, most_bits=6)
    design, cost = solved(Greedy(), problem)
    if design.feasible.all():
        group = contentions(problem, owned(problem), 1.0)[0]
        bound = lower_bound(group, design.feasible, parts=6)
        assert bound <= value(problem, design, cost) * (1 + 1e-9)


@FEW
@given(SEEDS, st.integers(1, 2), st.floats(0.7, 3.0))
def test_a_very_narrow_band_is_like_shares_of_time(seed, count, crowding):
    # R(β) tends to β r where r/W is large; without power for sending nothing else differs
    plain = sample(seed, count, ("time", "space"), most_bits=5, crowding=crowding, transmit_w=0.0)
    narrow = replace(
        plain,
        cell_sharing=("frequency",),
        bandwidth_hz=plain.rate_bps / 1e6,
    )
    one, _ = solved(Exhaustive(), plain)
    other, _ = solved(Exhaustive(), narrow)
    for name in ("cut", "weight_bits", "feasible"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
