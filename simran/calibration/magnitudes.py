"""The magnitudes of some weights, counted in cells so fine that their sum is as good as a sort.

A cell holds the numbers that share sign-free exponent and the first 12 bits of the mantissa in
single precision: 2^20 cells, each 2^-12 of its value wide, whatever the range. Counts add, so
tensors pool without being held in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simran.calibration.scales import Points

__all__ = ["Magnitudes"]

Floats = NDArray[np.float64]

_SHIFT = np.uint32(11)
_INNER = np.uint32(2**11 - 1)
_CELLS = 1 << 20
_FEW = 1000


@dataclass
class Magnitudes:
    """Counts and sums of the magnitudes of weights.

    Parameters
    ----------
    count : finite weights
    nonfinite : weights that are NaN or infinite, which are left out of everything else
    zeros : weights that are 0
    total, squares : sums of the magnitudes and of their squares
    largest : magnitude
    within : whether any lies within its cell, not where that begins, as all of 16 bits do
    cells : (2^20,) weights in each cell
    """

    count: int = 0
    nonfinite: int = 0
    zeros: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    within: bool = False
    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_CELLS, dtype=np.int64))

    def add(self, weights: NDArray[np.float32]) -> None:
        """Count some more weights."""
        sizes = np.abs(weights)
        finite = np.isfinite(sizes)
        if not finite.all():
            sizes = sizes[finite]
        self.nonfinite += len(weights) - len(sizes)
        if not len(sizes):
            return
        self.count += len(sizes)
        self.zeros += len(sizes) - int(np.count_nonzero(sizes))
        wide = sizes.astype(np.float64)
        self.total += float(wide.sum())
        self.squares += float(np.sum(wide * wide))
        self.largest = max(self.largest, float(sizes.max()))
        bits = sizes.view(np.uint32)
        self.within |= bool(np.bitwise_or.reduce(bits) & _INNER)
        codes = (bits >> _SHIFT).astype(np.int64)
        low = int(codes.min())
        found = np.bincount(codes - low)
        self.cells[low : low + len(found)] += found

    def pool(self, other: Magnitudes) -> None:
        """Count another's weights too."""
        self.count += other.count
        self.nonfinite += other.nonfinite
        self.zeros += other.zeros
        self.total += other.total
        self.squares += other.squares
        self.largest = max(self.largest, other.largest)
        self.within |= other.within
        self.cells += other.cells

    @property
    def mean(self) -> float:
        """Mean magnitude, NaN of none."""
        return self.total / self.count if self.count else math.nan

    @property
    def rate(self) -> float | None:
        """The exponential law's λ of greatest likelihood, 1/mean; None if nothing is above 0."""
        return self.count / self.total if self.total > 0.0 else None

    def occupied(self) -> tuple[Floats, Floats]:
        """Return a magnitude for each cell that holds any, ascending, and their counts.

        The cell's middle or, where none lies within its cell, its beginning, which then is exact.
        """
        held = np.flatnonzero(self.cells)
        low, high = _edges(held)
        middle = (low + high) / 2.0 if self.within else low
        return np.where(held == 0, 0.0, middle), self.cells[held].astype(float)

    def points(self) -> Points:
        """Return points that stand for all: the cells, or rows of 32 where many cells are held."""
        middle, counts = self.occupied()
        if not self.within or len(middle) < _FEW:
            return Points(middle, counts, alone=True)
        return self.coarse()

    def coarse(self) -> Points:
        """Return the means of rows of 32 cells, of which a checkpoint holds some thousand."""
        middle, counts = self.occupied()
        rows = np.flatnonzero(self.cells) >> 5
        first = np.flatnonzero(np.diff(rows, prepend=-1))
        weight = np.add.reduceat(counts, first)
        return Points(np.add.reduceat(middle * counts, first) / weight, weight, alone=False)

    def distance(self, law: Callable[[Floats], Floats]) -> float:
        """Return the Kolmogorov-Smirnov distance to a law, given by its distribution function.

        Taken where cells begin and end, on both sides of the step of the empirical distribution that
        a cell of equal numbers is; what lies within a cell adds at most its share of the weights.
        """
        held = np.flatnonzero(self.cells)
        low, high = _edges(held)
        upto = np.cumsum(self.cells[held]) / self.count
        before = np.concatenate(([0.0], upto[:-1]))
        gaps = np.maximum(np.abs(upto - law(high)), np.abs(before - law(low)))
        return float(gaps.max())

    def density(self, borders: Floats) -> Floats:
        """Return the share of the weights per unit of magnitude between some borders."""
        middle, counts = self.occupied()
        held, _ = np.histogram(middle, bins=borders, weights=counts)
        result: Floats = held / (self.count * np.diff(borders))
        return result


def _edges(cells: NDArray[np.intp]) -> tuple[Floats, Floats]:
    codes = cells.astype(np.uint32)
    low = (codes << _SHIFT).view(np.float32).astype(np.float64)
    top = ((codes + np.uint32(1)) << _SHIFT).view(np.float32).astype(np.float64)
    return low, np.where(np.isfinite(top), top, low)
