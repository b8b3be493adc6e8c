"""Every term of delay and energy against the formula, written out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simran.allocation import Allocation, evaluate
from simran.allocation.simple import clock_set, cut_table, many_agents


def table(**columns):
    given = {
        "placement": ("on-server", "co-inference", "on-device"),
        "split": ("", "encoder", "decoder"),
        "agent_flops": [0.0, 64e9, 128e9],
        "server_flops": [128e9, 64e9, 0.0],
        "uplink_bits": [8e6, 2e6, 7.0],
        "downlink_bits": [1e3, 1e3, 7.0],
        "bits": [4, 8],
        "distortion": [[0.0, 0.0], [0.3, 0.2], [0.6, 0.4]],
        "quality": [[1.0, 1.0], [0.5, 0.7], [0.4, 0.6]],
        "reference_quality": 1.0,
    }
    return cut_table(**(given | columns))


def problem(count=3, **columns):
    given = {
        "rate_bps": 1e6,
        "transmit_w": 0.5,
        "link_s_per_bit": 1e-9,
        "link_delay_s": 1e-3,
        "agent_wait_s": 0.1,
        "uplink_wait_s": 0.2,
        "server_wait_s": 0.4,
        "decision_s": 0.05,
        "delay_budget_s": 10.0,
        "energy_budget_j": 2.0,
    }
    agent = clock_set(count, pue=1.5)
    server = clock_set(count, f_max_hz=10e9, flops_per_cycle=128.0, dynamic=2e-30, pue=2.0)
    return many_agents(table(), agent, server, **(given | columns))


def design(cut, bits, f, g, **columns):
    count = len(cut)
    given = {
        "allocator": "hand",
        "cut": np.array(cut),
        "weight_bits": np.array(bits),
        "agent_frequency_hz": np.array(f, dtype=float),
        "server_frequency_hz": np.array(g, dtype=float),
        "bandwidth_share": np.full(count, np.nan),
        "server_share": np.full(count, np.nan),
        "feasible": np.ones(count, dtype=bool),
        "binding": ("none",) * count,
        "fallback": ("",) * count,
    }
    return Allocation(**(given | columns))


NAN = math.nan
THREE = design([0, 1, 2], [0, 8, 4], [NAN, 1e9, 2e9], [5e9, 10e9, NAN])


def test_co_inference_terms():
    sizes = {"size": 2.0, "uplink_size": 3.0, "server_size": 4.0}
    got = evaluate(problem(**sizes), THREE)
    assert got.agent_s[1] == pytest.approx(8 / 32 * 64e9 * 2 / (1e9 * 32), rel=1e-15)
    assert got.uplink_s[1] == pytest.approx(2e6 * 3 / 1e6, rel=1e-15)
    assert got.backhaul_s[1] == pytest.approx(1e-9 * 6e6 + 1e-3, rel=1e-15)
    assert got.server_s[1] == pytest.approx(64e9 * 4 / (10e9 * 128), rel=1e-15)
    assert got.return_link_s[1] == pytest.approx(1e-9 * 2e3 + 1e-3, rel=1e-15)
    assert got.downlink_s[1] == pytest.approx(1e3 * 2 / 1e6, rel=1e-15)
    assert got.agent_j[1] == pytest.approx(1.5 * 1e-28 * 0.25 * 64e9 * 2 / 32 * 1e9**2, rel=1e-14)
    assert got.transmit_j[1] == pytest.approx(0.5 * 6.0, rel=1e-15)
    assert got.server_j[1] == pytest.approx(2.0 * 2e-30 * 64e9 * 4 / 128 * 1e20, rel=1e-14)


def test_delay_and_energy_are_the_sums_of_their_terms():
    got = evaluate(problem(), THREE)
    stages = got.agent_s + got.uplink_s + got.backhaul_s + got.server_s
    waits = got.agent_wait_s + got.uplink_wait_s + got.server_wait_s + got.decision_s
    total = stages + got.return_link_s + got.downlink_s + waits
    np.testing.assert_allclose(got.delay_s, total, rtol=1e-15)
    np.testing.assert_allclose(got.energy_j, got.agent_j + got.transmit_j + got.server_j)


def test_on_device_neither_sends_nor_waits_for_others():
    got = evaluate(problem(), THREE)
    for name in ("uplink_s", "backhaul_s", "server_s", "return_link_s", "downlink_s"):
        assert getattr(got, name)[2] == 0.0
    assert got.transmit_j[2] == got.server_j[2] == 0.0
    assert got.agent_wait_s[2] + got.decision_s[2] == 0.1  # the longer of wait and decision
    assert got.uplink_wait_s[2] == got.server_wait_s[2] == 0.0


def test_on_server_runs_nothing_and_waits_for_nothing_on_the_agent():
    got = evaluate(problem(), THREE)
    assert got.agent_s[0] == got.agent_j[0] == got.agent_wait_s[0] == got.distortion[0] == 0.0
    assert got.uplink_s[0] == pytest.approx(8.0)
    assert got.quality[0] == 1.0


def test_unlimited_rate_takes_no_time_and_no_energy():
    got = evaluate(problem(rate_bps=math.inf), THREE)
    assert got.uplink_s[1] == got.downlink_s[1] == got.transmit_j[1] == 0.0


def test_shares_stretch_time_and_leave_energy():
    half = replace(THREE, bandwidth_share=np.full(3, 0.5), server_share=np.full(3, 0.25))
    whole, part = evaluate(problem(), THREE), evaluate(problem(), half)
    assert part.uplink_s[1] == pytest.approx(2 * whole.uplink_s[1])
    assert part.server_s[1] == pytest.approx(4 * whole.server_s[1])
    np.testing.assert_array_equal(part.energy_j, whole.energy_j)


def test_assumed_share_stands_in_for_nan_only():
    given = replace(THREE, bandwidth_share=np.array([NAN, 0.5, NAN]))
    got = evaluate(problem(), given, assumed_share=0.1)
    assert got.uplink_s[0] == pytest.approx(80.0)
    assert got.uplink_s[1] == pytest.approx(4.0)
    with pytest.raises(ValueError, match="assumed_share"):
        evaluate(problem(), given, assumed_share=0.0)


def test_slice_with_its_own_clock_does_not_stretch():
    by_clock = problem(server_discipline=("allocated",), server_partition=("clock",))
    part = replace(THREE, server_share=np.full(3, 0.25))
    whole, sliced = evaluate(problem(), THREE), evaluate(by_clock, part)
    np.testing.assert_array_equal(sliced.server_s, whole.server_s)


def test_power_of_a_clock_table():
    steps = {"table_hz": [1e9, 2e9, NAN], "table_w": [3.0, 7.0, NAN], "pue": 1.5}
    stepped = replace(problem(), agent_clock=clock_set(3, **steps))
    got = evaluate(stepped, THREE)
    assert got.agent_j[1] == pytest.approx(1.5 * 3.0 * got.agent_s[1], rel=1e-15)
    assert got.agent_j[2] == pytest.approx(1.5 * 7.0 * got.agent_s[2], rel=1e-15)


def test_refused_agents_are_nan_and_late():
    got = evaluate(problem(), replace(THREE, cut=np.array([-1, 1, 2])))
    assert math.isnan(got.delay_s[0])
    assert math.isnan(got.energy_j[0])
    assert not got.delay_ok[0]
    assert not got.energy_ok[0]


def test_distortion_of_the_cut_at_its_bits():
    got = evaluate(problem(), design([1, 1, 1], [4, 8, 32], [1e9] * 3, [1e9] * 3))
    assert got.distortion.tolist() == [0.3, 0.2, 0.0]
    assert got.quality.tolist() == [0.5, 0.7, 1.0]
    assert got.distortion_lower[2] == got.distortion_upper[2] == 0.0


def test_distortion_of_bits_that_are_not_listed_is_unknown():
    got = evaluate(problem(1), design([1], [6], [1e9], [1e9]))
    assert math.isnan(got.distortion[0])


@pytest.mark.parametrize(("excess", "met"), [(0.9e-9, True), (1.1e-9, False)])
def test_budget_is_met_within_one_in_a_billion(excess, met):
    cost = evaluate(problem(), THREE)
    tight = problem(
        delay_budget_s=cost.delay_s / (1 + excess), energy_budget_j=cost.energy_j / (1 + excess)
    )
    got = evaluate(tight, THREE)
    assert got.delay_ok.tolist() == got.energy_ok.tolist() == [met] * 3
