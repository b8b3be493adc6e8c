"""Differences of paired runs: intervals, and tests that are corrected for their number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from simran.experiments.replications import interval

__all__ = ["holm", "mean_and_interval", "paired", "t_test"]


_ROUNDING = 1e-12  # relative; the same sum in another order


def t_test(values: Sequence[float]) -> float:
    """Return the two-sided p value of Student's test that the mean of independent values is 0.

    Values that are all 0 give 1; values that are all alike and not 0 give 0, as no spread speaks for
    chance. Below two values there is none: NaN.

    Examples
    --------
    >>> t_test([0.0, 0.0]), round(t_test([1.0, 2.0, 3.0]), 6)
    (1.0, 0.07418)
    """
    from scipy.special import stdtr

    count = len(values)
    if count < 2:
        return math.nan
    mean, std = float(np.mean(values)), float(np.std(values, ddof=1))
    if std <= 1e-12 * abs(mean):  # nothing but rounding
        return 0.0 if mean else 1.0
    return float(2.0 * stdtr(count - 1, -abs(mean) / std * math.sqrt(count)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected by Holm's step-down method for the number of tests; NaN stays NaN.

    Rejecting those of at most 0.05 rejects a true hypothesis of the family with probability 0.05 at most,
    however the tests depend on each other (Holm, Scandinavian Journal of Statistics 6, 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    places = [place for place, value in enumerate(p_values) if not math.isnan(value)]
    places.sort(key=lambda place: p_values[place])
    found = [math.nan] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(places):
        highest = max(highest, min(1.0, (len(places) - rank) * p_values[place]))
        found[place] = highest
    return found


def mean_and_interval(values: Sequence[float]) -> dict[str, Any]:
    """Return ``mean`` and ``interval95`` of independent values, None where there is none."""
    low, high = interval(values)
    return {
        "mean": math.fsum(values) / len(values) if values else None,
        "interval95": [low, high] if math.isfinite(low) else None,
    }


def paired(own: Sequence[float | None], other: Sequence[float | None]) -> dict[str, Any]:
    """Return the mean difference over replications, with its 95 % interval and p value.

    Differences within 1e-12 of the values are rounding and count as 0.

    Parameters
    ----------
    own, other : one value for each replication, in the same order; None where there was none

    Returns
    -------
    mapping with ``mean``, ``interval95``, ``relative`` (to the mean of ``other``), ``pairs`` and ``p``

    Examples
    --------
    >>> paired([1.0, 2.0], [1.0, 2.0])["interval95"]
    [0.0, 0.0]
    """
    both = [(a, b) for a, b in zip(own, other, strict=True) if a is not None and b is not None]
    differences = [a - b if abs(a - b) > _ROUNDING * max(abs(a), abs(b)) else 0.0 for a, b in both]
    found = mean_and_interval(differences)
    base = math.fsum(b for _, b in both)
    p = t_test(differences)
    return {
        **found,
        "relative": math.fsum(differences) / base if base else None,
        "pairs": len(both),
        "p": None if math.isnan(p) else p,
    }
