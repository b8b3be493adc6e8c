"""What was observed of a quantity that moves, and what it is expected to be."""

from __future__ import annotations

from collections import deque

import numpy as np

from simran.allocation.problem import Floats

__all__ = ["Series"]

_FEW = 8  # observations below which the last one is believed


class Series:
    """Observations of K numbers at even intervals, and forecasts that return to their means.

    An autoregression of order one is fitted to what is remembered: a step ahead of ``x`` is
    ``m + c (x - m)``, with the mean m and the correlation c of neighbours, kept within [0, 1]. What has
    errors of its own is less correlated, and so is believed less. As long as there are few observations,
    c is 1. A number that was ever infinite is expected to be as it is.

    Parameters
    ----------
    memory : how many observations are remembered

    Examples
    --------
    >>> series = Series()
    >>> for value in (1.0, 3.0) * 50:
    ...     series.add(np.array([value]))
    >>> float(series.forecast(1.0)[0])  # 1 always follows 3 and 3 follows 1
    2.0
    """

    def __init__(self, memory: int = 200) -> None:
        self._rows: deque[Floats] = deque(maxlen=memory)
        self._fit: tuple[Floats, Floats] | None = None  # mean and correlation, until more is known

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, values: Floats) -> None:
        """Remember an observation, (K,)."""
        self._rows.append(np.array(values))
        self._fit = None

    def mean(self) -> Floats:
        """Return (K,) the means of what is remembered."""
        mean: Floats = np.mean(self._rows, axis=0)
        return mean

    def correlation(self) -> Floats:
        """Return (K,) how much neighbours have in common, in [0, 1]."""
        last = self._rows[-1]
        if len(self._rows) < _FEW:
            return np.ones(len(last))
        rows = np.array(self._rows)
        rows = rows - np.where(np.isfinite(rows).all(axis=0), rows, 0.0).mean(axis=0)
        rows = np.where(np.isfinite(rows), rows, 0.0)
        spread = (rows**2).mean(axis=0)
        common = (rows[1:] * rows[:-1]).mean(axis=0)
        certain = spread <= 1e-24 * np.where(np.isfinite(last), last, 1.0) ** 2
        fitted: Floats = np.clip(common / np.where(certain, 1.0, spread), 0.0, 1.0)
        return np.where(certain, 1.0, fitted)

    def forecast(self, steps: float | Floats) -> Floats:
        """Return (K,) what is expected that many intervals after the last observation."""
        last = self._rows[-1]
        finite = np.isfinite(last)
        if self._fit is None:
            self._fit = self.mean(), self.correlation()
        mean = np.where(finite, self._fit[0], 0.0)
        kept = self._fit[1] ** steps
        moved = finite & (kept < 1.0)  # what is certain stays as it is to the last bit
        return np.where(moved, mean + kept * (np.where(finite, last, 0.0) - mean), last)
