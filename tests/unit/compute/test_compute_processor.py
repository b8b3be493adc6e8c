"""A processor: the paper's delay and energy, power by law and by measured states."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simran.compute import PowerLaw, PowerStates, Processor

STATES = PowerStates((1e8, 2e8, 4e8), busy_w=(2.0, 3.5, 9.0), idle_w=(0.5, 1.0, 1.5))


def test_delay_and_energy_are_the_papers() -> None:
    """T = N/(f c) and e = η ψ (N/c) f^(α−1), of random devices."""
    draw = np.random.default_rng(1)
    for _ in range(200):
        c, f, n = draw.uniform(1, 64), draw.uniform(1e6, 1e10), draw.uniform(1e6, 1e13)
        psi, alpha, eta = 10 ** draw.uniform(-30, -20), draw.uniform(1.1, 4), draw.uniform(1, 2)
        device = Processor(1e10, c, PowerLaw(psi, alpha), pue=eta)
        assert device.seconds(n, f) == pytest.approx(n / (f * c), rel=1e-14)
        expected = eta * psi * n / c * f ** (alpha - 1)
        assert device.dynamic_j(n, f) == pytest.approx(expected, rel=1e-12)


def test_delay_falls_with_the_clock_and_energy_rises_with_its_square() -> None:
    device = Processor(2e9, 32, PowerLaw(1e-28))
    assert device.seconds(64e9, 1e9) == 2 * device.seconds(64e9, 2e9)
    assert device.dynamic_j(64e9, 2e9) == pytest.approx(4 * device.dynamic_j(64e9, 1e9))


def test_static_and_idle_power_are_no_part_of_a_request() -> None:
    law = PowerLaw(1e-28, static_w=5.0, idle_w=2.0)
    device, bare = (Processor(2e9, 32, it, pue=1.5) for it in (law, PowerLaw(1e-28)))
    assert device.dynamic_j(1e9, 1e9) == bare.dynamic_j(1e9, 1e9)
    for clock in (1e6, 2e9):
        assert law.static_at_w(clock) == 5.0
        assert law.idle_at_w(clock) == 2.0
    assert device.full_dynamic_w == pytest.approx(1.5 * 1e-28 * 8e27)


def test_measured_states_charge_a_request_with_what_it_adds_to_idling() -> None:
    for place, clock in enumerate(STATES.frequencies_hz):
        assert STATES.dynamic_w(clock) == STATES.busy_w[place] - STATES.idle_w[place]
        assert STATES.static_at_w(clock) == STATES.idle_at_w(clock) == STATES.idle_w[place]
        busy = STATES.dynamic_w(clock) + STATES.static_at_w(clock)
        assert busy == STATES.busy_w[place]
    device = Processor(4e8, 2.0, STATES, STATES.frequencies_hz, pue=1.2)
    assert device.dynamic_j(8e8, 2e8) == pytest.approx(1.2 * 2.5 * 2.0)


@pytest.mark.parametrize("factor", [1 - 1e-10, 1 - 1e-13, 1.0, 1 + 1e-13, 1 + 1e-10])
def test_a_clock_off_by_rounding_is_the_same_state(factor: float) -> None:
    for place, clock in enumerate(STATES.frequencies_hz):
        assert STATES.idle_at_w(clock * factor) == STATES.idle_w[place]


@pytest.mark.parametrize("clock", [1e7, 1.5e8, 2e8 * (1 + 1e-6), 2e8 * (1 - 1e-6), 8e8, math.nan])
def test_a_clock_between_states_is_refused(clock: float) -> None:
    with pytest.raises(ValueError, match=r"frequency_hz .* is not one of"):
        STATES.dynamic_w(clock)


def test_which_clocks_it_can_take() -> None:
    free = Processor(2e9, 32, PowerLaw(1e-28))
    assert all(free.can_run_at(it) for it in (1.0, 1e9, 2e9, 2e9 * (1 + 1e-10)))
    assert not any(free.can_run_at(it) for it in (0.0, -1e9, 2.1e9, math.inf, math.nan))
    steps = Processor(4e8, 2.0, STATES, STATES.frequencies_hz)
    assert all(steps.can_run_at(it * (1 - 1e-10)) for it in STATES.frequencies_hz)
    assert not any(steps.can_run_at(it) for it in (1.5e8, 3e8, 8e8, 0.0))
