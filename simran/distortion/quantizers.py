"""Expected distortion of each quantizer that a scenario can name."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.distortion.power_of_two import power_of_two_error, power_of_two_top
from simran.distortion.rates import (
    exact_sign_magnitude,
    exponential_channel,
    laplace_channel,
    scalar_optimal,
    shannon_lower,
    shifted_exponential_channel,
)
from simran.distortion.uniform import uniform_error, uniform_step

__all__ = ["QUANTIZERS", "bounds", "expected_distortion"]

Floats = NDArray[np.float64]

#: Quantizers by name, sorted.
QUANTIZERS = ("lloyd-max", "power-of-two", "rate-distortion", "uniform")


@lru_cache(maxsize=256)
def _uniform(bits: int) -> float:
    return uniform_error(bits, uniform_step(bits))


@lru_cache(maxsize=256)
def _power_of_two(bits: int) -> float:
    return power_of_two_error(bits, power_of_two_top(bits))


def _whole(name: str, bits: ArrayLike, rate: ArrayLike, unit: Callable[[int], float]) -> Floats:
    b, lam = np.asarray(bits, dtype=float), np.asarray(rate, dtype=float)
    if not np.all((b >= 1.0) & (b == np.floor(b)) & (b <= 64.0)):
        raise ValueError(f"bits must be whole numbers from 1 to 64 for {name}, got {bits!r}")
    if not np.all(lam > 0.0):
        raise ValueError(f"rate must be above 0, got {np.min(lam):g}")
    values = np.array([unit(int(it)) for it in b.ravel()]).reshape(b.shape)
    result: Floats = values / lam
    return result


def _known(quantizer: str) -> None:
    if quantizer not in QUANTIZERS:
        raise ValueError(f"quantizer must be one of {', '.join(QUANTIZERS)}, got {quantizer!r}")


def expected_distortion(quantizer: str, bits: ArrayLike, rate: ArrayLike) -> Floats:
    """Return the expected absolute error per parameter, ``|w| ~ Exp(λ)``.

    Parameters
    ----------
    quantizer : ``lloyd-max`` (row S), ``rate-distortion`` (row E), ``uniform`` or ``power-of-two``
        (as they are: nearest-level rounding with the best step or scale)
    bits : b, 1 or more; whole numbers for the last two
    rate : λ [1/weight unit]; broadcasts with ``bits``

    Raises
    ------
    ValueError
        for an unknown quantizer, bits below 1 or a rate of 0 or less

    Examples
    --------
    >>> round(float(expected_distortion("power-of-two", 8, 1.0)), 5)
    0.16992
    """
    _known(quantizer)
    if quantizer == "lloyd-max":
        return scalar_optimal(bits, rate)
    if quantizer == "rate-distortion":
        return exact_sign_magnitude(bits, rate)
    unit = _uniform if quantizer == "uniform" else _power_of_two
    return _whole(quantizer, bits, rate, unit)


def bounds(quantizer: str, bits: ArrayLike, rate: ArrayLike) -> tuple[Floats, Floats]:
    """Return lower and upper bound on :func:`expected_distortion`.

    The lower one is row L. The upper one is the smaller of rows O (median-shifted) and A for
    rate-distortion, of O and A for lloyd-max, and NaN for the others, which these rows do not bound.
    """
    _known(quantizer)
    lower = shannon_lower(bits, rate)
    if quantizer == "rate-distortion":
        upper = np.minimum(shifted_exponential_channel(bits, rate), laplace_channel(bits, rate))
    elif quantizer == "lloyd-max":
        upper = np.minimum(exponential_channel(bits, rate), laplace_channel(bits, rate))
    else:
        upper = np.full(lower.shape, np.nan)
    return lower, upper
