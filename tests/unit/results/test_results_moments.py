"""Mean and standard deviation of a stream."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simran.results.moments import Moments


def test_of_nothing_and_of_one_value() -> None:
    moments = Moments()
    moments.add(np.zeros(0))
    assert (moments.count, moments.total) == (0, 0.0)
    assert math.isnan(moments.mean)
    assert math.isnan(moments.std)
    moments.add(np.array([4.0]))
    assert (moments.count, moments.mean, moments.total) == (1, 4.0, 4.0)
    assert math.isnan(moments.std)


def test_a_small_spread_about_a_large_mean_survives() -> None:
    """Sums of squares would lose it: 1e9² is 1e18, and the variance is 1e-2."""
    values = 1e9 + np.random.default_rng(1).normal(0.0, 0.1, 10_000)
    moments = Moments()
    for start in range(0, 10_000, 7):
        moments.add(values[start : start + 7])
    assert moments.std == pytest.approx(float(np.std(values - 1e9, ddof=1)), rel=1e-6)
    assert moments.mean == pytest.approx(float(np.mean(values)), rel=1e-15)
    assert moments.total == pytest.approx(math.fsum(values), rel=1e-14)
