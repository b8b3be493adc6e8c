"""What is physically impossible is refused, by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simran.allocation import Allocation, Allocator, check_allocator, evaluate, refuse_impossible
from simran.allocation.exact import Exact
from simran.allocation.simple import clock_set, cut_table, many_agents
from simran.errors import AllocationError

TABLE = cut_table(
    placement=("co-inference", "co-inference", "on-device", "on-server"),
    split=("a", "b", "c", ""),
    allowed=[True, False, False, False],
    agent_flops=[1e9, 2e9, 3e9, 0.0],
    server_flops=[2e9, 1e9, 0.0, 3e9],
    bits=[4, 8],
)
STEPS = {"table_hz": [1e9, 2e9], "table_w": [1.0, 2.0]}


def problem(agent=None, **columns):
    budgets = {"delay_budget_s": 10.0, "energy_budget_j": 10.0}
    clock = agent or clock_set(2)
    return many_agents(TABLE, clock, clock_set(2, f_max_hz=10e9), **(budgets | columns))


def good(**columns):
    return replace(Exact().allocate(problem()), **columns)


def pair(first, second, dtype=float):
    return np.array([first, second], dtype=dtype)


NAN = np.nan


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"cut": pair(0, 4, int)}, "'agent/1'.*cut 4 is not listed"),
        ({"cut": pair(-2, 0, int)}, "'agent/0'.*cut -2 is not listed"),
        ({"cut": pair(0, 1, int)}, "'agent/1'.*cut 1 is not allowed"),
        ({"cut": pair(2, 0, int)}, "'agent/0'.*cut 2 is not allowed"),
        ({"cut": pair(0.0, 0.0)}, "cut is not of integers"),
        ({"weight_bits": pair(8, 5, int)}, "'agent/1'.*weight bits 5"),
        ({"weight_bits": pair(0, 8, int)}, "'agent/0'.*weight bits 0"),
        ({"agent_frequency_hz": pair(1e9, 2.1e9)}, "'agent/1'.*agent clock 2.1e"),
        ({"agent_frequency_hz": pair(0.0, 1e9)}, "'agent/0'.*agent clock 0 Hz"),
        ({"agent_frequency_hz": pair(NAN, 1e9)}, "'agent/0'.*agent clock nan"),
        ({"server_frequency_hz": pair(1e9, 1e11)}, "'agent/1'.*server clock 1e.11"),
        ({"server_frequency_hz": pair(-1.0, 1e9)}, "'agent/0'.*server clock -1"),
        ({"bandwidth_share": pair(0.6, 0.5)}, "bandwidth_share in its cell adds up to 1.1"),
        ({"server_share": pair(0.6, 0.5)}, "server_share in its server adds up to 1.1"),
        ({"bandwidth_share": pair(0.0, NAN)}, "'agent/0'.*bandwidth_share 0"),
        ({"server_share": pair(NAN, 1.5)}, "'agent/1'.*server_share 1.5"),
        ({"server_share": pair(-0.5, 0.5)}, "'agent/0'.*server_share -0.5"),
        ({"weight_bits": np.array([8])}, "weight_bits has shape"),
        ({"binding": ("none",)}, "binding has 1 entries"),
    ],
)
def test_refused(columns, message):
    with pytest.raises(AllocationError, match=message):
        refuse_impossible(problem(), good(**columns))


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"cut": pair(-1, 0, int)},
        {"fallback": ()},
        {"bandwidth_share": pair(0.5, 0.5), "server_share": pair(1.0, NAN)},
        {"weight_bits": pair(32, 4, int)},
        {"agent_frequency_hz": pair(1.0, 2e9)},
        {"cut": pair(2, 0, int), "fallback": ("fallback-on-device", "")},
        {"cut": pair(2, 2, int), "allocator": "on-device"},
        {"cut": pair(3, 3, int), "allocator": "on-server", "weight_bits": pair(0, 0, int)},
    ],
)
def test_legal(columns):
    refuse_impossible(problem(), good(**columns))


def test_refused_agents_need_no_shares():
    shares = {"server_share": pair(9.0, 0.5), "bandwidth_share": pair(-1.0, 1.0)}
    refuse_impossible(problem(), good(cut=pair(-1, 0, int), **shares))


def test_over_budget_is_legal():
    late = problem(delay_budget_s=1e-6)
    design = Exact().allocate(late)
    refuse_impossible(late, design)
    assert not evaluate(late, design).delay_ok.any()


def test_clock_between_steps_is_refused():
    stepped = problem(agent=clock_set(2, **STEPS))
    refuse_impossible(stepped, good(agent_frequency_hz=pair(1e9, 2e9)))
    with pytest.raises(AllocationError, match=r"agent clock 1\.5e.09 Hz is not a step"):
        refuse_impossible(stepped, good(agent_frequency_hz=pair(1e9, 1.5e9)))


def test_shares_of_different_stations_do_not_add_up():
    two = problem(
        cell_index=np.array([0, 1]),
        cell_scheduler=("allocated",) * 2,
        cell_sharing=("time",) * 2,
    )
    refuse_impossible(two, good(bandwidth_share=pair(1.0, 1.0)))


def test_slice_by_clock_is_bound_by_its_share():
    sliced = problem(server_discipline=("allocated",), server_partition=("clock",))
    clocks = {"server_frequency_hz": pair(4e9, 5e9)}
    refuse_impossible(sliced, good(server_share=pair(0.5, 0.5), **clocks))
    with pytest.raises(AllocationError, match=r"'agent/0'.*above its share"):
        refuse_impossible(sliced, good(server_share=pair(0.3, 0.5), **clocks))


class _Broken(Allocator):
    """Claims to be feasible at the lowest clock, changes its input and takes any option."""

    name = "broken"

    def __init__(self, options=None, rng=None):
        super().__init__({}, rng)

    def allocate(self, problem):
        design = Exact().allocate(problem)
        problem.weight[0] += 1.0
        clocks = np.where(np.isnan(design.agent_frequency_hz), np.nan, 1e3 + problem.weight[0])
        return replace(design, agent_frequency_hz=clocks, feasible=np.ones(len(clocks), dtype=bool))


class _Raises(Allocator):
    name = "raises"

    def allocate(self, problem) -> Allocation:
        raise RuntimeError("no")


def test_check_finds_what_is_wrong():
    verdicts = {check.name: check for check in check_allocator(_Broken)}
    assert not any(check.passed for check in verdicts.values() if "order" not in check.name)
    assert "weight" in verdicts["the problem is left unchanged"].detail
    assert "claimed feasible" in verdicts["claims of feasibility hold"].detail


def test_check_survives_an_allocator_that_raises():
    checks = check_allocator(_Raises)
    assert "RuntimeError: no" in checks[0].detail
    assert checks[-1].passed
