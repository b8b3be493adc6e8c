"""Expected error where the largest level is the largest weight of those that share a scale."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammainccinv, gammaincinv, gammaln

from simran.distortion.scaled_book import held_error

__all__ = ["largest_error", "largest_lower"]

Floats = NDArray[np.float64]

_LOW, _HIGH, _STEP = -3.25, 22.0, 0.5  # of a Gumbel variable: all but 1e-9 of its law


@lru_cache(maxsize=4096)
def largest_error(book: str, bits: int, shape: float, count: float) -> float:
    """Return the expected absolute error per weight of n weights with one scale [scale of the law].

    Given that the largest of n magnitudes is m, the others are independent with the law cut off at
    m, and the largest itself is a level. So the error is ``(n − 1)/n E[e(M)/F(M)]`` with e(m) of
    :func:`simran.distortion.held_error` and M of the law ``F(m)^n``.

    Parameters
    ----------
    book : one of :data:`simran.distortion.CODE_BOOKS`; ``lloyd-max`` is made for the law
    bits : b
    shape : of the law
    count : n, 1 or more

    Examples
    --------
    >>> largest_error("uniform", 4, 1.0, 1), round(largest_error("uniform", 4, 1.0, 64), 4)
    (0.0, 0.1604)
    """
    if count <= 1.0:
        return 0.0
    tops, held, masses = _largest(shape, count)
    errors = [held_error(book, bits, shape, top) for top in tops.tolist()]
    return (count - 1.0) / count * float(np.sum(masses * np.array(errors) / held))


def largest_lower(bits: float, shape: float, count: float) -> float:
    """Return what no b-bit code of the other weights goes below, whatever the scale [scale].

    Shannon's bound ``2^(h − b)/2e`` holds with the differential entropy h of the signed law cut off
    at m, ``ln(2 F(m) Γ(1/s)/s) + E[|w|^s given |w| ≤ m]`` [nat], averaged over the largest.
    """
    tops, held, masses = _largest(shape, count)
    mean = gammainc(1.0 / shape + 1.0, tops**shape) / shape / held
    entropy = np.log(2.0 * held / shape) + gammaln(1.0 / shape) + mean
    bound = np.exp(entropy - 1.0 - bits * math.log(2.0)) / 2.0
    return (count - 1.0) / count * float(np.sum(masses * bound))


@lru_cache(maxsize=256)
def _largest(shape: float, count: float) -> tuple[Floats, Floats, Floats]:
    """Return points m, F(m) and masses that stand for the law of the largest of n magnitudes.

    With ``F(m)^n = exp(−e^−g)`` g is a Gumbel variable, over which the trapezium rule converges faster
    than any power of its step.
    """
    g = np.arange(_LOW, _HIGH, _STEP)
    masses = np.exp(-g - np.exp(-g))
    held = np.exp(-np.exp(-g) / count)
    below = gammaincinv(1.0 / shape, held)
    above = gammainccinv(1.0 / shape, -np.expm1(-np.exp(-g) / count))
    tops: Floats = np.where(held < 0.5, below, above) ** (1.0 / shape)
    return tops, held, masses / masses.sum()
