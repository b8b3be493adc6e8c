"""Monotone curves, knees and coefficients of any measured values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from simran.calibration import (
    DenseNetwork,
    Estimate,
    Metric,
    Setting,
    find_knee,
    fit_coefficient,
    fit_curve,
    isotonic,
    measure_output_distortion,
)

VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


@given(VALUES, st.randoms(use_true_random=False))
def test_the_monotone_fit_is_the_one_of_an_independent_package(
    values: list[float], random: object
) -> None:
    weights = [random.uniform(0.1, 9.0) for _ in values]  # type: ignore[attr-defined]
    found = isotonic(values, weights)
    assert found == pytest.approx(isotonic_regression(values, weights=weights).x, abs=1e-12)
    assert np.all(np.diff(found) >= 0.0)
    assert isotonic(found, weights) == pytest.approx(found, abs=1e-12)


@given(VALUES, st.floats(0.0, 1.0), st.sampled_from(["higher", "lower"]))
def test_no_curve_is_better_than_full_precision(
    values: list[float], full: float, better: str
) -> None:
    metric = Metric("it", better)  # type: ignore[arg-type]
    points = [Estimate(it, it, it, 0.01) for it in values]
    curve = fit_curve(
        "uniform", metric, range(1, len(values) + 1), points, Estimate(full, full, full, 0.01)
    )
    fitted = metric.sign * np.array(curve.fitted)
    assert np.all(np.diff(fitted) >= 0.0)
    assert np.all(fitted <= metric.sign * full)


@given(VALUES, st.floats(0.0, 1.0))
def test_a_knee_is_the_least_bit_width_that_does(losses: list[float], tolerance: float) -> None:
    bits = list(range(1, len(losses) + 1))
    points = [Estimate(it, it, it + 0.1, 0.01) for it in losses]
    knee = find_knee(bits, points, tolerance)
    fine = [b for b in bits if max(losses[b - 1 :]) <= tolerance + 1e-12]
    assert knee.bits == min(fine, default=None)
    assert knee.sure_bits is None or (knee.bits is not None and knee.bits <= knee.sure_bits)


@given(st.floats(1e-3, 1e3), st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=8))
def test_a_line_is_found_without_residual(slope: float, x: list[float]) -> None:
    bits = list(range(1, len(x) + 1))
    found = fit_coefficient(x, [slope * it for it in x], bits, bits[1:])
    assert found.value == pytest.approx(slope)
    assert found.residual_all == pytest.approx(0.0, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from(["tensor", "row", 8]))
def test_the_bound_holds_for_any_dense_network(seed: int, layers: int, scale: str | int) -> None:
    generator = np.random.default_rng(seed)
    matrices = [
        generator.laplace(0.0, 0.5, shape).astype(np.float32) for shape in ((6, 4), (6, 6), (3, 6))
    ]
    inputs, labels = generator.normal(size=(5, 4)), np.zeros(5, dtype=np.int64)
    network = DenseNetwork("it", matrices, inputs, labels, layers)
    setting = Setting("uniform", scale)
    study = measure_output_distortion(network, [setting], [2, 4, 8], resamples=2)
    for point in study.sweeps[0].points:
        quantizer = setting.quantizer(point.bits)
        weights = {name: quantizer.quantize(it) for name, it in network.weights.items()}
        error, bound = network.bound(weights)
        assert np.all(error <= bound * (1.0 + 1e-9))
        assert point.end_error <= error.mean() + 1e-12  # the mean over scores is below the norm
