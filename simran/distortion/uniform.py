"""The uniform quantizer as it is: symmetric levels, nearest-level rounding, the best step."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simran.distortion.cells import above, below

__all__ = ["uniform_error", "uniform_levels", "uniform_step"]

Floats = NDArray[np.float64]


def uniform_levels(bits: int, step: float) -> Floats:
    """Return the 2^(b-1) magnitudes ``(i + ½)·step``; with the sign, 2^b symmetric levels.

    Parameters
    ----------
    bits : b, 1 or more
    step : distance of neighbouring levels [weight unit]
    """
    return (np.arange(2 ** (bits - 1)) + 0.5) * step


def uniform_error(bits: int, step: float) -> float:
    """Return E|x − x̂| for x ~ Exp(1) under nearest-level rounding, in closed form.

    A cell [iΔ, (i+1)Δ) contributes e^(−iΔ) times what the first one does; the last one reaches to
    infinity. With M cells that makes ``(1 − e^(−(M−1)Δ))/(1 − e^−Δ)`` times a whole cell and
    ``e^(−(M−1)Δ)`` times an open one; see :mod:`simran.distortion.cells` for their integrals.
    """
    half = step / 2.0
    tail = (2.0 ** (bits - 1) - 1.0) * step
    low, out = float(below(half)), math.exp(-half)
    cell, last = low + out * float(above(half)), low + out
    return cell * math.expm1(-tail) / math.expm1(-step) + last * math.exp(-tail)


@lru_cache(maxsize=64)
def uniform_step(bits: int) -> float:
    """Return the step of least error for Exp(1); it scales as 1/λ."""
    from scipy.optimize import minimize_scalar

    low, high = -bits * math.log(2.0), math.log(4.0)
    found = minimize_scalar(
        lambda log_step: uniform_error(bits, math.exp(log_step)),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return math.exp(float(found.x))
