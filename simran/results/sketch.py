"""Percentiles of a stream in bounded memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["QuantileSketch"]

_ACCURACY = 0.004
_RATIO = (1 + _ACCURACY) / (1 - _ACCURACY)
_LOG_RATIO = math.log(_RATIO)
_EXACT = 4096


class QuantileSketch:
    """Percentiles: exact of up to 4096 values, within 0.8 % of any larger number.

    Beyond 4096 values they are counted in buckets whose width is 0.8 % of the value, the
    relative-error sketch of Masson, Rim and Lee (DDSketch, 2019), for values of 0 or more; each bucket
    knows its least and its most value, between which ranks are taken to be even. So values that are
    all alike are exact, and smooth ones far closer than the bound. Memory grows with the logarithm of
    the range: 2900 buckets for ten decades. Either way a percentile lies between the two values next to
    its rank, in proportion, as numpy's default has it.

    Examples
    --------
    >>> s = QuantileSketch()
    >>> s.add(np.arange(1.0, 1001.0))
    >>> s.quantile(0.5)
    500.5
    """

    def __init__(self) -> None:
        self._kept: list[NDArray[np.float64]] | None = []
        self._zeros = 0
        self._low = 0
        self._counts = np.zeros(0, dtype=np.int64)
        self._lows, self._highs = np.zeros(0), np.zeros(0)
        self._least = math.inf
        self._most = -math.inf
        self.count = 0

    def add(self, values: NDArray[np.float64]) -> None:
        """Add a block of values.

        Raises
        ------
        ValueError
            if one is negative or not finite
        """
        if not len(values):
            return
        if not (np.isfinite(values).all() and values.min() >= 0.0):
            raise ValueError("values must be finite and 0 or more")
        self.count += len(values)
        if self._kept is None:
            self._bucket(values)
            return
        self._kept.append(np.array(values, dtype=float))
        if self.count > _EXACT:
            self._bucket(np.concatenate(self._kept))
            self._kept = None

    def quantile(self, q: float) -> float:
        """Return the ``q`` quantile, q in [0, 1]; NaN of nothing."""
        if not self.count:
            return math.nan
        if self._kept is not None:
            return float(np.quantile(np.concatenate(self._kept), q))
        rank = q * (self.count - 1)
        low = math.floor(rank)
        value = self._ranked(low)
        return value + (rank - low) * (self._ranked(math.ceil(rank)) - value)

    def _ranked(self, rank: int) -> float:
        """Return the value of that rank, from 0: even between the least and the most of its bucket."""
        if rank in {0, self.count - 1}:
            return self._most if rank else self._least
        if rank < self._zeros:
            return 0.0
        ends = np.cumsum(self._counts) + self._zeros
        place = int(np.searchsorted(ends, rank, side="right"))
        number = int(self._counts[place])
        inside = (rank - int(ends[place]) + number) / max(number - 1, 1)
        low, high = float(self._lows[place]), float(self._highs[place])
        return low + inside * (high - low)

    def _bucket(self, values: NDArray[np.float64]) -> None:
        self._least = min(self._least, float(values.min()))
        self._most = max(self._most, float(values.max()))
        positive = values[values > 0.0]
        self._zeros += len(values) - len(positive)
        if len(positive):
            self._put(positive)

    def _put(self, positive: NDArray[np.float64]) -> None:
        buckets = np.ceil(np.log(positive) / _LOG_RATIO).astype(np.int64)
        low, high = int(buckets.min()), int(buckets.max())
        if not len(self._counts):
            self._low = low
        new_low = min(low, self._low)
        new_high = max(high, self._low + len(self._counts) - 1)
        if new_high - new_low + 1 > len(self._counts):
            start = self._low - new_low
            self._counts = _grown(self._counts, 0, new_high - new_low + 1, start)
            self._lows = _grown(self._lows, math.inf, new_high - new_low + 1, start)
            self._highs = _grown(self._highs, -math.inf, new_high - new_low + 1, start)
            self._low = new_low
        place = buckets - self._low
        self._counts += np.bincount(place, minlength=len(self._counts))
        np.minimum.at(self._lows, place, positive)
        np.maximum.at(self._highs, place, positive)


def _grown(known: NDArray[Any], empty: float, length: int, start: int) -> NDArray[Any]:
    grown = np.full(length, empty, dtype=known.dtype)
    grown[start : start + len(known)] = known
    return grown
