"""Offered load, work in the system and the verdict of a station, on hand-made streams."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from simran.results.loads import Jobs, StationLoad, worst

RUNS = 200
#: Half-width of a 99.9 % interval of a share of 5 % over those runs.
LOOSE = 3.3 * math.sqrt(0.05 * 0.95 / RUNS)


def fifo(arrival: np.ndarray, work: np.ndarray, end_s: float) -> Jobs:
    """Return the jobs of one first-come server as they stand at the end."""
    kept = arrival <= end_s
    arrival, work = arrival[kept], work[kept]
    gaps = np.concatenate(([0.0], work[:-1] - np.diff(arrival)))
    steps = np.cumsum(gaps)
    start = arrival + steps - np.minimum.accumulate(steps)
    served = np.clip(end_s - start, 0.0, work)
    return Jobs(
        arrival, np.minimum(start, end_s), np.minimum(start + work, end_s), work, work - served
    )


def judged(jobs: Jobs, end_s: float, budget_s: float = math.inf) -> str:
    station = StationLoad(1.0, 0.0, budget_s)
    station.add(jobs)
    return station.verdict(end_s, float(jobs.left_s.sum()))


def poisson(load: float, count: int, seed: int) -> tuple[Jobs, float]:
    draw = np.random.default_rng(seed)
    arrival = np.cumsum(draw.exponential(1 / load, count))
    end_s = float(arrival[-1])
    return fifo(arrival, draw.exponential(size=count), end_s), end_s


def shares(load: float, count: int) -> dict[str, float]:
    found = [judged(*poisson(load, count, seed)) for seed in range(RUNS)]
    return {name: found.count(name) / RUNS for name in ("stable", "backlogged", "overloaded")}


# Offered load -----------------------------------------------------------------------------------


@pytest.mark.parametrize("warmup_s", [0.0, 10.0])
@pytest.mark.parametrize("capacity", [1.0, 3.0])
def test_offered_load_is_work_over_capacity_and_time(warmup_s: float, capacity: float) -> None:
    arrival = np.arange(0.25, 80.0, 0.5)
    work = np.full(len(arrival), 0.125)
    station = StationLoad(capacity, warmup_s, math.inf)
    station.add(Jobs(arrival, arrival, arrival + work, work, np.zeros(len(arrival))))
    expected = work[arrival >= warmup_s].sum() / (capacity * (80.0 - warmup_s))
    assert station.offered_load(80.0)[0] == expected == 0.25 / capacity


def test_the_lower_bound_is_students_over_the_bins() -> None:
    jobs, _ = poisson(0.8, 5000, 1)
    station = StationLoad(1.0, 0.0, math.inf)
    station.add(jobs)
    width = 1e-6 * 2.0**26  # 67.1 s, the least that puts the run into 128 bins
    assert 64 * width < float(jobs.end_s.max()) < 128 * width
    bins = int(6000.0 / width)
    edges = np.arange(bins + 1) * width
    rates = np.histogram(jobs.arrival_s, edges, weights=jobs.work_s)[0] / width
    low = rates.mean() - t.ppf(0.95, bins - 1) * rates.std(ddof=1) / math.sqrt(bins)
    assert station.offered_load(6000.0)[1] == pytest.approx(low)


def test_without_time_there_is_no_load() -> None:
    station = StationLoad(1.0, 5.0, math.inf)
    assert all(math.isnan(it) for it in station.offered_load(5.0))
    assert station.offered_load(10.0)[0] == 0.0
    assert station.verdict(5.0, 0.0) == "unknown"
    assert station.verdict(10.0, 0.0) == "stable"


# Work in the system -----------------------------------------------------------------------------


@pytest.mark.parametrize("start_s", [0.0, 300.0])
def test_work_in_the_system_is_integrated_over_each_bin(start_s: float) -> None:
    """Against a sum over a fine grid of time, of a queue that the end of the run cuts off."""
    jobs, end_s = poisson(0.9, 700, 3)
    station = StationLoad(1.0, start_s, math.inf)
    station.add(jobs)
    width, bins = station._width_s, station._bins(end_s)
    grid = start_s + (np.arange(bins * 400) + 0.5) * width / 400
    order = np.searchsorted(jobs.arrival_s, grid)
    arrived = np.concatenate(([0.0], np.cumsum(jobs.work_s)))[order]
    busy = np.clip(grid[:, None] - jobs.start_s, 0.0, (jobs.end_s - jobs.start_s)).sum(axis=1)
    expected = (arrived - busy).reshape(bins, 400).mean(axis=1)
    got = station._present[:bins] / width
    assert got == pytest.approx(expected, abs=0.02)
    assert got.max() > 5


# Verdicts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("load", "count"), [(0.5, 3000), (0.8, 3000), (0.9, 20_000)])
def test_a_stable_queue_is_rarely_called_anything_else(load: float, count: int) -> None:
    """In at most 5 % of runs, less what 200 runs can tell."""
    assert shares(load, count)["stable"] >= 0.95 - LOOSE


def test_an_overloaded_queue_is_always_found() -> None:
    assert shares(1.2, 3000)["overloaded"] == 1.0


def test_an_overload_shows_early() -> None:
    assert shares(1.2, 300)["stable"] <= 0.1


def test_slow_growth_is_a_backlog() -> None:
    """2 % too much work: after 20 000 requests at most one run in twenty looks stable."""
    assert shares(1.02, 20_000)["stable"] <= 0.05 + LOOSE


@pytest.mark.parametrize(
    ("period", "work", "verdict"),
    [(1.0, 0.5, "stable"), (1.0, 1.0, "stable"), (1.05, 1.0, "stable"), (1.0, 1.2, "overloaded")],
)
@pytest.mark.parametrize("count", [50, 1000, 4321])
def test_periodic_arrivals(period: float, work: float, verdict: str, count: int) -> None:
    """Beats between the period and the bins must not look like growth."""
    for shift in (0.0, 0.3):
        arrival = period * np.arange(count) + shift
        end_s = period * count
        assert judged(fifo(arrival, np.full(count, work), end_s), end_s) == verdict


@pytest.mark.parametrize("period", [0.999, 1.0486, 1.06, 3.2])
def test_many_short_periods_do_not_beat_with_the_bins(period: float) -> None:
    arrival = period * np.arange(2000)
    jobs = fifo(arrival, np.full(2000, 0.9), period * 2000)
    assert judged(jobs, period * 2000) == "stable"


def test_growth_that_load_alone_does_not_show_is_a_backlog() -> None:
    """Deterministic work that fills 99.9 % at first and 100.1 % of the capacity later on."""
    arrival = np.arange(30_000.0)
    work = np.where(arrival < 10_000, 0.998, 1.001)
    assert judged(fifo(arrival, work, 30_000.0), 30_000.0) == "backlogged"


def test_an_end_backlog_beyond_the_budget_is_a_backlog() -> None:
    jobs = fifo(np.array([1.0, 99.0]), np.array([1.0, 8.0]), 100.0)
    assert jobs.left_s.sum() == 7.0
    assert judged(jobs, 100.0, budget_s=7.5) == "stable"
    assert judged(jobs, 100.0, budget_s=6.5) == "backlogged"


def test_the_worst_of_some_verdicts() -> None:
    assert worst([]) == "stable"
    assert worst(["stable", "backlogged"]) == "backlogged"
    assert worst(["overloaded", "stable", "backlogged"]) == "overloaded"
    assert worst(["unknown", "stable"]) == "stable"
    assert worst(["unknown", "unknown"]) == "unknown"


@pytest.mark.parametrize(
    ("end_s", "backlog_s", "verdict"),
    [
        (9.0, 0.0, "unknown"),
        (10.0, 0.0, "unknown"),
        (10.5, 0.0, "stable"),
        (9.0, 8.0, "backlogged"),
    ],
)
def test_a_run_that_ends_within_its_warm_up_shows_nothing(
    end_s: float, backlog_s: float, verdict: str
) -> None:
    assert StationLoad(1.0, 10.0, 5.0).verdict(end_s, backlog_s) == verdict
