"""Pruning before quantizing: closed forms against weights that are drawn, pruned and rounded."""

from __future__ import annotations

import numpy as np
import pytest

from simran.distortion import (
    Exponential,
    GeneralisedNormal,
    Scheme,
    bounds,
    expected_distortion,
    expected_errors,
    optimal_levels,
    pruned_errors,
    pruning_distortion,
    pruning_loss,
    quantize,
)

LAW = Exponential(20.0)
DRAWN = 400_000


def _standard_error(errors: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(errors.std() / np.sqrt(len(errors)))


@pytest.mark.parametrize("ratio", [0.05, 0.3, 0.8])
@pytest.mark.parametrize("bits", [1, 3, 6])
def test_by_magnitude_it_is_what_drawn_weights_lose(ratio: float, bits: int) -> None:
    size = np.random.default_rng(bits).exponential(1.0 / LAW.rate, DRAWN)
    threshold = -np.log1p(-ratio) / LAW.rate
    levels = threshold + optimal_levels(bits, LAW.rate)
    rounded = np.where(size < threshold, 0.0, quantize(size, levels))
    errors = np.abs(size - rounded)
    found = pruned_errors(Scheme("lloyd-max"), [bits], LAW, ratio=ratio, by="magnitude").mean[0]
    assert abs(found - errors.mean()) < 4.0 * _standard_error(errors)


def test_the_code_book_that_begins_at_the_threshold_is_the_best_for_what_is_left() -> None:
    size = np.sort(np.random.default_rng(3).exponential(1.0, 200_000))
    threshold = -np.log1p(-0.4)
    left = size[size >= threshold]
    best = np.abs(left - quantize(left, threshold + optimal_levels(3, 1.0))).mean()
    for moved in (0.9, 1.1):
        levels = threshold + moved * optimal_levels(3, 1.0)
        assert np.abs(left - quantize(left, levels)).mean() > best


@pytest.mark.parametrize("kind", ["uniform", "power-of-two", "lloyd-max", "rate-distortion"])
def test_by_row_the_rest_keeps_its_law(kind: str) -> None:
    scheme, bits = Scheme(kind), [2, 5, 9]
    found = pruned_errors(scheme, bits, LAW, ratio=0.25, by="row")
    whole = expected_errors(scheme, bits, LAW)
    for pruned, left in ((found.mean, whole.mean), (found.lower, whole.lower)):
        assert pruned == pytest.approx(0.25 / LAW.rate + 0.75 * left, rel=1e-14)


def test_by_row_it_is_what_drawn_rows_lose() -> None:
    law = GeneralisedNormal(1.4, 0.03)
    rows = law.sample(np.random.default_rng(5), (400, 2_000))
    mean = np.abs(rows).mean(axis=1)
    gone = np.argsort(mean)[:100]
    lost = np.abs(rows[gone]).sum() / rows.size
    # The rows of least mean are a little lighter than a row: by about a standard error of their means.
    assert lost == pytest.approx(pruning_loss(0.25, law, "row"), rel=0.04)
    assert lost < pruning_loss(0.25, law, "row")


def test_nothing_pruned_is_the_quantizer_alone_and_bounds_stay_in_order() -> None:
    bits = np.arange(1, 15)
    none = pruned_errors(Scheme("lloyd-max"), bits.tolist(), LAW, ratio=0.0, by="magnitude")
    assert np.array_equal(none.mean, expected_distortion("lloyd-max", bits, LAW.rate))
    assert np.array_equal(none.lower, bounds("lloyd-max", bits, LAW.rate)[0])
    for kind in ("lloyd-max", "rate-distortion"):
        found = pruned_errors(Scheme(kind), bits.tolist(), LAW, ratio=0.3, by="magnitude")
        assert np.all(found.lower <= found.mean)
        assert np.all(found.mean <= found.upper)
        assert np.all(np.diff(found.mean) < 0.0)
        assert np.all(found.mean > pruning_distortion(0.3, LAW.rate))


def test_it_rises_with_the_ratio_where_the_quantizer_is_fine() -> None:
    ratios = np.linspace(0.0, 0.95, 20)
    found = [
        pruned_errors(Scheme("lloyd-max"), [8], LAW, ratio=float(it), by="magnitude").mean[0]
        for it in ratios
    ]
    assert np.all(np.diff(found[1:]) > 0.0)


def test_a_little_pruning_helps_a_coarse_quantizer() -> None:
    # At one bit the magnitude is one level: setting the smallest to 0 adds a second one for nothing but
    # the mask, which memory accounts for.
    found = pruned_errors(Scheme("lloyd-max"), [1], LAW, ratio=0.3, by="magnitude").mean[0]
    assert found < expected_distortion("lloyd-max", 1, LAW.rate)


@pytest.mark.parametrize(
    ("scheme", "law", "said"),
    [
        (Scheme("uniform"), LAW, "not known"),
        (Scheme("lloyd-max", "row"), LAW, "one scale per tensor"),
        (Scheme("lloyd-max"), GeneralisedNormal(2.0, 0.1), "exponential law alone"),
    ],
)
def test_what_is_not_known_is_refused(
    scheme: Scheme, law: Exponential | GeneralisedNormal, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        pruned_errors(scheme, [4], law, ratio=0.2, by="magnitude")


def test_laplace_by_another_name_is_exponential() -> None:
    other = GeneralisedNormal(1.0, 1.0 / LAW.rate)
    assert pruning_loss(0.4, other, "magnitude") == pruning_loss(0.4, LAW, "magnitude")
