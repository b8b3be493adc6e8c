"""The largest level of a code book that rounds some weights with the least error."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.calibration.rounding import distances

__all__ = ["Points", "best_top"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Points:
    """Magnitudes that stand for those of some weights.

    Parameters
    ----------
    sizes : (P,) ascending
    counts : (P,) weights that each stands for
    alone : whether these are the magnitudes themselves, rather than the middles of many
    """

    sizes: Floats
    counts: Floats
    alone: bool

    @property
    def mean(self) -> float:
        """Mean magnitude."""
        return float(np.sum(self.sizes * self.counts) / self.counts.sum())

    @property
    def largest(self) -> float:
        """Largest magnitude."""
        return float(self.sizes[-1])


_GRID = 64
_REFINED = 24
_FINE_BITS = 8  # above, levels may lie denser than points that stand for many weights,
_DENSE = 1.0 / 32.0  # which lie 2^-7 of their magnitude apart


def best_top(kind: str, bits: int, points: Points, power: int = 1) -> float:
    """Return the largest level of least error, at most the largest magnitude.

    Tops are tried from a quarter of the mean up. Where points lie wider apart than levels, the
    error within the range follows from the distance Δ of the levels, to the accuracy that magnitudes
    are smooth over it: Δ/4 absolute, Δ²/12 squared.

    Parameters
    ----------
    kind : one of :data:`simran.distortion.CODE_BOOKS`
    bits : of the code book
    points : of the weights
    power : 1 for the absolute error, 2 for the squared one
    """
    sizes, counts = points.sizes, points.counts
    if bits > _FINE_BITS and kind == "power-of-two":
        return best_top(kind, _FINE_BITS, points, power)  # the same levels
    smooth = bits > _FINE_BITS and not points.alone

    def error(top: float) -> float:
        apart = distances(kind, bits, sizes / top) * top
        each = apart**power
        if smooth:
            step = _steps(kind, bits, sizes, top)
            mean = step / 4.0 if power == 1 else step * step / 12.0
            each = np.where((step < sizes * _DENSE) & (sizes <= top), mean, each)
        return float(np.sum(each * counts))

    found = _least(error, points.mean / 4.0, points.largest)
    near = float(np.float32(found))
    return near if near <= found else float(np.nextafter(np.float32(found), np.float32(0.0)))


def _steps(kind: str, bits: int, sizes: Floats, top: float) -> Floats:
    """Return how far apart the levels lie around some magnitudes."""
    levels = 2.0 ** (bits - 1)
    if kind != "lloyd-max":
        return np.full(len(sizes), top / (levels - (0.5 if kind == "uniform" else 1.0)))
    # e^(-λy) = m²/(M(M + 1)), so two levels lie 2/(λm) apart.
    product = levels * (levels + 1.0)
    rate = math.log(product) / top
    inside = np.minimum(sizes, top)
    steps: Floats = 2.0 / (rate * np.exp(-rate * inside / 2.0) * math.sqrt(product))
    return steps


def _least(error: Callable[[float], float], low: float, high: float) -> float:
    """Return where an error is least: the best of a grid, refined between its neighbours.

    The ends belong to the grid, so that what is exact at the largest magnitude is found.
    """
    if not low < high:
        return high
    grid = np.geomspace(low, high, _GRID)
    for _ in range(3):
        errors = [error(float(it)) for it in grid]
        best = int(np.argmin(errors))
        ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        found = float(grid[best])
        grid = np.unique(np.append(np.geomspace(*ends, _REFINED), found))
    return found
