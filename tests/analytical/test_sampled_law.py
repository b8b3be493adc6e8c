"""The numerical distortion-rate function against closed forms, and its bounds against the truth."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from simran.distortion import (
    GeneralisedNormal,
    distortion_rate,
    exact_sign_magnitude,
    law_levels,
    level_error,
    shannon_lower,
)
from simran.distortion.kernel import LineKernel

RATES = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 4.0])


def _laplace(count: int) -> np.ndarray:
    """Return the middles, by probability, of equally likely parts of Exp(1) in magnitude."""
    return -np.log1p(-(np.arange(count) + 0.5) / count)


def test_the_kernel_is_the_sum_that_it_says() -> None:
    draw = np.random.default_rng(1)
    points = np.sort(draw.normal(size=300))
    values = draw.uniform(size=300)
    for slope in (0.0, 0.3, 5.0, 300.0):
        gap = np.abs(points[:, None] - points)
        kernel = LineKernel(points, slope)
        assert kernel.sums(values) == pytest.approx(np.exp(-slope * gap) @ values, rel=1e-12)
        expected = (gap * np.exp(-slope * gap)) @ values
        assert kernel.moments(values) == pytest.approx(expected, rel=1e-12)


def test_sums_are_accurate_however_small() -> None:
    kernel = LineKernel(np.array([0.0, 300.0, 600.0]), 1.0)
    assert kernel.sums(np.array([1.0, 0.0, 0.0])) == pytest.approx(
        [1.0, math.exp(-300), math.exp(-600)], rel=1e-12
    )


def test_magnitudes_of_laplace_weights_reach_row_e() -> None:
    found = distortion_rate(_laplace(50_000), RATES)
    row = exact_sign_magnitude(RATES + 1, 1.0)
    assert found.distortion == pytest.approx(row, rel=1e-3)
    assert np.all(found.gap <= 2e-3 * found.distortion)


def test_signed_laplace_weights_reach_row_l() -> None:
    half = _laplace(25_000)
    found = distortion_rate(np.concatenate((-half, half)), RATES)
    # Row L at any rate, of which the function of the package gives those from one bit on.
    assert found.distortion == pytest.approx(2.0**-RATES, rel=1e-3)
    assert found.distortion[2:] == pytest.approx(shannon_lower(RATES[2:], 1.0), rel=1e-3)
    assert np.all(found.gap <= 2e-3 * found.distortion)


def test_the_bounds_hold_whatever_the_grid_and_the_steps() -> None:
    """Every pair of settings must bracket the same function, that of the points as they are."""
    points = GeneralisedNormal(0.7, 1.0).sample(np.random.default_rng(3), 3000)
    found = [
        distortion_rate(points, RATES, None, c, s)
        for c, s in ((3000, 2000), (200, 2000), (800, 30))
    ]
    for one, other in itertools.permutations(found, 2):
        assert np.all(one.lower <= other.distortion * (1 + 1e-12))
    assert np.all(found[0].gap <= 2e-3 * found[0].distortion)
    assert np.all(found[1].gap >= found[0].gap * 0.5)


def test_two_points_have_the_function_of_a_coin() -> None:
    """At ±1 an error of 2 has probability D/2, so R = 1 − H(D/2): Hamming distortion, doubled."""
    error = np.array([0.02, 0.1, 0.2, 0.3, 0.45])
    rates = 1.0 + error * np.log2(error) + (1 - error) * np.log2(1 - error)
    found = distortion_rate([-1.0, 1.0], rates)
    assert found.distortion == pytest.approx(2 * error, rel=1e-3)
    assert np.all(found.lower <= 2 * error * (1 + 1e-12))
    assert np.all(found.distortion >= 2 * error * (1 - 1e-12))


def test_counts_are_repetitions() -> None:
    points = np.array([0.0, 1.0, 5.0, 1.0])
    by_count = distortion_rate(points, [0.5, 1.0], [3.0, 1.0, 2.0, 1.0])
    again = distortion_rate(np.repeat([0.0, 1.0, 5.0], [3, 2, 2]), [0.5, 1.0])
    assert by_count.distortion == pytest.approx(again.distortion, rel=1e-9)
    none = distortion_rate(np.append(points, 99.0), [0.5, 1.0], [3.0, 1.0, 2.0, 1.0, 0.0])
    assert none.distortion == pytest.approx(again.distortion, rel=1e-9)


def test_at_both_ends() -> None:
    found = distortion_rate([0.0, 1.0, 4.0, 9.0], [0.0, 2.0, 7.0])
    assert found.distortion.tolist() == [3.0, 0.0, 0.0]
    assert found.lower.tolist() == [3.0, 0.0, 0.0]
    assert distortion_rate([5.0, 5.0], [0.0, 1.0]).distortion.tolist() == [0.0, 0.0]


def test_an_outlier_far_away_hurts_neither_bound() -> None:
    points = np.append(np.random.default_rng(5).laplace(size=20_000), [300.0, -360.0])
    found = distortion_rate(points, [1.0, 3.0])
    assert np.all(found.gap <= 0.02 * found.distortion)


@pytest.mark.parametrize("shape", [0.6, 1.5, 2.0])
def test_no_scalar_code_book_beats_the_function_of_its_law(shape: float) -> None:
    law = GeneralisedNormal(shape, 1.0)
    points = law.quantile((np.arange(8000) + 0.5) / 8000)
    bits = np.array([2, 3, 4])
    found = distortion_rate(points, bits - 1.0)
    for width, lower, reached in zip(bits, found.lower, found.distortion, strict=True):
        best = level_error(law, law_levels(int(width), law))
        assert lower < reached < best
    # Shannon's lower bound, e^(h − R)/2e with the entropy h of the magnitude, is near from 3 bits on.
    entropy = 1 / shape - math.log(shape) + math.lgamma(1 / shape)
    shannon = np.exp(entropy - (bits - 1) * math.log(2)) / (2 * math.e)
    assert np.all(shannon <= found.distortion * (1 + 1e-3))


def test_what_is_refused() -> None:
    for points in ([], [math.nan], [math.inf, 1.0]):
        with pytest.raises(ValueError, match="points must be finite"):
            distortion_rate(points, 1.0)
    for masses in ([1.0], [-1.0, 2.0], [0.0, 0.0], [math.nan, 1.0]):
        with pytest.raises(ValueError, match="masses must be 0 or more"):
            distortion_rate([1.0, 2.0], 1.0, masses)
    for rates in (-1.0, [math.nan]):
        with pytest.raises(ValueError, match="rates must be 0 or more"):
            distortion_rate([1.0, 2.0], rates)
    with pytest.raises(ValueError, match="cells must be 2 or more"):
        distortion_rate([1.0, 2.0], 1.0, None, 1)
