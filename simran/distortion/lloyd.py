"""The best scalar code book under absolute error, in closed form and by Lloyd's iteration."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.distortion.cells import nearest_level_error

__all__ = ["code_book_error", "lloyd_iteration", "optimal_levels", "quantize"]

Floats = NDArray[np.float64]


def optimal_levels(bits: int, rate: float) -> Floats:
    """Return the 2^(b-1) magnitudes of row S, ascending, for ``|w| ~ Exp(λ)``.

    Counting from the top, borders ``t`` and levels ``y`` satisfy ``e^(−λt) ∝ m(m + 1)`` and
    ``e^(−λy) ∝ m²`` over ``M(M + 1)``: each level is then the median of its cell and each border lies
    half way between two levels.

    Parameters
    ----------
    bits : b, 1 or more
    rate : λ [1/weight unit]
    """
    count = 2 ** (bits - 1)
    m = np.arange(count, 0, -1, dtype=float)
    return (math.log(count) + math.log(count + 1.0) - 2.0 * np.log(m)) / rate


def code_book_error(levels: ArrayLike, rate: float) -> float:
    """Return E|x − x̂| for ``x ~ Exp(λ)`` under nearest-level rounding to ascending levels."""
    return nearest_level_error(np.asarray(levels, dtype=float) * rate) / rate


def lloyd_iteration(bits: int, rate: float, steps: int = 2000) -> Floats:
    """Return the levels that Lloyd's iteration reaches: medians of cells, borders half way.

    Parameters
    ----------
    bits : b, 1 or more
    rate : λ [1/weight unit]
    steps : iterations, from equally likely cells
    """
    count = 2 ** (bits - 1)
    levels: Floats = -np.log1p(-(np.arange(count) + 0.5) / count)
    for _ in range(steps):
        borders = np.concatenate(([0.0], (levels[1:] + levels[:-1]) / 2.0))
        upper = np.append(np.exp(-borders[1:]), 0.0)
        levels = -np.log((np.exp(-borders) + upper) / 2.0)
    return levels / rate


def quantize(weights: ArrayLike, levels: Floats) -> Floats:
    """Return weights rounded to the nearest of ± ascending magnitudes, signs kept."""
    w = np.asarray(weights, dtype=float)
    borders = (levels[1:] + levels[:-1]) / 2.0
    rounded: Floats = np.where(w < 0.0, -1.0, 1.0) * levels[np.searchsorted(borders, np.abs(w))]
    return rounded
