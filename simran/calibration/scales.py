"""The scale of a code book that rounds some weights with the least absolute error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Points", "best_power_of_two_top", "best_uniform_step"]

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
        return float(self.sizes @ self.counts / self.counts.sum())

    @property
    def largest(self) -> float:
        """Largest magnitude."""
        return float(self.sizes[-1])


_GRID = 64
_REFINED = 24
_FINE_BITS = 8  # above, a step is finer than the points lie, where these stand for many weights
_MOST_LEVELS = 80


def best_uniform_step(bits: int, points: Points) -> float:
    """Return the step of least absolute error for the levels ``(i + ½)·step``, i < 2^(b-1).

    Steps are tried from a quarter of the mean over the levels up to the one that just reaches the
    largest magnitude. Where points are coarser than a step the error within the range is a quarter
    of the step, to the accuracy that magnitudes are smooth over a step.
    """
    sizes, counts = points.sizes, points.counts
    levels = 2.0 ** (bits - 1)
    if bits > _FINE_BITS and not points.alone:
        upto, held = np.cumsum(counts), np.cumsum(sizes * counts)

        def error(step: float) -> float:
            place = int(np.searchsorted(sizes, levels * step, side="right"))
            inside = float(upto[place - 1]) if place else 0.0
            beyond = float(held[-1]) - (float(held[place - 1]) if place else 0.0)
            clipped = float(upto[-1]) - inside
            return inside * step / 4.0 + beyond - clipped * (levels - 0.5) * step

    else:

        def error(step: float) -> float:
            cell = np.minimum(np.floor(sizes / step), levels - 1.0)
            return float(np.abs(sizes - (cell + 0.5) * step) @ counts)

    return _least(error, points.mean / levels / 4.0, points.largest / (levels - 0.5))


def best_power_of_two_top(bits: int, points: Points) -> float:
    """Return the top of least absolute error for the levels ``top·2^-i``, i < 2^(b-1)."""
    sizes, counts = points.sizes, points.counts
    lowest = 1 - min(2 ** (bits - 1), _MOST_LEVELS)

    def error(top: float) -> float:
        mantissa, exponent = np.frexp(sizes / top)
        exponent = np.where(mantissa == 0.0, lowest, exponent - (mantissa < 0.75))
        return float(np.abs(sizes - np.ldexp(top, np.clip(exponent, lowest, 0))) @ counts)

    return _least(error, points.mean / 4.0, points.largest)


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
