"""Clocks of least weighted cost, against a search over many clocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from simran.allocation.candidates import Candidates, Restriction, batches
from simran.allocation.designs import solve
from simran.allocation.samples import sample_problem
from simran.allocation.weighted import Limits, Prices, weighted_designs


def _batches(**kind: object) -> list[Candidates]:
    problem = sample_problem(np.random.default_rng(3), 12, **kind)
    return list(batches(problem, Restriction()))


def _prices(given: Candidates, seed: int = 1) -> Prices:
    rng = np.random.default_rng(seed)
    count = len(given.agents)
    return Prices(rng.uniform(0.1, 3.0, count), rng.uniform(0.1, 3.0, count))


def test_without_prices_the_clocks_are_those_of_exact() -> None:
    for given in [*_batches(), *_batches(stepped=True)]:
        zeros = np.zeros(len(given.agents))
        designs, cost = weighted_designs(
            given, Prices(zeros, zeros), Limits(given.time_left_s, given.energy_left_j)
        )
        usual = solve(given)
        assert (designs.feasible == usual.feasible).all()
        chosen = designs.feasible
        assert designs.agent_hz[chosen] == pytest.approx(usual.agent_hz[chosen])
        assert (cost[chosen] == 0).all()


def _least_cost(given: Candidates, prices: Prices, n: int, cut: int, bit: int) -> float:
    """Return the least cost of one candidate: a convex program in the logarithms of both clocks."""
    A = given.cost.agent_cycles_per_bit[n, cut] * given.bits[bit]
    Q, B = given.cost.server_cycles[n, cut], given.cost.server_cycles_in_slice[n, cut]
    agent, server = given.agent_box, given.server_box
    top = np.log([agent.high_hz[n, 0], server.high_hz[n, 0]])
    p, a = agent.coefficient[n, 0], agent.exponent[n, 0]
    q, b = server.coefficient[n, 0], server.exponent[n, 0]
    left = given.time_left_s[n, cut], given.energy_left_j[n, cut]

    def time(x: np.ndarray) -> float:
        return A / np.exp(x[0]) + B / np.exp(x[1])

    def energy(x: np.ndarray) -> float:
        return p * A * np.exp((a - 1) * x[0]) + q * Q * np.exp((b - 1) * x[1])

    def total(x: np.ndarray) -> float:
        spent = energy(x) + given.cost.transmit_j[n, cut]
        return prices.energy[n] * spent + prices.delay[n] * (time(x) + given.fixed_s[n, cut])

    rules = [
        {"type": "ineq", "fun": lambda x: left[0] - time(x)},
        {"type": "ineq", "fun": lambda x: left[1] - energy(x)},
    ]
    bounds = [(it - 5, it) for it in top]
    options = {"ftol": 1e-13, "maxiter": 300}
    found = [
        minimize(total, top - start, bounds=bounds, constraints=rules, options=options)
        for start in (0.0, 0.3, 1.0)
    ]
    loose = 1 + 1e-7
    kept = [
        it.fun for it in found if time(it.x) <= left[0] * loose and energy(it.x) <= left[1] * loose
    ]
    return min(kept, default=np.inf)


@pytest.mark.parametrize("same", [True, False])
def test_no_clocks_cost_less(same: bool) -> None:
    checked = 0
    for given in _batches(same_exponents=same):
        prices = _prices(given)
        limits = Limits(given.time_left_s, given.energy_left_j)
        designs, cost = weighted_designs(given, prices, limits)
        for n, cut, bit in np.argwhere(designs.feasible[:, :, :, 0, 0])[::7].tolist():
            least = _least_cost(given, prices, n, cut, bit)
            assert cost[n, cut, bit, 0, 0] <= least * (1 + 1e-6)
            checked += np.isfinite(least)
    assert checked > 20


def test_steps_are_all_priced() -> None:
    for given in _batches(stepped=True):
        prices = _prices(given)
        designs, cost = weighted_designs(
            given, prices, Limits(given.time_left_s, given.energy_left_j)
        )
        usual = solve(given)
        assert (designs.feasible == usual.feasible).all()
        low = np.where(designs.feasible, cost, np.inf)
        assert np.isfinite(low[designs.feasible]).all()
