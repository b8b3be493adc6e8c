"""Cells of varying rates, and of parts of a band, against a stepper that knows nothing of virtual time."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from air_stepper import Air, starts
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import PLAN, Tiny

from simran.entities import (
    AllocatedBandCell,
    AllocatedVaryingCell,
    Cell,
    Clock,
    Course,
    EqualShareBandCell,
    EqualShareVaryingBandCell,
    EqualShareVaryingCell,
    Radio,
    stepped,
)
from simran.results.records import Request

AGENTS = 3
POWERS = (1.0, 0.5, 2.0)
SHARES = (0.2, 0.3, 0.5)
#: From here on every agent has a share again [s].
RESTORED = 20.0
SEND = replace(PLAN, agent_flops=0.0, server_flops=0.0, server_unit_s=0.0)

eighths = st.integers(0, 40).map(lambda n: n / 8)
seconds = st.integers(1, 40).map(lambda n: n / 8)
courses = st.lists(
    st.tuples(seconds, st.integers(1, 16).map(lambda n: n / 4)), min_size=1, max_size=5
)
radios = st.lists(courses, min_size=AGENTS, max_size=AGENTS)
agents = st.integers(0, AGENTS - 1)
flows = st.lists(st.tuples(agents, eighths, seconds), min_size=1, max_size=7)
bands = st.sampled_from([None, 0.5, 1.0, 8.0])
changes = st.lists(st.tuples(eighths, agents, st.sampled_from([0.0, 0.125, 0.3, 0.7])), max_size=4)


@st.composite
def airs(draw: st.DrawFn) -> Air:
    """Draw a cell of either kind, of time or of a band."""
    allocated = draw(st.booleans())
    moves = sorted(draw(changes) if allocated else [], key=lambda it: it[0])
    moves += [(RESTORED, agent, SHARES[agent]) for agent in range(AGENTS)] if moves else []
    jobs = sorted(draw(flows), key=lambda job: job[1])
    return Air(jobs, draw(radios), SHARES if allocated else None, draw(bands), moves)


def _cell(air: Air, clock: Clock, name: str) -> Cell:
    made = [Course(stepped(starts(stays), [rate for _, rate in stays])) for stays in air.radio]
    radio = Radio(made, {k: k for k in range(AGENTS)}, dict(enumerate(POWERS)))
    if air.band_hz is None:
        kind = EqualShareVaryingCell if air.shares is None else AllocatedVaryingCell
        return kind(clock, name, radio)
    by_band = EqualShareVaryingBandCell if air.shares is None else AllocatedBandCell
    return by_band(clock, name, radio, air.band_hz)


def _world(air: Air) -> Tiny:
    own = [[(start, bits) for agent, start, bits in air.jobs if agent == k] for k in range(AGENTS)]
    world = Tiny(
        [[start for start, _ in it] for it in own],
        [[bits for _, bits in it] or [1.0] for it in own],
        design=SEND,
        cell=lambda clock, name: _cell(air, clock, name),  # type: ignore[arg-type]
    )
    if air.shares is not None:
        for agent, share in enumerate(air.shares):
            world.cell.adopt(agent, replace(SEND, bandwidth_share=share))
    for time, agent, share in air.changes:
        change = agent, replace(SEND, bandwidth_share=share)
        world.clock.call_at(time, lambda event: world.cell.adopt(*event._value), change)
    return world


def _on_s(request: Request) -> float:
    return request.transmit_j / POWERS[request.agent]


@settings(deadline=None, max_examples=200)
@given(air=airs())
def test_flows_end_when_their_bits_are_through(air: Air) -> None:
    """Ends, airtimes and energies of all flows, whatever changes while they are sent."""
    log = _world(air).run()
    stepped_flows = air.run()
    assert len(log) == len(air.jobs)
    by_time, equal = air.band_hz is None, air.shares is None
    expected = sorted(
        (
            air.jobs[k][0],
            flow.end,
            flow.alone_s if equal else flow.share_s,
            flow.share_s if by_time else flow.on_s,
        )
        for k, flow in stepped_flows.items()
    )
    got = sorted((it.agent, it.uplink_end, it.airtime_s, _on_s(it)) for it in log)
    for one, other in zip(expected, got, strict=True):
        assert other == pytest.approx(one, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(air=airs(), until=st.integers(1, 60).map(lambda n: n / 8))
def test_a_run_that_is_cut_charges_what_has_been_sent(air: Air, until: float) -> None:
    """Of those who are done and those who are not, and airtimes that add up to the time in use."""
    world = _world(air)
    log = world.run(until)
    begun = [it for it in [*log, *world.present.values()] if not math.isnan(it.uplink_start)]
    found = air.run(until)
    by_time, equal = air.band_hz is None, air.shares is None
    sent = [flow.share_s if by_time else flow.on_s for flow in found.values()]
    charged = [_on_s(it) for it in begun]
    some = [sorted(it for it in those if it > 1e-9) for those in (sent, charged)]
    assert some[1] == pytest.approx(some[0], rel=1e-9, abs=1e-9)
    occupied, used = world.cell.integrals(until)
    if equal and not by_time:
        assert math.fsum(charged) == pytest.approx(occupied, rel=1e-9, abs=1e-9)
    else:
        shares = math.fsum(flow.share_s for flow in found.values())
        assert used == pytest.approx(shares, rel=1e-9, abs=1e-9)
    left = world.cell.left_s()
    for request in world.present.values():
        if request.id in left and by_time:
            assert request.airtime_s == pytest.approx(_on_s(request) + left[request.id])


@settings(deadline=None, max_examples=100)
@given(jobs=flows, rate=st.sampled_from([0.25, 1.0, 4.0]), band=st.sampled_from([0.125, 1.0, 64.0]))
def test_a_fixed_rate_by_virtual_time(
    jobs: list[tuple[int, float, float]], rate: float, band: float
) -> None:
    """The cell of one rate, which keeps one clock for all, against the stepper."""
    jobs = sorted(jobs, key=lambda job: job[1])
    air = Air(jobs, [[(1.0, rate)]] * AGENTS, None, band)
    own: list[list[tuple[float, float]]] = [[] for _ in range(AGENTS)]
    for agent, start, bits in jobs:
        own[agent].append((start, bits))
    world = Tiny(
        [[start for start, _ in it] for it in own],
        [[bits for _, bits in it] or [1.0] for it in own],
        design=replace(SEND, uplink_unit_s=1.0 / rate),
        cell=lambda clock, name: EqualShareBandCell(  # type: ignore[arg-type]
            clock, name, rate, band, dict(enumerate(POWERS))
        ),
    )
    log = world.run()
    expected = sorted((jobs[k][0], flow.end, flow.on_s) for k, flow in air.run().items())
    got = sorted((it.agent, it.uplink_end, _on_s(it)) for it in log)
    for one, other in zip(expected, got, strict=True):
        assert other == pytest.approx(one, rel=1e-9, abs=1e-9)
