"""Courses of rates, and times that follow them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from simran.entities import Course, stepped, switching, warped


def test_the_last_rate_holds_or_all_is_repeated() -> None:
    assert list(stepped([0.0, 2.0], [5.0, 1.0])) == [(5.0, 2.0), (1.0, math.inf)]
    again = itertools.islice(stepped([0.0, 2.0], [5.0, 1.0], 3.0), 4)
    assert list(again) == [(5.0, 2.0), (1.0, 3.0), (5.0, 5.0), (1.0, 6.0)]


def test_a_change_counts_from_its_very_time() -> None:
    course = Course(stepped([0.0, 2.0], [5.0, 1.0], 3.0))
    assert [course.at(t)[0] for t in (0.0, 1.999, 2.0, 2.999, 3.0, 302.5)] == [5, 5, 1, 1, 5, 1]


def test_what_is_sent_across_changes_takes_the_sum_of_its_parts() -> None:
    course = Course(stepped([0.0, 2.0], [5.0, 1.0], 3.0))
    assert course.reached_s(1.0, 5.0) == 2.0
    assert course.reached_s(1.0, 5.5) == 2.5
    assert course.reached_s(1.0, 11.0) == 4.0  # 5 + 1 + 5
    assert course.at(0.5) == (5.0, 2.0)  # looking ahead changes nothing


@pytest.mark.parametrize("constant", [False, True])
def test_states_are_stationary_from_the_start(constant: bool) -> None:
    """At any fixed time the state is there with its share of time; exact binomial test at 0.1 %."""
    runs, share = 4000, 3.0 / 4.0
    for time_s in (0.0, 0.7, 9.3):
        hits = 0
        for seed in range(runs):
            rng = np.random.default_rng([seed, int(10 * time_s)])
            hits += Course(switching([8.0, 1.0], [3.0, 1.0], constant, rng)).at(time_s)[0] == 8.0
        assert binomtest(hits, runs, share).pvalue > 1e-3


def test_states_follow_in_their_order_with_their_mean_stays() -> None:
    segments = list(
        itertools.islice(switching([1, 2, 3], [2.0, 4.0, 1.0], True, np.random.default_rng(1)), 9)
    )
    rates = [int(rate) for rate, _ in segments]
    first = rates[0]
    assert rates == [(first - 1 + k) % 3 + 1 for k in range(9)]
    stays = np.diff([until for _, until in segments])
    assert stays == pytest.approx([{1: 2.0, 2: 4.0, 3: 1.0}[rate] for rate in rates[1:]])


def test_arrivals_in_varying_time() -> None:
    segments = stepped([0.0, 2.0, 5.0], [1.0, 0.0, 2.0])
    assert list(warped(iter([0.5, 1.5, 2.0, 3.0, 5.0]), segments)) == [0.5, 1.5, 5.0, 5.5, 6.5]


def test_a_rate_that_ends_at_nothing_ends_the_arrivals() -> None:
    assert list(warped(iter([0.5, 1.5, 2.5]), stepped([0.0, 2.0], [1.0, 0.0]))) == [0.5, 1.5]


def test_nothing_is_drawn_beyond_the_end() -> None:
    segments = stepped([0.0, 1.0], [1.0, 0.0], 1e3)
    assert list(warped(itertools.count(0.5), segments, 2500.0)) == [0.5, 1000.5, 2000.5]
