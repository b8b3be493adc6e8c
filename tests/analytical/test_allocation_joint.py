"""Joint designs against convex programs and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from contended import least_energy, parameters

from simran.allocation import evaluate
from simran.allocation.common_clock import settle_clocks
from simran.allocation.exhaustive import Exhaustive
from simran.allocation.joint import Joint
from simran.allocation.loads import Stations, largest_load, load_matrix, optimal_shares
from simran.allocation.samples import contended_problem
from simran.allocation.shared import RESERVE, contentions, owned


def group_of(problem):
    return contentions(problem, owned(problem), 1.0)[0]


def random_load(rng, count, cells, servers):
    cell = np.eye(cells + servers)[rng.integers(0, cells, count)]
    server = np.eye(cells + servers)[cells + rng.integers(0, servers, count)]
    a, d, inverse = rng.uniform(0.2, 1.0, (3, count))  # within what the solver is good at
    vectors = np.sqrt(a)[:, None] * cell + np.sqrt(d)[:, None] * server
    return Stations(cell, server), a, d, inverse, vectors


@pytest.mark.parametrize(("cells", "servers"), [(1, 1), (2, 1), (1, 3), (3, 2)])
def test_spectral_radius_is_the_least_largest_sum_of_shares(cells, servers):
    import cvxpy as cp

    rng = np.random.default_rng(cells * 10 + servers)
    for _ in range(3):
        stations, a, d, inverse, vectors = random_load(rng, 7, cells, servers)
        beta, phi, most = cp.Variable(7), cp.Variable(7), cp.Variable()
        sums = stations.cell.T @ beta + stations.server.T @ phi
        times = cp.multiply(a * inverse, cp.inv_pos(beta)) + cp.multiply(
            d * inverse, cp.inv_pos(phi)
        )
        program = cp.Problem(cp.Minimize(most), [times <= 1, sums <= most])
        program.solve(solver=cp.CLARABEL)
        assert float(largest_load(load_matrix(vectors, inverse))) == pytest.approx(
            program.value, rel=1e-6
        )


@pytest.mark.parametrize(("cells", "servers"), [(1, 1), (2, 1), (3, 2)])
def test_optimal_shares_meet_every_delay_and_add_up_to_the_radius(cells, servers):
    rng = np.random.default_rng(cells)
    stations, a, d, inverse, vectors = random_load(rng, 9, cells, servers)
    beta, phi = optimal_shares(vectors, inverse, stations)
    np.testing.assert_allclose(a / beta + d / phi, 1 / inverse, rtol=1e-9)
    sums = beta @ stations.cell + phi @ stations.server
    radius = float(largest_load(load_matrix(vectors, inverse)))
    assert sums.max() == pytest.approx(radius, rel=1e-9)


def test_agents_that_use_one_station_only_get_their_ratio():
    stations = Stations(np.array([[1.0, 0.0]] * 2), np.array([[0.0, 1.0]] * 2))
    vectors = np.sqrt(np.array([[0.3, 0.0], [0.0, 0.4]]))
    beta, phi = optimal_shares(vectors, np.array([1.0, 0.5]), stations)
    np.testing.assert_allclose(beta, [0.3, 0.0])
    np.testing.assert_allclose(phi, [0.0, 0.2])


def brute_force(problem, fair):
    """Return the least objective over all bit-widths, each decided on a fine grid of clocks."""
    table = problem.tables[0]
    count = len(problem.agents)
    cut = np.zeros(count, dtype=int)
    best = (np.inf, np.inf)
    top = problem.server_clock.f_max_hz[0]
    clock = np.geomspace(1e-3 * top, top, 4001)[:, None]
    for bits in itertools.product(table.bits, repeat=count):
        it = parameters(problem, cut, np.array(bits))
        value = problem.weight * table.distortion[0, np.array(bits) - 1]
        key = (value.max(), value.sum()) if fair else (value.sum(), value.sum())
        if key >= best:
            continue
        left = it["E"] - it["q"] * it["Q"] * clock ** (it["beta"] - 1)
        power = 1 / (it["alpha"] - 1)
        f = np.minimum(it["f_max"], (np.maximum(left, 0) / (it["P"] * it["A"])) ** power)
        with np.errstate(divide="ignore"):
            tau = it["T"] - it["A"] / f
        ok = (tau > 0).all(axis=1)
        tau, d = tau[ok], (it["Q"] / clock)[ok]
        s, t, g = (it["a"] / tau).sum(1), (d / tau).sum(1), (np.sqrt(it["a"] * d) / tau).sum(1)
        load = (s + t) / 2 + np.sqrt(((s - t) / 2) ** 2 + g**2)
        if (load <= 1 - RESERVE).any():
            best = key
    return best


@pytest.mark.parametrize("fair", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_exhaustive_and_joint_against_brute_force(seed, fair):
    problem = contended_problem(np.random.default_rng(seed), 3, most_bits=7)
    expected = brute_force(problem, fair)
    options = {"objective": "max-min" if fair else "weighted-sum"}
    for allocator in (Exhaustive(options), Joint(options)):
        design = allocator.allocate(problem)
        assert design.feasible.all() == np.isfinite(expected[0])
        value = problem.weight * evaluate(problem, design).distortion
        if design.feasible.all():
            assert value.sum() == pytest.approx(expected[1], rel=1e-9)
            assert value.max() == pytest.approx(expected[0], rel=1e-9) or not fair


@pytest.mark.parametrize("seed", range(3))
def test_energy_of_the_settled_designs_against_a_geometric_program(seed):
    problem = contended_problem(np.random.default_rng(100 + seed), 4, most_bits=8, cuts=2)
    design = Joint().allocate(problem)
    assert design.feasible.all()
    energy = evaluate(problem, design).energy_j.sum()
    # the millionth that is kept back, and the golden section over the clock
    assert energy == pytest.approx(least_energy(problem, design.cut, design.weight_bits), rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_the_load_over_the_clock_is_least_where_it_is_settled(seed):
    problem = contended_problem(np.random.default_rng(seed), 4, stepped=seed % 2 == 1)
    group = group_of(problem)
    columns = np.random.default_rng(seed).integers(0, 3, (20, 4))
    served = np.ones((20, 4), dtype=bool)
    least, clocks = settle_clocks(group, columns, served)
    low, high, steps = group.clocks[0]
    from simran.allocation.common_clock import load_of

    for clock in steps if len(steps) else np.geomspace(low, high, 500):
        load = load_of(group, group.menu.take(columns), served, np.full((20, 1), clock))
        assert (least <= load * (1 + 1e-9)).all()
    assert np.isfinite(least).any()
    assert (clocks <= high * (1 + 1e-12)).all()
