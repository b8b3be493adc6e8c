"""What holds of every distortion function for any bits and rate."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.distortion import (
    QUANTIZERS,
    bounds,
    code_book_error,
    exact_sign_magnitude,
    expected_distortion,
    exponential_channel,
    laplace_channel,
    optimal_levels,
    output_error_bound,
    pruning_distortion,
    quantize,
    scalar_optimal,
    shannon_lower,
    shifted_exponential_channel,
)

#: In order; E and S meet at one bit, and so do the shifted channel and both.
ROWS = (
    shannon_lower,
    exact_sign_magnitude,
    shifted_exponential_channel,
    scalar_optimal,
    exponential_channel,
    laplace_channel,
)
UNHURRIED = settings(deadline=None)  # the machine may be busy
BITS = st.floats(1.0, 64.0)
RATES = st.floats(1e-6, 1e6)
LEVELS = st.lists(st.floats(1e-3, 50.0), min_size=1, max_size=12, unique=True).map(sorted)


@UNHURRIED
@given(BITS, RATES)
def test_rows_are_ordered(bits: float, rate: float) -> None:
    values = [float(row(bits, rate)) for row in ROWS]
    for lower, upper in itertools.pairwise(values):
        assert 0 < lower <= upper * (1 + 4e-16)


@UNHURRIED
@given(BITS, st.floats(1e-3, 8.0), RATES)
def test_rows_fall_with_the_bits(bits: float, more: float, rate: float) -> None:
    for row in ROWS:
        assert row(bits + more, rate) < row(bits, rate)


@UNHURRIED
@given(BITS, RATES, st.floats(1e-3, 1e3))
def test_rows_scale_with_one_over_the_rate(bits: float, rate: float, factor: float) -> None:
    for row in ROWS:
        assert row(bits, rate * factor) * factor == pytest.approx(float(row(bits, rate)), rel=1e-14)


@UNHURRIED
@given(st.integers(1, 64), RATES, st.sampled_from(QUANTIZERS))
def test_quantizers_scale_and_never_rise(bits: int, rate: float, name: str) -> None:
    value = float(expected_distortion(name, bits, rate))
    assert value * rate == pytest.approx(float(expected_distortion(name, bits, 1.0)), rel=1e-14)
    assert bounds(name, bits, rate)[0] < value * (1 + 4e-16)
    if bits < 64:
        fewer = float(expected_distortion(name, bits + 1, rate))
        assert fewer < value or (name == "power-of-two" and fewer <= value * (1 + 1e-12))


@UNHURRIED
@given(LEVELS, RATES)
def test_no_code_book_is_better_than_the_best(levels: list[float], rate: float) -> None:
    """With M levels, powers of two or not, the error is ln(1 + 1/M)/λ or more."""
    count = len(levels)
    error = code_book_error(np.array(levels) / rate, rate)
    assert error >= np.log1p(1 / count) / rate * (1 - 1e-12)


@UNHURRIED
@given(st.integers(1, 6), st.lists(st.floats(-30, 30), min_size=1, max_size=50))
def test_rounding_is_to_the_nearest_level_and_changes_nothing_twice(
    bits: int, weights: list[float]
) -> None:
    levels = optimal_levels(bits, 1.0)
    once = quantize(weights, levels)
    both = np.concatenate((-levels, levels))
    least = np.min(np.abs(np.array(weights)[:, None] - both), axis=1)
    assert np.abs(once - weights) == pytest.approx(least, rel=1e-12, abs=1e-15)
    assert np.array_equal(quantize(once, levels), once)


@UNHURRIED
@given(st.floats(0, 1), st.floats(0, 1), RATES)
def test_pruning_more_costs_more(a: float, b: float, rate: float) -> None:
    less, more = sorted((a, b))
    low, high = float(pruning_distortion(less, rate)), float(pruning_distortion(more, rate))
    assert 0 <= low <= high * (1 + 1e-14) <= 1 / rate * (1 + 1e-13)
    # Between half the square of what is pruned and all of it, to a rounding of each, which below
    # 1e-308 is one spacing of the subnormal numbers.
    spacing = math.ulp(0.0) * (1 + rate)
    assert less**2 / 2 * (1 - 1e-12) - spacing <= low * rate <= less**2 * (1 + 1e-12) + spacing


@UNHURRIED
@given(st.integers(0, 2**32 - 1), st.floats(0, 2))
def test_the_output_bound_holds(seed: int, size: float) -> None:
    draw = np.random.default_rng(seed)
    widths = draw.integers(1, 6, size=4)
    exact = [draw.normal(size=(b, a)) for a, b in itertools.pairwise(widths)]
    rounded = [matrix + size * draw.normal(size=matrix.shape) for matrix in exact]
    x = left = right = draw.normal(size=widths[0])
    for matrix, other in zip(exact, rounded, strict=True):
        left, right = np.maximum(matrix @ left, 0), np.maximum(other @ right, 0)
    bound = output_error_bound(exact, rounded, float(np.linalg.norm(x)))
    assert np.linalg.norm(left - right) <= bound * (1 + 1e-12) + 1e-12
