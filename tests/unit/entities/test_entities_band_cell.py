"""Cells whose shares are of the band, by hand: 1 bit/s in 1 Hz, so an SNR of 1."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tiny import PLAN, Tiny

from simran.entities import (
    AllocatedBandCell,
    Cell,
    Clock,
    Course,
    EqualShareBandCell,
    EqualShareVaryingBandCell,
    Radio,
    stepped,
)
from simran.entities.band import held_up_s

SEND = replace(PLAN, agent_flops=0.0, server_flops=0.0)
POWERS = {0: 2.0, 1: 3.0}
#: What half of the band carries, and a quarter [bit/s].
HALF, QUARTER = 0.5 * math.log2(3.0), 0.25 * math.log2(5.0)


def _radio() -> Radio:
    return Radio([Course(stepped((0.0,), (1.0,)))], {0: 0, 1: 0}, POWERS)


def _fixed(clock: Clock, name: str) -> Cell:
    return EqualShareBandCell(clock, name, 1.0, 1.0, POWERS)


def _varying(clock: Clock, name: str) -> Cell:
    return EqualShareVaryingBandCell(clock, name, _radio(), 1.0)


def _allocated(arrivals: list[list[float]], *shares: float) -> Tiny:
    world = Tiny(
        arrivals,
        design=SEND,
        cell=lambda clock, name: AllocatedBandCell(clock, name, _radio(), 1.0),  # type: ignore[arg-type]
    )
    for agent, share in enumerate(shares):
        world.cell.adopt(agent, replace(SEND, bandwidth_share=share))
    return world


@pytest.mark.parametrize("cell", [_fixed, _varying])
def test_two_flows_go_at_the_rate_of_half_the_band(cell: type[Cell]) -> None:
    """The second joins half way; what is left of the first then takes 0.5/R(1/2)."""
    log = Tiny([[0.0], [0.5]], design=SEND, cell=cell).run(10.0)
    first = 0.5 + 0.5 / HALF
    second = first + 0.5
    assert [it.uplink_end for it in log] == pytest.approx([first, second])
    assert [it.transmit_j for it in log] == pytest.approx([2.0 * first, 3.0 * (second - 0.5)])


@pytest.mark.parametrize("cell", [_fixed, _varying])
def test_what_flows_present_need_and_what_they_cost_a_new_one(cell: type[Cell]) -> None:
    world = Tiny([[0.0], [0.0]], design=SEND, cell=cell)
    world.run(0.5)
    left = 1.0 - 0.5 * HALF
    assert list(world.cell.left_s().values()) == pytest.approx([left, left])
    third = math.log2(4.0) / 3.0
    assert world.cell.backlog_s(0) == pytest.approx(left * (1.0 / third - 1.0))
    assert world.cell.jobs(0) == 2
    assert world.cell.rate_of(0) == 1.0
    assert [it.transmit_j for it in world.present.values()] == pytest.approx([1.0, 1.5])
    assert world.cell.integrals(0.5) == pytest.approx((1.0, 0.5))


def test_what_a_flow_costs_is_all_that_it_needs_where_the_signal_is_strong() -> None:
    assert held_up_s([2.0, 0.5, 1.0], 1e6) == pytest.approx(3.5, rel=1e-5)
    assert held_up_s([2.0, 0.5, 1.0], 1e-6) == pytest.approx(0.0, abs=1e-5)
    assert held_up_s([], 1.0) == 0.0


def test_a_flow_alone_costs_what_its_design_says_to_the_last_digit() -> None:
    """At a late moment two stamps differ from S/r by rounding, which must not break an energy budget."""
    unit_s = 1.0 / 3.0 * 1e-3
    design = replace(SEND, uplink_unit_s=unit_s)
    log = Tiny([[1e5 + 0.1]], design=design, cell=_fixed).run()
    assert log[0].uplink_end - log[0].uplink_start != unit_s
    assert log[0].transmit_j == 2.0 * unit_s


def test_an_allocated_part_is_not_lent_and_is_sent_on_all_along() -> None:
    (request,) = _allocated([[0.0], []], 0.25, 0.75).run(10.0)
    assert request.uplink_end == pytest.approx(1.0 / QUARTER)
    assert request.transmit_j == pytest.approx(2.0 / QUARTER)
    assert request.airtime_s == pytest.approx(0.25 / QUARTER)


def test_an_agents_own_flows_take_turns_and_a_waiting_one_is_not_sent() -> None:
    world = _allocated([[0.0, 0.0], []], 0.5, 0.5)
    first, second = world.run(10.0)
    assert second.uplink_end == pytest.approx(2.0 / HALF)
    assert (first.transmit_j, second.transmit_j) == pytest.approx((2.0 / HALF, 2.0 / HALF))
    assert world.cell.integrals(10.0) == pytest.approx((3.0 / HALF, 0.5 * 2.0 / HALF))
    assert world.cell.largest_share == 0.5


def test_a_change_of_share_applies_to_the_flow_that_is_sent_and_none_rests() -> None:
    """1 s on a quarter, 1 s on nothing, the rest on a half; the sender is off in between."""
    world = _allocated([[0.0], []], 0.25, 0.5)
    seen = []

    def change(share: float) -> None:
        world.cell.adopt(0, replace(SEND, bandwidth_share=share))
        seen.append((world.cell.backlog_s(0), world.cell.left_s()[0]))

    world.clock.call_at(1.0, lambda _: change(0.0), None)
    world.clock.call_at(2.0, lambda _: change(0.5), None)
    (request,) = world.run(10.0)
    left = 1.0 - QUARTER
    assert request.uplink_end == pytest.approx(2.0 + left / HALF)
    assert request.transmit_j == pytest.approx(2.0 * (1.0 + left / HALF))
    assert request.airtime_s == pytest.approx(0.25 + 0.5 * left / HALF)
    # Without a share: what the whole band would take; on half of it: its time, and half of that of the whole.
    assert seen[0] == pytest.approx((left, left))
    assert seen[1] == pytest.approx((left / HALF, 0.5 * left / HALF))


def test_an_unfinished_flow_is_charged_for_the_time_that_it_was_sent() -> None:
    world = _allocated([[0.0, 0.0], []], 0.5, 0.5)
    world.run(1.0)
    first, second = world.present.values()
    assert (first.transmit_j, second.transmit_j) == pytest.approx((2.0, 0.0))
    assert first.airtime_s == pytest.approx(0.5 + 0.5 * (1.0 - HALF) / HALF)
