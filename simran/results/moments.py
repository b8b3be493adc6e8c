"""Mean and standard deviation of a stream."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moments"]


class Moments:
    """Count, mean and sum of squared deviations, merged block by block (Chan et al., 1979).

    Examples
    --------
    >>> m = Moments()
    >>> m.add(np.array([1.0, 2.0])); m.add(np.array([3.0]))
    >>> m.count, m.mean, m.std
    (3, 2.0, 1.0)
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = math.nan
        self._squares = 0.0

    def add(self, values: NDArray[np.float64]) -> None:
        """Add a block of finite values."""
        count = len(values)
        if not count:
            return
        mean = float(values.mean())
        squares = float(((values - mean) ** 2).sum())
        if not self.count:
            self.count, self.mean, self._squares = count, mean, squares
            return
        total = self.count + count
        gap = mean - self.mean
        self.mean += gap * count / total
        self._squares += squares + gap * gap * self.count * count / total
        self.count = total

    @property
    def std(self) -> float:
        """Sample standard deviation; NaN below two values."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else math.nan

    @property
    def total(self) -> float:
        """Sum of the values."""
        return self.count * self.mean if self.count else 0.0
