"""Mixtures of shares at three stations or more, against linear programs and what is settled on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from simran.allocation import evaluate
from simran.allocation.common_clock import spread_clock
from simran.allocation.frontier import curve_of, shares_on
from simran.allocation.frontier_loads import settle_shares
from simran.allocation.frontier_mixture import mixed_shares
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned


def at_several_servers(seed, count, disciplines, crowding):
    """Return agents of one cell at several servers, each with a power law of its own."""
    rng = np.random.default_rng(seed)
    many = len(disciplines)
    problem = contended_problem(
        rng,
        count,
        cuts=2,
        crowding=crowding,
        server_index=np.arange(count) % many,
        server_discipline=disciplines,
        server_partition=("clock",) * many,
    )
    alpha, clock = rng.uniform(2.2, 3.5, count), problem.agent_clock
    slower = replace(clock, exponent=alpha, dynamic=clock.dynamic * 2e9 ** (clock.exponent - alpha))
    return replace(problem, agent_clock=slower)


@pytest.mark.parametrize("seed", range(4))
def test_load_is_that_of_a_linear_program_over_all_points(seed):
    problem = at_several_servers(seed, 9, ("allocated",) * 3, 3.0)
    (group,) = contentions(problem, owned(problem), 1.0)
    selection = Joint().select(group)[0]
    needs, served = group.menu.take(selection.columns), selection.served
    clock = spread_clock(group, selection.clocks_hz)
    beta, phi = mixed_shares(needs, group.stations, served, clock)
    load = (beta @ group.stations.cell + phi @ group.stations.server).max()
    points = curve_of(needs, clock).points(257, steep=True)
    cell, server = (it[served] for it in shares_on(needs, points, clock))
    own, place = np.nonzero(np.isfinite(cell) & np.isfinite(server))
    asked = (
        cell[own, place, None] * group.stations.cell[served][own]
        + server[own, place, None] * group.stations.server[served][own]
    )
    size = asked.shape[1]
    found = linprog(
        np.append(np.zeros(len(own)), 1.0),
        A_ub=np.column_stack([asked.T, -np.ones(size)]),
        b_ub=np.zeros(size),
        A_eq=np.column_stack([np.eye(served.sum())[own].T, np.zeros(served.sum())]),
        b_eq=np.ones(served.sum()),
    )
    assert load == pytest.approx(found.fun, rel=3e-6)
    one = group.menu.take(selection.columns[None, :])
    settled = settle_shares(one, group.stations, served[None, :], clock[None, :])
    assert load <= settled.load[0] * (1 + 1e-3)


@pytest.mark.parametrize("seed", [4, 9, 13])
def test_all_who_were_selected_are_served(seed):
    problem = at_several_servers(seed, 21, ("allocated", "allocated", "fifo"), 7.0)
    (group,) = contentions(problem, owned(problem), 1.0)
    selected = int(Joint().select(group)[0].served.sum())
    design = Joint().allocate(problem)
    cost = evaluate(problem, design)
    assert int(design.feasible.sum()) == selected
    assert (cost.delay_ok & cost.energy_ok)[design.feasible].all()
