"""Curves of share against share and their least load, against brute force and linear programs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq, linprog

from simran.allocation.common_clock import spread_clock
from simran.allocation.frontier import curve_of, shares_on
from simran.allocation.frontier_slopes import crossing, oriented, slopes
from simran.allocation.samples import contended_problem
from simran.allocation.searching import nearest_trough
from simran.allocation.shared import contentions, owned
from simran.allocation.under_clocks import LEAST, UnderClocks
from simran.radio import part_for_rate, part_rate

CURVED = [("time", "clock"), ("frequency", "space"), ("frequency", "clock")]


@given(st.floats(-4.0, 2.5), st.floats(-9.0, 0.0))
@settings(max_examples=50, deadline=None)
def test_the_part_for_a_rate_is_the_inverse(log_efficiency, log_part):
    efficiency, part = 10**log_efficiency, 10**log_part
    ratio = float(part_rate(part, efficiency))
    found = float(part_for_rate(ratio, efficiency))
    assert part_rate(found, efficiency) == pytest.approx(ratio, rel=1e-12)
    # what is left of the digits where the whole band carries hardly more than a part of it
    slope = (1 - float(part_rate(part * (1 - 1e-6), efficiency)) / ratio) / 1e-6
    assert found == pytest.approx(part, rel=1e-12 + 1e-14 / max(slope, 1e-9))


def test_the_part_for_a_rate_against_a_root_finder():
    for efficiency in (1e-3, 0.3, 5.0, 40.0, 1500.0):
        for ratio in (1e-6, 0.1, 0.7, 0.999):
            root = brentq(
                lambda z, x=efficiency, goal=ratio: float(part_rate(np.exp(z), x)) - goal,
                np.log(1e-30),
                0.0,
                xtol=1e-14,
            )
            assert float(part_for_rate(ratio, efficiency)) == pytest.approx(np.exp(root), rel=1e-9)
    assert float(part_for_rate(0.25, np.nan)) == 0.25


@pytest.mark.parametrize("convention", CURVED, ids="-".join)
@pytest.mark.parametrize("stepped", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_curves_begin_and_end_where_a_fine_grid_says(convention, stepped, seed):
    problem = contended_problem(
        np.random.default_rng(seed),
        3,
        most_bits=5,
        stepped=stepped,
        crowding=3.0,
        cell_sharing=convention[:1],
        server_partition=convention[1:],
    )
    group = contentions(problem, owned(problem), 1.0)[0]
    ends = [group.clocks[0][0], group.clocks[0][1]] if group.clocks else [1.0]
    for part in (0.6, 1.0):
        clocks = np.array([ends[0] * (ends[-1] / ends[0]) ** part][: len(group.clocks)])
        needs, clock = group.menu, spread_clock(group, clocks)
        curve = curve_of(needs, clock)
        at = UnderClocks.of(needs, clock, None)
        grid = np.linspace(LEAST, 0.0, 4001)
        slices = np.broadcast_to(needs.slices & (needs.server_cycles > 0), needs.value.shape)
        fits = np.array([np.where(slices, at.slice_fits(z), at.part_fits(z)) for z in
                         (np.full(needs.value.shape, it) for it in grid)])  # fmt: skip
        free = np.isnan(needs.slice_share) & np.isfinite(needs.value)
        step = grid[1] - grid[0]
        known = free & fits.any(axis=0)
        assert (curve.possible[known]).all()
        assert not (
            curve.possible & free & ~fits.any(axis=0) & (curve.high - curve.low > 2 * step)
        ).any()
        first = grid[np.argmax(fits, axis=0)]
        moving = known & (curve.high > curve.low)
        assert (np.abs(curve.low - first)[moving] <= step + 1e-9).all()
        cell, server = shares_on(needs, curve.points(9), clock)
        assert np.isfinite(cell[moving]).all()
        assert np.isfinite(server[moving]).all()


def polygons(seed, agents, points):
    """Return convex falling polygons (1, n, P), some of them one point, some with points missing."""
    rng = np.random.default_rng(seed)
    z = np.sort(rng.uniform(0.02, 1.0, (1, agents, points)), axis=-1)
    scale = rng.uniform(0.01, 1.0, (1, agents, 1)) / agents
    cell, server = z * scale, scale * rng.uniform(0.2, 5.0, (1, agents, 1)) * (0.05 / z)
    if agents > 1:
        cell[0, 0], server[0, 0] = cell[0, 0, 0], server[0, 0, 0]
    if agents > 2:
        server[0, 1] = 0.0
        cell[0, 1] = cell[0, 1, 0]
    missing = rng.random((1, agents, points)) < 0.2
    missing[..., points // 2] = False
    server = np.where(missing, np.inf, server)
    turned = rng.random(agents) < 0.5
    cell = np.where(turned[:, None], cell[..., ::-1], cell)
    return cell, np.where(turned[:, None], server[..., ::-1], server)


@pytest.mark.parametrize("agents", [1, 2, 5])
@pytest.mark.parametrize("points", [1, 2, 7])
@pytest.mark.parametrize("seed", range(3))
def test_the_least_load_of_polygons_is_that_of_a_linear_program(agents, points, seed):
    cell, server = polygons(seed, agents, points)
    along = oriented(cell, server)
    at = crossing(along.cell, along.server, slopes(along.cell, along.server))
    rows = np.arange(agents)
    sums = []
    for share in (along.cell[0], along.server[0]):
        one, other = share[rows, at.before[0]], share[rows, at.after[0]]
        sums.append(float((at.part[0] * one + (1 - at.part[0]) * other).sum()))
    there = np.isfinite(server[0])
    who, _ = np.nonzero(there)
    count = int(there.sum())
    found = linprog(
        np.r_[np.zeros(count), 1.0],
        A_ub=np.c_[np.stack([cell[0][there], server[0][there]]), [-1.0, -1.0]],
        b_ub=np.zeros(2),
        A_eq=np.c_[(who == rows[:, None]).astype(float), np.zeros(agents)],
        b_eq=np.ones(agents),
    )
    assert max(sums) == pytest.approx(found.fun, rel=1e-7)
    assert (at.before == at.after).sum() >= agents - 1  # one agent's shares are mixed at the most


@given(arrays(float, 3, elements=st.floats(0.1, 5.0)), st.floats(-3.0, 3.0), st.floats(0.05, 1.0))
@settings(max_examples=40, deadline=None)
def test_the_nearest_trough_of_convex_functions(values, start, reach):
    place, steep, flat = values[0] - 2.5, values[1], values[2]

    def function(x):
        return 1.0 + np.where(x < place, steep, flat) * (x - place) ** 2

    found = nearest_trough(function, start, (-3.0, 3.0), reach)
    assert found == pytest.approx(place, abs=0.02)


@pytest.mark.parametrize(
    ("function", "least"),
    [
        (lambda x: abs(x - 0.7), 0.7),
        (lambda x: -x, 2.0),
        (lambda x: x, -2.0),
        (lambda x: 2.0 - x if x < 0.3 else 1e9 * (1 + x), 0.3),
    ],
)
def test_the_nearest_trough_of_kinks_cliffs_and_slopes(function, least):
    found = nearest_trough(function, 0.0, (-2.0, 2.0), 0.15)
    assert found == pytest.approx(least, abs=0.01)
    assert -2.0 <= found <= 2.0


def test_the_nearest_trough_of_what_is_flat_stays():
    assert nearest_trough(lambda x: 1.0, 0.4, (-2.0, 2.0), 0.15) == 0.4
