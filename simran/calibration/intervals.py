"""Values of a metric with their noise: the items drawn again with replacement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.calibration.network import Metric

__all__ = ["Bootstrap", "Estimate"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval.

    Parameters
    ----------
    value : of the metric, over all items
    low, high : the 2.5th and 97.5th percentile of the resamples; where they are all alike, which says
        only that no item differed, further by the share of items that may differ unseen
    deviation : standard deviation of the resamples
    """

    value: float
    low: float
    high: float
    deviation: float


class Bootstrap:
    """Resamples of some items, the same for every estimate, so that differences are paired.

    Parameters
    ----------
    metric : whose values are estimated
    items : that were measured, 2 or more
    resamples : drawn with replacement, 2 or more
    seed : of the draws

    Raises
    ------
    ValueError
        for fewer items or resamples
    """

    def __init__(self, metric: Metric, items: int, resamples: int = 1000, seed: int = 0) -> None:
        if items < 2 or resamples < 2:
            raise ValueError(f"items and resamples must be 2 or more, got {items} and {resamples}")
        self.metric = metric
        self.items = items
        generator = np.random.Generator(np.random.PCG64(seed))
        self._draws = generator.integers(items, size=(resamples, items))

    def estimate(self, figures: Floats) -> Estimate:
        """Return the metric's value over (items, columns) figures."""
        found = self._estimate(self.metric.value(figures), self._values(figures))
        # A share lies between none and all.
        low = max(found.low, 0.0) if found.value == 0.0 else found.low
        high = min(found.high, 1.0) if found.value == 1.0 else found.high
        return Estimate(found.value, low, high, found.deviation)

    def loss(self, figures: Floats, reference: Floats) -> Estimate:
        """Return by how much some figures are worse than others of the same items."""
        sign = self.metric.sign
        value = sign * (self.metric.value(reference) - self.metric.value(figures))
        return self._estimate(value, sign * (self._values(reference) - self._values(figures)))

    def _values(self, figures: Floats) -> Floats:
        if figures.shape[0] != self.items:
            raise ValueError(f"figures must have {self.items} rows, got {figures.shape[0]}")
        return np.array([self.metric.value(figures[draw]) for draw in self._draws])

    def _estimate(self, value: float, values: Floats) -> Estimate:
        low, high = np.percentile(values, [2.5, 97.5])
        if np.ptp(values) <= 1e-12 * max(1.0, abs(value)):
            # Of n items none differs; a share of 1 − 0.025^(1/n) would go unseen in 2.5 % of such
            # draws (Clopper and Pearson 1934). Each counts as 1, the range of a share that is right.
            unseen = 1.0 - 0.025 ** (1.0 / self.items)
            low, high = low - unseen, high + unseen
        return Estimate(value, float(low), float(high), float(values.std(ddof=1)))
