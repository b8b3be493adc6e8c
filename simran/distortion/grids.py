"""Equally spaced levels under a generalised normal law, however many: two series and the tail.

Between its levels the error of a uniform or integer code book is a triangle wave of the magnitude,
``Δ/4 ± (2Δ/π²) Σ_{k odd} cos(2πkx/Δ)/k²`` (+ where 0 lies between two levels, − where it is one).
Its mean needs the cosine transform of the density ``f = c e^(−x^s)``, which for high frequencies is
``c Σ_j (−1)^(j+1) Γ(js + 1)/j! sin(jπs/2) ω^−(js+1)``, and, where the magnitudes end at the largest
level T, ``Δ³ f'(T)/192`` less. So no sum over the levels is needed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, gammaincc, gammaln, zeta

__all__ = ["FINE", "grid_error", "grid_square"]

Floats = NDArray[np.float64]

#: Magnitudes from which on the series are used.
FINE = 256
_TERMS = 40


def grid_error(shape: float, step: float, top: float, middle: bool) -> float:
    """Return ``∫_0^T |x − x̂| f(x) dx`` of magnitudes of scale 1 up to the largest level T.

    Parameters
    ----------
    shape : s of the law
    step : Δ, small against the width of the law [scale]
    top : T, a level [scale]
    middle : whether 0 lies half way between two levels (uniform), or is one (integer)
    """
    sign = 1.0 if middle else -1.0

    def odd(power: Floats) -> Floats:
        value: Floats = (1.0 - 2.0**-power) * zeta(power)
        return value

    waves = 2.0 * step / math.pi**2 * float(np.sum(_transform(shape, step) * odd(_powers(shape))))
    held = 1.0 - float(gammaincc(1.0 / shape, top**shape))
    return step / 4.0 * held + sign * waves - step**3 * _slope(shape, top) / 192.0


def grid_square(shape: float, step: float, top: float, middle: bool) -> float:
    """Return ``∫_0^T (x − x̂)² f(x) dx``, likewise."""

    def alternating(power: Floats) -> Floats:
        value: Floats = (2.0 ** (1.0 - power) - 1.0) * zeta(power)
        return value

    power = _powers(shape)
    factor = zeta(power) if middle else alternating(power)
    waves = step**2 / math.pi**2 * float(np.sum(_transform(shape, step) * factor))
    held = 1.0 - float(gammaincc(1.0 / shape, top**shape))
    return step**2 / 12.0 * held + waves - 7.0 * step**4 * _slope(shape, top) / 2880.0


def _powers(shape: float) -> Floats:
    """Return the exponents of k in the sum over the frequencies, by term of the transform."""
    powers: Floats = np.arange(1, _TERMS + 1, dtype=float) * shape + 3.0
    return powers


def _transform(shape: float, step: float) -> Floats:
    """Return the terms of the cosine transform at the frequency 2π/Δ, up to the smallest."""
    j = np.arange(1, _TERMS + 1)
    logs: Floats = np.asarray(gammaln(j * shape + 1.0) - gammaln(j + 1.0), dtype=float)
    size: Floats = np.exp(logs + (j * shape + 1.0) * math.log(step / (2.0 * math.pi)))
    least = int(np.argmin(size))  # the series is asymptotic for s > 1
    signs = np.where(j % 2 == 1, 1.0, -1.0) * np.sin(j * math.pi * shape / 2.0)
    terms: Floats = np.asarray(float(shape / gamma(1.0 / shape)) * signs * size, dtype=float)
    return np.where(j - 1 <= least, terms, 0.0)


def _slope(shape: float, top: float) -> float:
    """Return f'(T) of the density of the magnitude."""
    density = shape / float(gamma(1.0 / shape)) * math.exp(-(top**shape))
    slope: float = -density * shape * top ** (shape - 1.0)
    return slope
