"""Statistics do not depend on how the stream is cut into blocks, and percentiles are close to exact."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simran.results import sketch as sketch_module
from simran.results.batches import BatchMeans
from simran.results.loads import Jobs, StationLoad
from simran.results.moments import Moments
from simran.results.sketch import QuantileSketch
from simran.results.violations import ViolationCount

UNHURRIED = settings(deadline=None)  # the machine may be busy
POSITIVE = st.floats(0.0, 1e300, allow_subnormal=False)
MODEST = st.floats(-1e6, 1e6)
CUTS = st.lists(st.integers(0, 400), max_size=8)


def blocks(count: int, cuts: list[int]) -> Iterator[slice]:
    edges = sorted({0, count, *(cut for cut in cuts if cut < count)})
    for low, high in itertools.pairwise(edges):
        yield slice(low, high)


@UNHURRIED
@given(arrays(float, st.integers(1, 200), elements=POSITIVE), CUTS, st.floats(0, 1))
@pytest.mark.parametrize("exact", [0, 50, 4096])
def test_a_percentile_is_within_one_percent(
    exact: int, values: np.ndarray, cuts: list[int], q: float
) -> None:
    """In both regimes, the switch between them brought down to a few values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketch_module, "_EXACT", exact)
        whole, parts = QuantileSketch(), QuantileSketch()
        whole.add(values)
        for part in blocks(len(values), cuts):
            parts.add(values[part])
    with np.errstate(over="ignore"):
        expected = float(np.quantile(values, q))
    assert whole.quantile(q) == parts.quantile(q)
    width = sketch_module._RATIO - 1 + 1e-9  # of a bucket, all of which one value may be off
    assert whole.quantile(q) == pytest.approx(expected, rel=width)
    if len(values) <= exact:
        assert whole.quantile(q) == expected


@UNHURRIED
@given(arrays(float, st.integers(1, 300), elements=MODEST), CUTS)
def test_moments_are_those_of_the_whole(values: np.ndarray, cuts: list[int]) -> None:
    moments = Moments()
    for part in blocks(len(values), cuts):
        moments.add(values[part])
    scale = float(np.abs(values).max())
    assert moments.count == len(values)
    assert moments.mean == pytest.approx(float(values.mean()), rel=1e-12, abs=1e-12 * scale)
    if len(values) > 1:
        assert moments.std == pytest.approx(float(values.std(ddof=1)), rel=1e-9, abs=1e-9 * scale)


@UNHURRIED
@given(st.integers(0, 2**32 - 1), st.integers(1, 2000), CUTS)
def test_batch_means_are_those_of_the_whole(seed: int, count: int, cuts: list[int]) -> None:
    values = np.random.default_rng(seed).exponential(size=count)
    whole, parts = BatchMeans(), BatchMeans()
    whole.add(values)
    for part in blocks(count, cuts):
        parts.add(values[part])
    assert parts.interval() == pytest.approx(whole.interval(), rel=1e-9, nan_ok=True)
    size = 1
    while count // size >= 160:
        size *= 2
    means = values[: count // size * size].reshape(-1, size).mean(axis=1)
    assert np.array(parts._sums) / parts._size == pytest.approx(means, rel=1e-12)


def _jobs(seed: int, count: int) -> tuple[Jobs, float]:
    """Return jobs in any overlap and order, some of them unfinished at the end."""
    draw = np.random.default_rng(seed)
    end_s = float(draw.uniform(1e-3, 1e4))
    stamps = np.sort(draw.uniform(-0.2 * end_s, 1.3 * end_s, (count, 3)), axis=1)
    stamps = np.minimum(stamps[stamps[:, 0] < end_s], end_s)
    work = draw.exponential(size=len(stamps))
    left = np.where(stamps[:, 2] >= end_s, work * draw.random(len(stamps)), 0.0)
    return Jobs(stamps[:, 0], stamps[:, 1], stamps[:, 2], work, left), end_s


@UNHURRIED
@given(st.integers(0, 2**32 - 1), st.integers(1, 100), CUTS)
def test_the_load_of_a_station_is_that_of_the_whole(seed: int, count: int, cuts: list[int]) -> None:
    jobs, end_s = _jobs(seed, count)
    names = Jobs.__slots__
    whole, parts = StationLoad(2.0, 0.0, math.inf), StationLoad(2.0, 0.0, math.inf)
    whole.add(jobs)
    for part in blocks(len(jobs.arrival_s), cuts):
        parts.add(Jobs(**{name: getattr(jobs, name)[part] for name in names}))
    assert parts._offered == pytest.approx(whole._offered, rel=1e-12)
    scale = float(whole._present.max(initial=0.0))
    assert parts._present == pytest.approx(whole._present, rel=1e-9, abs=1e-9 * scale)
    assert parts.offered_load(end_s) == pytest.approx(
        whole.offered_load(end_s), rel=1e-9, nan_ok=True
    )
    counted = jobs.arrival_s >= 0
    expected = float(jobs.work_s[counted].sum()) / (2.0 * end_s)
    assert whole.offered_load(end_s)[0] == pytest.approx(expected, rel=1e-12, abs=1e-300)
    # Every job's work times the time that it was in the system, from the start of the count on.
    area = 0.0
    for a, s, e, w, x in zip(*(getattr(jobs, name) for name in names), strict=True):
        grid = np.linspace(max(a, 0.0), max(e, 0.0), 2001)
        share = np.clip((grid - s) / max(e - s, 1e-300), 0.0, 1.0)
        level = w + (x - w) * np.where(grid > s, share, 0.0)
        area += float(np.trapezoid(level, grid))
    assert float(whole._present.sum()) == pytest.approx(area, rel=2e-3, abs=1e-9)


@UNHURRIED
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), CUTS)
def test_violations_are_those_of_the_whole(seed: int, count: int, cuts: list[int]) -> None:
    draw = np.random.default_rng(seed)
    ended = np.sort(draw.uniform(0.0, 100.0, count))
    deadline = np.where(draw.random(count) < 0.1, np.inf, draw.uniform(0.0, 150.0, count))
    deadline[draw.random(count) < 0.1] = 100.0
    group, cause = draw.integers(0, 3, count), draw.integers(0, 4, count)
    counts = ViolationCount(3, 4)
    for part in blocks(count, cuts):
        counts.add(group[part], cause[part], deadline[part], float(ended[part][-1]))
    expected = np.zeros((3, 4), dtype=np.int64)
    judged = (deadline <= 100.0) | np.isinf(deadline)
    np.add.at(expected, (group[judged], cause[judged]), 1)
    assert np.array_equal(counts.close(100.0), expected)
