"""Shares and common clocks of least energy together, against convex programs and grids of clocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contended import alike, convex_optimum, parameters, solved

from simran.allocation.common_clock import settle_clocks
from simran.allocation.economy import frugal_split
from simran.allocation.enumeration import Selection
from simran.allocation.frontier_economy import even_energy_j, frugal_shares
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.greedy import Greedy
from simran.allocation.samples import contended_problem
from simran.allocation.shared import RESERVE, contentions, owned
from simran.radio import part_rate

BAND = {"cell_sharing": ("frequency",)}
CURVED = [("frequency", "space"), ("frequency", "clock"), ("time", "clock")]


def group_of(problem):
    (group,) = contentions(problem, owned(problem), 1.0)
    assert isinstance(group.menu, FrontierNeeds)
    return group


def lowest(group):
    """Return the selection of the fewest bits, at the clocks at which it needs least."""
    bits = np.where(np.isfinite(group.menu.value), group.bits, 99)
    columns = np.argmin(bits, axis=0)
    everyone = np.ones(len(columns), dtype=bool)
    load, clocks = settle_clocks(group, columns[None, :], everyone[None, :])
    assert load[0] < group.capacity(everyone)
    return Selection(columns, everyone, clocks[0])


def fixed(group, selection, clocks):
    """Return the least energy under given clocks [J]."""
    stay = np.zeros(len(clocks), dtype=bool)
    return frugal_shares(group, selection, np.array(clocks), stay).energy_j


def around(group, server, clock):
    """Return clocks of a server near some clock and farther away."""
    low, high, steps = group.clocks[server]
    assert not len(steps)
    ways = np.array([0.003, 0.01, 0.05, 0.2, 0.7, 2.0])
    return np.clip(clock * np.exp(np.concatenate([-ways, ways])), low, high)


def kept(group, split):
    """Check that shares and clocks are possible."""
    for share, places in (
        (split.bandwidth, group.stations.cell),
        (split.server, group.stations.server),
    ):
        assert (share @ places <= 1).all()
    for clock, (low, high, _) in zip(split.clocks_hz, group.clocks, strict=True):
        assert low * (1 - 1e-9) <= clock <= high


def energies(problem, bits, split):
    """Return what each agent draws, from the definitions [J]; clocks of slices are tried one by one."""
    it = parameters(problem, np.zeros(len(bits), dtype=int), bits)
    top = problem.server_clock.f_max_hz
    by_band = problem.cell_sharing[0] == "frequency"
    efficiency = problem.rate_bps / problem.bandwidth_hz if by_band else np.nan
    sent_s = it["a"] / part_rate(split.bandwidth, efficiency)
    paid_s = sent_s if by_band else it["a"]
    if problem.server_partition[0] == "clock":
        clock = split.server * top * np.geomspace(0.01, 1.0, 30_001)[:, None]
        served_s = it["Q"] / clock
    else:
        clock = split.clocks_hz[0]
        served_s = it["Q"] / (split.server * clock)
    with np.errstate(divide="ignore"):
        agent_hz = it["A"] / np.maximum(it["T"] - sent_s - served_s, 0.0)
    drawn = it["q"] * it["Q"] * clock ** (it["beta"] - 1)
    computed = it["P"] * it["A"] * agent_hz ** (it["alpha"] - 1)
    computed = np.where(agent_hz <= it["f_max"], computed, np.inf)
    least = (drawn + computed).reshape(-1, len(bits)).min(axis=0)
    return problem.transmit_w * paid_s + least


@pytest.mark.parametrize("seed", range(6))
def test_no_other_clock_does_better(seed):
    rng = np.random.default_rng(seed)
    crowding = float(rng.uniform(0.5, 2.0))
    problem = contended_problem(rng, 2 + seed, most_bits=4, crowding=crowding, **BAND)
    group = group_of(problem)
    selection = lowest(group)
    split = frugal_split(group, selection)
    kept(group, split)
    tried = [fixed(group, selection, [it]) for it in around(group, 0, split.clocks_hz[0])]
    assert np.isfinite(tried).sum() > 4
    assert split.energy_j <= min(tried) * (1 + 1e-7)
    there = fixed(group, selection, split.clocks_hz)
    assert there == pytest.approx(split.energy_j, rel=1e-6)
    bits = group.bits[selection.columns, np.arange(2 + seed)]
    assert energies(problem, bits, split).sum() == pytest.approx(split.energy_j, rel=1e-9)


@pytest.mark.parametrize("convention", CURVED, ids="-".join)
@pytest.mark.parametrize("seed", range(3))
def test_against_convex_programs_where_energy_budgets_bind(seed, convention):
    sharing, partition = convention
    columns = {"cell_sharing": (sharing,), "server_partition": (partition,)}
    problem = contended_problem(
        np.random.default_rng(seed), 4, most_bits=4, crowding=1.5, **columns
    )
    problem = replace(problem, energy_budget_j=np.full(4, np.inf))
    group = group_of(problem)
    selection = lowest(group)
    free = frugal_split(group, selection)
    bits = group.bits[selection.columns, np.arange(4)]
    cut = np.zeros(4, dtype=int)
    wanted = energies(problem, bits, free)
    # two agents get less than they would draw, so that others must leave them shares
    part, sent_j = np.array([0.99, np.inf, 0.995, 2.0]), parameters(problem, cut, bits)["sent"]
    tight = replace(problem, energy_budget_j=sent_j + part * (wanted - sent_j))
    split = frugal_split(group_of(tight), selection)
    kept(group, split)
    spent = energies(tight, bits, split)
    assert (spent <= tight.energy_budget_j * (1 + 1e-7)).all()  # as near as clocks are tried
    np.testing.assert_allclose(spent[[0, 2]], tight.energy_budget_j[[0, 2]], rtol=1e-5)
    assert split.energy_j > free.energy_j
    for given, found in ((problem, free), (tight, split)):
        least = convex_optimum(given, cut, bits, "energy", 1 - RESERVE)
        assert found.energy_j == pytest.approx(least, rel=1e-5)  # the solver's own accuracy


def test_two_servers_are_searched_together():
    problem = contended_problem(np.random.default_rng(3), 4, most_bits=3, crowding=0.8)
    problem = replace(
        problem,
        server_index=np.array([0, 1, 0, 1]),
        bandwidth_hz=np.full(4, 2e7),
        cell_sharing=("frequency",),
        server_partition=("space", "space"),
        server_discipline=("allocated", "allocated"),
        server_agents=(2, 2),
        server_workers=(1, 1),
    )
    group = group_of(problem)
    assert len(group.clocks) == 2
    selection = lowest(group)
    split = frugal_split(group, selection)
    kept(group, split)
    first, second = split.clocks_hz
    tried = [
        fixed(group, selection, [one, other])
        for one in (first, *around(group, 0, first)[[0, 2, 3, 6, 8, 9]])
        for other in (second, *around(group, 1, second)[[0, 2, 3, 6, 8, 9]])
    ]
    assert split.energy_j <= min(tried) * (1 + 1e-7)
    assert tried[0] == pytest.approx(split.energy_j, rel=1e-6)
    assert first != second
    assert max(tried) > split.energy_j * 1.001


def test_a_server_with_steps_gets_the_best_of_them():
    stepped = contended_problem(np.random.default_rng(8), 3, most_bits=3, stepped=True, **BAND)
    problem = contended_problem(np.random.default_rng(8), 3, most_bits=3, **BAND)
    group = group_of(replace(problem, server_clock=stepped.server_clock))
    ((_, _, steps),) = group.clocks
    assert len(steps) > 2
    selection = lowest(group)
    split = frugal_split(group, selection)
    kept(group, split)
    tried = [fixed(group, selection, [it]) for it in steps]
    assert split.clocks_hz[0] in steps
    assert split.energy_j == pytest.approx(min(tried), rel=1e-6)
    assert split.clocks_hz[0] < steps[-1]


@pytest.mark.parametrize("seed", range(3))
def test_agents_with_steps_keep_their_budgets_and_draw_less_than_at_the_clock_of_the_least_load(
    seed,
):
    stepped = contended_problem(np.random.default_rng(seed), 3, most_bits=3, stepped=True, **BAND)
    problem = contended_problem(np.random.default_rng(seed), 3, most_bits=3, **BAND)
    problem = replace(problem, agent_clock=stepped.agent_clock)
    group = group_of(problem)
    (selection,) = Greedy().select(group)
    split = frugal_split(group, selection)
    kept(group, split)
    assert split.energy_j < even_energy_j(group, selection, selection.clocks_hz)
    assert split.energy_j <= fixed(group, selection, selection.clocks_hz)
    design, cost = solved(Greedy(), problem)
    assert cost.energy_j.sum() == pytest.approx(split.energy_j, rel=1e-9)
    assert design.feasible.all()


def test_agents_who_leave_no_room_get_the_shares_that_there_are():
    # T such that the designs of least load take all of cell and server, but for a billionth
    def load_at(delay_s):
        group = group_of(alike(3, delay_budget_s=delay_s, bandwidth_hz=1e7, **BAND))
        columns = np.argmin(np.where(np.isfinite(group.menu.value), group.bits, 99), axis=0)
        everyone = np.ones(3, dtype=bool)
        load, clocks = settle_clocks(group, columns[None, :], everyone[None, :])
        return float(load[0]), group, Selection(columns, everyone, clocks[0])

    short, long = 0.1, 10.0
    for _ in range(45):
        middle = (short + long) / 2
        load, group, selection = load_at(middle)
        short, long = (middle, long) if load > 1 - RESERVE else (short, middle)
    load, group, selection = load_at(long)
    assert load == pytest.approx(1 - RESERVE, abs=1e-8)
    split = frugal_split(group, selection)
    kept(group, split)
    assert np.isfinite(split.energy_j)
    np.testing.assert_allclose(split.bandwidth, 1 / 3, rtol=1e-4)
    assert split.clocks_hz[0] == pytest.approx(group.clocks[0][1], rel=1e-4)
