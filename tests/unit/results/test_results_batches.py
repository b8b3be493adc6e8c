"""The interval within a run, and when there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from simran.results.batches import BatchMeans, independent


def interval(values: np.ndarray) -> tuple[float, float]:
    batches = BatchMeans()
    batches.add(values)
    return batches.interval()


def lindley(load: float, count: int, seed: int) -> np.ndarray:
    """Return the sojourn times of an M/M/1 queue, from an empty start."""
    draw = np.random.default_rng(seed)
    work, gap = draw.exponential(size=count), draw.exponential(1 / load, count)
    steps = np.concatenate(([0.0], np.cumsum(work[:-1] - gap[1:])))
    return steps - np.minimum.accumulate(steps) + work


def test_the_interval_is_students_over_groups_of_four() -> None:
    values = np.random.default_rng(3).normal(5.0, 1.0, 100)
    assert independent(values)
    means = values.reshape(25, 4).mean(axis=1)
    half = t.ppf(0.975, 24) * means.std(ddof=1) / 5
    assert interval(values) == pytest.approx((means.mean() - half, means.mean() + half))


def test_longer_streams_have_longer_batches() -> None:
    """1600 values: 100 batches of 16 for the test, 25 of 64 for the interval."""
    values = np.random.default_rng(4).normal(5.0, 1.0, 1600)
    means = values.reshape(25, 64).mean(axis=1)
    half = t.ppf(0.975, 24) * means.std(ddof=1) / 5
    assert interval(values) == pytest.approx((means.mean() - half, means.mean() + half))


@pytest.mark.parametrize("count", [0, 1, 39])
def test_fewer_than_ten_batches_of_four_are_too_few(count: int) -> None:
    low, high = interval(np.random.default_rng(1).normal(size=count))
    assert math.isnan(low)
    assert math.isnan(high)


def test_forty_values_are_enough() -> None:
    low, high = interval(np.random.default_rng(1).normal(size=40))
    assert low < high


def test_values_that_are_all_alike_have_a_sure_mean() -> None:
    low, high = interval(np.full(5000, 3.5))
    assert low == pytest.approx(3.5, rel=1e-12)
    assert high == pytest.approx(3.5, rel=1e-12)


def test_alike_to_rounding_is_alike() -> None:
    values = 3.5 + np.spacing(3.5) * np.tile([0, 0, 1, 1], 1000)
    assert interval(values) == pytest.approx((3.5, 3.5), rel=1e-12)


def test_a_trend_gives_no_interval() -> None:
    values = np.linspace(1.0, 2.0, 4000) + np.random.default_rng(1).normal(0, 0.1, 4000)
    assert math.isnan(interval(values)[0])


@pytest.mark.parametrize(("load", "count"), [(0.5, 400), (0.9, 4000)])
def test_a_queue_seen_for_too_short_gives_none_at_all_but_rarely(load: float, count: int) -> None:
    """At most 5 % of runs; the rule before it gave one in 75 % at 0.9, of which 30 % were wrong."""
    given = [not math.isnan(interval(lindley(load, count, seed))[0]) for seed in range(200)]
    assert np.mean(given) <= 0.05


def test_a_queue_seen_for_long_gives_one_and_it_covers() -> None:
    """200 runs of 40 000 requests at 0.5; of 95 % given and of those 95 % right, less 3.3 errors."""
    found = np.array([interval(lindley(0.5, 40_000, seed)) for seed in range(200)])
    given = ~np.isnan(found[:, 0])
    assert given.mean() > 0.95 - 3.3 * math.sqrt(0.05 * 0.95 / 200)
    right = (found[given, 0] <= 2.0) & (found[given, 1] >= 2.0)
    assert right.mean() > 0.95 - 3.3 * math.sqrt(0.05 * 0.95 / given.sum())


@pytest.mark.parametrize("count", [10, 20, 100])
def test_the_test_of_independence_refuses_one_in_twenty(count: int) -> None:
    """10 000 draws of independent normal values; the share is known to 0.7 % at 99.9 %."""
    draw = np.random.default_rng(count)
    refused = [not independent(draw.normal(size=count)) for _ in range(10_000)]
    assert np.mean(refused) == pytest.approx(0.05, abs=0.0072)


def test_correlated_values_are_refused() -> None:
    values = np.random.default_rng(1).normal(size=101)
    assert not independent(values[1:] + values[:-1])
    assert independent(
        values[1:] - values[:-1]
    )  # one-sided: negative correlation is on the safe side
    assert not independent(np.arange(9.0))
