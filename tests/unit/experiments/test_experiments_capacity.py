"""The search for capacity: brackets, verdicts, and whole studies."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from executors import AtOnce
from hypothesis import given
from hypothesis import strategies as st
from toy import toy

import simran
from simran.errors import InputError
from simran.experiments import Place, capacity
from simran.experiments.bracketing import Point, bracket, capacity_of
from simran.experiments.capacity import Vary
from simran.experiments.sequential import Target, error_of, judge, looks


@given(st.integers(0, 3000), st.integers(1, 300))
def test_the_largest_whole_number_is_found(limit: int, start: int) -> None:
    points = bracket(lambda it: Point(it, it <= limit), start, whole=True)
    found = capacity_of(points)
    assert found["capacity"] == (limit or None)
    assert found["bracket"] == [limit or None, limit + 1]
    assert (
        len({it.value for it in points}) == len(points) <= 2 + 2 * math.log2(max(limit, start) + 1)
    )


@given(st.floats(1e-2, 1e3), st.floats(0.1, 50.0))
def test_the_bracket_of_a_rate_is_as_narrow_as_asked(limit: float, start: float) -> None:
    found = capacity_of(bracket(lambda it: Point(it, it <= limit), start, False, 0.02))
    low, high = found["bracket"]
    assert low <= limit < high <= 1.02 * low * (1 + 1e-12)


def test_a_search_ends_where_nothing_or_everything_meets_the_target() -> None:
    none = bracket(lambda it: Point(it, False), 5, whole=True)
    assert [it.value for it in none] == [5, 2, 1]
    assert capacity_of(none) == {"capacity": None, "limited": True, "bracket": [None, 1]}
    every = bracket(lambda it: Point(it, True), 1.0, whole=False)
    assert capacity_of(every) == {"capacity": 2.0**14, "limited": False, "bracket": [2.0**14, None]}


def test_points_that_are_not_sure_are_no_ends_of_the_bracket() -> None:
    points = [
        Point(4, True),
        Point(8, False),
        Point(6, False, sure=False),
        Point(5, True, sure=False),
    ]
    assert capacity_of(points) == {"capacity": 5, "limited": True, "bracket": [4, 8]}


def _records(
    rates: list[float], verdict: str = "stable", judged: int = 100
) -> list[dict[str, Any]]:
    figures = [{"total": {"violation_rate": it, "judged": judged}} for it in rates]
    return [{"figures": it, "verdict": verdict} for it in figures]


def test_a_verdict_is_sure_when_the_interval_is_clear_of_the_bound() -> None:
    target = Target("violation_rate", 0.05)
    cases = {
        (0.01, 0.02, 0.01, 0.02): (True, True),
        (0.04, 0.05, 0.04, 0.05): (True, False),
        (0.04, 0.09, 0.04, 0.09): (False, False),
        (0.11, 0.12, 0.11, 0.12): (False, True),
    }
    for rates, expected in cases.items():
        verdict = judge(target, _records(list(rates)), 0.05)
        assert (verdict.met, verdict.sure) == expected


def test_no_violation_among_few_requests_is_not_sure() -> None:
    target = Target("violation_rate", 0.05)
    assert not judge(target, _records([0.0] * 4, judged=10), 0.05).sure
    assert judge(target, _records([0.0] * 4, judged=100), 0.05).sure


def test_overloaded_runs_miss_the_target_whatever_they_measure() -> None:
    delay = Target("delay_mean_s", 1.0)
    lost = [{"figures": {"total": {"delay_mean_s": 0.1}}, "verdict": "overloaded"}] * 3
    fine = [{"figures": {"total": {"delay_mean_s": 0.1}}, "verdict": "stable"}] * 3
    assert judge(delay, [*lost, *fine[:1]], 0.05).met is False
    assert judge(delay, [*lost, *fine[:1]], 0.05).sure
    assert judge(delay, [*lost[:1], *fine], 0.05).met
    one = judge(
        Target("violation_rate", 0.05), [*_records([0.0], "overloaded"), *_records([0.0] * 3)], 0.05
    )
    assert one.found["mean"] == 0.25
    assert not one.met


def test_the_errors_of_all_looks_add_up_to_five_percent_at_most() -> None:
    total = sum(len(looks(16)) * error_of(point, len(looks(16))) for point in range(1, 2000))
    assert 0.0499 < total < 0.05


def test_repeated_looks_keep_the_error_that_they_state() -> None:
    """A mean just above the bound is called sure and met in no more than the error, whenever one looks."""
    target, budget = Target("delay_mean_s", 1.0), 0.05
    rng = np.random.default_rng(11)
    wrong, tries = 0, 2000
    for _ in range(tries):
        draws = rng.normal(1.0 + 1e-9, 0.3, 32)
        for count in looks(32):
            records = [
                {"figures": {"total": {"delay_mean_s": it}}, "verdict": "stable"}
                for it in draws[:count]
            ]
            verdict = judge(target, records, budget / len(looks(32)))
            if verdict.sure:
                wrong += verdict.met
                break
    # One side of the two-sided error, and its 99.9 % sampling error.
    assert wrong / tries <= budget / 2 + 3.1 * math.sqrt(budget / 2 / tries)


@pytest.mark.parametrize(
    ("text", "metric", "bound", "at_least", "group"),
    [
        ("violation_rate=0.05", "violation_rate", 0.05, False, "total"),
        ("a.delay_p95_s<=2", "delay_p95_s", 2.0, False, "a"),
        ("quality_mean=0.9", "quality_mean", 0.9, True, "total"),
        ("throughput_hz<=3", "throughput_hz", 3.0, False, "total"),
    ],
)
def test_targets_are_read(text: str, metric: str, bound: float, at_least: bool, group: str) -> None:
    assert Target.parse(text, ["a", "b"]) == Target(metric, bound, at_least, group)


@pytest.mark.parametrize(
    ("vary", "target", "words"),
    [
        ("agents.b.count", "violation_rate=0.05", "no key 'b'"),
        ("agents.a.device", "violation_rate=0.05", "expected a number above 0"),
        ("agents.a.count", "violation_rte=0.05", "did you mean 'violation_rate'"),
        ("agents.a.count", "b.violation_rate=0.05", "unknown group 'b'"),
        ("agents.a.count", "violation_rate=many", "expected \\[GROUP"),
        ("agents.a.count", "a.total_energy_per_completed_j=9", "of all groups together"),
        ("seed", "violation_rate=0.05", "no load"),
    ],
)
def test_what_is_of_no_use_is_refused_before_anything_runs(
    tmp_path: Path, vary: str, target: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        capacity(simran.load(toy()), vary, target, out=tmp_path / "r", executor=AtOnce())
    assert not (tmp_path / "r").exists()


def test_the_only_group_is_the_total() -> None:
    scenario = simran.load(toy(duration=10.0, allocator__headroom=0.6))
    asked = [
        capacity(scenario, "agents.a.count", f"{it}violation_rate=0.2", None, 2, executor=AtOnce())
        for it in ("", "a.")
    ]
    assert asked[0].summary() == asked[1].summary()


def test_keys_keep_their_units_and_whole_numbers_stay_whole() -> None:
    scenario = simran.load(toy(agents__a__arrivals__rate="48 /min"))
    rate = Vary.of(scenario, "agents.a.arrivals.rate")
    assert (rate.start, rate.unit, rate.whole) == (48.0, "/min", False)
    assert rate.override(24.0) == "agents.a.arrivals.rate=24.0 /min"
    count = Vary.of(scenario, "agents.a.count")
    assert (count.start, count.whole, count.override(6)) == (3.0, True, "agents.a.count=6")
    assert not Vary.of(scenario, "models.m.weights.rate").whole


def test_a_study_is_resumed_and_does_not_depend_on_who_runs_it(tmp_path: Path) -> None:
    scenario = simran.load(toy(duration=10.0, allocator__headroom=0.6))
    asked = (scenario, "agents.a.count", "violation_rate=0.2", ["exact"], 4)
    first = capacity(*asked, out=tmp_path / "a", executor=AtOnce())
    runs = len(list((tmp_path / "a" / "runs").iterdir()))
    capacity(*asked, out=Place(tmp_path / "a", resume=True), executor=AtOnce())
    assert len(list((tmp_path / "a" / "runs").iterdir())) == runs
    capacity(*asked, out=tmp_path / "b", executor=ThreadPoolExecutor(2))
    for name in ("capacity.json", "capacity.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    found = json.loads((tmp_path / "a" / "capacity.json").read_text())
    assert found == first.summary()
    points = found["allocators"]["exact"]["points"]
    assert runs == sum(point["replications"] for point in points)
    answer = found["allocators"]["exact"]["capacity"]
    met = {point["value"]: point["met"] for point in points}
    assert met[answer]
    assert not met[answer + 1]
