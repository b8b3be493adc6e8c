"""Queues in a random environment: the solution at its limits and by brute force, and runs against it."""

from __future__ import annotations

import numpy as np
import pytest

from simran.experiments.checks import Check
from simran.experiments.queueing import check_case
from simran.experiments.varying_rates import (
    inverse_integral,
    modulated_cases,
    rate_checks,
    stationary,
)

REQUESTS, REPLICATIONS = 4_000, 10


def test_equal_rates_are_those_of_a_queue_without_states() -> None:
    for rho in (0.3, 0.9):
        assert stationary(rho, [1.0, 1.0, 1.0], [5.0, 0.2, 1.0]) == pytest.approx(
            (rho / (1 - rho), 1 - rho), rel=1e-9
        )


def test_states_that_change_fast_count_by_their_mean() -> None:
    number, none = stationary([0.2, 0.8], [1.5, 0.5], [2e-7, 1e-7])
    arrival, service = (0.2 * 2 + 0.8) / 3, (1.5 * 2 + 0.5) / 3
    rho = arrival / service
    assert (number, none) == pytest.approx((rho / (1 - rho), 1 - rho), rel=1e-5)


def test_states_that_change_slowly_count_by_themselves() -> None:
    number, none = stationary(0.3, [1.5, 0.5], [2e7, 1e7])
    rho = np.array([0.2, 0.6])
    share = np.array([2.0, 1.0]) / 3
    assert (number, none) == pytest.approx((share @ (rho / (1 - rho)), share @ (1 - rho)), rel=1e-5)


def test_the_balance_equations_cut_off_far_out() -> None:
    """States 0 to 400 jobs, by a linear system, for three states in turn."""
    arrivals, services, dwells = [0.2, 1.1, 0.4], [1.5, 0.9, 0.7], [3.0, 2.0, 4.0]
    most = 400
    size = 3 * (most + 1)
    rates = np.zeros((size, size))
    for n in range(most + 1):
        for s in range(3):
            here = 3 * n + s
            rates[here, 3 * n + (s + 1) % 3] += 1.0 / dwells[s]
            if n < most:
                rates[here, here + 3] += arrivals[s]
            if n:
                rates[here, here - 3] += services[s]
    balance = (rates - np.diag(rates.sum(axis=1))).T
    balance[-1] = 1.0
    chance = np.linalg.solve(balance, np.eye(size)[-1]).reshape(most + 1, 3).sum(axis=1)
    expected = float(np.arange(most + 1) @ chance), float(chance[0])
    assert stationary(arrivals, services, dwells) == pytest.approx(expected, rel=1e-8)


def test_more_than_can_be_served_has_no_mean() -> None:
    with pytest.raises(ValueError, match="less than service_hz in the mean"):
        stationary(1.0, [1.5, 0.5], [1.0, 1.0])


def test_an_integral_is_turned_round() -> None:
    """1/s for 2 s, then 3/s for 2 s, again and again: 8 in a period."""
    found = inverse_integral(np.array([0.0, 2.0, 3.5, 8.0, 17.0]), (0.0, 2.0), (1.0, 3.0), 4.0)
    assert found.tolist() == pytest.approx([0.0, 2.0, 2.5, 4.0, 9.0])


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """Return what runs gave; number and length of the replications were fixed beforehand."""
    return [check_case(case, REQUESTS, REPLICATIONS) for case in modulated_cases()]


def test_runs_agree_with_the_solution(checks: list[Check]) -> None:
    assert len(checks) == 3
    for check in checks:
        text = f"expected {check.expected:g}, got {check.got:g} ± {check.tolerance:g}"
        assert check.passed, f"{check.name}: {text}"


def test_a_queue_of_the_mean_rate_is_told_from_one_whose_rate_varies(checks: list[Check]) -> None:
    """The check would fail a program that takes the mean of the rates: its sojourn is 1/(1 - 0.6) s."""
    assert abs(1.0 / (1.0 - 0.6) - checks[0].got) > checks[0].tolerance


def test_integrals_say_when_requests_come_and_uploads_end() -> None:
    for check in rate_checks():
        assert check.passed, f"{check.name}: expected {check.expected:g}, got {check.got:g}"
