"""Problems: what is left of the budget, and picking agents."""

from __future__ import annotations

import numpy as np
import pytest

import simran.allocation
from simran.allocation.samples import sample_problem
from simran.allocation.simple import clock_set, cut_table, single_agent


def test_planning_budget():
    waits = {"agent_wait_s": 0.1, "uplink_wait_s": 0.2, "server_wait_s": 0.3, "decision_s": 0.4}
    problem = single_agent(1e9, 1e9, 5.0, 1.0, headroom=0.2, **waits)
    assert problem.planning_budget_s[0] == pytest.approx(5.0 * 0.8 - 0.4 - 0.2 - 0.3)


def test_select_agents_takes_rows_in_order():
    problem = sample_problem(np.random.default_rng(1), 6, stepped=True)
    part = problem.select_agents(np.array([4, 1]))
    assert part.agents == ("agent/4", "agent/1")
    assert part.on_violation == (problem.on_violation[4], problem.on_violation[1])
    np.testing.assert_array_equal(part.rate_bps, problem.rate_bps[[4, 1]])
    np.testing.assert_array_equal(part.agent_clock.table_hz, problem.agent_clock.table_hz[[4, 1]])
    assert part.tables is problem.tables


def test_clock_set_repeats_one_table_for_all():
    clock = clock_set(3, table_hz=[1e9, 2e9], table_w=[1.0, 2.0])
    assert clock.table_hz.shape == clock.table_w.shape == (3, 2)
    assert clock_set(3).table_hz.shape == (3, 0)


def test_unknown_columns_are_refused():
    with pytest.raises(TypeError, match="nonsense"):
        cut_table(agent_flops=1.0, nonsense=1.0)
    with pytest.raises(TypeError, match="nonsense"):
        single_agent(1.0, 1.0, 1.0, 1.0, nonsense=1.0)
    with pytest.raises(TypeError, match="nonsense"):
        clock_set(1, nonsense=1.0)


def test_public_names_are_sorted_and_exist():
    names = simran.allocation.__all__
    assert names == sorted(names)
    assert all(hasattr(simran.allocation, name) for name in names)
