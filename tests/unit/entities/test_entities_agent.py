"""The agent: its queue, its energy, its decisions, its closed loop."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tiny import PLAN, UNIT, Tiny

from simran.compute import PowerLaw, PowerStates, Processor
from simran.errors import RunError
from simran.results.records import DROPPED, FAILED

ON_DEVICE = replace(PLAN, placement="on-device", server_flops=0.0, uplink_bits=0.0)


def test_jobs_wait_in_order_of_arrival() -> None:
    world = Tiny([[0.0, 0.5, 5.0]], design=ON_DEVICE)
    log = world.run(20.0)
    assert [(r.agent_start, r.agent_end, r.finish) for r in log] == [
        (0.0, 1.0, 1.0),
        (1.0, 2.0, 2.0),
        (5.0, 6.0, 6.0),
    ]
    assert all(math.isnan(r.uplink_start) and math.isnan(r.server_arrival) for r in log)


def test_energy_is_power_times_time_in_each_state() -> None:
    law = PowerLaw(dynamic=2.0, static_w=0.5, idle_w=0.25)
    processor = Processor(1.0, 1.0, law, pue=1.5)
    world = Tiny([[1.0]], design=ON_DEVICE, processor=processor)
    world.run(10.0)
    meter = world.agents[0].worker
    assert meter.dynamic_j == pytest.approx(1.5 * 2.0)
    assert meter.static_j == pytest.approx(1.5 * 0.5)
    assert meter.idle_j == pytest.approx(1.5 * 0.25 * 9.0)
    assert meter.total_j == meter.dynamic_j + meter.static_j + meter.idle_j


def test_the_golden_energy_case_by_states() -> None:
    """Idle 10 s at 100 W, 1 s at 120 W, 5 s at 105 W, idle 4 s at 90 W: 2005 J in all."""
    states = PowerStates((2e7, 1e8), busy_w=(105.0, 120.0), idle_w=(90.0, 100.0))
    processor = Processor(1e8, 1.0, states, frequencies_hz=(2e7, 1e8))
    fast = replace(ON_DEVICE, agent_flops=1e8, agent_frequency_hz=1e8, agent_unit_s=1.0)
    slow = replace(ON_DEVICE, agent_flops=1e8, agent_frequency_hz=2e7, agent_unit_s=5.0)
    world = Tiny([[10.0, 11.0]], design=fast, processor=processor)
    world.clock.call_at(10.5, lambda event: setattr(world.agents[0], "design", slow), None)
    world.run(20.0)
    meter = world.agents[0].worker
    assert meter.total_j == pytest.approx(2005.0, rel=1e-12)
    assert meter.dynamic_j == pytest.approx(20.0 * 1 + 15.0 * 5)


def test_a_change_of_clock_costs_time_and_energy() -> None:
    processor = Processor(
        2.0, 1.0, PowerLaw(1.0), switching_delay_s=0.25, switching_energy_j=3.0, pue=2.0
    )
    slow = replace(ON_DEVICE, agent_frequency_hz=1.0)
    world = Tiny([[1.0, 4.0]], design=slow, processor=processor)
    log = world.run(10.0)
    assert [(r.agent_start, r.agent_end) for r in log] == [(1.25, 2.25), (4.0, 5.0)]
    meter = world.agents[0].worker
    assert (meter.switches, meter.switching_j) == (1, 6.0)


def test_the_end_of_the_run_cuts_a_job_short() -> None:
    world = Tiny([[0.0, 0.0]], design=ON_DEVICE)
    world.run(0.25)
    first, second = world.present.values()
    assert first.agent_start == 0.0
    assert math.isnan(first.agent_end)
    assert first.agent_j == pytest.approx(0.25)
    assert math.isnan(second.agent_start)
    assert second.agent_j == 0.0
    assert world.agents[0].worker.dynamic_j == pytest.approx(0.25)


def test_a_closed_loop_thinks_after_each_answer() -> None:
    world = Tiny([[0.0]], design=ON_DEVICE, think_s=2.0)
    log = world.run(7.0)
    assert [(r.arrival, r.finish) for r in log] == [(0.0, 1.0), (3.0, 4.0)]
    assert [r.arrival for r in world.present.values()] == [6.0]


def test_refused_requests_end_on_arrival() -> None:
    dropped = replace(ON_DEVICE, placement="", split="", fallback="drop")
    failed = replace(dropped, fallback="failed")
    world = Tiny([[1.0], [2.0]], design=[dropped, failed])
    log = world.run(5.0)
    assert [(r.status, r.end, r.agent_j) for r in log] == [(DROPPED, 1.0, 0.0), (FAILED, 2.0, 0.0)]


def test_a_closed_loop_of_refusals_without_think_time_is_an_error() -> None:
    dropped = replace(ON_DEVICE, placement="", split="", fallback="drop")
    with pytest.raises(RunError, match="think time"):
        Tiny([[0.0]], design=dropped, think_s=0.0).run(5.0)


def test_a_decision_delays_the_request_that_waits_for_it() -> None:
    world = Tiny([[1.0]], design=ON_DEVICE, processor=UNIT)
    world.agents[0].decision_s = 0.5
    (request,) = world.run(5.0)
    assert (request.agent_start, request.finish) == (1.5, 2.5)


def test_occupancy_is_the_sum_of_sojourns() -> None:
    world = Tiny([[0.0, 0.5, 5.0]], design=ON_DEVICE)
    log = world.run(20.0)
    occupancy, busy = world.agents[0].integrals(20.0)
    assert occupancy == pytest.approx(sum(r.agent_end - r.arrival for r in log))
    assert busy == pytest.approx(3.0)
