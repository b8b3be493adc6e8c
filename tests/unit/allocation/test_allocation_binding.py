"""What stops a better design, one case for each word."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simran.allocation.baselines import FixedFrequency, OnServer
from simran.allocation.evaluate import evaluate
from simran.allocation.exact import Exact
from simran.allocation.simple import clock_set, cut_table, single_agent

N = 1024e9  # FLOP at 32 bits: 1 Gcycle per bit


def binding(delay_s, energy_j, allocator=None, **columns):
    problem = single_agent(N, 0.0, delay_s, energy_j, **columns)
    design = (allocator or Exact()).allocate(problem)
    return int(design.weight_bits[0]), design.binding[0], bool(design.feasible[0])


def test_bits():
    assert binding(100.0, 100.0) == (16, "bits", True)


def test_delay():
    assert binding(2.3, 100.0) == (4, "delay", True)  # b = 5 takes 2.5 s at full clock


def test_both_budgets_together():
    # b = 3 in 2 s needs 1.5 GHz and 0.675 J; b = 4 needs 2 GHz and 1.6 J
    assert binding(2.0, 1.0) == (3, "delay+energy", True)


def test_delay_alone_though_energy_is_used_to_the_last_joule():
    problem = single_agent(N, 0.0, 2.3, 1.5, select="min-delay")
    design = Exact().allocate(problem)
    used_j = evaluate(problem, design).energy_j[0]
    assert used_j == pytest.approx(1.5, rel=1e-12)  # at the fastest clock that it pays for
    assert (design.weight_bits[0], design.binding[0]) == (4, "delay")
    assert binding(2.3, 150.0)[0] == 4  # more energy alone buys no bit
    assert binding(3.5, 1.5)[0] == 5  # more time alone does


def test_either_budget_alone_would_do_where_both_are_named():
    assert binding(2.0, 1.0)[:2] == (3, "delay+energy")
    assert binding(2.0, 1.6)[0] == 4
    assert binding(2.6, 1.0)[0] == 4


def test_energy():
    step = clock_set(1, table_hz=[2e9], table_w=[1.0])  # 0.5 J per bit at the only step
    assert binding(100.0, 1.6, agent_clock=step) == (3, "energy", True)


def test_memory():
    table = cut_table(agent_flops=N, agent_weight_bytes_per_bit=1e8)
    got = binding(100.0, 100.0, table=table, agent_memory_bytes=6.5e8)
    assert got == (6, "memory", True)


def test_none_where_more_bits_do_not_help():
    table = cut_table(agent_flops=N, distortion=np.maximum(2.0 ** -np.arange(1.0, 17.0), 0.1))
    assert binding(100.0, 100.0, table=table) == (4, "none", True)


def test_none_where_nothing_runs_on_the_agent():
    table = cut_table(placement=("on-server",), agent_flops=[0.0], server_flops=[N])
    assert binding(100.0, 100.0, OnServer(), table=table) == (0, "none", True)


def test_none_at_the_reference_bits():
    table = cut_table(agent_flops=N, bits=[8, 32])
    assert binding(100.0, 100.0, table=table) == (32, "none", True)


@pytest.mark.parametrize(
    ("delay_s", "energy_j", "columns", "word"),
    [
        (0.4, 100.0, {}, "delay"),  # b = 1 takes 0.5 s at full clock
        (0.5, 0.3, {}, "delay+energy"),  # and 0.4 J
        (100.0, 0.4, {"agent_clock": clock_set(1, table_hz=[2e9], table_w=[1.0])}, "energy"),
        (0.4, 0.4, {"agent_clock": clock_set(1, table_hz=[2e9], table_w=[1.0])}, "delay+energy"),
    ],
)
def test_infeasible(delay_s, energy_j, columns, word):
    assert binding(delay_s, energy_j, **columns) == (1, word, False)


def test_transmission_alone_can_break_the_energy_budget():
    table = cut_table(agent_flops=N, server_flops=0.0, uplink_bits=1e6)
    sent = {"table": table, "rate_bps": 1e6, "transmit_w": 2.0}
    assert binding(100.0, 1.9, **sent) == (1, "energy", False)
    # computing costs more than nothing, so a budget that is spent on sending is too small
    assert binding(100.0, 2.0, **sent) == (1, "energy", False)
    assert binding(100.0, 2.1, **sent)[2]


def test_energy_budget_spent_on_sending_is_too_small_whatever_the_time():
    table = cut_table(agent_flops=N, server_flops=0.0, uplink_bits=1e6)
    sent = {"table": table, "rate_bps": 1e6, "transmit_w": 2.0}
    assert binding(math.inf, 2.0, **sent) == (1, "energy", False)


def test_infeasible_for_memory():
    table = cut_table(agent_flops=N, agent_weight_bytes_per_bit=1e8)
    got = binding(100.0, 100.0, table=table, agent_memory_bytes=0.5e8)
    assert got == (0, "memory", False)
    table = cut_table(agent_flops=N, server_flops=N, server_weight_bytes=2.0)
    assert binding(9.0, 9.0, table=table, server_memory_bytes=1.0) == (0, "memory", False)


def test_given_clocks_are_what_binds():
    slow = FixedFrequency({"agent_frequency": "1 GHz"})
    assert binding(2.3, 100.0, slow) == (2, "delay", True)
    assert binding(2.3, 0.15, slow) == (1, "energy", True)  # 0.1 J per bit at 1 GHz
