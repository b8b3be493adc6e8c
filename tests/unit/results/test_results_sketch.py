"""Percentiles: exact while few, within 0.4 % when many."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simran.results.sketch import QuantileSketch

QUANTILES = (0.0, 0.01, 0.25, 0.5, 0.95, 0.99, 1.0)


def filled(values: np.ndarray, size: int = 1000) -> QuantileSketch:
    sketch = QuantileSketch()
    for start in range(0, len(values), size):
        sketch.add(values[start : start + size])
    return sketch


@pytest.mark.parametrize("count", [1, 2, 3, 10, 101, 4096])
def test_up_to_4096_values_the_answer_is_exact(count: int) -> None:
    values = np.random.default_rng(count).lognormal(sigma=3.0, size=count)
    sketch = filled(values, 37)
    for q in QUANTILES:
        assert sketch.quantile(q) == np.quantile(values, q)


@pytest.mark.parametrize("count", [4097, 5000, 100_000])
@pytest.mark.parametrize("law", ["exponential", "lognormal", "constant", "two", "zeros", "wide"])
def test_beyond_it_is_within_half_a_percent(count: int, law: str) -> None:
    draw = np.random.default_rng(count)
    values = {
        "exponential": lambda: draw.exponential(size=count),
        "lognormal": lambda: draw.lognormal(sigma=3.0, size=count),
        "constant": lambda: np.full(count, 3.5),
        "two": lambda: np.where(np.arange(count) < 0.95 * (count - 1), 1.0, 1000.0),
        "zeros": lambda: np.where(draw.random(count) < 0.5, 0.0, draw.exponential(size=count)),
        "wide": lambda: np.exp(draw.uniform(-700, 700, count)),
    }[law]()
    sketch = filled(values)
    for q in QUANTILES:
        exact = float(np.quantile(values, q))
        assert sketch.quantile(q) == pytest.approx(exact, rel=0.004 + 1e-9), q


def test_the_ends_are_exact_in_either_regime() -> None:
    for count in (100, 10_000):
        values = np.random.default_rng(1).exponential(size=count)
        sketch = filled(values)
        assert sketch.quantile(0.0) == values.min()
        assert sketch.quantile(1.0) == values.max()


def test_memory_grows_with_the_range_only() -> None:
    sketch = QuantileSketch()
    draw = np.random.default_rng(1)
    for _ in range(100):
        sketch.add(10 ** draw.uniform(-5, 5, 10_000))
    held = [it for it in vars(sketch).values() if isinstance(it, (np.ndarray, list))]
    assert sum(map(len, held)) <= 3 * 2900  # count, least and most of every bucket
    assert sketch.count == 1_000_000


@pytest.mark.parametrize("bad", [-1.0, -1e-300, math.nan, math.inf])
def test_values_that_have_no_bucket_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite and 0 or more"):
        QuantileSketch().add(np.array([1.0, bad]))


def test_nothing_has_no_percentile() -> None:
    sketch = QuantileSketch()
    sketch.add(np.zeros(0))
    assert math.isnan(sketch.quantile(0.5))


def test_the_caller_may_change_its_array_afterwards() -> None:
    values = np.ones(10)
    sketch = QuantileSketch()
    sketch.add(values)
    values[:] = 99.0
    assert sketch.quantile(0.5) == 1.0
