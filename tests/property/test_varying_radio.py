"""Cells of varying rates against a stepper that knows nothing of virtual time."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import PLAN, Tiny

from simran.entities import (
    AllocatedVaryingCell,
    Cell,
    Clock,
    Course,
    EqualShareVaryingCell,
    Radio,
    stepped,
)

AGENTS = 3
POWERS = (1.0, 0.5, 2.0)
SHARES = (0.2, 0.3, 0.5)

seconds = st.integers(1, 40).map(lambda n: n / 8)
courses = st.lists(
    st.tuples(seconds, st.integers(1, 16).map(lambda n: n / 4)), min_size=1, max_size=5
)
flows = st.lists(
    st.tuples(st.integers(0, AGENTS - 1), st.integers(0, 40).map(lambda n: n / 8), seconds),
    min_size=1,
    max_size=7,
)


def _starts(stays: list[tuple[float, float]]) -> list[float]:
    return [0.0, *itertools.accumulate(stay for stay, _ in stays[:-1])]


def _rate(stays: list[tuple[float, float]], now: float) -> tuple[float, float]:
    """Return the rate and the next change."""
    ends = [*itertools.accumulate(stay for stay, _ in stays[:-1]), math.inf]
    place = next(index for index, end in enumerate(ends) if now < end)
    return stays[place][1], ends[place]


def _stepped_by_hand(
    jobs: list[tuple[int, float, float]], radio: list[list[tuple[float, float]]], allocated: bool
) -> tuple[dict[int, float], dict[int, float]]:
    """Return when each flow ends and its airtime [s], stepping from one change to the next."""
    left = {number: bits for number, (_, _, bits) in enumerate(jobs)}
    ends: dict[int, float] = {}
    airtime = dict.fromkeys(left, 0.0)
    now = 0.0
    while left:
        here = [k for k in left if jobs[k][1] <= now]
        if allocated:  # the first of each agent sends
            first = {jobs[k][0]: k for k in reversed(here)}
            share = {k: SHARES[agent] for agent, k in first.items()}
        else:
            share = {k: 1.0 / len(here) for k in here}
        speed = {k: share[k] * _rate(radio[jobs[k][0]], now)[0] for k in share}
        times = [start for _, start, _ in jobs if start > now]
        times += [_rate(stays, now)[1] for stays in radio]
        done = {k: now + left[k] / speed[k] for k in share}
        then = min([*times, *done.values()])
        for k in share:
            airtime[k] += share[k] * (then - now)
            left[k] -= speed[k] * (then - now)
            if done[k] <= then + 1e-12:
                del left[k]
                ends[k] = then
        now = then
    return ends, airtime


def _world(
    jobs: list[tuple[int, float, float]], radio: list[list[tuple[float, float]]], allocated: bool
) -> Tiny:
    own = [[(start, bits) for agent, start, bits in jobs if agent == k] for k in range(AGENTS)]

    def cell(clock: Clock, name: str) -> Cell:
        made = [Course(stepped(_starts(stays), [rate for _, rate in stays])) for stays in radio]
        part = Radio(made, {k: k for k in range(AGENTS)}, dict(enumerate(POWERS)))
        kind = AllocatedVaryingCell if allocated else EqualShareVaryingCell
        return kind(clock, name, part)

    send = replace(PLAN, agent_flops=0.0, server_flops=0.0, server_unit_s=0.0)
    world = Tiny(
        [[start for start, _ in it] for it in own],
        [[bits for _, bits in it] or [1.0] for it in own],
        design=send,
        cell=cell,  # type: ignore[arg-type]
    )
    if allocated:
        for agent, share in enumerate(SHARES):
            world.cell.adopt(agent, replace(send, bandwidth_share=share))
    return world


@settings(deadline=None, max_examples=150)
@given(
    jobs=flows, radio=st.lists(courses, min_size=AGENTS, max_size=AGENTS), allocated=st.booleans()
)
def test_flows_end_when_their_bits_are_through(
    jobs: list[tuple[int, float, float]], radio: list[list[tuple[float, float]]], allocated: bool
) -> None:
    """Ends, airtimes and energies of all flows, whatever changes while they are sent."""
    jobs = sorted(jobs, key=lambda job: job[1])
    log = _world(jobs, radio, allocated).run()
    ends, airtime = _stepped_by_hand(jobs, radio, allocated)
    assert len(log) == len(jobs)
    expected = sorted((jobs[k][0], ends[k], airtime[k]) for k in ends)
    got = sorted((it.agent, it.uplink_end, it.airtime_s) for it in log)
    for (agent, end, airtime_s), (own, uplink_end, had_s) in zip(expected, got, strict=True):
        assert agent == own
        assert uplink_end == pytest.approx(end, rel=1e-9, abs=1e-9)
        assert had_s == pytest.approx(airtime_s, rel=1e-9, abs=1e-9)
    for request in log:
        assert request.transmit_j == pytest.approx(POWERS[request.agent] * request.airtime_s)


@settings(deadline=None, max_examples=60)
@given(
    jobs=flows,
    radio=st.lists(courses, min_size=AGENTS, max_size=AGENTS),
    allocated=st.booleans(),
    until=st.integers(1, 60).map(lambda n: n / 8),
)
def test_a_run_that_is_cut_charges_what_has_been_sent(
    jobs: list[tuple[int, float, float]],
    radio: list[list[tuple[float, float]]],
    allocated: bool,
    until: float,
) -> None:
    """Airtime that has been charged, of those who are done and those who are not, is the busy time."""
    world = _world(jobs, radio, allocated)
    log = world.run(until)
    everyone = [*log, *world.present.values()]
    begun = [it for it in everyone if not math.isnan(it.uplink_start)]
    charged = math.fsum(it.transmit_j / POWERS[it.agent] for it in begun)
    assert charged == pytest.approx(world.cell.integrals(until)[1], rel=1e-9, abs=1e-9)
    left = world.cell.left_s()
    for request in world.present.values():
        if request.id in left:
            had_s = request.transmit_j / POWERS[request.agent]
            assert request.airtime_s == pytest.approx(had_s + left[request.id])
