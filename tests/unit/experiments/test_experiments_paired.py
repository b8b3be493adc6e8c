"""Tests and corrections against known figures and another implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ttest_rel

from simran.experiments.paired import holm, paired, t_test


def test_the_paired_test_is_students() -> None:
    rng = np.random.default_rng(5)
    own, other = rng.normal(size=9), rng.normal(size=9) + 0.3
    found = paired(own.tolist(), other.tolist())
    expected = ttest_rel(own, other)
    assert found["p"] == pytest.approx(expected.pvalue, rel=1e-12)
    assert found["interval95"] == pytest.approx(list(expected.confidence_interval(0.95)), rel=1e-12)
    assert found["pairs"] == 9


def test_pairs_with_a_missing_end_are_left_out() -> None:
    found = paired([1.0, None, 4.0], [0.0, 3.0, 1.0])
    assert found["pairs"] == 2
    assert found["mean"] == 2.0
    assert found["relative"] == 4.0


def test_what_does_not_vary_is_certain_and_rounding_is_nothing() -> None:
    assert t_test([0.25, 0.25]) == 0.0
    assert t_test([0.0, 0.0, 0.0]) == 1.0
    assert math.isnan(t_test([1.0]))
    assert paired([1.0 + 2e-16, 3.0], [1.0, 3.0])["mean"] == 0.0
    assert paired([1.0], [0.5])["p"] is None


def test_holm_by_hand_and_in_order() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    found = holm([math.nan, 0.02])
    assert math.isnan(found[0])
    assert found[1] == 0.02


def test_holm_is_between_none_and_bonferroni() -> None:
    values = np.random.default_rng(3).uniform(size=20)
    found = np.array(holm(values.tolist()))
    assert (found >= false_discovery_control(values) - 1e-12).all()
    assert (found <= np.minimum(1.0, 20 * values) + 1e-12).all()
