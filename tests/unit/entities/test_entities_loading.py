"""Loading weights: who waits, for how long, and what it draws."""

from __future__ import annotations

import pytest
from tiny import UNIT, Tiny, on_server

from simran.compute import PowerLaw, Processor
from simran.entities import Clock, FifoServer, ProcessorSharingServer, Server, SpacePartitionServer

LEAKY = Processor(1.0, 1.0, PowerLaw(1.0, static_w=4.0, idle_w=1.0), pue=2.0)


def _server(kind: str, clock: Clock, processor: Processor = LEAKY) -> Server:
    if kind == "fifo":
        return FifoServer(clock, "server", processor)
    if kind == "ps":
        return ProcessorSharingServer(clock, "server", processor)
    return SpacePartitionServer(clock, "server", processor, [0])


def test_a_job_in_order_is_finished_before_weights_are_loaded() -> None:
    clock = Clock()
    world = Tiny([[0.0, 0.5]], design=on_server(), server=_server("fifo", clock), clock=clock)
    clock.call_at(0.25, lambda event: world.server.load(2.0), None)
    assert [it.server_end for it in world.run(10.0)] == pytest.approx([1.0, 4.0])
    meter = world.server.meters[0]
    assert (meter.loads, meter.loading_s, meter.loading_j) == (1, 2.0, 2.0 * 4.0 * 2.0)
    assert meter.static_j == pytest.approx(2.0 * 4.0 * 2.0)
    assert meter.idle_j == pytest.approx(6.0 * 1.0 * 2.0)


@pytest.mark.parametrize("kind", ["ps", "slice"])
def test_jobs_side_by_side_stand_still_meanwhile(kind: str) -> None:
    clock = Clock()
    world = Tiny([[0.0]], design=on_server(), server=_server(kind, clock), clock=clock)
    clock.call_at(0.25, lambda event: world.server.load(2.0), None)
    clock.call_at(0.5, lambda event: world.server.load(0.5), None)
    assert [it.server_end for it in world.run(10.0)] == pytest.approx([3.5])
    meter = world.server.meters[0]
    assert (meter.loads, meter.loading_s) == (2, pytest.approx(2.5))
    assert meter.switching_j == pytest.approx(2.5 * 8.0)
    assert meter.static_j == pytest.approx(1.0 * 8.0)
    assert meter.idle_j == pytest.approx(6.5 * 2.0)


@pytest.mark.parametrize("kind", ["fifo", "ps", "slice"])
def test_the_end_of_the_run_cuts_a_load(kind: str) -> None:
    clock = Clock()
    world = Tiny([[]], design=on_server(), server=_server(kind, clock), clock=clock)
    clock.call_at(4.0, lambda event: world.server.load(5.0), None)
    clock.call_at(6.0, lambda event: drawn.append(world.server.energy_j(6.0)), None)
    drawn: list[float] = []
    world.run(7.0)
    assert drawn == pytest.approx([4.0 * 2.0 + 2.0 * 8.0])
    meter = world.server.meters[0]
    assert (meter.idle_j, meter.switching_j) == pytest.approx((4.0 * 2.0, 3.0 * 8.0))


def test_every_worker_loads() -> None:
    clock = Clock()
    world = Tiny(
        [[0.0, 1.5, 1.5]],
        design=on_server(),
        server=FifoServer(clock, "server", UNIT, 2),
        clock=clock,
    )
    clock.call_at(0.5, lambda event: world.server.load(2.0), None)
    # the second worker has loaded at 2.5, the first at 3.0
    assert [(it.id, it.server_end) for it in world.run(9.0)] == [(0, 1.0), (1, 3.5), (2, 4.0)]
