"""Which requests missed a budget, why, and what share of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["ViolationCount"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_PENDING = 1 << 17
_GRID = 1 << 14
_TOLERANCE = 1e-12  # relative; a deadline that is met exactly has passed, rounding or not


class ViolationCount:
    """Counts violations among the requests whose deadline fell into the run.

    One that falls onto its end, to within 1e-12 relative, does. Requests that have ended before
    their deadline wait until the run has passed it. When very many wait, their deadlines are rounded
    up to a grid of at least 8192 steps over their range, which bounds memory.

    Parameters
    ----------
    groups, causes : how many of each; cause 0 is no violation
    """

    def __init__(self, groups: int, causes: int) -> None:
        self._counts = np.zeros((groups, causes), dtype=np.int64)
        self._deadline = np.zeros(0)
        self._cell = np.zeros(0, dtype=np.int64)
        self._number = np.zeros(0, dtype=np.int64)

    def add(self, group: Ints, cause: Ints, deadline_s: Floats, now_s: float) -> None:
        """Add requests that have ended by ``now_s`` [s]; an infinite deadline counts as passed."""
        cell = group * self._counts.shape[1] + cause
        cells = np.concatenate((self._cell, cell))
        deadlines = np.concatenate((self._deadline, deadline_s))
        numbers = np.concatenate((self._number, np.ones(len(cell), dtype=np.int64)))
        self._settle(cells, deadlines, numbers, now_s)
        if len(self._cell) > _MOST_PENDING:
            self._compress()

    def close(self, end_s: float) -> NDArray[np.int64]:
        """Return (groups, causes) counts of those whose deadline fell into the run [s]."""
        self._settle(self._cell, self._deadline, self._number, end_s)
        return self._counts

    def _settle(self, cells: Ints, deadlines: Floats, numbers: Ints, now_s: float) -> None:
        passed = (deadlines <= now_s * (1.0 + _TOLERANCE)) | np.isinf(deadlines)
        flat = np.bincount(cells[passed], numbers[passed], minlength=self._counts.size)
        self._counts += flat.astype(np.int64).reshape(self._counts.shape)
        kept = ~passed
        self._cell, self._deadline, self._number = cells[kept], deadlines[kept], numbers[kept]

    def _compress(self) -> None:
        low, high = float(self._deadline.min()), float(self._deadline.max())
        # Powers of two, so that rounding again to the same or a finer grid changes nothing.
        step = 2.0 ** math.ceil(math.log2((high - low) / _GRID or math.ulp(high)))
        base = math.floor(low / step)
        place = np.ceil(self._deadline / step - base).astype(np.int64)
        key, inverse = np.unique(place * self._counts.size + self._cell, return_inverse=True)
        self._number = np.bincount(inverse, self._number).astype(np.int64)
        self._deadline = (base + key // self._counts.size) * step
        self._cell = key % self._counts.size
