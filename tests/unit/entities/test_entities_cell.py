"""The cell: shared equally, allocated, unlimited."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tiny import PLAN, Tiny

from simran.entities import AllocatedCell, EqualShareCell

SEND = replace(PLAN, agent_flops=0.0, server_flops=0.0)


def test_two_flows_share_the_airtime_equally() -> None:
    """The second joins half way: each then goes at half rate until the first is done."""
    world = Tiny([[0.0], [0.5]], design=SEND, cell=EqualShareCell)
    log = world.run(10.0)
    assert [(r.agent, r.uplink_end) for r in log] == [(0, 1.5), (1, 2.0)]


def test_energy_does_not_depend_on_sharing() -> None:
    world = Tiny([[0.0], [0.0]], [[2.0], [1.0]], design=SEND, cell=EqualShareCell)
    log = world.run(10.0)
    assert [(r.uplink_end, r.transmit_j) for r in log] == [(2.0, 1.0), (3.0, 2.0)]


def test_flows_of_one_agent_share_like_any_others() -> None:
    world = Tiny([[0.0, 0.0], [0.0]], design=SEND, cell=EqualShareCell)
    assert [r.uplink_end for r in world.run(10.0)] == [3.0, 3.0, 3.0]


def test_unfinished_flows_are_charged_for_what_they_have_sent() -> None:
    world = Tiny([[0.0], [0.5]], design=SEND, cell=EqualShareCell)
    world.run(1.0)
    assert [r.transmit_j for r in world.present.values()] == pytest.approx([0.75, 0.25])


def test_occupancy_and_busy_time() -> None:
    world = Tiny([[0.0], [0.5]], design=SEND, cell=EqualShareCell)
    world.run(10.0)
    assert world.cell.integrals(10.0) == pytest.approx((3.0, 2.0))
    assert world.cell.backlog_s(0) == 0.0


def test_an_unlimited_cell_takes_no_time() -> None:
    (request,) = Tiny([[1.0]], design=replace(SEND, transmit_unit_j=0.0)).run(10.0)
    assert (request.uplink_start, request.uplink_end, request.transmit_j) == (1.0, 1.0, 0.0)


def _allocated(shares: list[float], arrivals: list[list[float]]) -> Tiny:
    def make(clock, name):  # type: ignore[no-untyped-def]
        return AllocatedCell(clock, name, list(range(len(shares))))

    world = Tiny(arrivals, design=SEND, cell=make)
    for agent, share in enumerate(shares):
        world.cell.adopt(agent, replace(SEND, bandwidth_share=share))
    return world


def test_an_allocated_share_is_not_lent() -> None:
    log = _allocated([0.25, 0.75], [[0.0], []]).run(10.0)
    assert [r.uplink_end for r in log] == [4.0]


def test_a_flow_without_a_share_rests_until_there_is_one() -> None:
    """Half of it is sent by 1 s, nothing up to 3 s, and the rest with the whole cell."""
    world = _allocated([0.5, 0.5], [[0.0, 2.0], []])
    cell, found = world.cell, []

    def change(share: float) -> None:
        cell.adopt(0, replace(SEND, bandwidth_share=share))
        found.append((cell.backlog_s(0), cell.jobs(0), list(cell.left_s().values())))

    world.clock.call_at(1.0, lambda _: change(0.0), None)
    world.clock.call_at(3.0, lambda _: change(1.0), None)
    assert [r.uplink_end for r in world.run(10.0)] == [3.5, 4.5]
    assert found == [(0.5, 1, [0.5]), (1.5, 2, [0.5, 1.0])]
    assert cell.largest_share == 1.0


def test_a_flow_that_comes_without_a_share_rests_too() -> None:
    world = _allocated([0.0, 1.0], [[0.0], []])
    world.run(10.0)
    assert world.cell.left_s() == {0: 1.0}
    assert world.cell.integrals(10.0) == (10.0, 0.0)


def test_an_agents_own_flows_take_turns() -> None:
    log = _allocated([0.5, 0.5], [[0.0, 0.0], [1.0]]).run(10.0)
    assert [(r.agent, r.uplink_end) for r in log] == [(0, 2.0), (1, 3.0), (0, 4.0)]


def test_a_change_of_share_applies_to_the_flow_in_service() -> None:
    world = _allocated([0.5, 0.5], [[0.0], []])
    new = replace(SEND, bandwidth_share=0.25)
    world.clock.call_at(1.0, lambda event: world.cell.adopt(0, new), None)
    (request,) = world.run(10.0)
    assert request.uplink_end == pytest.approx(3.0)
    assert world.cell.integrals(10.0) == pytest.approx((3.0, 1.0))


def test_an_unfinished_allocated_flow() -> None:
    world = _allocated([0.5, 0.5], [[0.0, 0.0], []])
    world.run(1.0)
    first, second = world.present.values()
    assert first.transmit_j == pytest.approx(0.5)
    assert (second.transmit_j, math.isnan(second.uplink_end)) == (0.0, True)


def test_the_largest_share_is_of_what_was_at_work_for_some_time() -> None:
    world = _allocated([0.5, 0.5], [[0.0], [0.0]])
    whole = replace(SEND, bandwidth_share=1.0)
    world.clock.call_at(1.0, lambda event: world.cell.adopt(1, whole), None)
    half = replace(SEND, bandwidth_share=0.5)
    world.clock.call_at(1.0, lambda event: world.cell.adopt(1, half), None)
    world.run(1.5)
    assert world.cell.largest_share == 1.0
    world = _allocated([0.5, 0.5], [[0.0], [0.0]])
    world.clock.call_at(1.0, lambda event: world.cell.adopt(1, whole), None)
    world.run(1.25)
    assert world.cell.largest_share == 1.5
