"""Waits that follow from the load, and designs that plan with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simran.allocation import ALLOCATORS, check_allocator, evaluate
from simran.allocation.exact import Exact
from simran.allocation.joint import Joint
from simran.allocation.queues import LARGEST_LOAD, expected_waits, offered_loads
from simran.allocation.samples import contended_problem
from simran.allocation.simple import clock_set, cut_table, many_agents
from simran.errors import InputError

BUILT_IN = [
    "exact", "fixed-bits", "full-precision", "greedy", "joint", "max-frequency", "on-server", "sca",
]  # fmt: skip


def crowd(count=8, **columns):
    """Return alike agents whose design alone leaves no room for a queue."""
    table = cut_table(
        placement=("co-inference", "on-server"),
        allowed=[True, False],
        agent_flops=[520e9, 0.0],
        server_flops=[246e9, 766e9],
        uplink_bits=[4e5, 1e6],
    )
    server = clock_set(count, f_max_hz=10e9, flops_per_cycle=128.0, dynamic=2e-30)
    chosen = {
        "rate_bps": 1e8,
        "delay_budget_s": 3.5,
        "energy_budget_j": 2.0,
        "arrival_rate_hz": 0.2,
    }
    return many_agents(table, clock_set(count), server, **(chosen | columns))


def waits_of(problem):
    """Return the expected waits of a plain design, with the services that they follow from."""
    design = Exact().allocate(problem)
    cost = evaluate(problem, design)
    return expected_waits(problem, design), cost


@pytest.mark.parametrize("scv", [0.0, 1.0, 2.5])
def test_fifo_is_pollaczek_and_khinchine(scv):
    problem = crowd(4, size_scv=scv, arrival_rate_hz=np.array([0.1, 0.2, 0.3, 0.05]))
    waits, cost = waits_of(problem)
    rate, service = problem.arrival_rate_hz, cost.server_s
    second = (rate * service**2 * (1 + scv)).sum()
    expected = second / (2 * (1 - (rate * service).sum()))
    np.testing.assert_allclose(waits.server, expected)


def test_offered_loads_are_rate_times_service_of_those_who_share():
    problem = crowd(4, arrival_rate_hz=np.array([0.1, 0.2, 0.3, 0.05]))
    design = Exact().allocate(problem)
    cost = evaluate(problem, design)
    rate = problem.arrival_rate_hz
    loads = offered_loads(problem, design)
    np.testing.assert_allclose(loads.agent, rate * cost.agent_s)
    np.testing.assert_allclose(loads.server, (rate * cost.server_s).sum())
    np.testing.assert_allclose(loads.uplink, (rate * cost.uplink_s).sum())
    two = replace(problem, server_workers=(2,))
    np.testing.assert_allclose(offered_loads(two, design).server, loads.server / 2)
    own = replace(problem, server_discipline=("allocated",))
    np.testing.assert_allclose(offered_loads(own, design).server, 4 * rate * cost.server_s)


def test_processor_sharing_stretches_by_the_load():
    waits, cost = waits_of(crowd(4, server_discipline=("ps",)))
    load = 4 * 0.2 * cost.server_s[0]
    np.testing.assert_allclose(cost.server_s + waits.server, cost.server_s / (1 - load))
    load = 4 * 0.2 * cost.uplink_s[0]
    np.testing.assert_allclose(cost.uplink_s + waits.uplink, cost.uplink_s / (1 - load))


def test_two_workers_are_erlang_c():
    problem = crowd(6, server_workers=(2,), size_scv=1.0)
    waits, cost = waits_of(problem)
    offered = 6 * 0.2 * cost.server_s[0]
    rho = offered / 2
    blocked = offered**2 / (2 * (1 - rho)) / (1 + offered + offered**2 / (2 * (1 - rho)))
    np.testing.assert_allclose(waits.server, blocked * cost.server_s / (2 * (1 - rho)))


def test_the_own_processor_sees_its_own_arrivals():
    for gap, size in ((1.0, 0.0), (1.0, 1.0), (0.09, 0.0), (0.0, 1.0)):
        waits, cost = waits_of(crowd(2, arrival_scv=gap, size_scv=size))
        load = 0.2 * cost.agent_s
        expected = (gap + size) / 2 * load * cost.agent_s / (1 - load)
        np.testing.assert_allclose(waits.agent, expected)


def test_allocated_shares_make_queues_of_ones_own():
    problem = contended_problem(np.random.default_rng(2), 4, arrival_rate_hz=0.1)
    design = Joint().allocate(problem)
    cost = evaluate(problem, design)
    waits = expected_waits(problem, design)
    for service, wait in ((cost.uplink_s, waits.uplink), (cost.server_s, waits.server)):
        load = 0.1 * service
        np.testing.assert_allclose(wait, load * service / (2 * (1 - load)))


def test_a_load_beyond_one_is_reckoned_as_the_largest():
    waits, cost = waits_of(crowd(200))
    stretch = LARGEST_LOAD / (1 - LARGEST_LOAD)
    np.testing.assert_allclose(waits.server, stretch * cost.server_s / 2)


def test_refused_and_idle_agents_bring_no_load():
    problem = crowd(3, arrival_rate_hz=np.array([0.0, 0.0, 0.2]), on_violation="drop")
    waits, cost = waits_of(problem)
    load = 0.2 * cost.server_s[2]
    np.testing.assert_allclose(waits.server, load * cost.server_s[2] / (2 * (1 - load)))
    nothing = replace(problem, delay_budget_s=np.full(3, 1e-6))
    waits, _ = waits_of(nothing)
    assert waits.total.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", ["exact", "sca"])
def test_designs_keep_the_waits_that_they_planned_with(name):
    problem = crowd(12)
    unaware, aware = (
        ALLOCATORS.load(name)({"queue_aware": it}).decide(problem) for it in (False, True)
    )
    asked, design = aware
    assert unaware[0] is problem
    assert design.feasible.all()
    expected = expected_waits(asked, design).total
    planned = asked.agent_wait_s + asked.uplink_wait_s + asked.server_wait_s
    assert (planned > 0).all()
    assert (expected <= planned * 1.01 + 3.5e-3).all()
    late = evaluate(problem, unaware[1]).delay_s + expected_waits(*unaware).total
    assert (late > 3.5).all()
    assert (evaluate(asked, design).delay_s - planned + expected <= 3.5 * 1.01).all()
    assert design.weight_bits.max() <= unaware[1].weight_bits.max()


def test_without_arrivals_nothing_changes():
    problem = crowd(5, arrival_rate_hz=0.0)
    asked, design = Exact({"queue_aware": True}).decide(problem)
    plain = Exact().allocate(problem)
    np.testing.assert_array_equal(design.agent_frequency_hz, plain.agent_frequency_hz)
    assert asked.server_wait_s.tolist() == [0.0] * 5


def test_observed_waits_are_the_least_that_is_planned_with():
    asked, _ = Exact({"queue_aware": True}).decide(crowd(5, server_wait_s=1.0))
    assert (asked.server_wait_s >= 1.0).all()


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_allocator_takes_the_option(name):
    allocator = ALLOCATORS.load(name)({"queue_aware": True})
    _, design = allocator.decide(crowd(3))
    assert len(design.cut) == 3
    with pytest.raises(InputError, match="neither true nor false"):
        ALLOCATORS.load(name)({"queue_aware": "maybe"})


def test_the_option_does_not_break_the_contract():
    assert all(check.passed for check in check_allocator(Exact, {"queue_aware": True}))


@pytest.mark.parametrize("count", [4, 8, 12, 16, 20, 24])
def test_cheap_designs_that_crowd_the_server_give_way_to_fast_ones(count):
    """Least energy means the slowest server, whose queue then costs bits that a faster one saves."""
    problem = crowd(count)
    sums = {}
    for select in ("min-energy", "min-delay"):
        _, design = Exact({"queue_aware": True}).decide(replace(problem, select=select))
        assert design.feasible.all()
        sums[select] = evaluate(problem, design).distortion.sum()
    assert sums["min-energy"] <= sums["min-delay"] * (1 + 1e-9)
