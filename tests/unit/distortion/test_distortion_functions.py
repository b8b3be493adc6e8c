"""Guards, shapes and names of the distortion functions."""

from __future__ import annotations

import math

import numpy as np
import pytest

import simran.distortion as package
from simran.distortion import (
    QUANTIZERS,
    bounds,
    exact_sign_magnitude,
    expected_distortion,
    exponential_channel,
    laplace_channel,
    optimal_levels,
    output_error_bound,
    power_of_two_levels,
    pruning_distortion,
    quantize,
    scalar_optimal,
    shannon_lower,
    shifted_exponential_channel,
    uniform_levels,
)
from simran.distortion.cells import above, below, nearest_level_error

ROWS = (
    shannon_lower,
    exact_sign_magnitude,
    scalar_optimal,
    exponential_channel,
    shifted_exponential_channel,
    laplace_channel,
)


def test_the_public_names_are_there() -> None:
    assert all(hasattr(package, name) for name in package.__all__)
    assert sorted(QUANTIZERS) == list(QUANTIZERS)


@pytest.mark.parametrize("row", ROWS)
def test_rows_broadcast_bits_against_rates(row: object) -> None:
    bits, rates = np.array([2.0, 3.5, 8.0]), np.array([[1.0], [4.0]])
    values = row(bits, rates)  # type: ignore[operator]
    assert values.shape == (2, 3)
    assert values[1] * 4 == pytest.approx(values[0])
    assert values[1, 2] == row(8.0, 4.0)  # type: ignore[operator]


@pytest.mark.parametrize("row", ROWS)
def test_rows_refuse_what_is_no_code(row: object) -> None:
    for bits in (0.99, 0, -1, math.nan, [4, 0.5]):
        with pytest.raises(ValueError, match="bits must be 1 or more"):
            row(bits, 1.0)  # type: ignore[operator]
    for rate in (0.0, -1.0, math.nan, [1.0, 0.0]):
        with pytest.raises(ValueError, match="rate must be above 0"):
            row(4, rate)  # type: ignore[operator]


def test_quantizers_by_name() -> None:
    bits = np.array([1, 4, 9])
    assert np.array_equal(expected_distortion("lloyd-max", bits, 3.0), scalar_optimal(bits, 3.0))
    exact = exact_sign_magnitude(bits, 3.0)
    assert np.array_equal(expected_distortion("rate-distortion", bits, 3.0), exact)
    for name in ("uniform", "power-of-two"):
        values = expected_distortion(name, bits, [[3.0], [6.0]])
        assert values.shape == (2, 3)
        assert values[0] == pytest.approx(2 * values[1])
        assert values[0, 0] == pytest.approx(math.log(2) / 3)  # one level, at the median
        for wrong in (2.5, 0, 65, math.nan):
            with pytest.raises(ValueError, match="whole numbers from 1 to 64"):
                expected_distortion(name, wrong, 1.0)
        with pytest.raises(ValueError, match="rate must be above 0"):
            expected_distortion(name, 4, 0.0)
    for call in (expected_distortion, bounds):
        with pytest.raises(ValueError, match="quantizer must be one of lloyd-max, power-of-two"):
            call("lloyd", 4, 1.0)


def test_bounds_are_the_rows_that_apply() -> None:
    bits = np.arange(1.0, 20.0)
    for name in QUANTIZERS:
        lower, upper = bounds(name, bits, 2.0)
        assert np.array_equal(lower, shannon_lower(bits, 2.0))
        value = expected_distortion(name, bits, 2.0)
        assert np.all(lower <= value)
        if name in {"lloyd-max", "rate-distortion"}:
            assert np.all(value <= upper * (1 + 1e-15))
        else:
            assert np.all(np.isnan(upper))
    assert np.array_equal(bounds("lloyd-max", bits, 2.0)[1], exponential_channel(bits, 2.0))
    shifted = shifted_exponential_channel(bits, 2.0)
    assert np.array_equal(bounds("rate-distortion", bits, 2.0)[1], shifted)


def test_levels() -> None:
    assert uniform_levels(3, 0.5).tolist() == [0.25, 0.75, 1.25, 1.75]
    assert power_of_two_levels(3, 8.0).tolist() == [1.0, 2.0, 4.0, 8.0]
    assert len(power_of_two_levels(64, 1.0)) == 80
    assert optimal_levels(1, 2.0) == pytest.approx([math.log(2) / 2])
    assert optimal_levels(2, 1.0) == pytest.approx([math.log(1.5), math.log(6)])


def test_rounding_keeps_signs_and_shapes() -> None:
    weights = np.array([[0.1, -0.1, 3.0], [-9.0, 0.0, 0.74]])
    levels = uniform_levels(3, 0.5)
    expected = [[0.25, -0.25, 1.75], [-1.75, 0.25, 0.75]]
    assert quantize(weights, levels).tolist() == expected
    assert quantize(weights, np.array([1.0])).tolist() == [[1, -1, 1], [-1, 1, 1]]


def test_pruning() -> None:
    assert pruning_distortion(0.0, 3.0) == 0.0
    assert pruning_distortion(1.0, 4.0) == 0.25
    values = pruning_distortion(np.linspace(0, 1, 101), 2.0)
    assert np.all(np.diff(values) > 0)
    for fraction in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"fraction must be in \[0, 1\]"):
            pruning_distortion(fraction, 1.0)
    with pytest.raises(ValueError, match="rate must be above 0"):
        pruning_distortion(0.5, 0.0)


def test_the_output_bound_needs_matching_layers() -> None:
    for other in ([[[1.0, 2.0]]], [[[1.0]], [[1.0]]]):
        with pytest.raises(ValueError, match="shapes of weights"):
            output_error_bound([[[1.0]]], other, 1.0)
    assert output_error_bound([[[3.0]]], [[[3.0]]], 5.0) == 0.0


@pytest.mark.parametrize("edge", [0.0, 0.4999999, 0.5, 0.5000001, 1e-8, 30.0])
def test_the_two_integrals_by_quadrature(edge: float) -> None:
    from scipy.integrate import quad

    for function, integrand in (
        (below, lambda x: (edge - x) * math.exp(-x)),
        (above, lambda x: x * math.exp(-x)),
    ):
        expected = quad(integrand, 0.0, edge, epsabs=0.0, epsrel=1e-13)[0] if edge else 0.0
        assert function(edge) == pytest.approx(expected, rel=1e-12)
    assert above(math.inf) == 1.0


def test_the_integrals_do_not_jump_where_the_series_ends() -> None:
    near = 0.5 + np.linspace(-1e-9, 1e-9, 2001)
    for function in (below, above):
        steps = np.diff(function(near))
        assert np.all(steps > 0)
        assert steps.max() == pytest.approx(steps.min(), rel=1e-2)


def test_one_level_at_zero_costs_the_mean() -> None:
    assert nearest_level_error([0.0]) == 1.0
