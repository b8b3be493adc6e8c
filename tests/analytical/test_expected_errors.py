"""Expected errors of quantizers under a law, against simulation, sums and other computations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import gammainc, gammaln
from scipy.stats import norm

from simran.distortion import (
    Exponential,
    GeneralisedNormal,
    Quantizer,
    Scheme,
    distortion_rate,
    expected_distortion,
    expected_errors,
    law_distortion,
    law_levels,
    law_lower,
    level_error,
    level_ratios,
    most_bits,
    shannon_lower,
)
from simran.distortion.grids import grid_error, grid_square
from simran.distortion.largest import largest_error, largest_lower
from simran.distortion.scaled_book import best_top, book_error, book_square

SHAPES = (0.6, 1.0, 1.7)
BOOKS = (("uniform", 1), ("uniform", 4), ("integer", 3), ("power-of-two", 4), ("lloyd-max", 4))
SHARED = (2, 32, 600)
CASES = [
    *itertools.product(SHAPES, (*BOOKS, ("uniform", 9), ("integer", 10)), SHARED),
]
#: All cases together hold with 99.9 %.
SIGMAS = float(norm.ppf(1.0 - 0.001 / (2.0 * len(CASES))))


def _law(shape: float) -> Exponential | GeneralisedNormal:
    return Exponential(2.0) if shape == 1.0 else GeneralisedNormal(shape, 0.5)


@pytest.mark.parametrize(("shape", "book", "shared"), CASES)
def test_blocks_with_their_largest_weight_as_scale(
    shape: float, book: tuple[str, int], shared: int
) -> None:
    kind, bits = book
    draw = np.random.default_rng([7, int(10 * shape), bits, shared, len(kind)])
    blocks = GeneralisedNormal(shape, 0.5).sample(draw, (max(60_000 // shared, 400), shared))
    quantizer = Quantizer(kind, bits, "row", shape=shape)
    errors = np.abs(blocks - quantizer.quantize(blocks)).mean(axis=1)
    expected = expected_errors(Scheme(kind, "row", "none"), [bits], _law(shape), [(shared, 1.0)])
    apart = errors.mean() - float(expected.mean[0])
    assert abs(apart) < SIGMAS * errors.std(ddof=1) / math.sqrt(len(errors))


def test_groups_that_do_not_fill_a_row() -> None:
    """Rows of 80 in groups of 32: two of 32 and one of 16, each with its own scale."""
    weights = GeneralisedNormal(1.4, 1.0).sample(np.random.default_rng(3), (4000, 80))
    quantizer = Quantizer("uniform", 4, 32)
    errors = np.abs(weights - quantizer.quantize(weights)).mean(axis=1)
    parts = [(32.0, 64 / 80), (16.0, 16 / 80)]
    found = expected_errors(Scheme("uniform", 32, "none"), [4], GeneralisedNormal(1.4, 1.0), parts)
    assert abs(errors.mean() - float(found.mean[0])) < 3.29 * errors.std(ddof=1) / math.sqrt(4000)


@pytest.mark.parametrize("shape", [0.25, 0.5, 0.8, 1.0, 1.3, 2.0, 3.0, 8.0])
@pytest.mark.parametrize("book", ["uniform", "integer"])
@pytest.mark.parametrize("rest", [1e-2, 1e-6, 1e-10])
def test_the_series_of_fine_grids_is_their_sum(shape: float, book: str, rest: float) -> None:
    law = GeneralisedNormal(shape, 1.0)
    top = float(law.quantile(1.0 - rest))
    levels = top * level_ratios(book, 9)
    inner = (levels[1:] + levels[:-1]) / 2.0
    ends = np.concatenate(([0.0], inner, [top]))
    # F and its first two moments, by cell
    share, first = np.diff(law.below(ends)), np.diff(law.moment_below(ends))
    low, mid = law.below(levels) - law.below(ends[:-1]), law.moment_below(levels)
    total = levels * (2.0 * low - share) + first - 2.0 * (mid - law.moment_below(ends[:-1]))
    step = float(levels[1] - levels[0])
    assert grid_error(shape, step, top, book == "uniform") == pytest.approx(total.sum(), rel=1e-7)
    whole = math.exp(gammaln(3.0 / shape) - gammaln(1.0 / shape))
    second = np.diff(whole * gammainc(3.0 / shape, ends**shape))
    cells = second - 2.0 * levels * first + levels**2 * share
    assert grid_square(shape, step, top, book == "uniform") == pytest.approx(cells.sum(), rel=1e-6)


@pytest.mark.parametrize("shape", [0.4, 0.7, 1.5, 2.0, 3.0])
def test_many_levels_of_lloyd_max_follow_from_fewer(shape: float) -> None:
    law = GeneralisedNormal(shape, 2.0)
    direct = level_error(law, law_levels(13, law))
    assert float(law_distortion("lloyd-max", 13, law)) == pytest.approx(direct, rel=1e-5)


@pytest.mark.parametrize("book", ["uniform", "integer", "power-of-two"])
@pytest.mark.parametrize("shape", [0.7, 1.0, 1.6])
@pytest.mark.parametrize("bits", [2, 4, 9])
def test_least_squares_is_the_least(book: str, shape: float, bits: int) -> None:
    top = best_top(book, bits, shape, 2)
    least = book_square(book, bits, shape, top)
    tops = top * np.geomspace(0.25, 4.0, 400)
    others = [book_square(book, bits, shape, float(it)) for it in tops]
    # of power-of-two an octave above may be as good but for the few weights beyond the top
    assert least <= min(others) * (1.0 + (1e-5 if book == "power-of-two" else 1e-9))
    absolute = [book_error(book, bits, shape, float(it)) for it in tops]
    found = float(expected_errors(Scheme(book, clip="mse"), [bits], _law(shape)).mean[0]) / 0.5
    assert found == pytest.approx(book_error(book, bits, shape, top), rel=1e-12)
    assert found >= min(absolute) * (1.0 - 1e-6)


@pytest.mark.parametrize("shape", [1.0, 1.6])
@pytest.mark.parametrize("bits", [3, 5])
def test_squares_and_errors_are_those_of_weights(shape: float, bits: int) -> None:
    weights = GeneralisedNormal(shape, 1.0).sample(np.random.default_rng(5), 400_000)
    for book in ("uniform", "integer", "power-of-two", "lloyd-max"):
        top = best_top(book, bits, shape, 2)
        levels = top * level_ratios(book, bits, shape if book == "lloyd-max" else 1.0)
        borders = (levels[1:] + levels[:-1]) / 2.0
        apart = np.abs(np.abs(weights) - levels[np.searchsorted(borders, np.abs(weights))])
        for values, expected in (
            (apart, book_error(book, bits, shape, top)),
            (apart**2, book_square(book, bits, shape, top)),
        ):
            assert abs(values.mean() - expected) < 4.1 * values.std() / math.sqrt(len(values))


def test_the_closed_forms_are_what_they_were() -> None:
    bits = range(2, 17)
    for kind in ("lloyd-max", "uniform", "power-of-two", "rate-distortion"):
        found = expected_errors(Scheme(kind), bits, Exponential(40.0))
        assert np.array_equal(found.mean, expected_distortion(kind, bits, 40.0))
        assert np.array_equal(found.lower, shannon_lower(bits, 40.0))
    laplace = expected_errors(Scheme("uniform"), bits, GeneralisedNormal(1.0, 0.025))
    assert laplace.mean == pytest.approx(expected_distortion("uniform", bits, 40.0), rel=1e-12)


@pytest.mark.parametrize("shape", [0.6, 1.0, 1.5, 2.0, 3.0])
def test_no_channel_goes_below_the_lower_bound(shape: float) -> None:
    """Against the project's own Blahut-Arimoto iteration on a fine grid of the law."""
    law = GeneralisedNormal(shape, 1.0)
    edges = float(law.quantile(1.0 - 1e-9)) * np.linspace(0.0, 1.0, 1501) ** (1.5 / min(shape, 1.0))
    size, mass = (edges[1:] + edges[:-1]) / 2.0, np.diff(law.below(edges))
    rates = np.array([1.0, 2.0, 3.0])
    points, masses = np.concatenate((-size[::-1], size)), np.concatenate((mass[::-1], mass))
    found = distortion_rate(points, rates, masses, cells=3000)
    lower = law_lower(rates, law)
    assert np.all(lower <= found.distortion * 1.002), "but for the cells of the grid"
    gap = found.lower / lower - 1.0
    assert gap[2] < gap[0] + 0.002, "the bound becomes tight as the rate grows"
    entropy = math.log(2.0 / shape) + float(gammaln(1.0 / shape)) + 1.0 / shape
    assert lower == pytest.approx(np.exp(entropy - 1.0 - rates * math.log(2.0)) / 2.0)


