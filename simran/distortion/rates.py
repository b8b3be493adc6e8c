"""Distortion of an exponential weight magnitude against its bits: bounds, optimum, channels.

The source is X ~ Exp(λ), the magnitude of a weight; distortion is the expected ``|x − x̂|`` per
parameter; b bits hold a sign and b − 1 bits of magnitude. Every function is vectorised over
``bits`` (real, 1 or more) and ``rate`` (λ), which broadcast, and stays accurate to 64 bits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "exact_sign_magnitude",
    "exponential_channel",
    "laplace_channel",
    "scalar_optimal",
    "shannon_lower",
    "shifted_exponential_channel",
]

Floats = NDArray[np.float64]


def _checked(bits: ArrayLike, rate: ArrayLike) -> tuple[Floats, Floats]:
    b, lam = np.asarray(bits, dtype=float), np.asarray(rate, dtype=float)
    if not np.all(b >= 1.0):
        raise ValueError(f"bits must be 1 or more, got {np.min(b):g}")
    if not np.all(lam > 0.0):
        raise ValueError(f"rate must be above 0, got {np.min(lam):g}")
    return b, lam


def shannon_lower(bits: ArrayLike, rate: ArrayLike) -> Floats:
    """Return row L, ``2^-b / λ``.

    The Shannon lower bound ``h(X) − log2(2e D)`` with ``h = log2(e/λ)`` gives ``R ≥ −log2(2λD)`` for
    the magnitude at R = b − 1 bits. It is also exactly the distortion-rate function of the signed
    Laplace weight at b bits, so no b-bit code of any kind goes below it.
    """
    b, lam = _checked(bits, rate)
    return np.exp2(-b) / lam


def exact_sign_magnitude(bits: ArrayLike, rate: ArrayLike) -> Floats:
    """Return row E, ``−ln(1 − 2^-b) / λ``: the distortion-rate function of the magnitude.

    With multiplier s, ``D = ln(1 + λ/s)/λ`` and ``R = log2((λ + s)/(2λ))``; eliminating s with R =
    b − 1 gives the row. The optimal reproduction has an atom at D and a density above it.
    """
    b, lam = _checked(bits, rate)
    return -np.log1p(-np.exp2(-b)) / lam


def scalar_optimal(bits: ArrayLike, rate: ArrayLike) -> Floats:
    """Return row S, ``ln(1 + 2^-(b-1)) / λ``: the best scalar code book of 2^(b-1) magnitudes.

    Lloyd-Max under absolute error: each level is the median of its cell, each border half way. By
    the lack of memory the error with M levels obeys a recursion solved by ``D = ln(1 + 1/M)/λ``.
    """
    b, lam = _checked(bits, rate)
    return np.log1p(np.exp2(1.0 - b)) / lam


def exponential_channel(bits: ArrayLike, rate: ArrayLike) -> Floats:
    """Return row O, ``2^-(b-1) / λ``: the one-sided exponential test channel, an upper bound on E."""
    b, lam = _checked(bits, rate)
    return np.exp2(1.0 - b) / lam


def shifted_exponential_channel(bits: ArrayLike, rate: ArrayLike) -> Floats:
    """Return row O with its output shifted by the median, ``ln 2 · 2^-(b-1) / λ``; equals E at b = 1."""
    return math.log(2.0) * exponential_channel(bits, rate)


def laplace_channel(bits: ArrayLike, rate: ArrayLike) -> Floats:
    """Return row A, ``1 / (λ (2^(b-1) − 1))``: the additive Laplace test channel; inf at b = 1."""
    b, lam = _checked(bits, rate)
    with np.errstate(divide="ignore"):
        bound: Floats = np.exp2(1.0 - b) / (lam * np.abs(np.expm1((1.0 - b) * math.log(2.0))))
    return bound
