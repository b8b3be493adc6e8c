"""The rows of the distortion table and the quantizers against computations of another kind."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import rate_reference as reference
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

from simran.distortion import (
    blahut_arimoto,
    code_book_error,
    exact_sign_magnitude,
    expected_distortion,
    exponential_channel,
    laplace_channel,
    lloyd_iteration,
    optimal_levels,
    output_error_bound,
    power_of_two_error,
    power_of_two_levels,
    power_of_two_top,
    pruning_distortion,
    quantize,
    scalar_optimal,
    shannon_lower,
    shifted_exponential_channel,
    uniform_error,
    uniform_levels,
    uniform_step,
)

ROWS = {
    "L": shannon_lower,
    "E": exact_sign_magnitude,
    "S": scalar_optimal,
    "O": exponential_channel,
    "A": laplace_channel,
}
#: Half-width of a 99.9 % interval in standard errors.
SURE = float(norm.ppf(0.9995))


# Row E ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "cells"), [(0.25, 4000), (0.5, 4000), (1, 4000), (2, 4000), (3, 16000), (5, 16000)]
)
def test_row_e_is_what_blahut_and_arimoto_reach(rate: float, cells: int) -> None:
    p, width = reference.exponential_cells(cells)
    reached = reference.iterate(p, width, 2.0 ** (rate + 1) - 1, 1000)
    assert reached.gap < 3e-4  # bit: converged
    assert reached.rate == pytest.approx(rate, abs=2e-3)
    expected = float(exact_sign_magnitude(reached.rate + 1, 1.0))
    assert reached.distortion == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("rate", [2.0, 3.0])
def test_what_the_reference_is_off_by_falls_with_the_square_of_its_grid(rate: float) -> None:
    errors = []
    for cells in (1000, 2000, 4000):
        p, width = reference.exponential_cells(cells)
        reached = reference.iterate(p, width, 2.0 ** (rate + 1) - 1, 2000)
        errors.append(1 - reached.distortion / float(exact_sign_magnitude(reached.rate + 1, 1.0)))
    assert errors[0] > 3 * errors[1] > 9 * errors[2] > 0


def test_the_iteration_of_the_package_comes_closer_with_its_grid() -> None:
    errors = []
    for cells in (150, 300, 600):
        rate, distortion = blahut_arimoto(2.0**4 - 1, cells)
        errors.append(1 - distortion / float(exact_sign_magnitude(rate + 1, 1.0)))
    assert errors[0] > 3 * errors[1] > 9 * errors[2] > 0
    for slope in (2.0**1.5 - 1, 7.0):
        rate, distortion = blahut_arimoto(slope, 800)
        assert distortion == pytest.approx(float(exact_sign_magnitude(rate + 1, 1.0)), rel=1e-3)


@pytest.mark.parametrize("slope", [1.2, 3.0, 15.0, 200.0])
def test_row_e_meets_the_conditions_of_kuhn_and_tucker(slope: float) -> None:
    """An atom of mass 1/s at y0 = ln(1 + 1/s) and a density (1 − 1/s²)e^-y above are optimal.

    Then Z(x) = ∫ q(y) e^(−s|x−y|) dy is (2/s)e^-x above y0 and (2/s)e^-y0 e^(−s(y0−x)) below;
    ∫ p(x) e^(−s|x−y|)/Z(x) dx must be 1 from y0 on and less below it. −∫ p ln Z is R + sD.
    """
    atom = math.log1p(1 / slope)

    def partition(x: float) -> float:
        low = min(x, atom)
        return 2 / slope * math.exp(-max(x, atom) - slope * (atom - low))

    def density(y: float, x: float) -> float:
        return (1 - 1 / slope**2) * math.exp(-y - slope * abs(x - y))

    def pieces(function: object, *points: float) -> float:
        cuts = sorted({*points, 60.0})
        return sum(quad(function, a, b, epsabs=1e-13)[0] for a, b in itertools.pairwise(cuts))

    for x in (0.0, atom / 2, atom, 2 * atom, 1.0, 5.0):
        spread = pieces(lambda y, x=x: density(y, x), atom, max(x, atom), max(x, atom) + 8 / slope)
        whole = spread + math.exp(-slope * abs(x - atom)) / slope
        assert whole == pytest.approx(partition(x), rel=1e-9)

    def condition(y: float) -> float:
        kernel = lambda x: math.exp(-x - slope * abs(x - y)) / partition(x)  # noqa: E731
        return pieces(kernel, 0.0, y, atom, max(y, atom) + 8 / slope)

    for y in (atom, 1.5 * atom, 3 * atom, 2.0):
        assert condition(y) == pytest.approx(1.0, abs=1e-9)
    for y in (0.0, atom / 3, 0.9 * atom):
        assert condition(y) < 1 - 1e-6
    rate = math.log2((1 + slope) / 2)
    value = -pieces(lambda x: math.exp(-x) * math.log(partition(x)), 0.0, atom, 2 * atom)
    expected = rate * math.log(2) + slope * float(exact_sign_magnitude(rate + 1, 1.0))
    assert value == pytest.approx(expected, rel=1e-9)


# Row L ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "cells"), [(0.5, 4000), (1, 4000), (2, 8000), (3, 16000)])
def test_row_l_is_the_distortion_rate_function_of_the_signed_weight(
    bits: float, cells: int
) -> None:
    p, width = reference.laplace_cells(cells)
    reached = reference.iterate(p, width, 2.0**bits, 1000)
    assert reached.gap < 3e-4
    assert reached.rate == pytest.approx(bits, abs=2e-3)
    assert reached.distortion == pytest.approx(2.0**-reached.rate, rel=1e-3)
    if bits >= 1:
        row = float(shannon_lower(max(reached.rate, 1.0), 1.0))
        assert reached.distortion == pytest.approx(row, rel=1e-3)


def test_the_signed_reference_comes_closer_with_its_grid() -> None:
    errors = []
    for cells in (1000, 2000, 4000):
        p, width = reference.laplace_cells(cells)
        reached = reference.iterate(p, width, 8.0, 2000)
        errors.append(1 - reached.distortion * 2.0**reached.rate)
    assert errors[0] > 3 * errors[1] > 9 * errors[2] > 0


# Row S ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "steps"), [(1, 5), (2, 200), (3, 2000), (4, 8000), (5, 30_000)])
def test_row_s_is_what_lloyds_iteration_reaches(bits: int, steps: int) -> None:
    levels = lloyd_iteration(bits, 2.0, steps)
    assert levels == pytest.approx(optimal_levels(bits, 2.0), rel=1e-6)
    row = float(scalar_optimal(bits, 2.0))
    assert code_book_error(levels, 2.0) == pytest.approx(row, rel=1e-10)


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_row_s_is_the_least_error_of_any_levels(bits: int) -> None:
    def error(logs: np.ndarray) -> float:
        return code_book_error(np.cumsum(np.exp(logs)), 1.0)

    count = 2 ** (bits - 1)
    draw = np.random.default_rng(bits)
    row = float(scalar_optimal(bits, 1.0))
    for _ in range(3):
        start = np.log(draw.uniform(0.5, 2.0, count) / count)
        found = minimize(error, start, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000})
        assert found.fun == pytest.approx(row, rel=1e-7)
        assert found.fun >= row * (1 - 1e-12)


@pytest.mark.parametrize("bits", [1, 2, 5, 12])
def test_levels_are_medians_and_borders_lie_half_way(bits: int) -> None:
    levels = optimal_levels(bits, 3.0)
    borders = np.concatenate(([0.0], (levels[1:] + levels[:-1]) / 2, [np.inf]))
    above = np.exp(-3.0 * borders)
    assert np.exp(-3.0 * levels) == pytest.approx((above[1:] + above[:-1]) / 2, rel=1e-11)
    assert code_book_error(levels, 3.0) == pytest.approx(
        float(scalar_optimal(bits, 3.0)), rel=1e-11
    )


# All rows ---------------------------------------------------------------------------------------


def test_the_rows_are_ordered_at_every_real_bit_width() -> None:
    bits = np.linspace(1.0, 64.0, 6301)
    rows = [row(bits, 1.0) for row in ROWS.values()]
    exact, scalar, two = rows[1], rows[2], rows[4]
    apart = bits < 45  # beyond, some agree to rounding
    for place, (a, b) in enumerate(itertools.pairwise(rows)):
        assert np.all(a <= b)
        meet = 1 if place == 1 else 0  # E and S, at one bit
        assert np.all(a[apart][meet:] < b[apart][meet:])
    shifted = shifted_exponential_channel(bits, 1.0)
    assert np.all(exact <= shifted * (1 + 1e-15))
    assert np.all(shifted <= scalar * (1 + 1e-15))
    assert exact[0] == pytest.approx(shifted[0], rel=1e-15)
    assert exact[0] == pytest.approx(scalar[0], rel=1e-15)
    assert two[0] == math.inf


@pytest.mark.parametrize("row", ROWS)
def test_every_row_falls_strictly(row: str) -> None:
    values = ROWS[row](np.linspace(1.0, 64.0, 6301), 1.0)
    assert np.all(values[1:] < values[:-1])


@pytest.mark.parametrize("pair", list(itertools.combinations(ROWS, 2)), ids="-".join)
def test_gaps_between_rows_fall(pair: tuple[str, str]) -> None:
    """All but S − E = ln((1 + 2x)(1 − x)), x = 2^-b, which is largest where 2/(1 + 2x) = 1/(1 − x)."""
    bits = np.linspace(2.0 if pair == ("E", "S") else 1.0, 16.0, 1501)
    gaps = ROWS[pair[1]](bits, 1.0) - ROWS[pair[0]](bits, 1.0)
    assert np.all(gaps[1:] < gaps[:-1])


def test_the_gap_between_s_and_e_rises_up_to_two_bits() -> None:
    bits = np.linspace(1.0, 2.0, 101)
    gaps = scalar_optimal(bits, 1.0) - exact_sign_magnitude(bits, 1.0)
    assert np.all(gaps[1:] > gaps[:-1])
    assert gaps[0] == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(("row", "start"), [("E", 1.0), ("S", 2.12), ("L", 1.0 / math.log(2))])
def test_where_a_row_is_convex_in_the_logarithm_of_the_bits(row: str, start: float) -> None:
    """A relaxed design is a convex program there; just below, S and L are concave."""
    logs = np.linspace(math.log(start), math.log(32), 2001)
    values = ROWS[row](np.exp(logs), 1.0)
    assert np.all(np.diff(values, 2) > -1e-15)
    if row != "E":
        below = ROWS[row](
            np.exp(np.linspace(math.log(start) - 0.1, math.log(start) - 0.02, 9)), 1.0
        )
        assert np.all(np.diff(below, 2) < 0)


@pytest.mark.parametrize("bits", [1, 2, 3, 8, 16, 32, 53, 64])
def test_rows_are_accurate_up_to_64_bits(bits: int) -> None:
    with localcontext() as context:
        context.prec = 60
        one, half = Decimal(1), Decimal(2) ** -bits
        expected = {
            "L": half,
            "E": -(one - half).ln(),
            "S": (one + 2 * half).ln(),
            "O": 2 * half,
            "A": one / (one / (2 * half) - 1) if bits > 1 else Decimal("Infinity"),
        }
    for name, row in ROWS.items():
        assert float(row(bits, 4.0)) == pytest.approx(float(expected[name]) / 4, rel=1e-15)


# Quantizers as they are -------------------------------------------------------------------------


def _by_quadrature(levels: np.ndarray) -> float:
    """Integrate the distance to the nearest level, found by brute force, over Exp(1)."""
    cuts = np.unique(np.concatenate(([0.0], levels, (levels[1:] + levels[:-1]) / 2)))
    far = float(cuts[-1]) + 45.0
    return sum(
        quad(lambda x: math.exp(-x) * float(np.min(np.abs(levels - x))), a, b, epsabs=1e-14)[0]
        for a, b in itertools.pairwise([*cuts.tolist(), far])
    )


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
def test_errors_agree_with_quadrature(bits: int, factor: float) -> None:
    step, top = factor * uniform_step(bits), factor * power_of_two_top(bits)
    uniform, power = uniform_levels(bits, step), power_of_two_levels(bits, top)
    assert uniform_error(bits, step) == pytest.approx(_by_quadrature(uniform), rel=1e-10)
    assert power_of_two_error(bits, top) == pytest.approx(_by_quadrature(power), rel=1e-10)
    assert code_book_error(uniform / 7, 7.0) == pytest.approx(uniform_error(bits, step) / 7)


@pytest.mark.parametrize("bits", [1, 3, 6])
def test_a_million_weights_have_the_expected_error(bits: int) -> None:
    """In a 99.9 % interval, fixed beforehand."""
    rate = 20.0
    weights = np.random.default_rng(5).laplace(scale=1 / rate, size=1_000_000)
    books = {
        "lloyd-max": optimal_levels(bits, rate),
        "uniform": uniform_levels(bits, uniform_step(bits) / rate),
        "power-of-two": power_of_two_levels(bits, power_of_two_top(bits) / rate),
    }
    for name, levels in books.items():
        errors = np.abs(weights - quantize(weights, levels))
        half = SURE * errors.std() / 1000
        assert errors.mean() == pytest.approx(
            float(expected_distortion(name, bits, rate)), abs=half
        ), name


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 9, 16, 30, 64])
def test_the_best_step_is_best_everywhere(bits: int) -> None:
    best = uniform_error(bits, uniform_step(bits))
    steps = np.exp(np.linspace(-1.05 * bits * math.log(2) - 1, math.log(50), 4000))
    near = uniform_step(bits) * np.linspace(0.5, 2.0, 1501)
    for step in np.concatenate((steps, near)).tolist():
        assert uniform_error(bits, step) >= best * (1 - 1e-14)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 8])
def test_the_best_scale_is_best_everywhere(bits: int) -> None:
    best = power_of_two_error(bits, power_of_two_top(bits))
    for log_top in np.linspace(-8.0, 12.0, 4001).tolist():
        assert power_of_two_error(bits, 2.0**log_top) >= best * (1 - 1e-12)


@pytest.mark.parametrize(
    ("bits", "floor", "half"), [(3, 0.2395, 5e-5), (4, 0.1711, 5e-5), (5, 0.16992, 5e-6)]
)
def test_the_floor_of_power_of_two(bits: int, floor: float, half: float) -> None:
    assert float(expected_distortion("power-of-two", bits, 1.0)) == pytest.approx(floor, abs=half)


def test_power_of_two_falls_to_its_floor_at_six_bits() -> None:
    values = expected_distortion("power-of-two", np.arange(1, 65), 1.0)
    assert np.all(np.diff(values[:6]) < 0)
    assert values[4] / values[5] - 1 == pytest.approx(6.4e-7, rel=0.01)
    assert values[6:] == pytest.approx(values[5], rel=1e-12)
    assert values[-1] == pytest.approx(0.16992, abs=5e-6)


def test_uniform_and_power_of_two_can_exceed_the_channels() -> None:
    """Rows O and A bound S and E, not every quantizer."""
    bits = np.arange(2, 17)
    assert np.any(expected_distortion("uniform", bits, 1.0) > exponential_channel(bits, 1.0))
    assert np.any(expected_distortion("power-of-two", bits, 1.0) > laplace_channel(bits, 1.0))
    for name in ("uniform", "power-of-two"):  # but none is better than the best scalar one
        values, row = expected_distortion(name, bits, 1.0), scalar_optimal(bits, 1.0)
        assert np.all(values >= row * (1 - 1e-12)), name


@pytest.mark.parametrize("bits", [2, 8, 24, 48, 64])
def test_the_uniform_error_is_accurate_up_to_64_bits(bits: int) -> None:
    step = uniform_step(bits)
    with localcontext() as context:
        context.prec = 80
        one, half, delta = Decimal(1), Decimal(step) / 2, Decimal(step)
        cell = half - 1 + 2 * (-half).exp() - (half + 1) * (-2 * half).exp()
        tail = (-(Decimal(2) ** (bits - 1) - 1) * delta).exp()
        exact = cell * (one - tail) / (one - (-delta).exp())
        exact += (half - 1 + 2 * (-half).exp()) * tail
    assert uniform_error(bits, step) == pytest.approx(float(exact), rel=1e-14)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_rounding_is_to_the_nearest_level(bits: int) -> None:
    weights = np.random.default_rng(2).laplace(size=2000)
    for levels in (
        optimal_levels(bits, 1.0),
        uniform_levels(bits, 0.7),
        power_of_two_levels(bits, 2),
    ):
        both = np.concatenate((-levels, levels))
        nearest = both[np.argmin(np.abs(weights[:, None] - both), axis=1)]
        assert np.array_equal(quantize(weights, levels), nearest)


# Pruning and the output bound -------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_pruning_by_simulation(fraction: float) -> None:
    rate = 5.0
    magnitudes = np.random.default_rng(3).exponential(1 / rate, 1_000_000)
    threshold = -math.log(1 - fraction) / rate
    lost = np.where(magnitudes < threshold, magnitudes, 0.0)
    expected = float(pruning_distortion(fraction, rate))
    assert lost.mean() == pytest.approx(expected, abs=SURE * lost.std() / 1000)


@pytest.mark.parametrize("fraction", [1e-12, 1e-6, 0.01, 0.7, 1 - 1e-9])
def test_pruning_is_accurate_for_any_fraction(fraction: float) -> None:
    with localcontext() as context:
        context.prec = 60
        rho = Decimal(fraction)
        exact = (1 - rho) * (1 - rho).ln() + rho
    assert float(pruning_distortion(fraction, 1.0)) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("seed", range(20))
def test_the_output_bound_is_never_exceeded(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 12, size=draw.integers(2, 6))
    weights = [draw.laplace(scale=0.4, size=(b, a)) for a, b in itertools.pairwise(sizes)]
    levels = optimal_levels(int(draw.integers(1, 5)), 1 / 0.4)
    rounded = [quantize(matrix, levels) for matrix in weights]
    for activation in (lambda v: np.maximum(v, 0), np.tanh, np.sin, lambda v: v):
        for _ in range(50):
            x = exact = other = draw.normal(size=sizes[0])
            for matrix, quantized in zip(weights, rounded, strict=True):
                exact, other = activation(matrix @ exact), activation(quantized @ other)
            bound = output_error_bound(weights, rounded, float(np.linalg.norm(x)))
            assert np.linalg.norm(exact - other) <= bound * (1 + 1e-12)


def test_the_output_bound_is_reached_and_needs_the_quantized_norms() -> None:
    """1·1 against 1.1·1.1 errs by 0.21; with the original norms on both sides it would be 0.20."""
    exact, rounded = [[[1.0]], [[1.0]]], [[[1.1]], [[1.1]]]
    assert output_error_bound(exact, rounded, 1.0) == pytest.approx(1.1 * 1.1 - 1, rel=1e-12)
    assert 1.1 * 1.1 - 1 > 0.1 + 0.1
