"""Joint, greedy and exhaustive on worlds small enough to reason about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contended import alike

import simran
from simran.allocation import check_allocator, evaluate, refuse_impossible
from simran.allocation.exact import Exact
from simran.allocation.exhaustive import Exhaustive
from simran.allocation.greedy import Greedy
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem, sample_problem
from simran.allocation.simple import clock_set, cut_table, many_agents
from simran.errors import InputError

EVERY = pytest.mark.parametrize("cls", [Joint, Greedy, Exhaustive])
RNG = np.random.default_rng


@EVERY
def test_alike_agents_share_alike(cls):
    design = cls().allocate(alike(4))
    assert design.feasible.all()
    assert len(set(design.weight_bits.tolist())) <= 2
    same = design.weight_bits == design.weight_bits[0]
    np.testing.assert_allclose(design.bandwidth_share[same], design.bandwidth_share[0])
    assert np.sum(design.bandwidth_share) == pytest.approx(1.0, abs=2e-6)
    assert len(set(design.server_frequency_hz.tolist())) == 1


@EVERY
def test_weight_decides_who_gets_more(cls):
    weight = np.array([1.0, 1.0, 50.0])
    design = cls().allocate(alike(3, weight=weight, rate_bps=2e7, delay_budget_s=2.0))
    assert design.weight_bits[2] > design.weight_bits[:2].max()


@EVERY
def test_where_nothing_is_shared_designs_are_those_of_exact(cls):
    problem = sample_problem(RNG(3), 12)
    one, other = cls().allocate(problem), Exact().allocate(problem)
    for name in ("cut", "weight_bits", "agent_frequency_hz", "server_frequency_hz", "feasible"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert np.isnan(one.bandwidth_share).all()
    assert one.fallback == other.fallback


@EVERY
def test_a_part_of_the_agents_gets_equal_shares(cls):
    whole = alike(4)
    part = whole.select_agents(np.array([1]))
    design = cls().allocate(part)
    assert np.isnan(design.bandwidth_share[0])
    share = evaluate(part, design, assumed_share=0.25)
    assert bool(share.delay_ok[0])
    assert bool(share.energy_ok[0])


@EVERY
def test_shared_cell_alone(cls):
    problem = alike(3, server_discipline=("fifo",), rate_bps=8e6)
    design = cls().allocate(problem)
    refuse_impossible(problem, design)
    assert np.isnan(design.server_share).all()
    cost = evaluate(problem, design)
    assert (cost.delay_ok & cost.energy_ok)[design.feasible].all()
    assert design.feasible.all()


@EVERY
def test_shared_server_alone(cls):
    problem = alike(3, cell_scheduler=("equal-share",))
    design = cls().allocate(problem)
    refuse_impossible(problem, design)
    assert np.isnan(design.bandwidth_share).all()
    assert design.feasible.all()
    assert (evaluate(problem, design).delay_ok).all()


@EVERY
def test_slices_with_a_clock_of_their_own_get_what_they_need(cls):
    problem = alike(3, server_partition=("clock",), delay_budget_s=np.array([3.0, 3.0, 1.5]))
    design = cls().allocate(problem)
    refuse_impossible(problem, design)
    assert design.feasible.all()
    assert np.sum(design.server_share) == pytest.approx(1.0, abs=2e-6)
    assert design.server_share[2] > 1.3 * design.server_share[0]  # in half of the time
    ceiling = design.server_share * 10e9
    assert (design.server_frequency_hz <= ceiling * (1 + 1e-9)).all()
    equal = Exact().allocate(problem)  # which leaves slices and airtime equal
    shares = replace(equal, bandwidth_share=np.full(3, 1 / 3), server_share=np.full(3, 1 / 3))
    cost = evaluate(problem, shares)
    assert not (cost.delay_ok & cost.energy_ok).all()


@EVERY
def test_on_device_agents_take_nothing_from_the_others(cls):
    table = cut_table(
        agent_flops=[400e9, 20e9],
        server_flops=[200e9, 0.0],
        uplink_bits=[4e6, 0.0],
        placement=("co-inference", "on-device"),
        distortion=np.array([[0.5], [1e-4]]) * np.ones(16),
    )
    server = clock_set(2, f_max_hz=10e9, flops_per_cycle=400.0, dynamic=2e-30)
    problem = replace(alike(2), tables=(table,), server_clock=server)
    design = cls().allocate(problem)
    assert design.cut.tolist() == [1, 1]
    assert design.feasible.all()
    refuse_impossible(problem, design)


def test_too_many_agents_are_turned_away_by_load_per_weight():
    weight = np.array([1.0, 1.0, 3.0, 1.0])
    problem = alike(4, rate_bps=3.5e6, weight=weight, delay_budget_s=2.5)
    for cls in (Joint, Greedy, Exhaustive):
        design = cls().allocate(problem)
        assert 0 < design.feasible.sum() < 4
        assert design.feasible[2]
        refuse_impossible(problem, design)
        first = int(np.argmin(design.feasible))
        assert design.fallback[first] == "degrade"
        assert "cannot serve all" in cls().explain(problem, design, first)


def test_turned_away_agents_may_be_dropped():
    problem = alike(4, rate_bps=3.5e6, delay_budget_s=2.5, on_violation="drop")
    design = Joint().allocate(problem)
    assert (design.cut[~design.feasible] == -1).all()
    assert (~design.feasible).any()
    assert np.isnan(design.bandwidth_share[~design.feasible]).all()


@EVERY
def test_quality_floors_hold(cls):
    table = alike(2).tables[0]
    quality = 1.0 - 2.0 ** (1.0 - table.bits)
    floored = replace(table, quality=quality[None, :], reference_quality=np.ones(1))
    problem = replace(alike(2), tables=(floored,), quality_floor=np.array([0.9, -np.inf]))
    design = cls().allocate(problem)
    assert design.feasible.all()
    assert quality[design.weight_bits[0] - 1] >= 0.9


@EVERY
def test_an_agent_without_a_delay_budget_is_served_too(cls):
    problem = alike(3, delay_budget_s=np.array([np.inf, 3.0, 3.0]))
    design = cls().allocate(problem)
    assert design.feasible.all()
    assert design.weight_bits[0] == 8
    assert design.bandwidth_share[0] > 0.02


@EVERY
def test_speed_where_it_is_wanted(cls):
    slow, fast = alike(3), alike(3, select="min-delay")
    one, other = cls().allocate(slow), cls().allocate(fast)
    np.testing.assert_array_equal(np.sort(one.weight_bits), np.sort(other.weight_bits))
    assert evaluate(fast, other).delay_s.max() <= evaluate(slow, one).delay_s.max() * (1 + 1e-9)
    assert evaluate(fast, other).energy_ok.all()


@pytest.mark.parametrize("cls", [Joint, Greedy])
def test_several_cells_at_one_server_and_several_servers_at_one_cell(cls):
    for places in (
        {
            "cell_index": np.array([0, 0, 1, 1]),
            "cell_scheduler": ("allocated",) * 2,
            "cell_sharing": ("time",) * 2,
        },
        {
            "server_index": np.array([0, 1, 0, 1]),
            "server_discipline": ("allocated",) * 2,
            "server_partition": ("space",) * 2,
        },
    ):
        problem = alike(4, **places)
        design = cls().allocate(problem)
        refuse_impossible(problem, design)
        cost = evaluate(problem, design)
        assert design.feasible.all()
        assert (cost.delay_ok & cost.energy_ok).all()


def test_exhaustive_refuses_what_it_cannot_finish():
    with pytest.raises(InputError, match="at most 6 agents"):
        Exhaustive().allocate(alike(7))
    two = {
        "server_index": np.array([0, 1]),
        "server_discipline": ("allocated",) * 2,
        "server_partition": ("space",) * 2,
    }
    with pytest.raises(InputError, match="2 servers"):
        Exhaustive().allocate(alike(2, **two))


def test_max_min_evens_out_what_the_sum_does_not():
    problem = contended_problem(RNG(4), 12, most_bits=12, crowding=2.0)
    even, total = Joint({"objective": "max-min"}), Joint()
    one, other = even.allocate(problem), total.allocate(problem)
    assert one.feasible.all()
    assert other.feasible.all()
    fair = problem.weight * evaluate(problem, one).distortion
    free = problem.weight * evaluate(problem, other).distortion
    assert fair.max() < free.max()
    assert free.sum() < fair.sum()


@pytest.mark.parametrize("options", [{"objective": "fairest"}, {"exact_up_to": 7}])
def test_options_that_are_none(options):
    with pytest.raises(InputError, match=next(iter(options))):
        Joint(options)


@EVERY
def test_conformance(cls):
    assert [check for check in check_allocator(cls) if not check.passed] == []


@EVERY
def test_where_nobody_can_be_served_all_do_as_well_as_may_be(cls):
    problem = alike(3, delay_budget_s=0.01)
    design = cls().allocate(problem)
    refuse_impossible(problem, design)
    assert not design.feasible.any()
    np.testing.assert_allclose(design.bandwidth_share, 1 / 3)
    assert design.weight_bits.tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ["joint", "greedy", "exhaustive"])
def test_clocks_between_which_a_stepped_agent_is_too_slow_cost_no_design(name):
    blocks = [
        {"name": "a", "flops": 120e9, "parameters": 0.4e9, "output": "350 KiB"},
        {"name": "b", "flops": 200e9, "parameters": 0.4e9, "output": "100 KiB"},
        {"name": "c", "flops": 200e9, "parameters": 0.2e9, "output": "64 B"},
    ]
    model = {"parameters": 1e9, "bits": {"min": 2, "max": 12}, "input": "1 MiB", "split": "auto"}
    common = {"device": "robot", "model": "m", "arrivals": {"rate": 0.01}}
    slow = {"delay": 2.0130938097711972, "energy": 0.5653924303967472}
    fast = {"delay": 0.7049293003062665, "energy": 1.3455044297275036}
    cell = {"channel": {"rate": 27738539.36587947}, "uplink_scheduler": "allocated"}
    agents = {
        "slow": {"weight": 2.764, "transmit": {"power": 1.8395755}, "budget": slow},
        "fast": {"weight": 2.825, "transmit": {"power": 2.456768}, "budget": fast},
    }
    document = {
        "simran": 1,
        "name": "steps",
        "duration": 100,
        "models": {
            "m": model | {"weights": {"law": "exponential", "rate": 40.0}, "blocks": blocks}
        },
        "devices": {
            "robot": {"profile": "paper-agent", "frequencies": [0.6e9, 1e9, 1.5e9, 2e9]},
            "edge": {"profile": "paper-server"},
        },
        "network": {
            "cells": {"g": cell},
            "servers": {"e": {"device": "edge", "discipline": "allocated"}},
            "links": [{"between": ["g", "e"], "rate": "10 Gbit/s", "delay": "0.2 ms"}],
        },
        "agents": {name: common | own for name, own in agents.items()},
        "allocator": {"name": name},
    }
    designs = simran.solve(simran.load(document))["agents"]
    assert [it["feasible"] for it in designs] == [True, True]


@EVERY
def test_a_clock_that_is_searched_is_never_above_the_highest(cls):
    loose = {"delay_budget_s": 10.0, "energy_budget_j": 20.0, "select": "min-delay"}
    design = cls().allocate(alike(3, bandwidth_hz=5e6, rate_bps=2e7, **loose))
    assert (design.server_frequency_hz <= 10e9).all()


@EVERY
def test_slices_with_stepped_clocks_fill_a_server_to_the_last_hertz(cls):
    table = cut_table(agent_flops=400e9, server_flops=200e9, uplink_bits=4e6, bits=np.arange(1, 9))
    steps = np.array([1e9, 5e9, 10e9])
    server = clock_set(
        2, f_max_hz=10e9, flops_per_cycle=40.0, table_hz=steps, table_w=2e-30 * steps**3
    )
    design = cls().allocate(
        many_agents(
            table,
            clock_set(2),
            server,
            rate_bps=5e7,
            delay_budget_s=3.0,
            energy_budget_j=3.0,
            cell_scheduler=("allocated",),
            server_discipline=("allocated",),
            server_partition=("clock",),
        )
    )
    assert design.feasible.all()
    np.testing.assert_array_equal(design.server_frequency_hz, 5e9)
    assert design.server_share.sum() <= 1.0
