"""Which requests are judged: those whose deadline fell into the run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from rows import EVEN, context, cut, refused, request
from toy import toy

from simran.engine import run
from simran.results import Recorder, Request
from simran.results import violations as module
from simran.results.records import Design
from simran.results.violations import ViolationCount
from simran.scenario import load


def counted(deadlines: list[float], end_s: float) -> int:
    count = ViolationCount(1, 2)
    zeros = np.zeros(len(deadlines), dtype=np.int64)
    count.add(zeros, zeros, np.array(deadlines), 0.0)
    return int(count.close(end_s).sum())


def test_a_deadline_on_the_end_has_passed() -> None:
    assert counted([10.0], 10.0) == 1
    assert counted([10.0 * (1 + 1e-13)], 10.0) == 1
    assert counted([10.0 * (1 + 1e-11)], 10.0) == 0
    assert counted([9.0, 11.0, math.inf], 10.0) == 2


def test_counts_by_group_and_cause() -> None:
    count = ViolationCount(2, 3)
    count.add(np.array([0, 1, 1, 1]), np.array([0, 2, 2, 1]), np.array([1.0, 2.0, 9.0, 3.0]), 2.5)
    assert count.close(5.0).tolist() == [[1, 0, 0], [0, 1, 1]]


def test_very_many_that_wait_are_put_on_a_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, none is lost, and none moves by more than 1/8192 of the range."""
    monkeypatch.setattr(module, "_MOST_PENDING", 2000)
    monkeypatch.setattr(module, "_GRID", 1000)
    draw = np.random.default_rng(1)
    deadlines = draw.uniform(1000.0, 2000.0, 50_000)
    count = ViolationCount(1, 2)
    cause = draw.integers(0, 2, 50_000)
    held = 0
    for start in range(0, 50_000, 500):
        part = slice(start, start + 500)
        count.add(np.zeros(500, dtype=np.int64), cause[part], deadlines[part], 0.0)
        held = max(held, len(count._deadline))
    assert held <= 2000 + 500
    step = 1000.0 / 500
    for end_s in (1300.0, 1700.0):
        found = count.close(end_s)[0]
        for code in (0, 1):
            mine = deadlines[cause == code]
            assert np.sum(mine <= end_s - step) <= found[code] <= np.sum(mine <= end_s)
    assert count.close(3000.0).sum() == 50_000


def rate(requests: list[Request], unfinished: list[Request], end_s: float) -> tuple[int, int]:
    """Return how many were judged and how many of those had missed."""
    recorder = Recorder(context(), None)
    for it in requests:
        recorder.record(it)
    recorder.close(end_s, unfinished, {})
    found = recorder.groups.as_dict(end_s, 0.0)["total"]["violations"]
    return found["judged"], found["violated"]


def test_who_is_judged() -> None:
    done = [request(0, 0.0), request(1, 1.0, server_wait=3.0)]  # in time at 7 s, late at 10 s
    late = cut(request(2, 2.0, server=99.0), 12.0)  # due at 9 s
    open_ = cut(request(3, 6.0, server=99.0), 12.0)  # due at 13 s
    early = request(4, 6.0, server_wait=0.0, server=0.0)  # done at 11 s, due at 13 s
    assert rate([*done, early], [late, open_], 12.0) == (3, 2)
    assert rate([*done, refused(5, 4.0), early], [late, open_], 12.0) == (4, 3)
    assert rate([*done, early, refused(5, 11.0)], [late, open_], 12.0) == (3, 2)


def test_what_may_yet_be_in_time_is_not_judged() -> None:
    """Unfinished with its deadline on the end of the run: whether it is met is not known."""
    assert rate([], [cut(request(0, 0.0, server=9.0), 7.0)], 7.0) == (0, 0)
    assert rate([], [cut(request(0, 0.0, server=9.0), 7.1)], 7.1) == (1, 1)


def test_without_a_deadline_a_request_is_judged_when_it_ends() -> None:
    plan: Design = replace(EVEN, delay_budget_s=math.inf)
    spent = request(0, 0.0, plan, joules=(9.0, 1.0, 1.0))
    fine = request(1, 0.5, plan)
    assert rate([spent, fine], [cut(request(2, 1.0, plan, server=99.0), 50.0)], 50.0) == (2, 1)


def test_the_last_request_that_finishes_at_its_deadline_is_judged() -> None:
    result = run(load("paper_blip2_coco", ["requests=300"]))
    assert result.summary["end_s"] == result.requests["finish_s"].max()
    assert result.summary["total"]["violations"] == {"judged": 300, "violated": 0, "causes": {}}


def test_the_rate_agrees_with_the_rows() -> None:
    """In an overloaded run with every kind of request, counted again from the file."""
    result = run(load(toy(duration=150.0, warmup=20.0, agents__a__arrivals__rate=1.3)))
    frame = result.requests
    end_s = result.summary["end_s"]
    kept = frame[~frame["in_warmup"] & (frame["arrival_s"] + frame["delay_budget_s"] <= end_s)]
    missed = ~(kept["delay_ok"] & kept["energy_ok"])
    found = result.summary["total"]["violations"]
    assert found["judged"] == len(kept)
    assert found["violated"] == missed.sum() > 0
    causes = kept.loc[missed, "miss_cause"].value_counts().to_dict()
    assert found["causes"] == causes
    assert (frame["status"] == "unfinished").any()
