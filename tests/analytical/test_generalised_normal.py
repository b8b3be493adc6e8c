"""The generalised normal law: its forms, its fit, and quantizers under it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from simran.distortion import (
    SHAPES,
    Clip,
    GeneralisedNormal,
    Pruning,
    Quantizer,
    compare_laws,
    expected_distortion,
    fit_generalised_normal,
    law_distortion,
    law_levels,
    law_pruning,
    level_error,
    level_ratios,
    optimal_levels,
    pruning_distortion,
)

SURE = float(stats.norm.ppf(0.9995))  # half-width of a 99.9 % interval in standard errors
DRAWN = 200_000


@pytest.mark.parametrize("shape", [0.4, 1.0, 1.7, 2.0, 6.0])
def test_forms_against_an_independent_library(shape: float) -> None:
    law, other = GeneralisedNormal(shape, 0.3), stats.gennorm(shape, scale=0.3)
    x = np.array([0.001, 0.05, 0.3, 0.4])
    assert law.log_density(-x) == pytest.approx(other.logpdf(x), rel=1e-12)
    assert law.below(x) == pytest.approx(other.cdf(x) - other.cdf(-x), rel=1e-10)
    assert law.quantile(law.below(x)) == pytest.approx(x, rel=1e-9)
    for at in x:
        part = quad(lambda y: 2 * y * other.pdf(y), 0, at, epsabs=1e-14)[0]
        assert law.moment_below(at) == pytest.approx(part, rel=1e-8)
    assert law.moment_below(np.inf) == pytest.approx(float(law.mean_magnitude), rel=1e-12)


def test_laplace_and_gauss_are_among_them() -> None:
    assert GeneralisedNormal(1.0, 0.5).log_density(0.7) == pytest.approx(
        stats.laplace.logpdf(0.7, scale=0.5)
    )
    gauss = GeneralisedNormal(2.0, math.sqrt(2) * 0.5)
    assert gauss.log_density(0.7) == pytest.approx(stats.norm.logpdf(0.7, scale=0.5))


@pytest.mark.parametrize("shape", [0.3, 0.8, 1.0, 1.5, 2.0, 5.0])
def test_a_fit_recovers_what_was_drawn(shape: float) -> None:
    """Within 99.9 % by the Fisher information, whose entries are measured by the scores."""
    law = GeneralisedNormal(shape, 0.02)
    drawn = law.sample(np.random.default_rng(int(shape * 10)), DRAWN)
    assert np.mean(drawn > 0) == pytest.approx(0.5, abs=SURE * 0.5 / math.sqrt(DRAWN))
    fit = fit_generalised_normal(drawn)
    step = 1e-5
    scores = [
        (
            GeneralisedNormal(shape * (1 + a), 0.02 * (1 + b)).log_density(drawn)
            - GeneralisedNormal(shape * (1 - a), 0.02 * (1 - b)).log_density(drawn)
        )
        / (2 * step)
        for a, b in ((step, 0.0), (0.0, step))
    ]
    spread = np.sqrt(np.diag(np.linalg.inv(np.cov(scores))) / DRAWN)
    assert fit.shape == pytest.approx(shape, rel=SURE * spread[0])
    assert fit.scale == pytest.approx(0.02, rel=SURE * spread[1])


def test_a_fit_is_the_likeliest() -> None:
    drawn = GeneralisedNormal(0.7, 1.0).sample(np.random.default_rng(8), 3000)
    fit = fit_generalised_normal(drawn)
    best = fit.log_density(drawn).mean()
    for a, b in ((1.001, 1.0), (0.999, 1.0), (1.0, 1.001), (1.0, 0.999), (1.002, 1.003)):
        near = GeneralisedNormal(fit.shape * a, fit.scale * b)
        assert near.log_density(drawn).mean() < best
    shape, _, scale = stats.gennorm.fit(drawn, floc=0)
    assert stats.gennorm.logpdf(drawn, shape, scale=scale).mean() <= best + 1e-12


def test_layers_are_fitted_at_once_and_scale() -> None:
    draw = np.random.default_rng(9)
    rows = GeneralisedNormal([[0.6], [1.0], [2.0]], [[1e-6], [1.0], [1e6]]).sample(draw, (3, 5000))
    together = fit_generalised_normal(rows)
    for row, shape, scale in zip(rows, together.shape, together.scale, strict=True):
        alone = fit_generalised_normal(row)
        assert (shape, scale) == pytest.approx((float(alone.shape), float(alone.scale)), rel=1e-7)
    padded = np.zeros((2, 5000))
    padded[0], padded[1, :700] = rows[0], rows[1, :700]
    mass = np.ones((2, 5000))
    mass[1, 700:] = 0
    ragged = fit_generalised_normal(padded, mass)
    short = fit_generalised_normal(rows[1, :700])
    assert ragged.shape[1] == pytest.approx(float(short.shape), rel=1e-7)
    counted = fit_generalised_normal([1.0, 2.0, 7.0], [3, 2, 1])
    assert counted.shape == pytest.approx(float(fit_generalised_normal([1, 1, 1, 2, 2, 7]).shape))


def test_fits_at_the_edge() -> None:
    assert fit_generalised_normal([2.0, -2.0]).shape == pytest.approx(SHAPES[1])
    assert fit_generalised_normal([0.0] * 999 + [1.0]).shape == pytest.approx(SHAPES[0])
    for weights, message in (([0.0, 0.0], "not all be 0"), ([math.nan], "finite")):
        with pytest.raises(ValueError, match=message):
            fit_generalised_normal(weights)
    with pytest.raises(ValueError, match="masses finite"):
        fit_generalised_normal([1.0], [-1.0])
    for shape, scale in ((0.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="must be above 0 and finite"):
            GeneralisedNormal(shape, scale)


@pytest.mark.parametrize(("shape", "name"), [(1.0, "laplace"), (2.0, "gauss"), (0.6, "laplace")])
def test_laws_compared_by_distance_and_likelihood(shape: float, name: str) -> None:
    drawn = GeneralisedNormal(shape, 3.0).sample(np.random.default_rng(4), 100_000)
    fits = compare_laws(drawn)
    assert fits[0].name == "generalised-normal"
    assert fits[1].name == name
    assert fits[0].log_likelihood >= fits[1].log_likelihood > fits[2].log_likelihood
    # Kolmogorov's 99.9 % quantile; with a fitted law the distance is smaller still.
    assert fits[0].distance < 1.95 / math.sqrt(100_000) < fits[2].distance
    for fit in fits:
        other = stats.kstest(np.abs(drawn), fit.law.below).statistic
        assert fit.distance == pytest.approx(other, rel=1e-9)


def test_laplace_has_the_quantizers_that_were_there() -> None:
    bits = np.arange(1, 13)
    law = GeneralisedNormal(1.0, 0.5)
    for book in ("lloyd-max", "power-of-two", "uniform"):
        expected = expected_distortion(book, bits, 2.0)
        assert law_distortion(book, bits, law) == pytest.approx(expected, rel=1e-6)
    rho = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    assert law_pruning(rho, law) == pytest.approx(pruning_distortion(rho, 2.0), rel=1e-9)
    with pytest.raises(ValueError, match=r"fraction must be in \[0, 1\]"):
        law_pruning(1.5, law)
    with pytest.raises(ValueError, match="bits must be whole"):
        law_distortion("uniform", 2.5, law)


@pytest.mark.parametrize("bits", [1, 2, 5, 9])
def test_the_best_levels_join_the_closed_form(bits: int) -> None:
    near = law_levels(bits, GeneralisedNormal(1 + 1e-9, 1.0))
    assert near == pytest.approx(optimal_levels(bits, 1.0), rel=1e-7)


@pytest.mark.parametrize("shape", [0.3, 0.7, 1.4, 2.0, 4.0])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_levels_are_medians_and_no_change_helps(shape: float, bits: int) -> None:
    law = GeneralisedNormal(shape, 2.0)
    levels = law_levels(bits, law)
    borders = np.concatenate(([0.0], (levels[1:] + levels[:-1]) / 2, [np.inf]))
    share = law.below(borders)
    assert law.below(levels) == pytest.approx((share[1:] + share[:-1]) / 2, rel=1e-8)
    least = level_error(law, levels)
    draw = np.random.default_rng(bits)
    for _ in range(5):
        moved = np.sort(levels * (1 + 0.02 * draw.normal(size=len(levels))))
        assert level_error(law, moved) > least


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.0])
@pytest.mark.parametrize("book", ["integer", "lloyd-max", "power-of-two", "uniform"])
def test_expected_error_by_quadrature(shape: float, book: str) -> None:
    law = GeneralisedNormal(shape, 1.0)
    levels = 3.0 * level_ratios(book, 3)
    borders = [0.0, *((levels[1:] + levels[:-1]) / 2), float(law.quantile(1 - 1e-15))]

    def area(level: float, low: float, high: float) -> float:
        def integrand(x: float) -> float:
            return 2 * abs(x - level) * math.exp(law.log_density(x))

        return float(quad(integrand, low, high, limit=200)[0])

    cells = zip(levels, borders[:-1], borders[1:], strict=True)
    expected = sum(area(y, low, y) + area(y, y, high) for y, low, high in cells)
    assert level_error(law, levels) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("shape", [0.7, 2.0])
@pytest.mark.parametrize("book", ["integer", "lloyd-max", "power-of-two", "uniform"])
def test_quantizers_reach_on_arrays_what_the_law_expects(shape: float, book: str) -> None:
    """The best top is found on the drawn weights, so the error may be below, by its own noise only."""
    law = GeneralisedNormal(shape, 1.0)
    drawn = law.sample(np.random.default_rng(6), DRAWN // 4)
    for bits in (2, 4):
        quantizer = Quantizer(book, bits, clip=Clip("mae"), shape=shape)
        apart = np.abs(drawn - quantizer.quantize(drawn))
        noise = SURE * apart.std() / math.sqrt(len(drawn))
        expected = float(law_distortion(book, bits, law))
        assert apart.mean() == pytest.approx(expected, abs=noise)
        assert quantizer.error(drawn) == pytest.approx(apart.mean(), rel=1e-12)


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0])
def test_pruning_by_simulation(shape: float) -> None:
    law = GeneralisedNormal(shape, 1.0)
    drawn = law.sample(np.random.default_rng(7), DRAWN)
    for fraction in (0.3, 0.9):
        gone = np.where(Pruning(fraction).kept(drawn), 0.0, np.abs(drawn))
        # The threshold is an order statistic; its noise moves the mean by about itself as well.
        at = float(law.quantile(fraction))
        noise = gone.std() + at * math.sqrt(fraction * (1 - fraction))
        measured = Pruning(fraction).error(drawn)
        assert measured == pytest.approx(gone.mean(), rel=1e-6)
        expected = float(law_pruning(fraction, law))
        assert measured == pytest.approx(expected, abs=SURE * noise / math.sqrt(DRAWN))


def test_power_of_two_never_falls_below_its_floor() -> None:
    for shape in (0.6, 1.0, 1.5, 2.0):
        law = GeneralisedNormal(shape, 1.0)
        ladder = [level_error(law, 2.0 ** (o + np.arange(-60, 14))) for o in np.linspace(0, 1, 400)]
        values = law_distortion("power-of-two", np.arange(1, 17), law)
        assert np.all(values >= min(ladder) * (1 - 1e-5))
        assert values[7] == pytest.approx(values[15], rel=1e-9)
        assert np.all(np.diff(values) <= 1e-12)