@pytest.mark.parametrize("shape", [0.6, 1.0, 1.7])
def test_nor_does_a_quantizer_with_a_scale_per_block(shape: float) -> None:
    for count in (2, 16, 1000):
        for book, bits in (*BOOKS, ("uniform", 9)):
            assert largest_lower(bits, shape, count) < largest_error(book, bits, shape, count)
    law = GeneralisedNormal(shape, 1.0)
    assert largest_lower(4, shape, 1e9) == pytest.approx(float(law_lower([4], law)[0]), rel=1e-4)
    assert largest_error("uniform", 4, shape, 1) == 0.0, "one weight is its own scale"


def test_what_cannot_be_predicted_is_refused() -> None:
    law = GeneralisedNormal(1.5, 1.0)
    for scheme in (Scheme("uniform", "row"), Scheme("integer", 64, "mse")):
        with pytest.raises(ValueError, match="a law does not tell the error of"):
            expected_errors(scheme, [4], law)
    with pytest.raises(ValueError, match="needs the number of weights that share a scale"):
        expected_errors(Scheme("uniform", "row", "none"), [4], law)
    with pytest.raises(ValueError, match="for the exponential law alone"):
        expected_errors(Scheme("rate-distortion"), [4], law)
    assert most_bits(Scheme("uniform"), Exponential(1.0)) == 64
    assert most_bits(Scheme("uniform"), law) == most_bits(Scheme("integer"), Exponential(1.0)) == 16
