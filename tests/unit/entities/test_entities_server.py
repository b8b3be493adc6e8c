"""The servers: first come, first due, shared, allocated; and the way to them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tiny import UNIT, Tiny, on_server

from simran.compute import PowerLaw, Processor
from simran.entities import (
    Clock,
    ClockPartitionServer,
    EarliestDeadlineServer,
    FifoServer,
    ProcessorSharingServer,
    SpacePartitionServer,
)

FAST = Processor(2.0, 1.0, PowerLaw(1.0))


def _ends(world: Tiny, until_s: float = 100.0) -> list[tuple[int, float]]:
    return [(r.id, r.server_end) for r in world.run(until_s)]


def test_first_come_first_served() -> None:
    world = Tiny([[0.0, 0.5, 3.0]], design=on_server())
    assert _ends(world) == [(0, 1.0), (1, 2.0), (2, 4.0)]
    assert world.server.integrals(100.0) == pytest.approx((1.0 + 1.5 + 1.0, 3.0))


def test_two_workers_serve_two_at_a_time() -> None:
    clock = Clock()
    world = Tiny(
        [[0.0, 0.0, 0.0]],
        [[2.0, 1.0, 1.0]],
        design=on_server(),
        clock=clock,
        server=FifoServer(clock, "server", UNIT, 2),
    )
    assert _ends(world) == [(1, 1.0), (0, 2.0), (2, 2.0)]
    assert [meter.busy_s for meter in world.server.meters] == [2.0, 2.0]


def test_each_job_runs_at_its_own_clock() -> None:
    clock = Clock()
    world = Tiny(
        [[0.0], [0.0]],
        design=[on_server(2.0), on_server(1.0)],
        clock=clock,
        server=FifoServer(clock, "server", FAST),
    )
    assert [(r.server_end, r.server_j) for r in world.run(10.0)] == [(0.5, 4.0), (1.5, 1.0)]
    assert world.server.meters[0].dynamic_j == pytest.approx(8.0 * 0.5 + 1.0)


def test_earliest_deadline_first_does_not_interrupt() -> None:
    clock = Clock()
    world = Tiny(
        [[0.0], [0.1], [0.2]],
        design=[on_server(delay_budget_s=b) for b in (50.0, 40.0, 5.0)],
        clock=clock,
        server=EarliestDeadlineServer(clock, "server", UNIT),
    )
    assert _ends(world) == [(0, 1.0), (2, 2.0), (1, 3.0)]
    assert world.server.integrals(100.0) == pytest.approx((1.0 + 2.9 + 1.8, 3.0))


def test_processor_sharing_at_the_largest_clock_asked_for() -> None:
    """Alone at 1 Hz until 0.5, then both at 2 Hz, one each, until the first is done at 1."""
    clock = Clock()
    world = Tiny(
        [[0.0], [0.5]],
        [[1.0], [2.0]],
        design=[on_server(1.0), on_server(2.0)],
        clock=clock,
        server=ProcessorSharingServer(clock, "server", FAST),
    )
    log = world.run(10.0)
    assert [(r.agent, r.server_end) for r in log] == [(0, 1.0), (1, pytest.approx(1.75))]
    assert log[0].server_j == pytest.approx(0.5 * 1.0 + 0.5 * 8.0 / 2)
    assert log[1].server_j == pytest.approx(0.5 * 8.0 / 2 + 0.75 * 8.0)
    meter = world.server.meters[0]
    assert meter.dynamic_j == pytest.approx(sum(r.server_j for r in log))


def test_processor_sharing_never_gives_a_job_more_than_one_worker() -> None:
    clock = Clock()
    world = Tiny(
        [[0.0], [0.0], [0.0]],
        [[1.0], [1.0], [2.0]],
        design=on_server(),
        clock=clock,
        server=ProcessorSharingServer(clock, "server", UNIT, 2),
    )
    assert _ends(world) == [(0, 1.5), (1, 1.5), (2, 2.5)]
    assert world.server.meters[0].busy_s == pytest.approx(4.0)
    assert world.server.meters[0].idle_j == 0.0


def test_a_switch_stalls_all_jobs() -> None:
    clock = Clock()
    processor = Processor(2.0, 1.0, PowerLaw(1.0, idle_w=1.0), switching_delay_s=0.5)
    world = Tiny(
        [[0.0]],
        design=on_server(1.0),
        clock=clock,
        server=ProcessorSharingServer(clock, "server", processor),
    )
    (request,) = world.run(2.0)
    assert request.server_end == 1.5
    assert request.server_j == pytest.approx(1.0)
    assert world.server.meters[0].idle_j == pytest.approx(0.5 + 0.5)


def test_slices_of_space() -> None:
    clock = Clock()
    server = SpacePartitionServer(clock, "server", UNIT, [0, 1])
    world = Tiny([[0.0, 0.0], [0.0]], design=on_server(), clock=clock, server=server)
    for agent, share in enumerate((0.25, 0.5)):
        server.adopt(agent, on_server(server_share=share))
    log = world.run(50.0)
    assert [(r.agent, r.server_start, r.server_end) for r in log] == [
        (1, 0.0, 2.0),
        (0, 0.0, 4.0),
        (0, 4.0, 8.0),
    ]
    assert [r.server_j for r in log] == pytest.approx([1.0, 1.0, 1.0])
    assert server.meters[0].dynamic_j == pytest.approx(3.0)
    assert server.integrals(50.0) == pytest.approx((2.0 + 4.0 + 8.0, 3 * 1.0))


def test_a_new_slice_applies_to_the_job_in_service() -> None:
    clock = Clock()
    server = SpacePartitionServer(clock, "server", UNIT, [0, 1])
    world = Tiny([[0.0], []], design=on_server(), clock=clock, server=server)
    server.adopt(0, on_server(server_share=0.5))
    clock.call_at(1.0, lambda event: server.adopt(0, on_server(server_share=0.25)), None)
    (request,) = world.run(50.0)
    assert request.server_end == pytest.approx(3.0)
    assert request.server_j == pytest.approx(1.0)
    assert server.meters[0].dynamic_j == pytest.approx(1.0)


def test_slices_of_the_clock() -> None:
    clock = Clock()
    server = ClockPartitionServer(clock, "server", FAST, [0, 1])
    world = Tiny([[0.0], [0.0]], design=on_server(1.0), clock=clock, server=server)
    log = world.run(10.0)
    assert [(r.server_end, r.server_j) for r in log] == [(1.0, 1.0), (1.0, 1.0)]
    assert server.meters[0].dynamic_j == pytest.approx(2.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda clock: FifoServer(clock, "server", UNIT),
        lambda clock: EarliestDeadlineServer(clock, "server", UNIT),
        lambda clock: ProcessorSharingServer(clock, "server", UNIT),
        lambda clock: SpacePartitionServer(clock, "server", UNIT, [0]),
        lambda clock: ClockPartitionServer(clock, "server", UNIT, [0]),
    ],
)
def test_the_end_of_the_run_cuts_a_job_short(make) -> None:  # type: ignore[no-untyped-def]
    clock = Clock()
    server = make(clock)
    world = Tiny([[0.0, 3.0, 3.2]], design=on_server(), clock=clock, server=server)
    log = world.run(3.4)
    left = list(world.present.values())
    assert [r.server_end for r in log] == [1.0]
    assert len(left) == 2
    assert all(math.isnan(r.server_end) and math.isnan(r.finish) for r in left)
    assert sum(r.server_j for r in left) == pytest.approx(0.4)
    assert server.meters[0].dynamic_j == pytest.approx(1.4)
    assert server.integrals(3.4) == pytest.approx((1.0 + 0.4 + 0.2, 1.4))


def test_work_for_nobody_passes_the_server() -> None:
    design = replace(on_server(), server_flops=0.0, server_frequency_hz=math.nan)
    world = Tiny([[0.0, 0.0]], design=design)
    assert _ends(world) == [(0, 0.0), (1, 0.0)]


def test_links_store_and_forward_both_ways() -> None:
    """10 bit/s and 0.5 s each way; the answer of 5 bit, then 5 bit/s down the cell."""
    design = replace(on_server(), uplink_bits=10.0, downlink_bits=5.0)
    world = Tiny([[0.0, 0.0]], design=design, link=(10.0, 0.5), downlink_bps=5.0)
    log = world.run(50.0)
    assert [r.server_arrival for r in log] == [1.5, 2.5]
    assert [r.server_end for r in log] == [2.5, 3.5]
    assert [r.finish for r in log] == [2.5 + 0.5 + 0.5 + 1.0, 3.5 + 0.5 + 0.5 + 1.0]
