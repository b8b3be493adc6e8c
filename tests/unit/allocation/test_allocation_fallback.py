"""What is done where nothing is feasible."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simran.allocation import evaluate, refuse_impossible
from simran.allocation.baselines import FixedBits, FullPrecision, MaxFrequency
from simran.allocation.exact import Exact
from simran.allocation.simple import cut_table, single_agent

N = 1024e9  # FLOP at 32 bits: 1 Gcycle per bit on the agent, 8 Gcycle in all on the server


def table(**columns):
    given = {
        "placement": ("co-inference", "co-inference", "on-device", "on-server"),
        "split": ("early", "late", "end", ""),
        "allowed": [True, True, False, False],
        "agent_flops": [N / 4, N / 2, N, 0.0],
        "server_flops": [N * 3 / 4, N / 2, 0.0, N],
        "uplink_bits": [4e6, 1e6, 0.0, 8e6],
        "agent_weight_bytes_per_bit": [1e8, 2e8, 4e8, 0.0],
        "bits": [2, 4, 8],
    }
    return cut_table(**(given | columns))


def solve(allocator=None, policy="degrade", delay_s=0.5, energy_j=100.0, **columns):
    given = {"table": table(), "rate_bps": 1e6, "on_violation": policy}
    problem = single_agent(N, N, delay_s, energy_j, **(given | columns))
    design = (allocator or Exact()).allocate(problem)
    refuse_impossible(problem, design)
    return problem, design


def test_degrade_takes_fewest_bits_and_full_clocks_under_the_fastest_cut():
    _, design = solve()
    assert not design.feasible[0]
    assert design.fallback == ("degrade",)
    assert design.cut[0] == 1  # sends 3 s less, which outweighs 0.25 s on the agent
    assert design.weight_bits[0] == 2
    assert design.agent_frequency_hz[0] == 2e9
    assert design.server_frequency_hz[0] == 10e9


def test_degrade_compares_cuts_at_the_fewest_bits():
    # early/late take 2.35/1.90 s at 2 bits, but 3.10/3.40 s at 8
    close = table(uplink_bits=[1.5e6, 1e6, 0.0, 8e6])
    problem, design = solve(table=close)
    assert design.cut[0] == 1
    assert evaluate(problem, design).delay_s[0] == pytest.approx(1.9)


def test_degrade_takes_a_cut_that_fits():
    _, design = solve(agent_memory_bytes=3e8)
    assert design.cut[0] == 0


def test_drop_refuses():
    problem, design = solve(policy="drop")
    assert design.cut[0] == -1
    assert design.fallback == ("drop",)
    assert design.weight_bits[0] == 0
    assert math.isnan(design.agent_frequency_hz[0])
    assert not evaluate(problem, design).delay_ok[0]


def test_on_device_at_its_best_within_the_budgets():
    # co-inference needs more than 1 s to send; alone the agent has 1 Gcycle per bit
    problem, design = solve(policy="fallback-on-device", delay_s=2.0 + 1e-6, rate_bps=1e4)
    assert not design.feasible[0]
    assert design.fallback == ("fallback-on-device",)
    assert design.cut[0] == 2
    assert design.weight_bits[0] == 4
    cost = evaluate(problem, design)
    assert cost.delay_ok[0]
    assert cost.energy_ok[0]


def test_on_device_at_fewest_bits_and_full_clock_otherwise():
    _, design = solve(policy="fallback-on-device")
    assert design.cut[0] == 2
    assert design.weight_bits[0] == 2
    assert design.agent_frequency_hz[0] == 2e9
    assert math.isnan(design.server_frequency_hz[0])


@pytest.mark.parametrize("policy", ["degrade", "drop", "fallback-on-device"])
def test_failed_where_nothing_fits(policy):
    _, design = solve(policy=policy, agent_memory_bytes=1.0)
    assert design.cut[0] == -1
    assert design.fallback == ("failed",)
    assert design.binding == ("memory",)


def test_on_device_is_still_tried_where_the_server_is_too_small():
    big = table(server_weight_bytes=[2.0, 2.0, 0.0, 2.0])
    _, design = solve(policy="fallback-on-device", table=big, server_memory_bytes=1.0)
    assert design.binding == ("memory",)
    assert design.fallback == ("fallback-on-device",)
    assert design.cut[0] == 2


def test_feasible_agents_have_no_fallback():
    _, design = solve(delay_s=100.0)
    assert design.feasible[0]
    assert design.fallback == ("",)


def test_given_bits_are_kept_over_budget():
    problem, design = solve(FixedBits({"bits": 8}), delay_s=5.0, energy_j=0.01)
    assert not design.feasible[0]
    assert design.weight_bits[0] == 8
    cost = evaluate(problem, design)
    assert cost.delay_s[0] == pytest.approx(5.0)  # least energy within the delay budget
    assert not cost.energy_ok[0]


def test_given_bits_at_full_clocks_where_too_slow():
    _, design = solve(FixedBits({"bits": 8}))
    assert design.weight_bits[0] == 8
    assert design.agent_frequency_hz[0] == 2e9
    _, design = solve(FullPrecision())
    assert design.weight_bits[0] == 32
    assert design.agent_frequency_hz[0] == 2e9


def test_given_bits_on_device():
    _, design = solve(FixedBits({"bits": 8}), policy="fallback-on-device")
    assert design.cut[0] == 2
    assert design.weight_bits[0] == 8


def test_full_clocks_of_the_allocator_hold_when_degraded():
    _, design = solve(MaxFrequency())
    assert design.weight_bits[0] == 2
    assert np.isclose(design.agent_frequency_hz[0], 2e9)
