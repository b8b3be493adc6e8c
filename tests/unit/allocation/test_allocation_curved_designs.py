"""Joint designs under parts of the band and slices with clocks of their own, in small worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contended import alike

from simran.allocation import evaluate, refuse_impossible
from simran.allocation.exhaustive import Exhaustive
from simran.allocation.greedy import Greedy
from simran.allocation.joint import Joint
from simran.allocation.samples import contended_problem
from simran.radio import part_rate

EVERY = pytest.mark.parametrize("cls", [Joint, Greedy, Exhaustive])
BAND = {"cell_sharing": ("frequency",), "bandwidth_hz": 1e7, "transmit_w": 1.0}


def kept(problem, design):
    """Return the cost of designs that are possible and keep what they promise."""
    refuse_impossible(problem, design)
    cost = evaluate(problem, design)
    assert (cost.delay_ok & cost.energy_ok)[design.feasible].all()
    return cost


@EVERY
def test_alike_agents_share_the_band_alike(cls):
    problem = alike(4, **BAND)
    design = cls().allocate(problem)
    cost = kept(problem, design)
    assert design.feasible.all()
    assert np.sum(design.bandwidth_share) == pytest.approx(1.0, abs=2e-6)
    sent_s = 4e6 / (5e7 * part_rate(design.bandwidth_share, 5.0))
    np.testing.assert_allclose(cost.uplink_s, sent_s)
    np.testing.assert_allclose(cost.transmit_j, sent_s)  # at 1 W


@pytest.mark.parametrize("cls", [Greedy])
def test_parts_of_the_band_pay_where_power_is_short_and_cost_where_energy_is(cls):
    # the same time needs less of a band; what is sent for longer draws more
    time, band = alike(4, rate_bps=1.2e7, transmit_w=1.0), alike(4, rate_bps=1.2e7, **BAND)
    free = {"transmit_w": np.zeros(4)}
    bits = {}
    for name, problem in (("time", time), ("band", band)):
        for power, columns in (("free", free), ("dear", {})):
            problem_ = replace(problem, **columns)
            design = cls().allocate(problem_)
            kept(problem_, design)
            assert design.feasible.all()
            bits[name, power] = int(design.weight_bits.sum())
    assert bits["band", "free"] >= bits["time", "free"]
    assert bits["band", "dear"] <= bits["band", "free"]
    assert (
        bits["time", "free"] - bits["time", "dear"] <= bits["band", "free"] - bits["band", "dear"]
    )


@EVERY
@pytest.mark.parametrize("columns", [{}, BAND], ids=["airtime", "band"])
def test_slices_of_a_server_where_the_cell_gives_no_shares(cls, columns):
    problem = alike(3, server_partition=("clock",), cell_scheduler=("equal-share",), **columns)
    design = cls().allocate(problem)
    kept(problem, design)
    assert design.feasible.all()
    assert np.isnan(design.bandwidth_share).all()
    assert np.sum(design.server_share) == pytest.approx(1.0, abs=2e-6)


@pytest.mark.parametrize(("cls", "stepped"), [(Joint, False), (Exhaustive, False), (Greedy, True)])
def test_parts_of_the_band_where_the_server_gives_no_shares(cls, stepped):
    problem = contended_problem(
        np.random.default_rng(5),
        3,
        most_bits=6,
        stepped=stepped,
        cell_sharing=("frequency",),
        server_discipline=("fifo",),
    )
    design = cls().allocate(problem)
    kept(problem, design)
    assert design.feasible.all()
    assert np.isnan(design.server_share).all()
    wider = replace(problem, bandwidth_hz=100 * problem.bandwidth_hz)
    better = cls().allocate(wider)
    cost, less = kept(problem, design), kept(wider, better)
    assert (problem.weight * less.distortion).sum() <= (problem.weight * cost.distortion).sum()


@EVERY
def test_agents_without_budgets_and_the_fastest_designs(cls):
    problem = alike(
        3,
        server_partition=("clock",),
        delay_budget_s=np.array([3.0, np.inf, 3.0]),
        energy_budget_j=np.array([3.0, 3.0, np.inf]),
        select="min-delay",
        **BAND,
    )
    design = cls().allocate(problem)
    kept(problem, design)
    assert design.feasible.all()
    assert design.bandwidth_share[1] < design.bandwidth_share[0]  # it can wait


@EVERY
def test_those_who_cannot_be_served_are_named_and_the_rest_is_served(cls):
    budget = np.array([3.0, 0.05, 3.0])
    for partition in ("space", "clock"):
        problem = alike(3, delay_budget_s=budget, server_partition=(partition,), **BAND)
        allocator = cls()
        design = allocator.allocate(problem)
        kept(problem, design)
        assert design.feasible.tolist() == [True, False, True]
        assert design.fallback == ("", "degrade", "")
        assert 0 < design.bandwidth_share[1] < 0.01
        assert "50 ms" in allocator.explain(problem, design, 1)
        assert "found no design" not in allocator.explain(problem, design, 0)


@pytest.mark.parametrize("cls", [Greedy])
def test_a_band_and_airtime_cores_and_clocks_in_one_group(cls):
    problem = contended_problem(np.random.default_rng(11), 4, most_bits=2, crowding=1.5)
    cell, server = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    band = np.where(cell == 0, 2e7, np.nan)
    problem = replace(
        problem,
        cell_index=cell,
        server_index=server,
        bandwidth_hz=band,
        cell_sharing=("frequency", "time"),
        cell_scheduler=("allocated", "allocated"),
        cell_agents=(2, 2),
        server_partition=("space", "clock"),
        server_discipline=("allocated", "allocated"),
        server_agents=(2, 2),
        server_workers=(1, 1),
    )
    design = cls().allocate(problem)
    kept(problem, design)
    assert design.feasible.all()
    for index, share in ((cell, design.bandwidth_share), (server, design.server_share)):
        sums = np.bincount(index, weights=share)
        assert (sums <= 1 + 1e-9).all()
        assert (sums > 0.5).all()
    cores = design.server_frequency_hz[server == 0]
    assert cores[0] == cores[1]
