"""The power-of-two quantizer as it is: levels that halve, nearest-level rounding, the best scale."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simran.distortion.cells import nearest_level_error

__all__ = ["power_of_two_error", "power_of_two_levels", "power_of_two_top"]

Floats = NDArray[np.float64]

_MOST_LEVELS = 80  # levels below 2^-80 of the top hold nothing
_DISTINCT = 8  # so from this bit-width on the code books are the same


def power_of_two_levels(bits: int, top: float) -> Floats:
    """Return the magnitudes ``top · 2^-i``, i < 2^(b-1), ascending; those below 2^-79 left out.

    Parameters
    ----------
    bits : b, 1 or more
    top : the largest level, a real scale times a power of two [weight unit]
    """
    count = min(2 ** (bits - 1), _MOST_LEVELS)
    return top * np.exp2(-np.arange(count, dtype=float))[::-1]


def power_of_two_error(bits: int, top: float) -> float:
    """Return E|x − x̂| for x ~ Exp(1) under nearest-level rounding, in closed form."""
    return nearest_level_error(power_of_two_levels(bits, top))


@lru_cache(maxsize=64)
def power_of_two_top(bits: int) -> float:
    """Return the top level of least error for Exp(1); it scales as 1/λ.

    The error has a minimum in every octave of the scale, so the best octave is found first; from
    5 bits on the octaves above are as good, and the lowest is taken.
    """
    if bits > _DISTINCT:
        return power_of_two_top(_DISTINCT)
    from scipy.optimize import minimize_scalar

    octaves = np.arange(-2, 6)
    found = [
        minimize_scalar(
            lambda log_top: power_of_two_error(bits, float(np.exp2(log_top))),
            bounds=(octave, octave + 1.0),
            method="bounded",
            options={"xatol": 1e-10},
        )
        for octave in octaves
    ]
    least = min(float(it.fun) for it in found)
    best = next(it for it in found if float(it.fun) <= least * (1.0 + 1e-12))
    return float(np.exp2(best.x))
