"""Closed-form clocks at their corners."""

from __future__ import annotations

import numpy as np
import pytest

from simran.allocation.clocks import Box, Work, balance, least_delay, least_energy


def box(low=0.0, high=2e9, coefficient=1e-28, exponent=3.0):
    return Box(*(np.array([value]) for value in (low, high, coefficient, exponent)))


def work(agent=1e9, server=1e9, time=10.0, energy=10.0, share=1.0):
    values = (agent, server, server / share, time, energy)
    return Work(*(np.array([value]) for value in values))


@pytest.mark.parametrize("solve", [least_energy, least_delay])
@pytest.mark.parametrize("exponents", [(3.0, 3.0), (2.2, 3.0), (3.0, 2.5)])
def test_a_part_without_work_has_no_clock(solve, exponents):
    agent, server = box(exponent=exponents[0]), box(exponent=exponents[1])
    alone = solve(work(server=0.0), agent, server)
    assert np.isnan(alone.server_hz[0])
    assert np.isfinite(alone.agent_hz[0])
    alone = solve(work(agent=0.0), agent, server)
    assert np.isnan(alone.agent_hz[0])
    assert np.isfinite(alone.server_hz[0])
    nothing = solve(work(agent=0.0, server=0.0), agent, server)
    assert nothing.time_s[0] == nothing.energy_j[0] == 0.0


def test_one_part_alone_uses_the_whole_budget():
    assert least_energy(work(server=0.0), box(), box()).agent_hz[0] == pytest.approx(1e8)
    spent = least_delay(work(server=0.0, energy=0.025), box(), box())
    assert spent.energy_j[0] == pytest.approx(0.025)
    assert spent.agent_hz[0] == pytest.approx(0.5e9)


@pytest.mark.parametrize("exponents", [(3.0, 3.0), (2.2, 3.0)])
def test_free_energy_runs_at_full_clock(exponents):
    free, costly = box(coefficient=0.0, exponent=exponents[0]), box(exponent=exponents[1])
    got = least_energy(work(), free, costly)
    assert got.agent_hz[0] == 2e9
    assert got.server_hz[0] == pytest.approx(1e9 / (10.0 - 0.5))
    got = least_energy(work(), costly, free)
    assert got.server_hz[0] == 2e9
    got = least_energy(work(), free, free)
    assert got.agent_hz[0] == got.server_hz[0] == 2e9


def test_too_little_time_gives_full_clocks():
    for time in (0.5, 0.0, -1.0):
        got = least_energy(work(time=time), box(), box(exponent=2.5))
        assert got.agent_hz[0] == got.server_hz[0] == 2e9
        assert got.time_s[0] == 1.0


def test_too_little_energy_gives_no_finite_time():
    assert least_delay(work(energy=0.0), box(), box()).time_s[0] == np.inf
    assert least_delay(work(energy=-1.0), box(), box()).time_s[0] == np.inf


def test_ample_energy_gives_full_clocks_exactly():
    for energy in (10.0, np.inf):
        got = least_delay(work(energy=energy), box(), box())
        assert got.agent_hz[0] == got.server_hz[0] == 2e9


def test_clipped_clock_leaves_the_rest_to_the_other():
    got = least_energy(work(time=2.0), box(high=0.7e9), box())
    assert got.agent_hz[0] == 0.7e9
    assert got.server_hz[0] == pytest.approx(1e9 / (2.0 - 1 / 0.7))
    got = least_energy(work(time=2.0), box(), box(high=0.7e9))
    assert got.server_hz[0] == 0.7e9
    assert got.agent_hz[0] == pytest.approx(1e9 / (2.0 - 1 / 0.7))


def test_share_stretches_time_but_not_energy():
    whole = least_energy(work(agent=0.0), box(), box())
    half = least_energy(work(agent=0.0, share=0.5), box(), box())
    assert half.server_hz[0] == pytest.approx(2 * whole.server_hz[0])
    assert half.energy_j[0] == pytest.approx(4 * whole.energy_j[0])
    assert half.time_s[0] == pytest.approx(whole.time_s[0])


def test_a_single_step_is_kept():
    got = least_energy(work(), box(low=1e9, high=1e9), box())
    assert got.agent_hz[0] == 1e9
    assert got.server_hz[0] == pytest.approx(1e9 / 9.0)


@pytest.mark.parametrize("q", [1.3, 2.0, 2.0 + 1e-9, 3.0, 7.0])
def test_balance_solves_its_equation(q):
    rng = np.random.default_rng(3)
    pull, push = rng.uniform(-8, 8, 200), rng.uniform(-8, 8, 200)
    total = rng.uniform(1e-3, 1e3, 200)
    x = balance(pull, push, np.array(2.0), np.array(q), total)
    residual = (pull - 2.0 * np.log(x)) - (push - q * np.log(total - x))
    # one rounding of x moves the residual by an ulp over the distance to either end
    noise = 4e-16 * (2.0 + q * total / (total - x) + np.abs(pull) + np.abs(push) + 40)
    assert (np.abs(residual) <= 4 * noise).all()


def test_balance_at_equal_exponents_is_the_limit_of_unequal_ones():
    pull, push, total = np.array([1.0, -2.0]), np.array([0.0, 3.0]), np.array([2.0, 5.0])
    equal = balance(pull, push, np.array(3.0), np.array(3.0), total)
    near = balance(pull, push, np.array(3.0), np.array(3.0 + 1e-12), total)
    np.testing.assert_allclose(near, equal, rtol=1e-11)
